"""What is said to a printer that can answer: asked before the first byte, sent, asked behind the last.

A printer is asked how it is before the first byte (``DLE EOT``, answered at once even by a printer that is offline) and
asked again behind the last (``GS r 1``, answered once all before it was printed). Many printers answer nothing; a paper
sent to one of those is *unconfirmed*, and nothing here ever sends it twice.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

from meterpos.errors import UserError

TIMEOUT_S: Final = 8.0
ANSWER_S: Final = 0.02
"""How long to wait for a printer to say how it is before the first byte; a receipt must not wait for a silent one."""

_SILENT_S: Final = 1.0
"""How long to wait behind the last byte for a printer that said nothing before the first."""

_LOOK_S: Final = 0.3
"""How often to ask what is wrong while waiting for the last answer."""

_PATIENT_S: Final = 0.25
"""How long to wait for each answer once the paper is sent."""

SOON_S: Final = 0.001
_CHUNK: Final = 4096
HEARD_MAX: Final = 64
_ASK: Final = b"\x10\x04"  # DLE EOT n
_PRINTER, _CAUSE, _FAULT, _PAPER = 1, 2, 3, 4
_REAL_TIME_MASK, _REAL_TIME = 0x93, 0x12
_ASK_WHEN_PRINTED: Final = b"\x1dr\x01"  # GS r 1
_SENSOR_MASK, _SENSOR = 0x90, 0x00

AGAIN: Final = "then press Print again."


class PrinterError(UserError):
    """The paper did not come out: nothing of it was sent."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of bytes that were sent: printed for certain, or not; ``detail`` is a sentence, or empty."""

    confirmed: bool
    detail: str = ""


class Device(Protocol):
    """Where papers go."""

    def send(self, data: bytes) -> Sent:
        """Send one paper.

        Raises: PrinterError when not a byte of it was sent.
        """
        ...


class Line(Protocol):
    """A connection to a printer, open for one paper."""

    def write(self, data: bytes, *, timeout_s: float) -> int:
        """Send what goes out at once and return how much that was. Raises: LineBroken."""
        ...

    def read(self, *, timeout_s: float) -> bytes | None:
        """Return what came, nothing when nothing came in time, None where nothing ever will. Raises: LineBroken."""
        ...


class LineBroken(Exception):
    """The connection is gone, or the printer takes nothing more."""


_OUT_OF_PAPER: Final = f"The printer is out of paper. Put in a roll, {AGAIN}"
_COVER_OPEN: Final = f"The printer's cover is open. Close it, {AGAIN}"
_AT_FAULT: Final = f"The printer reports a fault. Switch it off and on, {AGAIN}"
_OFFLINE: Final = f"The printer is not ready. See that it is online, {AGAIN}"
_HUNG_UP: Final = f"The printer closed the connection. See that no other program uses it, {AGAIN}"
_TAKES_NOTHING: Final = f"The printer takes no paper now. Switch it off and on, {AGAIN}"
STOPPED: Final = f"The printer stopped part way. Look at the paper; if it is not whole, {AGAIN.removeprefix('then ')}"
_LEFT: Final = "The printer hung up before it said that all was printed. Look at the paper."
_NEARLY_OUT: Final = "The paper roll is nearly at its end."


@dataclass(slots=True)
class Conversation:
    """One paper told to a printer: asked before, sent, asked behind it."""

    line: Line
    timeout_s: float
    heard: bytearray = field(default_factory=bytearray)
    """What the printer said that was not asked for yet: answers may come late and out of turn."""

    has_answered: bool = False
    is_mute: bool = False
    """Whether nothing will ever be heard on this line."""

    is_silent: bool = False
    """Whether it answered nothing when it was last asked what is wrong."""

    def send(self, data: bytes) -> Sent:
        """Send one paper. Raises: PrinterError when not a byte of it went out."""
        try:
            self._refuse_trouble()
        except LineBroken as error:
            raise PrinterError(_HUNG_UP) from error
        sent = 0
        until = time.monotonic() + self.timeout_s
        try:
            for chunk in _chunks(data + _ASK_WHEN_PRINTED):
                while chunk:
                    count = self.line.write(chunk, timeout_s=until - time.monotonic())
                    sent, chunk = sent + count, chunk[count:]  # noqa: PLW2901
        except LineBroken as error:
            if not sent:
                raise PrinterError(_TAKES_NOTHING) from error
            return Sent(confirmed=False, detail=STOPPED)
        try:
            return self._confirm()
        except LineBroken:
            return Sent(confirmed=False, detail=_LEFT)

    def _refuse_trouble(self) -> None:
        printer = self._ask(_PRINTER, timeout_s=ANSWER_S)
        if printer is None:
            return
        paper = self._ask(_PAPER, timeout_s=ANSWER_S)
        if printer & 0x08 or (paper or 0) & 0x60:
            raise PrinterError(self._trouble() or _OFFLINE)

    def _confirm(self) -> Sent:
        """Wait until the printer says that all was printed, or what keeps it from that."""
        started = time.monotonic()
        while True:
            answer = self._hear(mask=_SENSOR_MASK, wanted=_SENSOR, timeout_s=_LOOK_S)
            if answer is not None:
                break
            trouble = self._trouble() if self.has_answered else ""
            patience_s = self.timeout_s if self.has_answered else min(self.timeout_s, _SILENT_S)
            if trouble or self.is_mute or time.monotonic() - started > patience_s:
                fell_silent = self.has_answered and self.is_silent and not self.is_mute
                return Sent(confirmed=False, detail=trouble or (STOPPED if fell_silent else ""))
        if answer & 0x0C:
            return Sent(confirmed=False, detail=_OUT_OF_PAPER)
        return Sent(confirmed=True, detail=_NEARLY_OUT if answer & 0x03 else "")

    def _trouble(self) -> str:
        """Return what the printer says is wrong, as a sentence; empty when it says nothing or knows of nothing."""
        answers = [self._ask(which, timeout_s=_PATIENT_S) for which in (_CAUSE, _PAPER, _FAULT)]
        self.is_silent = all(answer is None for answer in answers)
        cause, paper, fault = (answer or 0 for answer in answers)
        if cause & 0x04:
            return _COVER_OPEN
        if cause & 0x20 or paper & 0x60:
            return _OUT_OF_PAPER
        return _AT_FAULT if cause & 0x40 or fault & 0x28 else ""

    def _ask(self, which: int, *, timeout_s: float) -> int | None:
        """Return the printer's real-time status byte, None when it does not answer in time.

        The answers to all four questions look alike: one that came late is thrown away before the next is asked.
        """
        self.heard = bytearray(byte for byte in self.heard if byte & _REAL_TIME_MASK != _REAL_TIME)
        self.line.write(_ASK + bytes([which]), timeout_s=timeout_s)
        return self._hear(mask=_REAL_TIME_MASK, wanted=_REAL_TIME, timeout_s=timeout_s)

    def _hear(self, *, mask: int, wanted: int, timeout_s: float) -> int | None:
        """Return the first byte of this pattern and keep the others; None when none came in time."""
        until = time.monotonic() + timeout_s
        while True:
            for place, byte in enumerate(self.heard):
                if byte & mask == wanted:
                    del self.heard[place]
                    return byte
            left = until - time.monotonic()
            if left <= 0:
                return None
            came = self.line.read(timeout_s=left)
            if came is None:
                self.is_mute = True
                return None
            self.has_answered = self.has_answered or bool(came)
            self.heard += came[:HEARD_MAX]
            del self.heard[:-HEARD_MAX]


def _chunks(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), _CHUNK):
        yield data[start : start + _CHUNK]
