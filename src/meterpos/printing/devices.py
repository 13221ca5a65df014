"""A printer at the end of a network, a cable or a path: bytes out, and what the printer says of itself back.

A printer is asked how it is before the first byte (``DLE EOT``, answered at once even by a printer that is offline) and
asked again behind the last (``GS r 1``, answered once all before it was printed). Many printers answer nothing; a paper
sent to one of those is *unconfirmed*, and nothing here ever sends it twice.
"""

import os
import select
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from meterpos.errors import UserError

PORT: Final = 9100
TIMEOUT_S: Final = 8.0
ANSWER_S: Final = 0.02
"""How long to wait for a printer to say how it is before the first byte; a receipt must not wait for a silent one."""

_SILENT_S: Final = 1.0
"""How long to wait behind the last byte for a printer that said nothing before the first."""

_LOOK_S: Final = 0.3
"""How often to ask what is wrong while waiting for the last answer."""

_PATIENT_S: Final = 0.25
"""How long to wait for each answer once the paper is sent."""

_SOON_S: Final = 0.001
_CHUNK: Final = 4096
_HEARD_MAX: Final = 64
_ASK: Final = b"\x10\x04"  # DLE EOT n
_PRINTER, _CAUSE, _FAULT, _PAPER = 1, 2, 3, 4
_REAL_TIME_MASK, _REAL_TIME = 0x93, 0x12
_ASK_WHEN_PRINTED: Final = b"\x1dr\x01"  # GS r 1
_SENSOR_MASK, _SENSOR = 0x90, 0x00

_AGAIN: Final = "then press Print again."


class PrinterError(UserError):
    """The paper did not come out: nothing of it was sent."""


class UnknownDevice(UserError):
    """The settings name a printer in a way that this program does not know."""


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


class _Line(Protocol):
    """A connection to a printer, open for one paper."""

    def write(self, data: bytes, *, timeout_s: float) -> int:
        """Send what goes out at once and return how much that was. Raises: _LineBroken."""
        ...

    def read(self, *, timeout_s: float) -> bytes | None:
        """Return what came, nothing when nothing came in time, None where nothing ever will. Raises: _LineBroken."""
        ...


class _LineBroken(Exception):
    """The connection is gone, or the printer takes nothing more."""


def open_device(spec: str, *, timeout_s: float = TIMEOUT_S) -> Device:
    """Return the printer that ``spec`` names: ``file:PATH``, ``tcp:HOST[:PORT]`` or ``dev:PATH``.

    ``timeout_s`` bounds each of: making the connection, sending the bytes, waiting for the printer's last answer.

    Raises: UnknownDevice when ``spec`` has another form.
    """
    scheme, _, rest = spec.partition(":")
    if scheme == "file" and rest:
        return FileDevice(Path(rest))
    if scheme == "dev" and rest:
        return CharacterDevice(Path(rest), timeout_s=timeout_s)
    if scheme == "tcp" and rest:
        host, port = _host_and_port(rest, spec)
        return NetworkDevice(host, port, timeout_s=timeout_s)
    raise _unknown(spec)


@dataclass(frozen=True, slots=True)
class FileDevice:
    """A file that papers are added to."""

    path: Path

    def send(self, data: bytes) -> Sent:
        """Append the bytes. Raises: PrinterError when the file cannot be opened or takes nothing."""
        written = 0
        try:
            with self.path.open("ab", buffering=0) as file:
                while written < len(data):
                    written += file.write(data[written:]) or 0
        except OSError as error:
            if written:
                return Sent(confirmed=False, detail=f"{self.path} took only a part of the paper: {error.strerror}.")
            raise PrinterError(
                f"The paper cannot be written to {self.path}: {error.strerror}. Put that right, {_AGAIN}"
            ) from error
        return Sent(confirmed=True)


@dataclass(frozen=True, slots=True)
class NetworkDevice:
    """A printer on the network that takes raw bytes."""

    host: str
    port: int = PORT
    timeout_s: float = TIMEOUT_S

    def send(self, data: bytes) -> Sent:
        """Send one paper. Raises: PrinterError when the printer cannot be reached or says it cannot print."""
        try:
            connection = socket.create_connection((self.host, self.port), timeout=self.timeout_s)
        except OSError as error:
            raise PrinterError(
                f"The printer at {self.host} does not answer. See that it is on and connected, {_AGAIN}"
            ) from error
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return _Conversation(_SocketLine(connection), self.timeout_s).send(data)


@dataclass(frozen=True, slots=True)
class CharacterDevice:
    """A printer that the system shows as a file, such as ``/dev/usb/lp0``."""

    path: Path
    timeout_s: float = TIMEOUT_S

    def send(self, data: bytes) -> Sent:
        """Send one paper. Raises: PrinterError when the printer is not there or says it cannot print."""
        with self._opened() as (handle, is_readable):
            return _Conversation(_FileLine(handle, is_readable), self.timeout_s).send(data)

    @contextmanager
    def _opened(self) -> Iterator[tuple[int, bool]]:
        handle, is_readable = self._open()
        try:
            if not stat.S_ISCHR(os.fstat(handle).st_mode):
                raise PrinterError(f"{self.path} is no printer. Name the printer in the settings, {_AGAIN}")
            yield handle, is_readable
        finally:
            os.close(handle)

    def _open(self) -> tuple[int, bool]:
        """Open for writing and, where the driver allows it, for reading, without waiting for the printer."""
        without_waiting = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
        try:
            return os.open(self.path, os.O_RDWR | without_waiting), True
        except OSError:
            try:
                return os.open(self.path, os.O_WRONLY | without_waiting), False
            except OSError as error:
                raise PrinterError(
                    f"The printer {self.path} is not there: {error.strerror}. See that it is plugged in, {_AGAIN}"
                ) from error


_OUT_OF_PAPER: Final = f"The printer is out of paper. Put in a roll, {_AGAIN}"
_COVER_OPEN: Final = f"The printer's cover is open. Close it, {_AGAIN}"
_AT_FAULT: Final = f"The printer reports a fault. Switch it off and on, {_AGAIN}"
_OFFLINE: Final = f"The printer is not ready. See that it is online, {_AGAIN}"
_HUNG_UP: Final = f"The printer closed the connection. See that no other program uses it, {_AGAIN}"
_TAKES_NOTHING: Final = f"The printer takes no paper now. Switch it off and on, {_AGAIN}"
_STOPPED: Final = f"The printer stopped part way. Look at the paper; if it is not whole, {_AGAIN.removeprefix('then ')}"
_LEFT: Final = "The printer hung up before it said that all was printed. Look at the paper."
_NEARLY_OUT: Final = "The paper roll is nearly at its end."


@dataclass(slots=True)
class _Conversation:
    """One paper told to a printer: asked before, sent, asked behind it."""

    line: _Line
    timeout_s: float
    heard: bytearray = field(default_factory=bytearray)
    """What the printer said that was not asked for yet: answers may come late and out of turn."""

    has_answered: bool = False
    is_mute: bool = False
    """Whether nothing will ever be heard on this line."""

    def send(self, data: bytes) -> Sent:
        """Send one paper. Raises: PrinterError when not a byte of it went out."""
        try:
            self._refuse_trouble()
        except _LineBroken as error:
            raise PrinterError(_HUNG_UP) from error
        sent = 0
        until = time.monotonic() + self.timeout_s
        try:
            for chunk in _chunks(data + _ASK_WHEN_PRINTED):
                while chunk:
                    count = self.line.write(chunk, timeout_s=until - time.monotonic())
                    sent, chunk = sent + count, chunk[count:]  # noqa: PLW2901
        except _LineBroken as error:
            if not sent:
                raise PrinterError(_TAKES_NOTHING) from error
            return Sent(confirmed=False, detail=_STOPPED)
        try:
            return self._confirm()
        except _LineBroken:
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
                return Sent(confirmed=False, detail=trouble)
        if answer & 0x0C:
            return Sent(confirmed=False, detail=_OUT_OF_PAPER)
        return Sent(confirmed=True, detail=_NEARLY_OUT if answer & 0x03 else "")

    def _trouble(self) -> str:
        """Return what the printer says is wrong, as a sentence; empty when it says nothing or knows of nothing."""
        cause, paper, fault = (self._ask(which, timeout_s=_PATIENT_S) or 0 for which in (_CAUSE, _PAPER, _FAULT))
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
            self.heard += came[:_HEARD_MAX]
            del self.heard[:-_HEARD_MAX]


def _chunks(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), _CHUNK):
        yield data[start : start + _CHUNK]


@dataclass(frozen=True, slots=True)
class _SocketLine:
    connection: socket.socket

    def write(self, data: bytes, *, timeout_s: float) -> int:
        self.connection.settimeout(max(timeout_s, _SOON_S))
        try:
            return self.connection.send(data)
        except OSError as error:
            raise _LineBroken(str(error)) from error

    def read(self, *, timeout_s: float) -> bytes | None:
        self.connection.settimeout(timeout_s)
        try:
            came = self.connection.recv(_HEARD_MAX)
        except TimeoutError:
            return b""
        except OSError as error:
            raise _LineBroken(str(error)) from error
        if not came:
            raise _LineBroken("the printer closed the connection")
        return came


@dataclass(frozen=True, slots=True)
class _FileLine:
    handle: int
    is_readable: bool

    def write(self, data: bytes, *, timeout_s: float) -> int:
        _, ready, _ = select.select([], [self.handle], [], max(timeout_s, _SOON_S))
        if not ready:
            raise _LineBroken("the printer takes no more")
        try:
            return os.write(self.handle, data)
        except OSError as error:
            raise _LineBroken(str(error)) from error

    def read(self, *, timeout_s: float) -> bytes | None:
        """As `_Line.read`; a driver that lets nobody read is a printer that never answers."""
        if not self.is_readable:
            return None
        came, _, _ = select.select([self.handle], [], [], timeout_s)
        if not came:
            return b""
        try:
            return os.read(self.handle, _HEARD_MAX) or None
        except OSError:
            return None


def _host_and_port(rest: str, spec: str) -> tuple[str, int]:
    host, colon, port = rest.rpartition(":")
    if not colon or rest.endswith("]"):
        host, port = rest, str(PORT)
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise _unknown(spec)
    return host, int(port)


def _unknown(spec: str) -> UnknownDevice:
    return UnknownDevice(
        f"'{spec[:80]}' names no printer. Use file:PATH, tcp:HOST (or tcp:HOST:9100) or dev:/dev/usb/lp0.",
        field="printer",
    )
