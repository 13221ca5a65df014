"""The window is there at once and typable before anything heavy is loaded."""

import gc
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from meterpos.errors import UserError
from meterpos.ui import app as start
from meterpos.ui import garbage
from meterpos.ui.pages.receipts import ReceiptsPage
from meterpos.ui.preparing import ALL_DAY, Preparing
from meterpos.ui.window import Window
from tests.support.tills import Counter
from tests.ui import stand
from tests.ui.stand import press, pump, settle, type_text

HEAVY = ("sqlalchemy", "sqlcipher3", "urllib3", "reportlab", "PIL", "escpos", "cryptography", "argon2", "keyring")

FIRST_FRAME = f"""
import sys
from PySide6.QtWidgets import QApplication
from meterpos.ui import theme
from meterpos.ui.window import Window
app = QApplication([])
theme.load_fonts()
theme.prepare(app, "light")
window = Window()
theme.apply(app, "light")
window.show()
app.processEvents()
window.grab()
print([name for name in {HEAVY!r} if name in sys.modules])
"""

SMOKE = """
import sys
from pathlib import Path
from meterpos.ui.app import run

def opener():
    from meterpos.till import open_till
    return open_till(Path(sys.argv[1]))

code = run(opener, smoke=True)
assert sys.getswitchinterval() < 0.001
sys.exit(code)
"""


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a small program in a process of its own."""
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_first_frame_needs_nothing_heavy() -> None:
    done = python(FIRST_FRAME)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


LINES_KEPT_MAX = 10_000
KEPT_SOURCES = """
import linecache
import meterpos.ui
from PySide6 import QtWidgets
import sqlalchemy
from meterpos.ui import window
kept = [len(entry[2]) for entry in linecache.cache.values() if len(entry) > 1]
print(sum(kept))
"""


def test_the_window_does_not_keep_the_source_of_what_it_imports() -> None:
    ours = python(KEPT_SOURCES)
    theirs = python(KEPT_SOURCES.replace("import meterpos.ui\n", "", 1))
    assert (ours.stderr, theirs.stderr) == ("", "")
    assert int(ours.stdout) < LINES_KEPT_MAX
    assert int(theirs.stdout) > 10 * LINES_KEPT_MAX, "PySide6 no longer keeps them: ours may go"


def test_a_page_is_made_when_it_is_first_wanted(counter: Counter, opened: Callable[..., Window]) -> None:
    window = opened(counter)
    assert not window.findChildren(ReceiptsPage)
    press(Qt.Key.Key_F4)
    settle(window)
    assert [page.isVisible() for page in window.findChildren(ReceiptsPage)] == [True]


def test_a_till_does_not_carry_the_words_of_another_database() -> None:
    """2.3 MiB: an index that names a condition for PostgreSQL in tables/ has them loaded."""
    done = python("import sys, meterpos.ledger.tables; print('sqlalchemy.dialects.postgresql' in sys.modules)")
    assert (done.stdout.strip(), done.stderr) == ("False", "")


def test_pages_are_made_in_quiet_moments_once_somebody_works_here(
    counter: Counter, opened: Callable[..., Window]
) -> None:
    window = opened(counter)
    handle = window.windowHandle()
    assert handle is not None
    preparing = Preparing(window.desk, window.page, quiet_ms=1)
    preparing.done.connect(window.garbage.spare)
    preparing.watch(handle)
    settle(window)
    assert not window.findChildren(ReceiptsPage), "nobody has touched it"
    before = gc.get_freeze_count()
    QTest.keyClick(handle, Qt.Key.Key_Shift)
    pump(lambda: gc.get_freeze_count() > before, timeout_ms=30_000)
    assert set(window._pages) == {"pay", *ALL_DAY}
    assert window.pay.isVisible()
    window.close()
    assert gc.get_freeze_count() == 0, "what the window leaves behind is looked through again"


def test_what_outlived_a_full_collection_is_not_looked_through_again(
    counter: Counter, opened: Callable[..., Window], monkeypatch: pytest.MonkeyPatch
) -> None:
    window = opened(counter)
    before = gc.get_freeze_count()
    monkeypatch.setattr(garbage, "OLD_EVERY", 1)
    window.garbage.collect()
    assert gc.get_freeze_count() == before, "nobody said that what is here stays"
    window.garbage.spare()
    window.garbage.collect()
    assert gc.get_count()[2] == 0 and len(gc.get_objects(generation=2)) < 1_000


def test_nothing_is_made_while_somebody_types(counter: Counter, opened: Callable[..., Window]) -> None:
    window = opened(counter)
    handle = window.windowHandle()
    assert handle is not None
    Preparing(window.desk, window.page, quiet_ms=60_000).watch(handle)
    QTest.keyClick(handle, Qt.Key.Key_Shift)
    settle(window)
    assert not window.findChildren(ReceiptsPage)


def test_smoke_opens_paints_and_quits(tmp_path: Path) -> None:
    done = python(SMOKE, str(tmp_path / "till"))
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "till" / "ledger.db").exists()


BROKEN = SMOKE.replace("from meterpos.ui.app import run", "import meterpos.ui.app as app\nrun = app.run").replace(
    "code = ",
    """
plain = app.Window
def broken():
    window = plain()
    window.ready.connect(lambda: window.tasks.read(lambda _: 1 / 0, lambda _: None))
    return window
app.Window = broken
code = """,
)


def test_what_goes_wrong_is_written_beside_the_ledger_with_its_traceback(tmp_path: Path) -> None:
    done = python(BROKEN, str(tmp_path / "till"))
    assert done.returncode == 0, done.stderr
    written = (tmp_path / "till" / "till-window.log").read_text(encoding="utf-8")
    assert "ZeroDivisionError" in written


def test_what_is_typed_before_the_till_is_open_is_searched_once_it_is(counter: Counter, qapp: QApplication) -> None:
    window = Window()
    window.exchanging.start = lambda: None  # type: ignore[method-assign]
    window.show()
    window.activateWindow()
    pump(window.pay.search.line.hasFocus)
    window.scanner.clock_ms = stand.Typist()
    type_text("grace")
    press(Qt.Key.Key_Return)
    press(Qt.Key.Key_F4)
    window.attach(counter.till)
    pump(lambda: window.desk.standing is not None)
    settle(window)
    settle(window)
    assert window.pay.payment.form().payer == "Grace Akinyi Otieno"
    window.close()
    window.deleteLater()


def test_a_till_that_cannot_be_opened_is_a_sentence_in_the_window(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Window] = []
    monkeypatch.setattr(start.QApplication, "exec", lambda _: pump(lambda: seen and seen[0].notice.isVisible()) or 0)
    plain = start.Window

    def remember() -> Window:
        seen.append(plain())
        return seen[0]

    monkeypatch.setattr(start, "Window", remember)

    def broken() -> Counter:
        raise UserError("The ledger ledger.db cannot be opened with this machine's key.")

    assert start.run(broken) == 0  # type: ignore[arg-type]
    assert seen[0].notice.sentence.text() == "The ledger ledger.db cannot be opened with this machine's key."
    seen[0].close()
    seen[0].deleteLater()


def test_other_programs_changes_to_the_ledger_are_seen(
    counter: Counter, opened: Callable[..., Window], tmp_path: Path
) -> None:
    window = opened(counter)
    window._look_for_others()
    settle(window)
    told: list[bool] = []
    window.tasks.ledger_changed.connect(lambda: told.append(True))
    from meterpos.till import open_till

    other = open_till(counter.till.settings.home)
    other.now = counter.clock
    other.report_change(customer_no="AC-10482", field="place", new="Milimani", clerk="achieng")
    other.close()
    before = window.desk.standing
    window._look_for_others()
    settle(window)
    settle(window)
    assert window.desk.standing is not before
