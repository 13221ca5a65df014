"""Signing in, locking, another clerk, leaving: the door of the till."""

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QShortcut
from PySide6.QtTest import QTest
from sqlalchemy import delete, insert, select, update

from meterpos.ledger.journal import EntryContent, parse
from meterpos.ledger.tables import journal, pins, users
from meterpos.ui import words
from meterpos.ui.gate import LOCK_KEY
from meterpos.ui.heartbeat import Heartbeat
from meterpos.ui.window import Window
from tests.support.tills import Counter
from tests.ui import stand
from tests.ui.stand import CODE, PIN, app, press, pump, settle, type_text
from tests.ui.test_loop import limit_ms

ENTER = Qt.Key.Key_Return
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def locked(counter: Counter, opened: Callable[..., Window]) -> Window:
    """A window that waits for a name and a PIN."""
    return opened(counter, clerk=None)


def page(window: Window) -> Any:
    assert window.gate.page is not None
    return window.gate.page


def noted(counter: Counter, *kinds: str) -> list[EntryContent]:
    with counter.till.store.read() as connection:
        rows = connection.execute(select(journal.c.data).where(journal.c.kind.in_(kinds)).order_by(journal.c.seq))
        return [parse(data) for data in rows.scalars()]


def user(counter: Counter, name: str, **values: object) -> None:
    with counter.till.store.write() as connection:
        connection.execute(update(users).where(users.c.user_name == name).values(**values))


def another_clerk(counter: Counter) -> None:
    with counter.till.store.write() as connection:
        row = {"user_name": "wanjiru", "display_name": "Wanjiru K.", "role": "clerk", "revoked": False}
        connection.execute(insert(users), row)


# --- signing in


def test_the_first_time_a_clerk_sets_a_pin_with_the_code_twice(counter: Counter, locked: Window) -> None:
    assert locked.gate.is_locked
    assert page(locked).people.current().user_name == "achieng", "whose shift is open is chosen already"
    assert locked.focusWidget() is page(locked).code.line
    for text in (CODE, PIN, "1357"):
        type_text(text)
        press(ENTER)
    assert page(locked).again.problem.text() == words.say("wrong.pins_differ")
    type_text(PIN)
    press(ENTER)
    settle(locked)
    assert not locked.gate.is_locked
    assert (locked.desk.clerk, locked.top.clerk.text()) == ("achieng", "Achieng O.")
    assert locked.pay.search.line.hasFocus()
    assert [entry.clerk for entry in noted(counter, "signed_in")] == ["achieng"]


def test_a_name_is_chosen_with_the_arrows_and_a_pin_lets_in(counter: Counter, locked: Window) -> None:
    stand.set_pins(counter, "otieno")
    locked.gate.page.open_for(None, locked=False)  # type: ignore[union-attr]
    settle(locked)
    press(Qt.Key.Key_Down)
    assert page(locked).name.text() == "Otieno P."
    type_text(PIN)
    press(ENTER)
    settle(locked)
    assert locked.desk.clerk == "otieno"


def test_what_is_missing_is_said_beside_its_field(counter: Counter, locked: Window) -> None:
    page(locked).press()
    assert page(locked).code.problem.text() == words.say("wrong.no_code")
    for field, text in ((page(locked).code, "AAAA-AAAA"), (page(locked).pin, PIN), (page(locked).again, PIN)):
        field.set_text(text)
    page(locked).press()
    settle(locked)
    assert page(locked).code.problem.text().startswith("That code is not valid or was used before.")


def test_the_tenth_wrong_pin_says_how_long_to_wait_and_is_counted(counter: Counter, locked: Window) -> None:
    stand.set_pins(counter, "achieng")
    page(locked).open_for("achieng", locked=False)
    settle(locked)
    for failures in (0, 9):
        with counter.till.store.write() as connection:
            connection.execute(update(pins).where(pins.c.user_name == "achieng").values(failures=failures))
        type_text("0000")
        press(ENTER)
        settle(locked)
        if not failures:
            assert page(locked).pin.problem.text() == "That PIN is not right. Try again."
    assert page(locked).pin.problem.text().startswith("Too many wrong PINs. Try again in 10 min ")
    assert not page(locked).button.isEnabled()
    press(ENTER)
    settle(locked)
    assert locked.gate.is_locked
    assert [entry.body["failures"] for entry in noted(counter, "sign_in_failed")] == [1, 10]
    assert [entry.body["failures"] for entry in noted(counter, "locked")] == [10]
    since, _ = page(locked)._waits["achieng"]
    page(locked)._waits["achieng"] = (since, 0)
    page(locked)._tell_wait()
    assert page(locked).pin.problem.text() == "" and page(locked).button.isEnabled()


def test_a_wait_outlives_the_program(counter: Counter, opened: Callable[..., Window]) -> None:
    stand.set_pins(counter, "achieng")
    for _ in range(3):
        with pytest.raises(Exception, match="not right"):
            counter.till.sign_in(user_name="achieng", pin="0000")
    window = opened(counter, clerk=None)
    page(window).pin.set_text(PIN)
    page(window).press()
    settle(window)
    assert re.fullmatch(r"Too many wrong PINs\. Try again in [1-5] s\.", page(window).pin.problem.text())


def test_a_new_code_from_head_office_sets_a_new_pin(counter: Counter, locked: Window) -> None:
    stand.set_pins(counter, "achieng")
    from meterpos.ledger.operations.people import code_hash

    user(counter, "achieng", code_hash=code_hash("achieng", "WXYZ-2345"))
    page(locked).open_for("achieng", locked=False)
    settle(locked)
    assert not page(locked).code.isVisible()
    page(locked).renew.click()
    for text in ("WXYZ-2345", "97531", "97531"):
        type_text(text)
        press(ENTER)
    settle(locked)
    assert locked.desk.clerk == "achieng"
    counter.till.sign_in(user_name="achieng", pin="97531")


def test_who_comes_down_while_the_till_is_locked_stands_in_the_list(counter: Counter, locked: Window) -> None:
    type_text("ABCD")
    another_clerk(counter)
    locked.tasks.ledger_changed.emit()
    settle(locked)
    settle(locked)
    assert [one.user_name for one in page(locked).people.rows()] == ["achieng", "otieno", "wanjiru"]
    assert page(locked).code.text() == "ABCD"
    assert locked.focusWidget() is page(locked).code.line


def test_an_ended_right_is_said_at_the_door_and_still_takes_money(counter: Counter, locked: Window) -> None:
    user(counter, "achieng", expires_on=date(2026, 11, 19))
    page(locked).open_for("achieng", locked=False)
    settle(locked)
    assert "rights ended on 19 Nov" in page(locked).role.text()
    locked.gate.admit("achieng")
    settle(locked)
    assert locked.desk.may("take_money") and locked.desk.may("close_shift")
    assert locked.desk.why_not("reverse") == "The rights of Achieng O. ended on 19 Nov. Somebody else has to do this."


def test_a_till_that_knows_nobody_works_in_the_name_of_the_login(
    counter: Counter, opened: Callable[..., Window]
) -> None:
    with counter.till.store.write() as connection:
        connection.execute(delete(users))
    window = opened(counter, clerk=None)
    assert not window.gate.is_locked
    assert window.desk.clerk == counter.till.login_name()
    press(Qt.Key.Key_L, CTRL)
    assert window.notice.sentence.text() == words.say("gate.nobody_known")
    window.go("sync")
    another_clerk(counter)
    window.tasks.ledger_changed.emit()
    settle(window)
    assert window.gate.is_locked, "from the first user on, the till asks"
    window.gate.admit("wanjiru")
    settle(window)
    assert window.page("sync").isVisible(), "and goes on where it was"


def test_checking_a_pin_never_stalls_the_loop(counter: Counter, locked: Window) -> None:
    stand.set_pins(counter, "achieng")
    page(locked).open_for("achieng", locked=False)
    settle(locked)
    with Heartbeat(limit_ms=limit_ms()):
        type_text(PIN)
        press(ENTER)
        settle(locked)
    assert not locked.gate.is_locked


# --- locking


def test_locking_in_the_middle_of_a_payment_keeps_the_form(counter: Counter, window: Window) -> None:
    stand.set_pins(counter, "achieng")
    type_text("grace")
    settle(window)
    press(ENTER)
    settle(window)
    press(ENTER)
    type_text("1234")
    before = window.pay.payment.form()
    press(Qt.Key.Key_L, CTRL)
    settle(window)
    assert window.gate.is_locked and not window.pay.isVisible()
    press(Qt.Key.Key_F12)
    press(Qt.Key.Key_F4)
    type_text(PIN)
    press(ENTER)
    settle(window)
    settle(window)
    assert window.pay.isVisible()
    assert window.pay.payment.form() == before
    assert window.pay.payment.amount.line.hasFocus()
    assert [entry.body for entry in noted(counter, "signed_out")] == [{"why": "asked"}]
    press(Qt.Key.Key_F12)
    settle(window)
    assert counter.net("A1") == 230_000 - 123_400


def test_a_till_nobody_touches_locks_itself(counter: Counter, window: Window) -> None:
    type_text("grace")
    window.gate.idle.begin(40)
    pump(lambda: window.gate.is_locked)
    settle(window)
    assert [entry.body for entry in noted(counter, "signed_out")] == [{"why": "idle"}]
    assert page(window).why.text() == words.say("gate.locked")
    window.gate.admit("achieng")
    settle(window)
    assert window.pay.search.line.text() == "grace"


def test_a_touch_keeps_the_till_open(counter: Counter, window: Window) -> None:
    handle, idle = window.windowHandle(), window.gate.idle
    assert handle is not None
    idle.begin(60_000)
    pump(lambda: idle._since.elapsed() >= 300)
    QTest.keyClick(handle, Qt.Key.Key_Shift)
    assert idle._since.elapsed() < 300
    idle._look()
    assert idle._timer.isActive() and not window.gate.is_locked


def test_the_setting_says_after_how_many_minutes_and_zero_never(counter: Counter, window: Window) -> None:
    assert counter.till.settings.lock_after_min == 5
    assert window.gate.idle._limit_ms == 300_000
    window.gate.idle.begin(0)
    assert not window.gate.idle._timer.isActive()


def test_a_scan_at_the_door_opens_nothing(counter: Counter, locked: Window) -> None:
    locked._scanned("MTR-001")
    settle(locked)
    assert locked.gate.is_locked
    assert locked.pay.search.line.text() == ""


# --- another clerk


def test_another_clerk_finds_an_empty_form_and_is_told_whose_drawer_it_is(counter: Counter, window: Window) -> None:
    another_clerk(counter)
    type_text("grace")
    settle(window)
    press(ENTER)
    settle(window)
    window.gate.lock("asked")
    window.gate.admit("wanjiru")
    settle(window)
    assert window.pay.payment.form().parts == ()
    assert window.top.clerk.text() == "Wanjiru K."
    assert window.top.shift.text().endswith("· Achieng O.")
    assert window.desk.why_not("take_money").startswith("The open shift is Achieng O.’s.")
    assert window.desk.may("look") and not window.desk.may("close_shift")


def test_a_supervisor_steps_in_and_their_name_stands_on_the_paper(counter: Counter, window: Window) -> None:
    window.gate.lock("asked")
    window.gate.admit("otieno")
    settle(window)
    type_text("grace")
    settle(window)
    press(ENTER)
    settle(window)
    press(Qt.Key.Key_F12)
    settle(window)
    (entry,) = noted(counter, "tender")
    assert entry.clerk == "otieno"


# --- leaving


def test_closing_with_money_waiting_says_how_much_and_lets_the_clerk_stay(counter: Counter, window: Window) -> None:
    counter.pay("A1", 250_000)
    counter.pay("A3", 165_000)
    window.tasks.ledger_changed.emit()
    settle(window)
    window.asks_before_closing = True
    assert not window.close()
    leaving = window.gate._leaving
    assert leaving is not None and leaving.isVisible()
    assert leaving.title.text() == "2 payments have not reached head office yet: KES 4,150.00"
    assert "safe on this till" in leaving.safe.text()
    assert leaving.shift.text() == "Shift 1 stays open."
    press(Qt.Key.Key_Escape)
    assert window.pay.isVisible() and window.pay.search.line.hasFocus()
    assert not window.close()
    leaving.go_button.click()
    assert not window.isVisible()
    assert [entry.body for entry in noted(counter, "signed_out")] == [{"why": "closed"}]


def test_closing_with_nothing_waiting_asks_nothing(counter: Counter, window: Window) -> None:
    window.asks_before_closing = True
    assert window.close()


def test_a_locked_till_is_still_locked_after_staying(counter: Counter, locked: Window) -> None:
    counter.pay("A1", 250_000)
    locked.tasks.ledger_changed.emit()
    settle(locked)
    locked.asks_before_closing = True
    assert not locked.close()
    press(Qt.Key.Key_Escape)
    assert locked.gate.is_locked


def test_a_till_that_lost_power_asks_again_and_has_lost_nothing(
    counter: Counter, opened: Callable[..., Window], tmp_path: Path
) -> None:
    stand.set_pins(counter, "achieng")
    counter.till.sign_in(user_name="achieng", pin=PIN)
    counter.pay("A1", 250_000)
    window = opened(counter, clerk=None)  # nobody signed out: the power went
    assert window.gate.is_locked
    type_text(PIN)
    press(ENTER)
    settle(window)
    assert window.desk.clerk == "achieng"
    assert window.desk.standing is not None and window.desk.standing.status.waiting_papers == 1
    app().processEvents()


def test_no_key_means_two_things(window: Window) -> None:
    for name in ("pay", "customers", "meters", "receipts", "plans", "shift", "sync", "settings"):
        window.go(name)
        settle(window)
        keys = [
            shortcut.key().toString()
            for shortcut in window.findChildren(QShortcut)
            if shortcut.isEnabled()
            and shortcut.context() == Qt.ShortcutContext.WindowShortcut
            and shortcut.parent().isVisible()
        ]
        assert LOCK_KEY in keys
        assert {key for key in keys if keys.count(key) > 1} == set(), name


def test_at_the_door_no_key_reaches_the_till(locked: Window) -> None:
    heard = {
        shortcut.key().toString()
        for shortcut in locked.findChildren(QShortcut)
        if shortcut.isEnabled() and shortcut.parent().isVisible()
    }
    assert heard <= {"Shift+F1"}, "but the help"


def test_on_a_small_screen_the_door_scrolls_to_what_has_the_keyboard(locked: Window) -> None:
    locked.setMinimumSize(600, 300)
    locked.resize(700, 400)
    settle(locked)
    press(Qt.Key.Key_Return)
    page(locked).again.line.setFocus()
    settle(locked)
    line = page(locked).again.line
    place = line.mapTo(locked, line.rect().center())
    assert locked.rect().contains(place)
