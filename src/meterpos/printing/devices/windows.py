"""A printer of Windows, given its bytes raw through the system's spooler (winspool.drv).

Unverified: written after Microsoft's description of these calls; no Windows was at hand to run it on.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from meterpos.printing.devices.conversation import AGAIN, STOPPED, PrinterError, Sent

if TYPE_CHECKING:
    import ctypes

_LOCAL_AND_CONNECTED: Final = 0x02 | 0x04  # PRINTER_ENUM_LOCAL | PRINTER_ENUM_CONNECTIONS
_NAMES: Final = 4  # PRINTER_INFO_4: the least there is to read of a printer
_PRINTERS_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class WindowsDevice:
    """One printer by the name Windows shows. The spooler says nothing of paper: what it takes is *unconfirmed*."""

    name: str

    def send(self, data: bytes) -> Sent:
        """Hand one paper to the spooler. Raises: PrinterError when this is no Windows or the printer is not there."""
        spooler = _spooler()
        if spooler is None:
            raise PrinterError(f"{self.name} is a printer of Windows. Choose the printer in the settings, {AGAIN}")
        with self._opened(spooler) as handle, _document(spooler, handle) as begun:
            if not begun:
                raise PrinterError(f"Windows takes no paper for {self.name}. See that it is not paused, {AGAIN}")
            return Sent(confirmed=False, detail="" if _write(spooler, handle, data) else STOPPED)

    @contextmanager
    def _opened(self, spooler: Any) -> "Iterator[ctypes.c_void_p]":
        import ctypes

        handle = ctypes.c_void_p()
        if not spooler.OpenPrinterW(ctypes.c_wchar_p(self.name), ctypes.byref(handle), None):
            raise PrinterError(f"Windows has no printer {self.name}. Choose the printer in the settings, {AGAIN}")
        try:
            yield handle
        finally:
            spooler.ClosePrinter(handle)


def printers() -> tuple[str, ...]:
    """Return the names of the printers Windows shows; none on another system."""
    spooler = _spooler()
    if spooler is None:
        return ()
    import ctypes

    class Info(ctypes.Structure):
        """PRINTER_INFO_4W."""

        _fields_ = (("name", ctypes.c_wchar_p), ("server", ctypes.c_wchar_p), ("attributes", ctypes.c_uint32))

    needed, count = ctypes.c_uint32(0), ctypes.c_uint32(0)
    ask = (_LOCAL_AND_CONNECTED, None, _NAMES)
    spooler.EnumPrintersW(*ask, None, 0, ctypes.byref(needed), ctypes.byref(count))
    room = ctypes.create_string_buffer(max(needed.value, ctypes.sizeof(Info)))
    if not spooler.EnumPrintersW(*ask, room, needed, ctypes.byref(needed), ctypes.byref(count)):
        return ()
    found = ctypes.cast(room, ctypes.POINTER(Info))
    return tuple(str(found[place].name) for place in range(min(count.value, _PRINTERS_MAX)))


@contextmanager
def _document(spooler: Any, handle: "ctypes.c_void_p") -> Iterator[bool]:
    """Open a raw document with one page and close both; tells whether the spooler began it."""
    import ctypes

    class Info(ctypes.Structure):
        """DOC_INFO_1W."""

        _fields_ = (("name", ctypes.c_wchar_p), ("output", ctypes.c_wchar_p), ("data_type", ctypes.c_wchar_p))

    if not spooler.StartDocPrinterW(handle, 1, ctypes.byref(Info("meterpos", None, "RAW"))):
        yield False
        return
    try:
        yield bool(spooler.StartPagePrinter(handle))
        spooler.EndPagePrinter(handle)
    finally:
        spooler.EndDocPrinter(handle)


def _write(spooler: Any, handle: "ctypes.c_void_p", data: bytes) -> bool:
    import ctypes

    written = ctypes.c_uint32(0)
    took = spooler.WritePrinter(handle, data, len(data), ctypes.byref(written))
    return bool(took) and written.value == len(data)


def _spooler() -> Any:
    """Return winspool, None where this is no Windows."""
    if sys.platform == "win32":
        import ctypes

        return ctypes.WinDLL("winspool.drv", use_last_error=True)
    return None
