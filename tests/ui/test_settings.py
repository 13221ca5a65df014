"""The settings page: looks at once, the rest with *Apply* and a manager's word; a large text on a small screen."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QLineEdit, QWidget
from sqlalchemy import insert

from meterpos.cli import window as door
from meterpos.ledger.operations.people import code_hash
from meterpos.ledger.tables import users
from meterpos.settings import load_till_settings, write_till_settings
from meterpos.till.training import open_training
from meterpos.ui import app as start
from meterpos.ui import theme, words
from meterpos.ui.pages.made import PAGES
from meterpos.ui.window import Window
from tests.support.tills import Counter
from tests.ui import looking, stand
from tests.ui.stand import CODE, PIN, press, settle, type_text

ENTER = Qt.Key.Key_Return


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine with one print queue."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "lpstat").write_text('#!/bin/sh\n[ "$1" = -e ] && echo Front_Counter\nexit 0\n')
    (programs / "lpstat").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))


def page(window: Window) -> Any:
    """Bring the settings to the front, the printers of the machine found."""
    window.go("settings")
    settle(window)
    return window.page("settings")


def hire_manager(counter: Counter) -> None:
    """Add a manager who has set a PIN."""
    row = {"user_name": "wanjiku", "display_name": "Wanjiku M.", "role": "manager", "revoked": False}
    with counter.till.store.write() as connection:
        connection.execute(insert(users), {**row, "code_hash": code_hash("wanjiku", CODE)})
    counter.till.set_pin(user_name="wanjiku", code=CODE, pin=PIN)


def test_f9_opens_the_settings_with_the_printers_found(window: Window) -> None:
    press(Qt.Key.Key_F9)
    settle(window)
    settings: Any = window.page("settings")
    assert settings.isVisible()
    assert "cups:Front_Counter" in [one.spec for one in settings.printer.found.rows()]


def test_looks_and_language_change_at_once_and_stay(window: Window, counter: Counter) -> None:
    settings = page(window)
    settings.look.choose("dark")
    settings.language.choose("sw")
    settle(window)
    assert (theme.palette().name, words.language()) == ("dark", "sw")
    found = load_till_settings(counter.till.settings.home)
    assert (found.theme, found.language) == ("dark", "sw")
    assert not settings.apply.isVisible()


def test_the_menu_of_the_top_bar_is_kept_too(window: Window, counter: Counter) -> None:
    window.top.look_wanted.emit("dark")
    window.top.language_wanted.emit("sw")
    settle(window)
    assert load_till_settings(counter.till.settings.home).theme == "dark"
    assert page(window).language.value() == "sw"


def test_another_printer_waits_for_a_manager_and_then_prints(window: Window, counter: Counter, tmp_path: Path) -> None:
    hire_manager(counter)
    settings = page(window)
    settings.printer.name.line.setFocus()
    settings.printer.name.line.selectAll()
    type_text(f"file:{tmp_path}/other.bin")
    settle(window)
    assert settings.apply.isVisible()
    assert counter.till.settings.printer != f"file:{tmp_path}/other.bin"
    settings.apply.approval.approver.choose("wanjiku")
    type_text(PIN)
    press(ENTER)
    settle(window)
    settle(window)
    assert counter.till.settings.printer == f"file:{tmp_path}/other.bin"
    assert not settings.apply.isVisible()


def test_a_supervisor_is_not_enough_and_is_told_so(window: Window, counter: Counter) -> None:
    stand.set_pins(counter)
    settings = page(window)
    settings.lock.choose("2")
    settle(window)
    settings.apply.approval.approver.choose("otieno")
    type_text(PIN)
    press(ENTER)
    settle(window)
    assert "may not do this" in settings.apply.problem.text() + settings.apply.approval.problem.text()
    assert counter.till.settings.lock_after_min != 2


def test_lock_and_exchange_hold_from_the_moment_they_are_applied(
    tmp_path: Path, opened: Callable[..., Window], monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = stand.ready_counter(tmp_path / "till", shift=False)
    window = opened(counter)
    counted: list[int] = []
    monkeypatch.setattr(window.gate, "begin_counting", lambda: counted.append(counter.till.settings.lock_after_min))
    window.exchanging._timer.start(300_000)
    settings = page(window)
    settings.lock.choose("2")
    settings.exchange.choose("60")
    settle(window)
    settings.apply.press()
    settle(window)
    assert counted and set(counted) == {2}
    assert 0 < window.exchanging._timer.remainingTime() < 120_000, "soon, where it was five minutes"
    window.exchanging._timer.stop()
    counter.till.close()


def test_escape_leaves_the_settings_as_they_were(window: Window, counter: Counter) -> None:
    settings = page(window)
    settings.exchange.choose("3600")
    settings.printer.name.line.setFocus()
    settle(window)
    press(Qt.Key.Key_Escape)
    settle(window)
    assert (settings.exchange.value, settings.apply.isVisible()) == ("300", False)


def test_a_name_that_is_no_printer_is_said_beside_it(tmp_path: Path, opened: Callable[..., Window]) -> None:
    counter = stand.ready_counter(tmp_path / "till", shift=False)
    window = opened(counter)
    settings = page(window)
    settings.printer.name.line.setFocus()
    type_text("usb")
    settle(window)
    settings.apply.press()
    settle(window)
    assert "names no printer" in settings.printer.name.problem.text()
    counter.till.close()


def test_a_test_print_tells_what_became_of_it(window: Window, counter: Counter, tmp_path: Path) -> None:
    settings = page(window)
    settings.printer.try_button.click()
    settle(window)
    assert settings.printer.result.text() == words.say("settings.printed")
    assert b"TEST PAPER" in (tmp_path / "paper.bin").read_bytes()
    settings.printer._take(f"dev:{tmp_path}/lp0")
    settings.printer.try_button.click()
    settle(window)
    assert "is not there" in settings.printer.result.text()


def test_a_test_of_the_drawer_stands_in_the_shifts_report(window: Window, counter: Counter, tmp_path: Path) -> None:
    settings = page(window)
    settings.printer.drawer_button.click()
    settle(window)
    assert (tmp_path / "paper.bin").read_bytes().startswith(b"\x1bp\x00")
    assert counter.till.report_so_far(clerk="achieng").content.body["drawer_openings"] == 1


def test_another_text_size_opens_the_window_again(counter: Counter, opened: Callable[..., Window]) -> None:
    window = opened(counter)
    page(window).text_size.choose("150")
    settle(window)
    stand.pump(lambda: not window.isVisible())
    assert window.opens_again == "same"
    assert load_till_settings(counter.till.settings.home).text_size == 150


def test_the_program_begins_again_at_the_new_size(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    begun: list[tuple[list[str], str | None]] = []

    def become(_path: str, arguments: list[str]) -> None:
        begun.append((arguments[1:], os.environ.get(door.SCALE)))
        raise SystemExit(0)

    monkeypatch.setenv("QT_SCALE_FACTOR", "1")
    monkeypatch.setattr(start, "run", lambda *_args, **_named: start.AGAIN_CODE)
    monkeypatch.setattr(door.os, "execv", become)
    write_till_settings(tmp_path, {"text_size": 125})
    with pytest.raises(SystemExit):
        door.open_window(tmp_path)
    monkeypatch.setattr(start, "run", lambda *_args, **_named: start.AGAIN_CODE + 1)
    with pytest.raises(SystemExit):
        door.open_window(tmp_path)
    home = ["-m", "meterpos", "till", "--home", str(tmp_path)]
    assert begun == [(home, None), ([*home, "--training"], None)]
    assert (start.again(0), start.again(start.AGAIN_CODE)) == (None, "same")
    assert sys.executable


# --- practice ---------------------------------------------------------------------------------------------------------


def test_practise_opens_the_window_at_the_town_and_leaves_it_again(
    counter: Counter, opened: Callable[..., Window], tmp_path: Path
) -> None:
    window = opened(counter)
    assert not window.training.isVisible()
    page(window).practise.click()
    settle(window)
    assert (window.isVisible(), window.opens_again) == (False, "training")
    town = Counter(open_training(counter.till.settings.home))
    practice = opened(town)
    for name in ("pay", "settings", "sync"):
        practice.go(name)
        settle(practice)
        assert practice.training.isVisible() and "2468" in practice.training.sentence.text()
    assert not practice.page("settings").practise.isVisible()  # type: ignore[attr-defined]
    assert looking.complaints(practice) == []
    practice.training.leave.click()
    assert (practice.isVisible(), practice.opens_again) == (False, "real")
    town.till.close()


# --- 150 % on 1366×768 leaves 910×512 --------------------------------------------------------------------------------


def in_sight(widget: QWidget, window: Window) -> bool:
    """Tell whether the middle of a widget is inside every place that shows it."""
    middle = widget.rect().center()
    around: QWidget | None = widget.parentWidget()
    while around is not None:
        if not around.rect().adjusted(-1, -1, 1, 1).contains(widget.mapTo(around, middle)):
            return False
        around = around.parentWidget() if around is not window else None
    return True


def test_at_150_percent_everything_is_reached_by_the_keyboard(counter: Counter, opened: Callable[..., Window]) -> None:
    window = opened(counter, size=(910, 512), language="sw")
    assert (window.width(), window.height()) == (910, 512)
    hidden = []
    for name in ("pay", *(name for name in PAGES if name != "enrol")):
        window.go(name)
        settle(window)
        for kind in (QAbstractButton, QLineEdit):
            for widget in looking.visible(window, kind):
                if widget.focusPolicy() != Qt.FocusPolicy.NoFocus and widget.isEnabled():
                    widget.setFocus(Qt.FocusReason.TabFocusReason)
                    stand.app().processEvents()
                    if widget.hasFocus() and not in_sight(widget, window):
                        hidden.append(f"{name}: {widget.accessibleName()}")
    assert hidden == []


def test_what_is_out_of_sight_is_seen_to_be(window: Window) -> None:
    window.resize(910, 512)
    window.go("settings")
    settle(window)
    settings: Any = window.page("settings")
    settings.guide.setFocus(Qt.FocusReason.TabFocusReason)
    stand.app().processEvents()
    assert in_sight(settings.guide, window)
    assert not in_sight(settings.printer.again, window)
