"""The customers page: who is there, what one owes and on which meter, and money taken for the right one."""

from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from sqlalchemy import insert

from meterpos.ledger.tables import contacts
from meterpos.ui import words
from meterpos.ui.window import Window
from tests.support.tills import GRACE, Counter
from tests.ui.stand import LONG, press, settle, type_text

ENTER, DOWN = Qt.Key.Key_Return, Qt.Key.Key_Down


def customers_page(window: Window, text: str = "") -> Any:
    press(Qt.Key.Key_F2)
    settle(window)
    if text:
        type_text(text)
        settle(window)
    return window.page("customers")


def test_everybody_stands_by_name_and_a_text_finds_them(window: Window) -> None:
    page = customers_page(window)
    names = [row.name for row in page.rows.rows()]
    assert names[0] == "Grace Akinyi Otieno"
    assert names == sorted(names)
    assert page.count.text() == f"{len(names)} customers"
    type_text("makokha")
    settle(window)
    assert [row.name for row in page.rows.rows()] == [LONG]
    type_text("zzz")
    settle(window)
    assert page.nothing.text() == words.say("customers.nothing", text="makokhazzz")


def test_one_customer_is_shown_whole(window: Window, counter: Counter) -> None:
    with counter.till.store.write() as connection:
        connection.execute(
            insert(contacts),
            {"contact_id": "k", "customer_no": GRACE, "name": "Otieno", "phone": "0711222333", "consent": True},
        )
    card = customers_page(window, "grace").card
    assert card.name.text() == "Grace Akinyi Otieno"
    assert card.contacts.text() == "Contacts: Otieno 0711 222 333"
    assert card.facts.text("customers.owes") == "KES 7,400.00"
    assert card.facts.text("customers.holds") == "KES 500.00"
    assert {one.meter_no for one in card.happened.rows()} == {"MTR-001", "MTR-045", "MTR-078"}


def test_meters_out_of_use_come_with_the_box(window: Window) -> None:
    card = customers_page(window, "makokha").card
    assert "MTR-2026-000452" not in [row.meter_no for row in card.meters.rows()]
    card.all.click()
    assert "MTR-2026-000452" in [row.meter_no for row in card.meters.rows()]


def test_a_payment_is_recorded_for_the_meter_stood_on_by_keys(window: Window) -> None:
    page = customers_page(window, "grace")
    press(ENTER)
    settle(window)
    assert page.card.meters.hasFocus()
    press(DOWN)
    press(ENTER)
    settle(window)
    assert window.pay.isVisible()
    assert [card.meter_no for card in window.pay.person.cards.paid()] == ["MTR-045"]


def test_by_mouse_only_the_button_on_the_row_records_a_payment(window: Window) -> None:
    page = customers_page(window, "grace")
    rows = page.card.meters
    place = rows.visualRect(rows.model().index(2, 0))
    QTest.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(20, place.center().y()))
    settle(window)
    assert page.isVisible()
    QTest.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(place.right() - 30, place.center().y()))
    settle(window)
    assert [card.meter_no for card in window.pay.person.cards.paid()] == ["MTR-078"]


def test_what_is_paid_meanwhile_is_seen(window: Window, counter: Counter) -> None:
    card = customers_page(window, "grace").card
    counter.pay("A1", 230_000)
    window._ledger_changed()
    settle(window)
    assert card.facts.text("customers.owes") == "KES 5,100.00"
