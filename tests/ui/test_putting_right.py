"""Receipts put right on screen with the keyboard, and any paper checked by its code, with no network."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from meterpos.ledger.operations.tenders import LegRequest, PartRequest, TenderRequest
from meterpos.ledger.queries.receipts import find_receipt
from meterpos.ledger.queries.spool import jobs
from meterpos.ledger.seal import seal_text
from meterpos.ledger.tables import users
from meterpos.till import new_tender_id
from meterpos.ui.window import Window
from tests.support.tills import CLERK, GRACE, Counter, post_facts
from tests.ui import stand
from tests.ui.stand import PIN, press, settle, type_text
from tests.ui.test_plans import TODAY

ENTER, ESCAPE, CTRL = Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.KeyboardModifier.ControlModifier
OTHER = bytes(range(1, 33))


def receipts(window: Window, what: object = None) -> Any:
    window.go("receipts", what)
    settle(window)
    return window.page("receipts")


def begin(window: Window, counter: Counter, number: str) -> Any:
    """Walk from the receipt's number to the form that moves it."""
    stand.set_pins(counter, "otieno")
    page = receipts(window)
    type_text(number)
    settle(window)
    press(ENTER)
    settle(window)
    press(Qt.Key.Key_R, CTRL)
    press(Qt.Key.Key_2, CTRL)
    settle(window)
    return page


def test_a_payment_is_moved_to_the_right_meter_with_the_keyboard(window: Window, counter: Counter) -> None:
    number = counter.pay("A1", 230_000).content.body["number"]
    page = begin(window, counter, number)
    type_text("MTR-112")
    settle(window)
    press(ENTER)
    assert page.correcting.button.text() == "Move KES 2,300.00 · MTR-112 · James Otieno"
    press(ENTER)
    type_text("0000")
    press(ENTER)
    settle(window)
    assert "not right" in page.correcting.approval.pin.problem.text()
    type_text(PIN)
    press(ENTER)
    press(ENTER)
    page.correcting.press()
    settle(window)
    assert (counter.net("A1"), counter.net("A4")) == (230_000, -110_000)
    assert page._receipt.number == "KSM01-B7K-000003" and not page.putting.isVisible()
    with counter.till.store.read() as connection:
        printed = [job.number for job in jobs(connection, limit=9) if job.state in ("confirmed", "unconfirmed")]
    assert sorted(printed)[-2:] == ["KSM01-B7K-000002", "KSM01-B7K-000003"]


def test_of_several_meters_the_wrong_one_is_chosen(window: Window, counter: Counter) -> None:
    tender = TenderRequest(
        tender_id=new_tender_id(),
        customer_no=GRACE,
        parts=(
            PartRequest(account_no="A1", amount_minor=10_000),
            PartRequest(account_no="A2", amount_minor=20_000),
        ),
        legs=(LegRequest(method="cash", amount_minor=30_000),),
    )
    before = counter.net("A2"), counter.net("A3")
    number = counter.till.take(request=tender, clerk=CLERK).content.body["number"]
    page = begin(window, counter, number)
    assert page.correcting.wrong.isVisible()
    page.correcting.choose_wrong(1)
    type_text("MTR-078")
    settle(window)
    press(ENTER)
    press(ENTER)
    type_text(PIN)
    press(ENTER)
    settle(window)
    assert (counter.net("A2"), counter.net("A3")) == (before[0], before[1] - 20_000)


def test_what_is_missing_is_said_beside_it_and_escape_changes_nothing(window: Window, counter: Counter) -> None:
    number = counter.pay("A1", 230_000).content.body["number"]
    page = begin(window, counter, number)
    page.correcting.press()
    assert page.correcting.meter.field.problem.text() == "Choose the meter it was meant for."
    type_text("MTR-001")
    settle(window)
    press(ENTER)
    page.correcting.reason.line.clear()
    press(ENTER)
    page.correcting.press()
    assert page.correcting.reason.problem.text() == "Say in a few words why it is reversed."
    type_text("wrong")
    press(ENTER)
    type_text(PIN)
    press(ENTER)
    settle(window)
    assert "stands on receipt" in page.correcting.meter.field.problem.text()
    press(ESCAPE)
    assert not page.putting.isVisible() and page.reverse_button.isVisible()
    assert counter.net("A1") == 0


def test_pays_put_right_leads_to_both_ways(window: Window, counter: Counter) -> None:
    number = counter.pay("A1", 230_000).content.body["number"]
    page = receipts(window, ("reverse", number))
    assert page.putting.isVisible() and page.reversing.isVisible() and not page.correcting.isVisible()
    press(Qt.Key.Key_2, CTRL)
    assert page.correcting.isVisible() and not page.reversing.isVisible()


def test_a_usual_reason_is_chosen_and_leads_on(window: Window, counter: Counter) -> None:
    page = receipts(window, ("reverse", counter.pay("A1", 230_000).content.body["number"]))
    page.reversing.reason.menu().actions()[1].trigger()
    assert page.reversing.reason.text() == "Wrong amount"
    assert page.reversing.approval.isAncestorOf(window.focusWidget())


def test_a_receipt_of_a_closed_shift_is_put_right_in_the_open_one(window: Window, counter: Counter) -> None:
    number = counter.pay("A1", 230_000).content.body["number"]
    counter.till.close_shift(counted_minor=730_000, clerk=CLERK)
    window.tasks.ledger_changed.emit()
    page = receipts(window, ("show", number))
    assert not page.reverse_button.isVisible(), "no shift is open"
    counter.open_shift()
    window.tasks.ledger_changed.emit()
    page = begin(window, counter, number)
    type_text("MTR-112")
    settle(window)
    press(ENTER)
    press(ENTER)
    type_text(PIN)
    press(ENTER)
    settle(window)
    assert page._receipt.entry.content.shift == 2


# --- codes


@pytest.fixture
def number(counter: Counter) -> str:
    """A receipt of this till."""
    return str(counter.pay("A1", 230_000).content.body["number"])


def test_an_own_paper_is_genuine_and_shown(window: Window, counter: Counter, number: str) -> None:
    page = receipts(window, ("show", number))
    page.check(counter.till.seal(page._receipt.entry))
    settle(window)
    assert page.verdict.title.text() == "Genuine when printed" and page.paper.isVisible()
    assert page.verdict.facts.text("verdict.amount") == "KES 2,300.00"


def test_a_pasted_code_is_checked_at_once(window: Window, counter: Counter, number: str) -> None:
    page = receipts(window, ("show", number))
    QGuiApplication.clipboard().setText(counter.till.seal(page._receipt.entry))
    page.line.setFocus()
    page.line.paste()
    settle(window)
    assert page.verdict.title.text() == "Genuine when printed"
    press(ESCAPE)
    assert page.line.text() == ""


def test_a_paper_taken_back_since_says_by_which(window: Window, counter: Counter, number: str) -> None:
    page = receipts(window, ("show", number))
    code = counter.till.seal(page._receipt.entry)
    undone = counter.reverse(number).content.body["number"]
    page.check(code)
    settle(window)
    assert page.verdict.title.text() == "Genuine, but taken back" and undone in page.verdict.why.text()


def test_forged_unknown_and_unreadable_are_told_apart(window: Window, counter: Counter, number: str) -> None:
    page = receipts(window, ("show", number))
    entry = page._receipt.entry
    for code, title in (
        (seal_text(entry, device_private=OTHER), "Forged"),
        (stand.foreign_seal(entry, "KSM09", OTHER), "Cannot be told"),
        ("MP1AAAA", "Not a receipt's code"),
    ):
        page.check(code)
        settle(window)
        assert page.verdict.title.text() == title
        assert not page.paper.isVisible() and not page.reverse_button.isVisible()
    page._open_number(number)
    settle(window)
    assert not page.verdict.isVisible() and page.paper.isVisible()


def test_a_genuine_paper_of_another_till_is_asked_about(window: Window, counter: Counter, number: str) -> None:
    stand.know_till(counter, "KSM02", OTHER)
    page = receipts(window, ("show", number))
    page.check(stand.foreign_seal(page._receipt.entry, "KSM02", OTHER))
    settle(window)
    assert page.verdict.title.text() == "Genuine when printed"
    press(Qt.Key.Key_R, CTRL)
    page.asking.press()
    assert page.asking.reason.problem.isVisible()
    type_text("paid twice")
    press(ENTER)
    press(ENTER)
    settle(window)
    assert "KSM02-C4T-000118" in page.state.text() and "next exchange" in page.state.text()
    assert window.desk.standing is not None and window.desk.standing.status.waiting_papers == 1


def test_another_tills_number_is_refused_here_and_asked_of_head_office(window: Window, counter: Counter) -> None:
    post_facts(counter, [stand.payment("KSM02-C4T-000118", "A1", 5_000, on=TODAY, method="cash")])
    page = receipts(window)
    type_text("ksm02-c4t-000118")
    settle(window)
    assert "It was taken at till KSM02." in page.state.text()
    press(Qt.Key.Key_R, CTRL)
    page.asking.ways.choose("correct")
    page.asking.press()
    assert page.asking.meter.field.problem.text() == "Choose the meter it was meant for."
    type_text("MTR-112")
    settle(window)
    press(ENTER)
    type_text("wrong meter")
    press(ENTER)
    settle(window)
    assert "next exchange" in page.state.text()


def test_another_tills_receipt_is_shown_with_who_took_it_and_what_became_of_it(
    window: Window, counter: Counter
) -> None:
    paid = stand.payment("KSM02-C4T-000118", "A1", 5_000, on=TODAY, method="cash")
    post_facts(counter, [replace(paid, clerk="otieno")])
    page = receipts(window)
    type_text("ksm02-c4t-000118")
    settle(window)
    said = page.state.text()
    assert "Grace Akinyi Otieno" in said and "KES 50.00, cash" in said.replace("Cash", "cash")
    assert "Otieno P. took it at till KSM02." in said and page.ask_button.isVisible()
    undone = replace(
        paid,
        fact_id="r:1",
        kind="reversal",
        number="REV-000001",
        amount_minor=5_000,
        of_fact_id=paid.fact_id,
        position=3,
    )
    post_facts(counter, [undone])
    press(ESCAPE)
    type_text("ksm02-c4t-000118")
    settle(window)
    assert "taken back already: REV-000001" in page.state.text() and not page.ask_button.isVisible()


def test_a_receipt_whose_money_head_office_moved_is_asked_about(window: Window, counter: Counter, number: str) -> None:
    with counter.till.store.read() as connection:
        stand.move_away(counter, find_receipt(connection, number).entry)
    page = receipts(window, ("reverse", number))
    assert page.state.text().startswith("Head office moved its money to MTR-112: TRF-000004.")
    assert page.ask_button.isVisible() and not page.reverse_button.isVisible() and page.putting.isHidden()
    press(Qt.Key.Key_R, CTRL)
    page.asking.press()
    type_text("paid twice")
    press(ENTER)
    press(ENTER)
    settle(window)
    assert number in page.state.text() and "next exchange" in page.state.text()


def test_a_receipt_is_looked_up_by_number_name_phone_amount_day_and_meter(window: Window, number: str) -> None:
    page = receipts(window)
    for text in ("000001", "grace akinyi", "0712 345 678", "2300", "2,300.00", "2026-11-20", "MTR-001"):
        press(ESCAPE)
        type_text(text)
        settle(window)
        assert [row.number for row in page.rows.rows()] == [number], text
    press(ENTER)
    settle(window)
    assert page._receipt.number == number and page.paper.isVisible()


def test_nothing_found_and_nothing_yet_say_what_to_do(window: Window) -> None:
    page = receipts(window)
    assert "first payment" in page.nothing.text()
    type_text("zzz")
    settle(window)
    assert "“zzz”" in page.nothing.text() and "scan" in page.nothing.text()
    press(ESCAPE)
    settle(window)
    assert page.line.text() == "" and "first payment" in page.nothing.text()


def test_copies_are_counted(window: Window, counter: Counter, number: str) -> None:
    page = receipts(window, ("show", number))
    for _ in range(2):
        press(Qt.Key.Key_P, CTRL)
        settle(window)
    with counter.till.store.read() as connection:
        assert [job.copy_no for job in jobs(connection, limit=9)][:2] == [2, 1]
    assert page._receipt.copies == 2


def test_a_receipt_is_saved_as_pdf_and_its_slip_is_printed_again(
    window: Window, counter: Counter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_documents_path", lambda: tmp_path / "papers")
    plain = counter.pay("A1", 1_000).content.body["number"]
    page = receipts(window, ("show", plain))
    assert page.pdf_button.isVisible() and not page.slip_button.isVisible()
    number = counter.pay("B6", 12_345_678, customer_no="AC-20001").content.body["number"]
    page = receipts(window, ("show", number))
    press(Qt.Key.Key_S, CTRL)
    settle(window)
    saved = tmp_path / "papers" / "meterpos" / f"{number}.pdf"
    assert saved.read_bytes().startswith(b"%PDF") and page.state.text() == f"Saved: {saved}"
    press(Qt.Key.Key_E, CTRL)
    settle(window)
    assert b"RECONNECTION SLIP" in (tmp_path / "paper.bin").read_bytes()
    with counter.till.store.read() as connection:
        assert jobs(connection)[0].number == f"{number}-R"


def test_an_auditor_saves_a_receipt_and_prints_no_slip(counter: Counter, opened: Any) -> None:
    number = counter.pay("B6", 12_345_678, customer_no="AC-20001").content.body["number"]
    with counter.till.store.write() as connection:
        connection.execute(users.update().where(users.c.user_name == "otieno").values(role="auditor"))
    page = receipts(opened(counter, clerk="otieno"), ("show", number))
    assert page.pdf_button.isVisible() and not page.slip_button.isVisible() and not page.again.isVisible()
