"""No payment is lost: not one being typed, not one put aside, not one taken while the power failed."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QScrollArea

from meterpos.ledger.queries.drafts import kept_drafts
from meterpos.ledger.tables import accounts, settings, till_identity
from meterpos.till import open_till
from meterpos.ui import words
from meterpos.ui.models.draft import from_data
from meterpos.ui.window import Window
from tests.support.tills import CLERK, Counter
from tests.ui import stand
from tests.ui.stand import press, settle, type_text
from tests.ui.test_paying import choose, entries

ENTER, F11, F12 = Qt.Key.Key_Return, Qt.Key.Key_F11, Qt.Key.Key_F12
ALT, CONTROL = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier


def kept(counter: Counter) -> list[tuple[str, int]]:
    """Return what the ledger keeps of payments begun: whose, how much."""
    with counter.till.store.read() as connection:
        found = [from_data(one.data) for one in kept_drafts(connection)]
    return sorted((draft.payer, draft.total_minor) for draft in found if draft is not None)


def pause(window: Window) -> None:
    """Let the clerk's fingers rest: what is typed is kept."""
    window.pay.waiting._later.timeout.emit()
    settle(window)


@pytest.fixture
def crash(counter: Counter, qapp: QApplication) -> Iterator[Callable[[Window], Window]]:
    """Let the power fail and come back: the window is gone as it stood, another opens on the same disk."""
    opened: list[tuple[Window, Counter]] = []

    def fail(window: Window) -> Window:
        window.pay.waiting._later.stop()
        again = Counter(open_till(counter.till.settings.home), counter.clock)
        again.till.now = counter.clock
        opened.append((stand.open_window(again), again))
        return opened[-1][0]

    yield fail
    for window, again in opened:
        settle(window)
        window.close()
        window.deleteLater()
        again.till.close()


def begin(window: Window) -> str:
    """Type half a payment: 700 for James by M-Pesa and cash."""
    choose(window, "MTR-112")
    type_text("700")
    press(Qt.Key.Key_T, CONTROL)
    type_text("300")
    press(ENTER)
    type_text("SKJ3X")
    return window.pay.payment.form().tender_id


def test_what_was_typed_is_kept_when_the_typing_pauses_and_not_for_every_key(window: Window, counter: Counter) -> None:
    choose(window, "MTR-112")
    pause(window)
    assert kept(counter) == [], "a form nobody typed in is no payment begun"
    type_text("700")
    assert window.pay.waiting._later.isActive()
    assert kept(counter) == []
    pause(window)
    assert kept(counter) == [("James Otieno", 70_000)]
    press(F12)
    settle(window)
    assert kept(counter) == []


def test_a_half_entered_payment_is_offered_after_a_crash_with_the_same_id(
    window: Window, counter: Counter, crash: Callable[[Window], Window]
) -> None:
    tender_id = begin(window)
    pause(window)
    after = crash(window)
    assert after.pay.last.parked_card.isVisible()
    assert [draft.payer for draft in after.pay.waiting.parked] == ["James Otieno"]
    press(F11)
    settle(after)
    form = after.pay.payment.form()
    assert (form.tender_id, form.payer, form.total_minor) == (tender_id, "James Otieno", 70_000)
    assert [(leg.method, leg.amount_text, leg.reference) for leg in form.legs] == [
        ("cash", "", ""),
        ("mpesa", "300.00", "SKJ3X"),
    ]
    assert after.pay.payment.amount.line.hasFocus()
    assert not after.pay.last.parked_card.isVisible()


def test_a_payment_taken_as_the_power_failed_is_told_and_never_paid_twice(
    window: Window, counter: Counter, crash: Callable[[Window], Window]
) -> None:
    choose(window, "MTR-112")
    type_text("700")
    window.pay._have_taken = lambda entry: None  # type: ignore[method-assign]  # nobody sees the answer
    form = window.pay.payment.form()
    press(F12)
    settle(window)
    after = crash(window)
    assert not after.pay.last.parked_card.isVisible()
    last = after.pay.last.last()
    assert last is not None
    assert (last.payer, last.total_minor) == ("James Otieno", 70_000)
    assert "taken before meterpos stopped" in after.pay.last.more.text()
    assert len(entries(counter, "tender")) == 1
    assert kept(counter) == []
    assert last.entry.content.body["tender_id"] == form.tender_id


def test_closing_the_window_in_the_middle_of_a_payment_loses_nothing(window: Window, counter: Counter) -> None:
    begin(window)
    window.close()
    assert kept(counter) == [("James Otieno", 70_000)]
    assert entries(counter, "payment_abandoned") == []


def test_several_payments_are_put_aside_and_brought_back_by_key(
    window: Window, counter: Counter, crash: Callable[[Window], Window]
) -> None:
    tender_id = begin(window)
    press(F11)
    for meter, amount in (("MTR-078", "100"), ("MTR-310", "50")):
        counter.clock.turn(seconds=9)
        choose(window, meter)
        type_text(amount)
        press(F11)
    settle(window)
    assert kept(counter) == [("Grace Akinyi Otieno", 10_000), ("James Otieno", 70_000), ("Mary Atieno Otieno", 5_000)]
    after = crash(window)
    assert [draft.total_minor for draft in after.pay.waiting.parked] == [70_000, 10_000, 5_000]
    press(F11)
    assert after.pay.last.parked.hasFocus(), "several: choose"
    press(Qt.Key.Key_Down)
    press(ENTER)
    settle(after)
    form = after.pay.payment.form()
    assert (form.payer, form.total_minor, form.meters) == ("Grace Akinyi Otieno", 10_000, "MTR-078")
    press(Qt.Key.Key_1, ALT)
    settle(after)
    assert after.pay.payment.form().tender_id == tender_id
    assert [draft.total_minor for draft in after.pay.waiting.parked] == [5_000, 10_000], "the one in hand waits instead"
    assert kept(counter)[0] == ("Grace Akinyi Otieno", 10_000)


def test_on_a_narrow_screen_what_waits_makes_room_for_the_change(counter: Counter, opened: Any) -> None:
    window: Window = opened(counter, size=(1024, 768))
    for _ in range(3):
        choose(window, "MTR-112")
        type_text("700")
        press(F11)
    assert window.pay.last.parked_card.isVisible()
    assert window.pay.minimumSizeHint().height() <= 768 - 52
    choose(window, "MTR-310")
    type_text("50")
    press(F12)
    settle(window)
    assert window.pay.done.isVisible() and not window.pay.last.parked_card.isVisible()
    assert window.pay.minimumSizeHint().height() <= 768 - 52
    press(ENTER)
    assert window.pay.last.parked_card.isVisible()


def test_on_a_narrow_screen_with_everything_at_once_nothing_is_squeezed_nor_scrolls(
    counter: Counter, opened: Any
) -> None:
    with counter.till.store.write() as connection:
        connection.execute(till_identity.update().values(training=True))
    window: Window = opened(counter, size=(1024, 768), language="sw")
    choose(window, "MTR-2026-000452")
    press(F12)
    settle(window)
    window.pay.done.show_printed(
        "Printa haina karatasi. Weka karatasi mpya, kisha bonyeza Chapisha tena.", trouble=True
    )
    assert window.training.isVisible()
    assert fits(window), "the change, the slip to reconnect and a printer in trouble"
    for _ in range(3):
        choose(window, "MTR-112")
        type_text("700")
        press(F11)
    choose(window, "makokha")
    assert fits(window)
    last = window.pay.last
    last.tell_parked(words.say("pay.parked.moved", name=stand.LONG))
    settle(window)
    assert last.parked.geometry().bottom() < last.parked_hint.geometry().top(), "no row under the sentence"


def test_on_a_narrow_screen_under_two_amber_bands_with_payments_waiting_the_form_is_seen_whole(
    counter: Counter, opened: Any
) -> None:
    with counter.till.store.write() as connection:
        connection.execute(till_identity.update().values(training=True))
        connection.execute(settings.insert().values(key="cash_warn_minor", value=400_000))
    window: Window = opened(counter, size=(1024, 768), language="sw")
    for meter in ("MTR-112", "MTR-112", "MTR-310"):
        choose(window, meter)
        type_text("700")
        press(F11)
    choose(window, "grace")
    press(ENTER)
    type_text("2500")
    press(ENTER)
    type_text("3000")
    settle(window)
    pay = window.pay
    assert window.training.isVisible() and window.cash.isVisible() and pay.last.parked_card.isVisible()
    assert fits(window)
    bar = pay.payment._scroll.verticalScrollBar()
    assert bar.maximum() == 0
    assert pay.person.cards.verticalScrollBar().maximum() == 0, "every meter is in sight"
    pay.payment.give_room(snug=False, tight=False)
    settle(window)
    assert bar.maximum() > 0, "without standing closer it would scroll"


def fits(window: Window) -> bool:
    settle(window)
    bars = [area.verticalScrollBar() for area in window.findChildren(QScrollArea) if area.isAncestorOf(window.pay)]
    return bool(bars) and not any(bar.maximum() for bar in bars)


def test_a_tenth_payment_is_not_put_aside_but_told(window: Window) -> None:
    choose(window, "MTR-112")
    for _ in range(9):
        window.pay.waiting.parked.append(window.pay.aside.as_draft())
    type_text("700")
    press(F11)
    assert window.pay.payment.alarm_text.text().startswith("9 payments wait already.")
    assert window.pay.payment.form().total_minor == 70_000


def test_a_payment_thrown_away_is_noted_once(window: Window, counter: Counter) -> None:
    def escape() -> None:
        press(Qt.Key.Key_Escape)
        press(Qt.Key.Key_Escape)

    def another_customer() -> None:
        window.pay.search.line.setFocus()
        type_text("grace")
        settle(window)
        press(ENTER)

    ways = (
        escape,
        another_customer,
        lambda: window.go("pay", "MTR-078"),
        lambda: window.go("pay", ("account", "AC-10482", "A1")),
    )
    for number, throw_away in enumerate(ways, start=1):
        choose(window, "MTR-112")
        type_text("7")
        type_text("00")
        pause(window)
        throw_away()
        settle(window)
        noted = entries(counter, "payment_abandoned")
        assert len(noted) == number
        assert (noted[-1]["payer"], noted[-1]["meters"], noted[-1]["amount"]) == ("James Otieno", ["MTR-112"], 70_000)
        assert kept(counter) == []


def test_a_form_in_which_nobody_typed_is_not_given_up(window: Window, counter: Counter) -> None:
    choose(window, "MTR-112")
    choose(window, "grace")
    window.pay.next_customer()
    settle(window)
    assert entries(counter, "payment_abandoned") == []


def test_a_payment_that_waits_is_thrown_away_with_delete(window: Window, counter: Counter) -> None:
    begin(window)
    press(F11)
    window.pay.last.parked.setFocus()
    press(Qt.Key.Key_Delete)
    settle(window)
    assert entries(counter, "payment_abandoned")[0]["methods"] == ["cash", "mpesa"]
    assert kept(counter) == []
    assert window.pay.search.line.hasFocus()


def test_a_payment_whose_meter_was_handed_over_meanwhile_waits_on_and_says_so(window: Window, counter: Counter) -> None:
    begin(window)
    press(F11)
    with counter.till.store.write() as connection:
        connection.execute(accounts.update().where(accounts.c.account_no == "A4").values(customer_no="AC-10482"))
    press(F11)
    settle(window)
    assert "is no longer theirs" in window.pay.last.parked_hint.text()
    assert window.pay.last.parked_card.isVisible()
    assert kept(counter) == [("James Otieno", 70_000)]
    assert entries(counter, "payment_abandoned") == []


def test_what_one_clerk_began_waits_when_another_signs_in(window: Window, counter: Counter) -> None:
    begin(window)
    press(Qt.Key.Key_L, CONTROL)
    settle(window)
    window.gate.admit("otieno")
    settle(window)
    assert not window.pay.payment.is_open, "an empty form"
    assert [draft.payer for draft in window.pay.waiting.parked] == ["James Otieno"]
    assert entries(counter, "payment_abandoned") == []


def test_a_payment_for_an_unknown_meter_survives_too(
    window: Window, counter: Counter, crash: Callable[[Window], Window]
) -> None:
    choose(window, "MTR-9999")
    press(ENTER)
    type_text("1500")
    press(ENTER)
    type_text("Atieno Odhiambo")
    pause(window)
    after = crash(window)
    press(F11)
    settle(after)
    form = after.pay.payment.form()
    assert form.unknown is not None
    assert (form.unknown.meter_no, form.unknown.name, form.total_minor) == ("MTR-9999", "Atieno Odhiambo", 150_000)


def begin_on_plan(window: Window, counter: Counter) -> str:
    """Type half a payment of 1,500 by bank on Grace's plan."""
    stand.stock_plans(counter)
    window.go("plans", "PL-0042")
    settle(window)
    press(ENTER)
    settle(window)
    press(ENTER)
    form = window.page("plans").form  # type: ignore[attr-defined]
    type_text("1500")
    press(Qt.Key.Key_3, CONTROL)
    type_text("UTR 72")
    form.notes.set_text("second instalment")
    return str(form.as_draft().tender_id)


def test_a_half_typed_instalment_is_offered_after_a_crash_with_the_same_id(
    window: Window, counter: Counter, crash: Callable[[Window], Window]
) -> None:
    tender_id = begin_on_plan(window, counter)
    page: Any = window.page("plans")
    page.waiting._later.timeout.emit()
    settle(window)
    assert kept(counter) == [("Grace Akinyi Otieno", 150_000)]
    page.waiting._later.stop()
    after = crash(window)
    assert [draft.meters for draft in after.pay.waiting.parked] == [("PL-0042",)]
    press(F11)
    settle(after)
    form = after.page("plans").form  # type: ignore[attr-defined]
    found = form.as_draft()
    assert form.isVisible() and form.amount.line.hasFocus()
    assert (found.tender_id, found.total_minor, found.legs[0].reference) == (tender_id, 150_000, "UTR 72")
    assert (found.notes, found.date_text) == ("second instalment", "20/11/2026")
    assert not after.pay.last.parked_card.isVisible() and kept(counter)[0][1] == 150_000
    press(F12)
    settle(after)
    assert (len(entries(counter, "tender")), kept(counter)) == (1, [])


def test_an_instalment_taken_as_the_power_failed_is_told_and_never_paid_twice(
    window: Window, counter: Counter, crash: Callable[[Window], Window]
) -> None:
    begin_on_plan(window, counter)
    page: Any = window.page("plans")
    page._have_taken = lambda entry: None  # nobody sees the answer
    press(F12)
    settle(window)
    page.waiting._later.stop()
    after = crash(window)
    last = after.pay.last.last()
    assert last is not None and (last.payer, last.total_minor) == ("Grace Akinyi Otieno", 150_000)
    assert (after.pay.waiting.parked, kept(counter), len(entries(counter, "tender"))) == ([], [], 1)


def test_an_instalment_thrown_away_is_noted_and_one_nobody_typed_is_not(window: Window, counter: Counter) -> None:
    begin_on_plan(window, counter)
    press(Qt.Key.Key_Escape)
    settle(window)
    (noted,) = entries(counter, "payment_abandoned")
    assert (noted["meters"], noted["methods"], noted["amount"]) == (["PL-0042"], ["bank"], 150_000)
    window.page("plans")._begin()  # type: ignore[attr-defined]
    press(Qt.Key.Key_Escape)
    settle(window)
    assert (len(entries(counter, "payment_abandoned")), kept(counter)) == (1, [])


def test_an_instalment_one_clerk_began_waits_when_another_signs_in(window: Window, counter: Counter) -> None:
    begin_on_plan(window, counter)
    press(Qt.Key.Key_L, CONTROL)
    settle(window)
    window.gate.admit("otieno")
    settle(window)
    assert [draft.plan for draft in window.pay.waiting.parked] == ["PL-0042"]
    assert (kept(counter), entries(counter, "payment_abandoned")) == ([("Grace Akinyi Otieno", 150_000)], [])
    assert not window.page("plans").form.is_touched  # type: ignore[attr-defined]


def test_an_instalment_whose_plan_is_gone_waits_on_and_says_so(window: Window, counter: Counter) -> None:
    begin_on_plan(window, counter)
    window.desk.leaving.emit()
    (draft,) = window.pay.waiting.parked
    window.pay.waiting.parked[0] = gone = replace(draft, plan="PL-9999")
    window.go("pay")
    press(F11)
    settle(window)
    assert window.pay.waiting.parked == [gone]
    assert window.notice.isVisible()


@pytest.mark.parametrize("data", [{}, {"legs": 1}, {"at": "yesterday"}])
def test_what_another_version_kept_is_left_alone(data: dict[str, Any]) -> None:
    assert from_data(data) is None


def test_the_shift_report_counts_what_was_given_up(window: Window, counter: Counter, tmp_path: Path) -> None:
    choose(window, "MTR-112")
    type_text("700")
    window.pay.next_customer()
    settle(window)
    assert counter.till.report_so_far(clerk=CLERK).content.body["abandoned"] == 1
