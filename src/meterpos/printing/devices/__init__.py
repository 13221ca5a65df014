"""Where papers go: bytes out, and what the printer says of itself back. Never libusb: the system owns its cables.

conversation.py  what is asked and answered, the same on every line that can answer
lines.py         a network connection, a file of the system
direct.py        file:, tcp:, dev:          serial.py   serial:
cups.py          cups:                      windows.py  windows:
finding.py       the printers this machine shows
"""

from pathlib import Path
from typing import Final

from meterpos.errors import UserError
from meterpos.printing.devices.conversation import TIMEOUT_S, Device, PrinterError, Sent
from meterpos.printing.devices.cups import CupsDevice
from meterpos.printing.devices.direct import PORT, CharacterDevice, FileDevice, NetworkDevice
from meterpos.printing.devices.serial import SerialDevice, read_line_options
from meterpos.printing.devices.windows import WindowsDevice

__all__ = [
    "FORMS",
    "CharacterDevice",
    "CupsDevice",
    "Device",
    "FileDevice",
    "NetworkDevice",
    "PrinterError",
    "Sent",
    "SerialDevice",
    "UnknownDevice",
    "WindowsDevice",
    "open_device",
]

FORMS: Final = (
    "tcp:HOST[:PORT] (port 9100), dev:/dev/usb/lp0, serial:/dev/ttyUSB0?baud=19200, cups:NAME, windows:NAME "
    "or file:PATH"
)
"""How a printer may be named, in the words of the sentence that refuses another."""


class UnknownDevice(UserError):
    """The settings name a printer in a way that this program does not know."""


def open_device(spec: str, *, timeout_s: float = TIMEOUT_S) -> Device:
    """Return the printer that ``spec`` names, in one of `FORMS`.

    ``timeout_s`` bounds each of: making the connection, sending the bytes, waiting for the printer's last answer; on a
    serial line sending may take as long again as the bytes take at its speed.

    Raises: UnknownDevice when ``spec`` has another form.
    """
    scheme, _, rest = spec.partition(":")
    if not rest:
        raise _unknown(spec)
    if scheme == "file":
        return FileDevice(Path(rest))
    if scheme == "dev":
        return CharacterDevice(Path(rest), timeout_s=timeout_s)
    if scheme == "tcp":
        host, port = _host_and_port(rest, spec)
        return NetworkDevice(host, port, timeout_s=timeout_s)
    if scheme == "serial":
        return _serial(rest, spec, timeout_s=timeout_s)
    if scheme in ("cups", "windows") and not rest.startswith("-"):
        return CupsDevice(rest, timeout_s=timeout_s) if scheme == "cups" else WindowsDevice(rest)
    raise _unknown(spec)


def _serial(rest: str, spec: str, *, timeout_s: float) -> SerialDevice:
    path, _, query = rest.partition("?")
    options = read_line_options(query)
    if not path or options is None:
        raise _unknown(spec)
    return SerialDevice(Path(path), baud=options.baud, flow=options.flow, timeout_s=timeout_s)


def _host_and_port(rest: str, spec: str) -> tuple[str, int]:
    host, colon, port = rest.rpartition(":")
    if not colon or rest.endswith("]"):
        host, port = rest, str(PORT)
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise _unknown(spec)
    return host, int(port)


def _unknown(spec: str) -> UnknownDevice:
    return UnknownDevice(f"'{spec[:80]}' names no printer. Use {FORMS}.", field="printer")
