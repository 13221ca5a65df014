"""The meters page: filters, order, one meter at a glance, money taken for it; ten thousand rows never loaded."""

import threading
from typing import Any

import pytest
from PySide6.QtCore import Qt
from sqlalchemy import insert, update

from meterpos.ledger.tables import accounts, meters
from meterpos.ui import words
from meterpos.ui.models import looking
from meterpos.ui.window import Window
from tests.support.tills import Counter, invoice, post_facts
from tests.ui.stand import press, pump, settle, type_text

ENTER, DOWN, END = Qt.Key.Key_Return, Qt.Key.Key_Down, Qt.Key.Key_End
MANY = 10_000


def meters_page(window: Window) -> Any:
    press(Qt.Key.Key_F3)
    settle(window)
    return window.page("meters")


def shown(page: Any) -> list[str]:
    return [row.meter_no for row in page.rows.rows() if row is not None]


def test_the_meters_in_use_stand_by_number_and_the_first_is_told(window: Window) -> None:
    page = meters_page(window)
    assert shown(page)[:4] == ["MTR-001", "MTR-045", "MTR-078", "MTR-112"]
    assert page.count.text() == f"{len(page.roll.numbers)} meters"
    assert page.card.number.text() == "MTR-001"
    assert page.card.status.text() == "Outstanding"


def test_filters_and_order(window: Window) -> None:
    page = meters_page(window)
    page.which.choose("inactive")
    settle(window)
    assert shown(page) == ["MTR-2026-000452"]
    page.which.choose("all")
    page.state.choose("credit")
    settle(window)
    assert "MTR-045" in shown(page)
    page.state.choose("overdue")
    settle(window)
    assert "MTR-078" in shown(page) and "MTR-001" not in shown(page)
    page.state.choose("any")
    page.order.choose("balance")
    settle(window)
    assert shown(page)[0] == "MTR-2026-000452"


def test_a_meter_is_paid_with_the_keyboard_alone(window: Window) -> None:
    page = meters_page(window)
    type_text("MTR-078")
    settle(window)
    press(ENTER)
    settle(window)
    assert page.card.number.text() == "MTR-078"
    press(ENTER)
    settle(window)
    assert window.pay.isVisible()
    assert [card.meter_no for card in window.pay.person.cards.paid()] == ["MTR-078"]


def test_control_enter_records_a_payment_from_the_list(window: Window) -> None:
    meters_page(window)
    press(DOWN)
    settle(window)
    press(ENTER, Qt.KeyboardModifier.ControlModifier)
    settle(window)
    assert window.pay.isVisible()


def test_without_a_shift_the_shift_page_comes_first(window: Window, counter: Counter) -> None:
    counter.till.close_shift(clerk="achieng", counted_minor=500_000)
    window._ledger_changed()
    settle(window)
    page = meters_page(window)
    page.card.button.click()
    settle(window)
    assert window.page("shift").isVisible()


def test_a_meter_handed_over_is_paid_for_by_whom_it_was(window: Window, counter: Counter) -> None:
    with counter.till.store.write() as connection:
        day = counter.till.moment().today
        connection.execute(update(accounts).where(accounts.c.account_no == "A3").values(closed_on=day))
        connection.execute(
            insert(accounts),
            {"account_no": "N1", "kind": "meter", "customer_no": "AC-10077", "meter_no": "MTR-078", "zone": "Kondele"},
        )
    page = meters_page(window)
    page.which.choose("all")
    type_text("MTR-078")
    settle(window)
    assert len(shown(page)) == 2
    page.rows.go(page.roll.numbers.index("A3"))
    page._open()
    settle(window)
    page.card.button.click()
    settle(window)
    paid = window.pay.person.cards.paid()
    assert [card.account_no for card in paid] == ["A3"]


def test_the_list_follows_the_ledger_and_keeps_its_place(window: Window, counter: Counter) -> None:
    page = meters_page(window)
    press(DOWN)
    settle(window)
    here = page.rows.number()
    post_facts(counter, [invoice("INV-NEW", "A2", 70_000, on=counter.till.moment().today)])
    window._ledger_changed()
    settle(window)
    assert page.rows.number() == here
    assert page.card.facts.text("meters.balance") == "KES 200.00"
    assert [one.number for one in page.card.open.rows()] == ["INV-NEW"]


def test_ten_thousand_meters_are_walked_without_loading_them(window: Window, counter: Counter) -> None:
    with counter.till.store.write() as connection:
        connection.execute(
            insert(meters), [{"meter_no": f"Z-{n:06d}", "utility": "water", "status": "active"} for n in range(MANY)]
        )
        connection.execute(
            insert(accounts),
            [
                {
                    "account_no": f"Z{n}",
                    "kind": "meter",
                    "customer_no": "AC-10077",
                    "meter_no": f"Z-{n:06d}",
                    "zone": "K",
                }
                for n in range(MANY)
            ],
        )
    page = meters_page(window)
    assert len(page.roll.numbers) > MANY
    assert page.roll.is_whole
    page.rows.setFocus()
    press(END)
    settle(window)
    assert page.card.number.text() == f"Z-{MANY - 1:06d}"
    assert len(page.roll._known) < 300


def test_enter_reaches_the_button_only_once_the_card_shows_what_the_keyboard_stood_on(window: Window) -> None:
    page = meters_page(window)
    press(Qt.Key.Key_Down)
    press(Qt.Key.Key_Down)
    press(Qt.Key.Key_Return)
    wanted = page.rows.number()
    assert page.card.shown_number() != wanted and not page.card.button.hasFocus()
    settle(window)
    assert page.card.shown_number() == wanted and page.card.button.hasFocus()


def test_an_empty_list_says_what_to_do(window: Window) -> None:
    page = meters_page(window)
    type_text("nothing like it")
    settle(window)
    assert page.nothing.text() == words.say("meters.nothing")
    assert page.card.currentIndex() == 0


def test_a_list_that_reads_every_meter_holds_no_payment_up(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lane answers while a piece of a number is still being looked for beside it."""
    go_on, answered = threading.Event(), list[str]()
    real = looking.meters

    def slow(*asked: Any, **filters: Any) -> Any:
        if filters["text"]:
            assert go_on.wait(10)
        return real(*asked, **filters)

    monkeypatch.setattr(looking, "meters", slow)
    press(Qt.Key.Key_F3)
    settle(window)
    page: Any = window.page("meters")
    page.order.choose("balance")
    page.line.setText("MTR")
    window.tasks.read(lambda _: "paid", answered.append)
    pump(lambda: answered)
    assert not go_on.is_set()
    go_on.set()
    settle(window)
    assert page.rows.rows()[0].balance_minor == max(row.balance_minor for row in page.rows.rows())
