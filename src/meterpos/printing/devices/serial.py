"""A printer on a serial line, spoken to through the system's own terminal settings; it can answer, like any other."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from meterpos.printing.devices.conversation import AGAIN, STOPPED, TIMEOUT_S, Conversation, PrinterError, Sent
from meterpos.printing.devices.lines import FileLine

BAUDS: Final = (2400, 4800, 9600, 19200, 38400, 57600, 115200)
FLOWS: Final = ("none", "rtscts", "xonxoff")

_BITS_PER_BYTE: Final = 10
_LOOK_S: Final = 0.02
_INPUT, _OUTPUT, _CONTROL, _LOCAL, _SPEED_IN, _SPEED_OUT = range(6)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineOptions:
    """Speed and flow control of a line; 8 bits, no parity, one stop bit are what printers come with."""

    baud: int = 9600
    flow: str = "none"


def read_line_options(query: str) -> LineOptions | None:
    """Return what stands behind the ``?`` of a serial printer's name, None where it says what there is not."""
    given = dict(part.partition("=")[::2] for part in query.split("&") if part)
    baud, flow = given.pop("baud", "9600"), given.pop("flow", "none")
    if given or flow not in FLOWS or baud not in {str(one) for one in BAUDS}:
        return None
    return LineOptions(baud=int(baud), flow=flow)


@dataclass(frozen=True, slots=True)
class SerialDevice:
    """A printer at the end of a serial line, such as ``/dev/ttyUSB0``."""

    path: Path
    baud: int = 9600
    flow: str = "none"
    timeout_s: float = TIMEOUT_S

    def send(self, data: bytes) -> Sent:
        """Send one paper. Raises: PrinterError when the line is not there or the printer says it cannot print."""
        with self._opened() as handle:
            patience_s = self.timeout_s + len(data) * _BITS_PER_BYTE / self.baud
            until = time.monotonic() + patience_s
            sent = Conversation(FileLine(handle, is_readable=True), patience_s).send(data)
            if sent.confirmed or _went_out(handle, until=until):
                return sent
            return Sent(confirmed=False, detail=sent.detail or STOPPED)

    @contextmanager
    def _opened(self) -> Iterator[int]:
        """Open the line at its speed; what it still holds at the end is thrown away, or closing would wait for it."""
        try:
            import termios
        except ImportError as error:  # Windows
            raise PrinterError(
                f"Here a printer on a serial line is used through its driver. Name it as windows:NAME, {AGAIN}"
            ) from error
        handle = self._open()
        try:
            try:
                self._set_up(handle)
            except termios.error as error:
                raise PrinterError(
                    f"{self.path} is no serial line. Name the printer in the settings, {AGAIN}"
                ) from error
            yield handle
        finally:
            _forget_the_rest(handle)
            os.close(handle)

    def _open(self) -> int:
        try:
            return os.open(self.path, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY)
        except OSError as error:
            raise PrinterError(
                f"The serial line {self.path} is not there: {error.strerror}. See that it is plugged in, {AGAIN}"
            ) from error

    def _set_up(self, handle: int) -> None:
        """Bytes as they are, 8N1, at this speed; the wires that tell of a modem are not looked at."""
        import termios

        made = termios.tcgetattr(handle)
        made[_INPUT] = termios.IXON if self.flow == "xonxoff" else 0
        made[_OUTPUT] = 0
        made[_CONTROL] = termios.CS8 | termios.CREAD | termios.CLOCAL
        if self.flow == "rtscts":
            made[_CONTROL] |= termios.CRTSCTS
        made[_LOCAL] = 0
        made[_SPEED_IN] = made[_SPEED_OUT] = getattr(termios, f"B{self.baud}")
        termios.tcsetattr(handle, termios.TCSANOW, made)
        termios.tcflush(handle, termios.TCIFLUSH)


def _went_out(handle: int, *, until: float) -> bool:
    """Wait until the system has given the line its last byte; False when the line takes no more in time, or is gone."""
    import fcntl
    import struct
    import termios

    while True:
        try:
            (left,) = struct.unpack("i", fcntl.ioctl(handle, termios.TIOCOUTQ, b"\0\0\0\0"))
        except OSError:
            return False
        if not left or time.monotonic() > until:
            return not left
        time.sleep(_LOOK_S)


def _forget_the_rest(handle: int) -> None:
    import contextlib
    import termios

    with contextlib.suppress(termios.error):  # the line is gone
        termios.tcflush(handle, termios.TCIOFLUSH)
