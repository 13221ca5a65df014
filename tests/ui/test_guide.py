"""The first-run guide: one step at a time, each skipped or redone, nothing lost when the window is closed midway."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt

from meterpos.settings import load_till_settings, write_till_settings
from meterpos.till import open_till
from meterpos.ui import words
from meterpos.ui.pages.guide import STEPS
from meterpos.ui.window import Window
from tests.support.tills import Counter
from tests.ui import stand
from tests.ui.stand import press, settle, type_text

ENTER = Qt.Key.Key_Return


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without a print system."""
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Counter]:
    """A till just enrolled: no printer, no shift yet."""
    counter = stand.ready_counter(tmp_path / "till", shift=False)
    yield counter
    counter.till.close()


def guide(window: Window, step: str | None = None) -> Any:
    """Bring the guide to the front."""
    window.go("guide", step)
    settle(window)
    return window.page("guide")


def test_the_guide_is_walked_from_printer_to_work(
    fresh: Counter, opened: Callable[..., Window], tmp_path: Path
) -> None:
    window = opened(fresh)
    page = guide(window, "printer")
    page.printer.name.line.setFocus()
    type_text(f"file:{tmp_path}/roll.bin")
    page.press()
    settle(window)
    assert (page.step, fresh.till.settings.printer) == ("width", f"file:{tmp_path}/roll.bin")
    page.printer.try_button.click()
    settle(window)
    assert b"TEST PAPER" in (tmp_path / "roll.bin").read_bytes()
    page.printer.roll.choose("32")
    page.press()
    settle(window)
    assert (page.step, fresh.till.settings.columns) == ("try", 32)
    page.printer.drawer_button.click()
    settle(window)
    assert page.printer.result.text() == words.say("settings.opened")
    page.press()
    assert page.step == "begin"
    page.press()
    settle(window)
    assert window.page("shift").isVisible()
    assert load_till_settings(fresh.till.settings.home).guide is None


def test_a_till_closed_midway_goes_on_where_it_was(fresh: Counter, opened: Callable[..., Window]) -> None:
    window = opened(fresh)
    guide(window, "width")
    settle(window)
    window.close()
    again = opened(Counter(open_till(fresh.till.settings.home), fresh.clock))
    settle(again)
    page: Any = again.page("guide")
    assert page.isVisible() and page.step == "width"
    settle(again)
    again.desk.till.close()


def test_each_step_is_skipped_and_gone_back_to_by_keys(fresh: Counter, opened: Callable[..., Window]) -> None:
    window = opened(fresh)
    page = guide(window, "enrol")
    seen = [page.step]
    while page.step != STEPS[-1]:
        press(Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
        seen.append(page.step)
    assert tuple(seen) == STEPS
    press(Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert page.step == "try"
    page.steps["printer"].click()
    assert page.step == "printer"
    settle(window)


def test_the_guide_asks_a_manager_at_a_till_that_works(window: Window, counter: Counter) -> None:
    page = guide(window, "width")
    page.printer.roll.choose("42")
    page.press()
    settle(window)
    assert (page.step, page.apply.isVisible(), counter.till.settings.columns) == ("width", True, 48)
    press(Qt.Key.Key_Escape)
    settle(window)
    assert not page.apply.isVisible()
    assert page.printer.columns == 48


def test_the_step_reached_is_no_entry_of_the_journal(window: Window, counter: Counter) -> None:
    before = counter.print_of_ledger()
    guide(window, "try")
    settle(window)
    assert counter.till.settings.guide == "try"
    assert counter.print_of_ledger() == before


def test_a_till_nobody_enrolled_may_set_its_printer_up_first(tmp_path: Path, opened: Callable[..., Window]) -> None:
    till = open_till(tmp_path / "new")
    window = opened(Counter(till))
    enrol: Any = window.page("enrol")
    assert enrol.isVisible()
    enrol.first.click()
    settle(window)
    page: Any = window.page("guide")
    assert page.isVisible() and page.step == "printer"
    page.show_step("begin")
    assert page.button.text() == words.say("guide.enrol.button")
    page.press()
    settle(window)
    assert enrol.isVisible()
    till.close()


def test_a_name_that_is_no_printer_keeps_the_guide_at_its_step(fresh: Counter, opened: Callable[..., Window]) -> None:
    window = opened(fresh)
    page = guide(window, "printer")
    page.printer.name.line.setFocus()
    type_text("usb")
    page.press()
    settle(window)
    assert page.step == "printer"
    assert "names no printer" in page.printer.name.problem.text()


def test_the_guide_is_begun_again_from_the_settings(window: Window, counter: Counter) -> None:
    write_till_settings(counter.till.settings.home, {"theme": "light"})
    window.go("settings")
    settle(window)
    press(Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    settle(window)
    assert window.page("guide").isVisible()
