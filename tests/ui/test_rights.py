"""Pages show no action that who is signed in may not do, and say why."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from PySide6.QtCore import Qt
from sqlalchemy import insert, update

from meterpos.ledger.tables import accounts, users
from meterpos.ui.window import Window
from tests.support.tills import Counter
from tests.ui.stand import press, settle, type_text

ENTER = Qt.Key.Key_Return
AUDITS = "Fatuma A. is an auditor: everything can be looked at, nothing changed."
NOT_YOURS = "The open shift is Achieng O.’s."


@pytest.fixture
def number(counter: Counter) -> str:
    """A receipt of Achieng's open shift; Fatuma audits, Wanjiru is another clerk."""
    with counter.till.store.write() as connection:
        row = {"role": "clerk", "revoked": False}
        connection.execute(insert(users), {**row, "user_name": "wanjiru", "display_name": "Wanjiru K."})
        connection.execute(
            insert(users), {**row, "user_name": "fatuma", "display_name": "Fatuma A.", "role": "auditor"}
        )
    return str(counter.pay("A1", 100_000).content.body["number"])


@pytest.mark.parametrize(("who", "says"), [("fatuma", AUDITS), ("wanjiru", NOT_YOURS)])
def test_who_may_take_no_money_is_told_why_instead_of_a_form(
    counter: Counter, opened: Callable[..., Window], number: str, who: str, says: str
) -> None:
    window = opened(counter, clerk=who)
    before = counter.print_of_ledger()
    type_text("grace")
    settle(window)
    press(ENTER)
    settle(window)
    press(ENTER)
    press(Qt.Key.Key_F12)
    settle(window)
    assert window.pay.person.isVisible(), "what Grace owes can be looked at"
    assert not window.pay.payment.isVisible()
    assert window.pay.barred.sentence.text().startswith(says)
    window.go("meters")
    settle(window)
    type_text("MTR-001")
    press(ENTER)
    settle(window)
    card: Any = window.page("meters").card  # type: ignore[attr-defined]
    assert card.isVisible() and not card.button.isVisible()
    assert card.why.sentence.text().startswith(says)
    window.go("customers")
    settle(window)
    type_text("grace")
    press(ENTER)
    settle(window)
    card = window.page("customers").card  # type: ignore[attr-defined]
    assert card.why.isVisible()
    card.meters.picked.emit(card.meters.rows()[0])
    settle(window)
    assert window.page("customers").isVisible(), "nothing is recorded from here"
    assert card.geometry().bottom() < window.page("customers").height() <= window.height(), (
        "its lists scroll, not the page"
    )
    assert counter.print_of_ledger() == before


def test_an_auditor_neither_reverses_nor_prints(counter: Counter, opened: Callable[..., Window], number: str) -> None:
    window = opened(counter, clerk="fatuma")
    window.go("receipts", ("reverse", number))
    settle(window)
    page: Any = window.page("receipts")
    assert page.paper.isVisible(), "the paper can be looked at"
    assert not any(part.isVisible() for part in (page.again, page.reverse_button, page.reversing))
    assert page.why.sentence.text() == AUDITS


def test_another_clerk_prints_a_copy_and_reverses_nothing(
    counter: Counter, opened: Callable[..., Window], number: str
) -> None:
    window = opened(counter, clerk="wanjiru")
    window.go("receipts", ("reverse", number))
    settle(window)
    page: Any = window.page("receipts")
    assert page.again.isVisible() and not page.reverse_button.isVisible() and not page.reversing.isVisible()
    assert page.why.sentence.text().startswith(NOT_YOURS)


def test_the_shift_page_offers_what_may_be_done(counter: Counter, opened: Callable[..., Window], number: str) -> None:
    window = opened(counter, clerk="fatuma")
    window.go("shift")
    settle(window)
    deeds = window.page("shift").deeds  # type: ignore[attr-defined]
    offered = {name for name, button in deeds.buttons.items() if button.isVisible()}
    assert offered == {"so_far", "earlier"} and not deeds.close_button.isVisible()
    assert deeds.why.sentence.text() == AUDITS
    window.gate.admit("wanjiru")
    settle(window)
    offered = {name for name, button in deeds.buttons.items() if not button.isHidden()}
    assert offered == {"banking", "so_far", "earlier"} and deeds.close_button.isHidden()
    window.gate.admit("achieng")
    settle(window)
    assert not any(button.isHidden() for button in deeds.buttons.values()) and deeds.why.isHidden()


def test_an_auditor_opens_no_shift_and_is_told_so(counter: Counter, opened: Callable[..., Window], number: str) -> None:
    counter.till.close_shift(counted_minor=600_000, clerk="achieng")
    window = opened(counter, clerk="fatuma")
    window.go("shift")
    settle(window)
    form = window.page("shift").opening  # type: ignore[attr-defined]
    assert form.isVisible() and not form.button.isVisible() and form.why.text() == AUDITS


def test_an_ended_right_takes_money_and_reverses_nothing(counter: Counter, window: Window, number: str) -> None:
    with counter.till.store.write() as connection:
        connection.execute(update(users).where(users.c.user_name == "achieng").values(expires_on=date(2026, 11, 19)))
    window.tasks.ledger_changed.emit()
    settle(window)
    type_text("grace")
    settle(window)
    press(ENTER)
    settle(window)
    press(Qt.Key.Key_F12)
    settle(window)
    assert window.pay.done.isVisible()
    window.go("receipts", ("reverse", number))
    settle(window)
    page: Any = window.page("receipts")
    assert not page.reverse_button.isVisible() and not page.reversing.isVisible()
    assert page.why.sentence.text().startswith("The rights of Achieng O. ended on 19 Nov.")
    window.go("shift")
    settle(window)
    deeds = window.page("shift").deeds  # type: ignore[attr-defined]
    assert deeds.close_button.isVisible() and not deeds.buttons["payout"].isVisible()


def test_head_office_makes_a_clerk_an_auditor_while_they_work(counter: Counter, window: Window, number: str) -> None:
    with counter.till.store.write() as connection:
        connection.execute(update(users).where(users.c.user_name == "achieng").values(role="auditor"))
    window.tasks.ledger_changed.emit()
    settle(window)
    assert window.desk.why_not("take_money").startswith("Achieng O. is an auditor")
    assert window.pay.barred.isVisible()


def test_an_auditor_changes_nothing_of_the_till_but_its_looks(
    counter: Counter, opened: Callable[..., Window], number: str
) -> None:
    window = opened(counter, clerk="fatuma")
    window.go("settings")
    settle(window)
    page: Any = window.page("settings")
    assert not page.printer.drawer_button.isVisible()
    page.lock.choose("30")
    settle(window)
    assert page.apply.isVisible() and not page.apply.button.isVisible() and not page.apply.approval.isVisible()
    assert page.apply.barred.sentence.text() == AUDITS
    page.apply.press()
    settle(window)
    assert counter.till.settings.lock_after_min != 30


def test_an_auditor_sees_sums_that_are_wrong_and_leaves_them(
    counter: Counter, opened: Callable[..., Window], number: str
) -> None:
    with counter.till.store.write() as connection:
        connection.execute(update(accounts).where(accounts.c.account_no == "A1").values(net_minor=1))
    window = opened(counter, clerk="fatuma")
    window.go("reports")
    settle(window)
    page: Any = window.page("reports")
    page.form.choose("recalculation")
    page.form.button.click()
    settle(window)
    assert not page.view.right.isVisible() and page.view.why.sentence.text() == AUDITS
    assert counter.net("A1") == 1
