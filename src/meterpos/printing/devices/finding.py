"""The printers this machine shows: what a person may choose from, before typing a name. Nothing is sent to any.

It waits for the system's print service: never on a GUI thread.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from meterpos.printing.devices import cups, windows

_QUEUES_S: Final = 3.0
_FOUND_MAX: Final = 24
_BAUD: Final = 19200
_USB_FIELDS: Final = ("MFG", "MANUFACTURER", "MDL", "MODEL")


@dataclass(frozen=True, slots=True)
class Found:
    """A printer, or a line one may hang on: how the settings name it, and what it says of itself (may be empty)."""

    spec: str
    title: str = ""


def find_printers(root: Path = Path("/")) -> tuple[Found, ...]:
    """Return what a printer may be reached by here: cables first, then queues, then serial lines.

    ``root`` is where the system's files are.
    """
    found = [*_cables(root), *_queues(), *_lines(root)]
    return tuple(found[:_FOUND_MAX])


def _cables(root: Path) -> Iterable[Found]:
    for path in sorted([*(root / "dev/usb").glob("lp[0-9]*"), *(root / "dev").glob("lp[0-9]*")]):
        says = _text(root / "sys/class/usbmisc" / path.name / "device/ieee1284_id")
        yield Found(f"dev:/{path.relative_to(root)}", _model(says))


def _model(ieee1284_id: str) -> str:
    """Return maker and model of what a printer says of itself: ``MFG:EPSON;MDL:TM-T20;CLS:PRINTER;``."""
    fields = dict(part.partition(":")[::2] for part in ieee1284_id.split(";"))
    return " ".join(fields[name].strip() for name in _USB_FIELDS if fields.get(name))


def _queues() -> Iterable[Found]:
    for name in cups.queues(timeout_s=_QUEUES_S):
        yield Found(f"cups:{name}", name.replace("_", " "))
    for name in windows.printers():
        yield Found(f"windows:{name}", name)


def _lines(root: Path) -> Iterable[Found]:
    by_id = {link.resolve().name: link.name for link in sorted((root / "dev/serial/by-id").glob("*"))}
    for pattern in ("ttyUSB[0-9]*", "ttyACM[0-9]*", "ttyS[0-9]*"):
        for path in sorted((root / "dev").glob(pattern)):
            if not path.name.startswith("ttyS") or _is_wired(root, path.name):
                title = by_id.get(path.name, "").removeprefix("usb-").replace("_", " ")
                yield Found(f"serial:/{path.relative_to(root)}?baud={_BAUD}", title)


def _is_wired(root: Path, name: str) -> bool:
    """Tell whether there is hardware behind a name that Linux shows on every machine: its type is then not 0."""
    return _text(root / "sys/class/tty" / name / "type") not in ("", "0")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
