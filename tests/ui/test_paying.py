"""The clerk takes money through the real window on a real ledger."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from sqlalchemy import insert, select

from meterpos.ledger.journal import parse
from meterpos.ledger.tables import accounts, journal, meters, tenders
from meterpos.printing.devices import PrinterError, Sent, open_device
from meterpos.printing.spool import Spooler
from meterpos.ui import words
from meterpos.ui.models import payment
from meterpos.ui.window import Window
from tests.printing.fake_printer import fake_printer
from tests.support.tills import Counter, invoice, post_facts
from tests.ui.stand import press, pump, settle, type_text

ENTER = Qt.Key.Key_Return


def entries(counter: Counter, kind: str) -> list[dict[str, Any]]:
    """Return the bodies of the journal's entries of one kind."""
    with counter.till.store.read() as connection:
        rows = connection.execute(select(journal.c.data).where(journal.c.kind == kind).order_by(journal.c.seq))
        return [parse(data).body for data in rows.scalars()]


def choose(window: Window, text: str) -> None:
    """Search and take the first hit."""
    window.pay.next_customer()
    type_text(text)
    press(ENTER)
    settle(window)


def test_cash_with_change_is_taken_by_the_keyboard_alone(window: Window, counter: Counter, tmp_path: Path) -> None:
    assert window.pay.search.line.hasFocus()
    type_text("grace")
    settle(window)
    press(ENTER)
    settle(window)
    assert window.pay.person.cards.hasFocus(), "several meters: the clerk chooses"
    press(ENTER)
    type_text("2500")
    press(ENTER)
    type_text("3000")
    assert window.pay.payment.method.change.text() == "500.00"
    press(ENTER)
    assert window.pay.payment.button.hasFocus()
    assert window.pay.payment.button.text() == "Take KES 2,500.00 and print · MTR-001 · Grace Akinyi Otieno"
    press(ENTER)
    settle(window)
    (body,) = entries(counter, "tender")
    assert (body["tendered"], body["change"], body["parts"][0]["amount"]) == (300_000, 50_000, 250_000)
    assert body["sms_to"] == "0712345678"
    assert window.pay.done.figure.text == "500.00"
    assert window.pay.paper.paper.has_paper()
    pump((tmp_path / "paper.bin").exists)
    settle(window)
    assert window.pay.done.printed.text() in ("Printed.", words.say("print.unconfirmed"))
    press(ENTER)
    assert window.pay.search.line.hasFocus()
    assert counter.net("A1") == -20_000


def test_enter_before_the_answer_never_chooses_from_the_hits_of_an_earlier_text(window: Window) -> None:
    type_text("james otieno")
    settle(window)
    assert window.pay.search.hits.current().name == "James Otieno"  # type: ignore[union-attr]
    window.pay.search.line.selectAll()
    type_text("grace")
    press(ENTER)
    settle(window)
    assert window.pay.payment.form().payer == "Grace Akinyi Otieno"


def test_empty_cash_means_exact(window: Window, counter: Counter) -> None:
    choose(window, "MTR-112")
    assert window.pay.payment.amount.line.hasFocus(), "one meter: straight to the amount"
    for _ in range(3):
        press(ENTER)
    settle(window)
    (body,) = entries(counter, "tender")
    assert (body["tendered"], body["change"], body["parts"][0]["amount"]) == (None, 0, 120_000)


def test_a_reading_that_comes_after_the_payment_was_taken_opens_no_form(window: Window, counter: Counter) -> None:
    choose(window, "MTR-112")
    type_text("100")
    press(Qt.Key.Key_F12)
    window.pay.refresh()  # as when an exchange ends at this moment: it is read before, and comes home behind
    settle(window)
    assert window.pay.done.isVisible()
    assert window.pay._customer is None
    assert window.pay.done.button.hasFocus()


def test_coming_back_to_the_change_that_stays_enter_goes_on(window: Window, counter: Counter) -> None:
    choose(window, "MTR-112")
    press(Qt.Key.Key_F12)
    settle(window)
    press(Qt.Key.Key_F8)
    settle(window)
    press(Qt.Key.Key_F1)
    assert window.pay.done.isVisible()
    press(ENTER)
    assert window.pay.search.line.hasFocus()


def test_a_double_press_pays_once(window: Window, counter: Counter) -> None:
    choose(window, "MTR-112")
    form = window.pay.payment.form()
    for _ in range(3):
        press(Qt.Key.Key_F12)
    window.pay.payment.take.emit(form)
    window.pay.payment.take.emit(form)
    settle(window)
    assert len(entries(counter, "tender")) == 1


def test_a_meter_handed_over_between_choosing_and_pressing_is_refused_in_a_sentence(
    window: Window, counter: Counter
) -> None:
    choose(window, "MTR-112")
    with counter.till.store.write() as connection:
        connection.execute(
            accounts.update().where(accounts.c.account_no == "A4").values(closed_on=counter.till.moment().today)
        )
    before = counter.print_of_ledger()
    press(Qt.Key.Key_F12)
    settle(window)
    assert counter.print_of_ledger() == before
    assert window.pay.payment.alarm.isVisible()
    assert "closed or handed to another customer" in window.pay.payment.alarm_text.text()
    assert window.pay.payment.button.isEnabled()


class NoPaper:
    """A printer that has run out of paper."""

    def send(self, data: bytes) -> Sent:
        raise PrinterError("The printer is out of paper. Put in a roll, then press Print again.")


def no_paper(_spec: str) -> NoPaper:
    """Open the printer without paper, whichever is asked for."""
    return NoPaper()


def test_a_printer_without_paper_is_told_in_one_sentence_and_delays_nothing(window: Window, counter: Counter) -> None:
    window.printer._spooler = Spooler(counter.till, open_printer=no_paper)
    choose(window, "MTR-112")
    press(Qt.Key.Key_F12)
    settle(window)
    assert window.pay.done.trouble.isVisible()
    assert window.pay.done.trouble_text.text().startswith("The printer is out of paper.")
    assert window.top.printer.text() == "Look at the printer"
    choose(window, "grace")
    press(ENTER)
    press(Qt.Key.Key_F12)
    settle(window)
    assert len(entries(counter, "tender")) == 2
    window.printer._spooler = Spooler(counter.till)
    press(Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    settle(window)
    assert not window.pay.done.trouble.isVisible()
    assert window.top.printer.text() == "Printer ready"


def test_a_printer_unplugged_in_the_middle_sends_the_clerk_to_the_paper_and_the_payment_stands_once(
    window: Window, counter: Counter
) -> None:
    with fake_printer(hangs_up_at=600) as printer:
        window.printer._spooler = Spooler(counter.till, open_printer=lambda _: open_device(printer.spec, timeout_s=2))
        choose(window, "MTR-112")
        press(Qt.Key.Key_F12)
        settle(window)
        pump(lambda: bool(printer.papers) and not window.printer._running)
        settle(window)
        said = {label.text() for label in (window.pay.done.printed, window.pay.done.trouble_text) if label.isVisible()}
        assert any("See whether the paper came out" in text for text in said), said
        printer.hangs_up_at = None
        press(Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
        settle(window)
        pump(lambda: len(printer.papers) > 1 and not window.printer._running)
        settle(window)
        assert len(printer.papers[0]) < len(printer.papers[1]) and b"COPY 1" in printer.papers[1]
    assert len(entries(counter, "tender")) == 1 and len(entries(counter, "reprinted")) == 1


def test_mpesa_needs_its_code_and_a_used_code_is_stopped_beside_its_field(window: Window, counter: Counter) -> None:
    choose(window, "MTR-112")
    press(Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    press(ENTER)
    reference = window.pay.payment.method.reference
    assert reference.problem.text() == "Enter the M-Pesa code from the customer's message."
    type_text("SKJ3XY71")
    assert window.pay.payment.method.doubt.text().startswith("An M-Pesa code has 10 letters and digits, this has 8.")
    type_text("AB")
    press(ENTER)
    press(ENTER)
    settle(window)
    assert entries(counter, "tender")[0]["legs"][0]["reference"] == "SKJ3XY71AB"
    choose(window, "grace")
    press(ENTER)
    press(Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    type_text("skj3 xy71 ab")
    press(Qt.Key.Key_F12)
    settle(window)
    assert "already used" in reference.problem.text()
    assert reference.problem.isVisible()
    assert len(entries(counter, "tender")) == 1


def test_several_meters_are_ticked_and_paid_at_once(window: Window, counter: Counter) -> None:
    choose(window, "grace")
    press(Qt.Key.Key_Space)
    press(Qt.Key.Key_Down)
    press(Qt.Key.Key_Down)
    press(Qt.Key.Key_Space)
    settle(window)
    press(ENTER)
    assert window.pay.payment.total.amount.text() == "7,400.00"
    type_text("2000")
    press(ENTER)
    press(ENTER)
    assert window.pay.payment.method.received.line.hasFocus()
    type_text("8000")
    assert window.pay.payment.method.change.text() == "900.00"
    press(ENTER)
    press(ENTER)
    settle(window)
    (body,) = entries(counter, "tender")
    assert [(part["meter"], part["amount"]) for part in body["parts"]] == [("MTR-001", 200_000), ("MTR-078", 510_000)]


def test_the_chip_for_all_meters_ticks_what_is_owed(window: Window, counter: Counter) -> None:
    choose(window, "grace")
    press(ENTER)
    chip = next(chip for chip in window.pay.payment.chips.chips() if chip.text().startswith("All meters"))
    chip.click()
    settle(window)
    assert window.pay.payment.form().total_minor == 740_000


def test_the_preview_is_what_the_receipt_says(window: Window, counter: Counter) -> None:
    choose(window, "MTR-078")
    type_text("3000")
    shown = window.pay.payment.preview.texts()
    press(Qt.Key.Key_F12)
    settle(window)
    (body,) = entries(counter, "tender")
    assert shown == [
        ("To INV-2026-00390", "2,500.00"),
        ("To INV-2026-00421", "500.00"),
        ("New balance", "2,100.00"),
    ]
    assert [(line["to"], line["amount"]) for line in body["parts"][0]["lines"]] == [
        ("INV-2026-00390", 250_000),
        ("INV-2026-00421", 50_000),
    ]


def test_an_invoice_is_found_by_typing_and_named(window: Window, counter: Counter) -> None:
    choose(window, "MTR-078")
    panel = window.pay.payment
    press(Qt.Key.Key_I, Qt.KeyboardModifier.ControlModifier)
    picker = panel.invoices
    assert picker.line.hasFocus()
    assert [row and row.charge.number for row in picker.rows.rows()] == [None, "INV-2026-00421", "INV-2026-00390"]
    type_text("421")
    press(ENTER)
    assert panel.amount.line.hasFocus()
    assert panel.amount.line.text() == "2,600.00"
    press(Qt.Key.Key_F12)
    settle(window)
    (body,) = entries(counter, "tender")
    assert body["parts"][0]["invoice"] == "INV-2026-00421"
    assert [line["to"] for line in body["parts"][0]["lines"]] == ["INV-2026-00421"]


def test_hundreds_of_open_invoices_are_searched_by_number_amount_and_due_date(window: Window, counter: Counter) -> None:
    first = date(2024, 1, 1)
    many = [
        invoice(f"INV-A-{n:04d}", "A4", 100_000 + n * 100, on=first + timedelta(days=n), position=n + 9)
        for n in range(400)
    ]
    post_facts(counter, many)
    choose(window, "MTR-112")
    press(Qt.Key.Key_I, Qt.KeyboardModifier.ControlModifier)
    picker = window.pay.payment.invoices
    assert len(picker.rows.rows()) == 402
    assert picker.rows.rows()[1].charge.number == "INV-2026-00500", "the newest stands first"
    for text, number in (
        ("a-0123", "INV-A-0123"),
        ("1,377.00", "INV-A-0377"),
        ("due 2024", None),
        ("2025-01-15", None),
    ):
        picker.line.clear()
        type_text(text)
        found = [row.charge.number for row in picker.rows.rows() if row is not None]
        assert found == ([number] if number else found)
        assert found or text.startswith("due"), text
    press(Qt.Key.Key_Escape)
    assert not window.pay.payment.is_choosing
    assert window.pay.payment.amount.line.hasFocus()


def test_no_invoice_is_a_general_payment(window: Window, counter: Counter) -> None:
    choose(window, "MTR-078")
    panel = window.pay.payment
    panel.name_one(panel._views[0], "INV-2026-00421")
    press(Qt.Key.Key_I, Qt.KeyboardModifier.ControlModifier)
    assert panel.invoices.rows.current().charge.number == "INV-2026-00421"  # type: ignore[union-attr]
    press(Qt.Key.Key_Up)
    press(ENTER)
    assert panel.amount.line.text() == "5,100.00"
    press(Qt.Key.Key_F12)
    settle(window)
    assert entries(counter, "tender")[0]["parts"][0]["invoice"] is None


@pytest.mark.parametrize("answer", ["no", "yes"])
def test_an_unusual_amount_is_asked_about_first(window: Window, counter: Counter, answer: str) -> None:
    choose(window, "MTR-112")
    type_text("25000")
    press(Qt.Key.Key_F12)
    question = window.pay.payment.question
    assert question.isVisible()
    assert question.sentence.text().startswith("KES 25,000.00 is 20 times the usual bill of 1,200.00 on MTR-112.")
    if answer == "no":
        press(ENTER)
        assert not question.isVisible()
        assert window.pay.payment.amount.line.hasFocus()
    else:
        press(Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    settle(window)
    assert len(entries(counter, "tender")) == (1 if answer == "yes" else 0)


def test_a_payment_for_an_unknown_meter_goes_to_suspense(window: Window, counter: Counter) -> None:
    choose(window, "MTR-9999")
    press(ENTER)
    type_text("1500")
    press(ENTER)
    type_text("Atieno Odhiambo")
    press(ENTER)
    press(ENTER)
    press(ENTER)
    settle(window)
    (body,) = entries(counter, "tender")
    part = body["parts"][0]
    assert part["account"] == "SUSPENSE-KSM01"
    assert part["suspense"] == {"meter_no": "MTR-9999", "name": "Atieno Odhiambo", "phone": ""}


def test_the_phone_is_corrected_in_place(window: Window, counter: Counter) -> None:
    choose(window, "MTR-112")
    sms = window.pay.payment.sms
    sms.correct.click()
    sms.line.setText("0799 123")
    sms.save.click()
    assert sms.problem.isVisible()
    sms.line.setText("0799 123 456")
    sms.save.click()
    settle(window)
    (body,) = entries(counter, "report")
    assert (body["old"], body["new"]) == ("0722118904", "0799123456")
    press(Qt.Key.Key_F12)
    settle(window)
    assert entries(counter, "tender")[0]["sms_to"] == "0799123456"


def test_an_unknown_meter_of_somebody_searched_by_name_needs_its_number_as_given(
    window: Window, counter: Counter
) -> None:
    choose(window, "Zawadi Baraka")
    assert window.pay.search.unknown.text() == "Take it for an unknown meter"
    press(ENTER)
    panel = window.pay.payment
    assert panel.unknown_name.text() == "Zawadi Baraka"
    type_text("300")
    press(Qt.Key.Key_F12)
    assert panel.unknown_no.problem.text() == "Enter the meter number as the customer gives it."
    assert panel.unknown_no.line.hasFocus()
    type_text("old 77/19")
    press(Qt.Key.Key_F12)
    settle(window)
    part = entries(counter, "tender")[0]["parts"][0]
    assert part["suspense"] == {"meter_no": "old 77/19", "name": "Zawadi Baraka", "phone": ""}
    assert "This meter is not known here yet." in window.pay.paper.paper.accessibleName()


def test_an_advance_payment_is_recorded_as_credit_and_says_so(window: Window, counter: Counter) -> None:
    choose(window, "MTR-045")
    panel = window.pay.payment
    assert panel.amount.line.text() == ""
    assert panel.preview.texts() == [("Nothing is owed: recorded as credit", "")]
    type_text("300")
    press(Qt.Key.Key_F12)
    settle(window)
    (part,) = entries(counter, "tender")[0]["parts"]
    assert (part["lines"], part["credit"], part["credit_after"]) == ([], 30_000, 80_000)


def test_a_cheque_is_said_to_wait_before_and_after(window: Window, counter: Counter) -> None:
    choose(window, "MTR-112")
    press(Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    type_text("000123")
    waits = "The cheque counts once it has cleared"
    assert (waits, "") in window.pay.payment.preview.texts()
    press(Qt.Key.Key_F12)
    settle(window)
    assert window.pay.done.waits.isVisible() and window.pay.done.waits.text() == waits
    assert counter.net("A4") == 120_000
    assert "cheque" in window.pay.paper.paper.accessibleName().lower()


@pytest.mark.parametrize(
    ("amount", "received", "sentence"),
    [
        ("12x", "", "“12x” is not an amount. Use digits, for example 2500 or 2500.50."),
        ("0", "", "Enter the amount the customer pays."),
        ("1200", "1000", "200.00 is missing. Ask for the rest, or lower the amount."),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    window: Window, counter: Counter, amount: str, received: str, sentence: str
) -> None:
    choose(window, "MTR-112")
    panel = window.pay.payment
    panel.amount.line.selectAll()
    type_text(amount)
    panel.method.received.line.setText(received)
    press(Qt.Key.Key_F12)
    settle(window)
    shown = [problem for problem in (panel.amount_problem, panel.method.received.problem) if problem.isVisible()]
    assert [problem.text() for problem in shown] == [sentence]
    assert entries(counter, "tender") == []


def test_what_head_office_sends_shows_and_what_was_typed_stays(window: Window, counter: Counter) -> None:
    choose(window, "MTR-112")
    type_text("700")
    post_facts(counter, [invoice("INV-2026-00999", "A4", 80_000, on=counter.till.moment().today)])
    window.tasks.ledger_changed.emit()
    settle(window)
    assert window.pay.person.cards.current().balance_minor == 200_000  # type: ignore[union-attr]
    assert window.pay.payment.amount.line.text() == "700"


def test_without_a_shift_the_clerk_is_led_to_open_one(counter: Counter, opened: Callable[..., Window]) -> None:
    counter.till.close_shift(counted_minor=500_000, clerk="achieng")
    window = opened(counter)
    assert window.pay.person.no_shift.isVisible()
    type_text("grace")
    settle(window)
    press(ENTER)
    settle(window)
    assert window.page("shift").isVisible()


def test_on_a_narrow_screen_too_the_way_to_open_a_shift_is_shown_after_a_search(
    counter: Counter, opened: Callable[..., Window]
) -> None:
    window = opened(counter, size=(1024, 768))
    type_text("grace")
    settle(window)
    window.pay.search.line.clear()
    counter.till.close_shift(counted_minor=500_000, clerk="achieng")
    window.desk.refresh()
    settle(window)
    assert window.pay.person.no_shift.isVisible()


def test_a_landlord_with_many_meters_is_paid_without_reading_them_all(window: Window, counter: Counter) -> None:
    with counter.till.store.write() as connection:
        connection.execute(
            insert(accounts),
            [
                {
                    "account_no": f"L{n}",
                    "kind": "meter",
                    "customer_no": "AC-10077",
                    "meter_no": f"M{n}",
                    "zone": "Kondele",
                }
                for n in range(300)
            ],
        )
    choose(window, "james otieno")
    assert len(window.pay.person.cards.rows()) == 301
    assert len(window.pay._seen) == 1


def test_notes_are_offered_above_the_amount() -> None:
    assert payment.note_chips(250_000) == (300_000, 500_000, 1_000_000)
    assert payment.note_chips(123_000) == (125_000, 130_000, 150_000, 200_000)
    assert payment.note_chips(0) == ()


def test_the_tender_table_holds_what_was_taken(window: Window, counter: Counter) -> None:
    choose(window, "MTR-112")
    press(Qt.Key.Key_F12)
    settle(window)
    with counter.till.store.read() as connection:
        row = connection.execute(select(tenders)).one()
    assert (row.customer_no, row.total_minor, row.cash_minor) == ("AC-10077", 120_000, 120_000)


def test_a_disconnected_meter_paid_off_offers_its_slip(window: Window, counter: Counter) -> None:
    choose(window, "MTR-2026-000452")
    press(Qt.Key.Key_F12)
    settle(window)
    done = window.pay.done
    assert done.reconnect.isVisible()
    assert "MTR-2026-000452 owes nothing any more" in done.reconnect_text.text()
    press(Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    settle(window)
    assert [body["number"] for body in entries(counter, "reprinted")] == ["KSM01-B7K-000001-R"]
    choose(window, "MTR-112")
    press(Qt.Key.Key_F12)
    settle(window)
    assert not done.reconnect.isVisible()


def test_closed_and_disconnected_meters_are_payable_those_with_debt_first_and_say_what_they_are(
    window: Window, counter: Counter
) -> None:
    with counter.till.store.write() as connection:
        connection.execute(
            insert(accounts),
            [
                {"account_no": n, "kind": "meter", "customer_no": "AC-10482", "meter_no": n, "zone": "Kondele"}
                for n in "XY"
            ],
        )
        connection.execute(
            insert(meters), [{"meter_no": n, "utility": "water", "status": "disconnected"} for n in "XY"]
        )
        connection.execute(
            accounts.update().where(accounts.c.account_no == "A3").values(closed_on=counter.till.moment().today)
        )
    post_facts(counter, [invoice("INV-Y", "Y", 30_000, on=date(2026, 11, 1))])
    choose(window, "grace")
    cards = window.pay.person.cards
    assert [card.meter_no for card in cards.rows()] == ["MTR-001", "MTR-045", "Y", "X", "MTR-078"]
    spoken = [cards.model_.data(cards.model_.index(number)) or "" for number in range(5)]
    assert "disconnected" in spoken[2] and "handed over" in spoken[4]
    press(Qt.Key.Key_End)
    settle(window)
    press(ENTER)
    press(Qt.Key.Key_F12)
    settle(window)
    assert entries(counter, "tender")[0]["parts"][0]["account"] == "A3"
