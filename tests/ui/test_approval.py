"""The second person behind an act: a PIN here, or digits by telephone; never the clerk's own."""

from datetime import date
from typing import Any

from sqlalchemy import update

from meterpos import vault
from meterpos.ledger.journal import Entry
from meterpos.ledger.queries.receipts import find_receipt
from meterpos.ledger.rules.approvals import Wanted, code_of, read_challenge
from meterpos.ledger.tables import users
from meterpos.ui import words
from meterpos.ui.widgets.approval import ApprovalBox
from meterpos.ui.window import Window
from tests.support.tills import STREAM, Counter
from tests.ui import stand
from tests.ui.stand import settle


def reversing(window: Window, counter: Counter) -> Any:
    """Open the reversal of a fresh receipt and give its reason."""
    number = counter.pay("A1", 250_000).content.body["number"]
    window.go("receipts", ("reverse", number))
    settle(window)
    panel = window.page("receipts").reversing  # type: ignore[attr-defined]
    panel.reason.set_text("Wrong meter")
    return panel


def by_telephone(window: Window, panel: Any) -> str:
    """Choose the telephone and return what is to be read out."""
    panel.approval.how.choose("code")
    settle(window)
    return str(panel.approval.challenge.text.text())


def answer(counter: Counter, text: str, by: str = "otieno") -> str:
    """Return the digits head office would read back."""
    key = vault.read_or_make(counter.till.settings.home, vault.APPROVAL_KEY)
    return code_of(read_challenge(text), key=key, stream=STREAM, by=by)


def reversal_of(counter: Counter, number: str) -> Entry | None:
    with counter.till.store.read() as connection:
        by = find_receipt(connection, number).reversed_by
        return None if by is None else find_receipt(connection, by).entry


def test_digits_by_telephone_approve_a_reversal(window: Window, counter: Counter) -> None:
    panel = reversing(window, counter)
    shown = by_telephone(window, panel)
    number = panel._entry.content.body["number"]
    assert shown.startswith(f"KSM01 / B7K / reverse /\n{number} /\n250000 / ")
    digits = answer(counter, shown)
    panel.approval.code.set_text(f"{digits[:4]} {digits[4:]}")
    panel.approval.code.line.entered.emit()
    settle(window)
    entry = reversal_of(counter, number)
    assert entry is not None and entry.content.approval is not None
    assert (entry.content.approval.by, entry.content.approval.how) == ("otieno", "code")


def test_wrong_digits_are_said_beside_them_and_the_same_challenge_stands(window: Window, counter: Counter) -> None:
    panel = reversing(window, counter)
    shown = by_telephone(window, panel)
    panel.approval.code.set_text("00000000" if answer(counter, shown) != "00000000" else "11111111")
    panel._press()
    settle(window)
    assert panel.approval.code.problem.text() == "Those digits are not right. Have them read again."
    assert reversal_of(counter, panel._entry.content.body["number"]) is None
    assert panel.approval.challenge.text.text() == shown


def test_what_are_no_eight_digits_is_said_before_anything_is_tried(window: Window, counter: Counter) -> None:
    panel = reversing(window, counter)
    by_telephone(window, panel)
    before = counter.print_of_ledger()
    panel.approval.code.set_text("1234")
    panel._press()
    settle(window)
    assert panel.approval.code.problem.text() == words.say("wrong.no_digits")
    assert counter.print_of_ledger() == before


def test_the_clerk_and_those_whose_right_ended_are_not_offered(window: Window, counter: Counter) -> None:
    panel = reversing(window, counter)
    assert [person.user_name for person in panel.approval.approver._people] == ["otieno"]
    with counter.till.store.write() as connection:
        connection.execute(update(users).where(users.c.user_name == "otieno").values(expires_on=date(2026, 11, 19)))
    panel.open_for(panel._entry)
    settle(window)
    assert panel.approval.approver._people == ()
    panel.reason.set_text("Wrong meter")
    panel._press()
    assert panel.approval.problem.text() == words.say("wrong.no_approver")


def test_a_supervisor_at_the_till_does_not_approve_their_own_act(window: Window, counter: Counter) -> None:
    number = counter.pay("A1", 250_000).content.body["number"]
    window.gate.admit("otieno")
    settle(window)
    window.go("receipts", ("reverse", number))
    settle(window)
    panel = window.page("receipts").reversing  # type: ignore[attr-defined]
    assert panel.approval.approver._people == (), "nobody else may"
    panel.reason.set_text("Wrong meter")
    shown = by_telephone(window, panel)
    panel.approval.code.set_text(answer(counter, shown, by="otieno"))
    panel._press()
    settle(window)
    assert panel.approval.code.problem.text() == "Those digits are not right. Have them read again."
    assert reversal_of(counter, number) is None


def test_wrong_pins_say_how_long_to_wait_in_one_sentence(window: Window, counter: Counter) -> None:
    stand.set_pins(counter, "otieno")
    panel = reversing(window, counter)
    for _ in range(3):
        panel.approval.pin.set_text("0000")
        panel._press()
        settle(window)
    assert panel.approval.pin.problem.text() == "That PIN is not right. Try again in 5 s."
    counter.clock.turn(seconds=1)
    panel.approval.pin.set_text(stand.PIN)
    panel._press()
    settle(window)
    assert panel.approval.pin.problem.text() == "Too many wrong PINs. Try again in 4 s."
    words.speak("sw")
    panel._press()
    settle(window)
    assert panel.approval.pin.problem.text() == "PIN zisizo sahihi ni nyingi mno. Jaribu tena baada ya 4 s."


def test_two_forms_that_ask_in_the_same_moment_are_both_told_who_may_agree(window: Window, counter: Counter) -> None:
    boxes = [ApprovalBox(window.desk) for _ in range(2)]
    for number, box in enumerate(boxes):
        box.open_for(Wanted("reverse", f"KSM01-00000{number}", 250_000))
    settle(window)
    assert [box.approver.person() is not None for box in boxes] == [True, True]
