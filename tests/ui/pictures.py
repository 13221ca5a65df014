"""The pictures of docs and of help: `python -m tests.ui.pictures [en|sw] [1366x768|1024x768]`, all without choice.

The visit of look.py is made in both languages and at both sizes, light at the large one and dark at the small one. The
rulers of looking.py are laid on every state it passes, kept as a picture or not; what they find is listed, and the
exit code is 1. The pictures have few colours, and together no more than `BYTES_MAX`.
"""

import io
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PIL import Image
from PySide6.QtCore import QBuffer, QIODevice

from tests.ui import looking, stand
from tests.ui.look import Visit
from tests.ui.stand import settle

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "pictures"
HELP = ROOT / "resources" / "help"
BYTES_MAX = 6_000_000
COLOURS = 48
SIZES = {"1366x768": (1366, 768, "light"), "1024x768": (1024, 768, "dark")}
LANGUAGES = ("en", "sw")
HELP_WIDTH = 688

SHOWN = {
    "sign-in-first": "Signing in the first time",
    "locked": "The till is locked",
    "begin": "Pay: who is it?",
    "customer": "Pay: the customer and their meters",
    "cash": "Pay: amount and cash received",
    "done": "Pay: taken, with the change",
    "invoices": "Pay: naming an invoice",
    "split": "Pay: split over several methods",
    "unusual": "Pay: an amount far from the usual",
    "waiting": "Pay: payments put aside",
    "disconnected": "Pay: a disconnected meter",
    "full-drawer": "Pay: a drawer that is full",
    "customers-long-name": "Customers",
    "meters-long-name": "Meters",
    "receipts": "Receipts",
    "reverse": "Receipts: reversing with a second person",
    "correct-which": "Receipts: the right meter",
    "verdict-genuine": "Receipts: a genuine paper",
    "plans": "Instalments",
    "plan-payment": "Instalments: a payment",
    "shift": "Shift",
    "count": "Shift: counting by note and coin",
    "verdict-close": "Shift: over or short",
    "closed": "Shift: the report",
    "open-shift": "Shift: opening",
    "reports": "Reports",
    "statement": "Reports: a statement",
    "sync": "Sync",
    "settings": "Settings",
    "settings-apply": "Settings: a manager agrees",
    "guide-printer": "Setting up: the printer",
    "enrol": "Connecting a till",
    "training": "Practice",
    "help": "Help",
    "leaving": "Closing while money waits",
    "barred-pay": "Another clerk's drawer",
}
"""The states that are kept, and what each shows."""

OF_HELP = {
    "cash": "pay",
    "customers-long-name": "customers",
    "meters-long-name": "meters",
    "receipts": "receipts",
    "plan-payment": "plans",
    "shift": "shift",
    "statement": "reports",
    "sync": "sync",
    "settings": "settings",
    "guide-printer": "guide",
    "enrol": "enrol",
    "locked": "signin",
}
"""The picture each page's help shows."""


class Keeper(Visit):
    """A visit that measures every state and keeps some."""

    language = "en"
    width = 1366
    complaints: list[str]
    kept: set[str]

    def grab(self, name: str) -> None:
        settle(self.window)
        stand.app().processEvents()
        settle(self.window)
        self.complaints += [f"{name}-{self.language}-{self.width}: {one}" for one in looking.complaints(self.window)]
        if name not in SHOWN:
            return
        self.kept.add(name)
        picture = self._picture()
        _save(picture, PICTURES / f"{name}-{self.language}-{self.width}.png")
        if name in OF_HELP and self.width == 1366:
            small = picture.resize(
                (HELP_WIDTH, round(HELP_WIDTH * picture.height / picture.width)), Image.Resampling.LANCZOS
            )
            _save(small, HELP / f"{OF_HELP[name]}-{self.language}.png")

    def _picture(self) -> Image.Image:
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        self.window.grab().toImage().save(buffer, "PNG")  # type: ignore[call-overload]
        return Image.open(io.BytesIO(bytes(buffer.data().data()))).convert("RGB")


def _save(picture: Image.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    few = picture.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, kmeans=2, dither=Image.Dither.NONE)
    few.save(path, optimize=True)


def visit(language: str, size: str) -> tuple[list[str], set[str]]:
    """Make one visit; return what the rulers found, and the states kept."""
    width, height, look = SIZES[size]
    with tempfile.TemporaryDirectory() as home:
        counter = stand.ready_counter(Path(home) / "till", printer=f"file:{home}/paper.bin")
        stand.speak_at(counter, language)
        window = stand.open_window(counter, look=look, language=language, size=(width, height))
        keeper = Keeper(window, counter, Path(home), "")
        keeper.language, keeper.width, keeper.complaints, keeper.kept = language, width, [], set()
        keeper.run()
        settle(window)
        window.asks_before_closing = False
        window.close()
        counter.till.close()
    return keeper.complaints, keeper.kept


def write_index() -> None:
    """Write the page that shows them all."""
    lines = [
        "# What it looks like",
        "",
        "Written by `python -m tests.ui.pictures`: light at 1366×768, dark at 1024×768.",
        "",
    ]
    lines += ["| | English | Kiswahili | 1024×768 |", "|---|---|---|---|"]
    for name, title in SHOWN.items():
        shown = (f"![]({name}-en-1366.png)", f"![]({name}-sw-1366.png)", f"![]({name}-sw-1024.png)")
        lines.append(f"| {title} | {' | '.join(shown)} |")
    (PICTURES / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    languages = [one for one in sys.argv[1:] if one in LANGUAGES] or LANGUAGES
    sizes = [one for one in sys.argv[1:] if one in SIZES] or SIZES
    found: list[str] = []
    for language in languages:
        for size in sizes:
            complaints, kept = visit(language, size)
            found += complaints
            found += [f"{name}-{language}-{size}: the visit does not pass it any more" for name in set(SHOWN) - kept]
    write_index()
    weight = sum(path.stat().st_size for path in PICTURES.glob("*.png"))
    if weight > BYTES_MAX:
        found.append(f"the pictures weigh {weight:,} bytes, {BYTES_MAX:,} at most")
    print(f"{len(list(PICTURES.glob('*.png')))} pictures, {weight:,} bytes")
    for one in found:
        print(one)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
