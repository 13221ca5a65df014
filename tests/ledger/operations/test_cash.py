"""Cash that leaves the drawer or the safe, or goes to the next clerk."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import insert, update

from meterpos.ledger.checks import run_checks
from meterpos.ledger.journal import Approval, Entry
from meterpos.ledger.operations.cash import CashNotMoved, CashRequest, TooMuchCash
from meterpos.ledger.operations.entries import NoOpenShift
from meterpos.ledger.operations.reversals import NotApproved
from meterpos.ledger.operations.tenders import LegRequest
from meterpos.ledger.queries.books import book_balances
from meterpos.ledger.queries.cash import cash_warning, drawer_minor, in_safe_minor
from meterpos.ledger.queries.shifts import current_shift, totals
from meterpos.ledger.tables import settings, users
from meterpos.till import new_tender_id
from tests.support.tills import CLERK, STREAM, Counter, request

NEXT = "wafula"


def asked(kind: Any, amount_minor: int, **options: Any) -> CashRequest:
    return CashRequest(movement_id=new_tender_id(), kind=kind, amount_minor=amount_minor, **options)


def move(counter: Counter, kind: str, amount_minor: int, *, approval: Approval | None = None, **options: Any) -> Entry:
    return counter.till.move_cash(request=asked(kind, amount_minor, **options), clerk=CLERK, approval=approval)


def held(counter: Counter) -> dict[str, int]:
    with counter.till.store.read() as connection:
        assert list(run_checks(connection)) == []
        return {str(book): minor for book, minor in book_balances(connection).items() if minor}


@pytest.fixture
def next_clerk(counter: Counter) -> str:
    with counter.till.store.write() as connection:
        row = {"user_name": NEXT, "display_name": "Wafula K.", "role": "clerk", "revoked": False}
        connection.execute(insert(users), row)
    return NEXT


def test_cash_goes_from_the_drawer_to_the_safe_to_the_bank(counter: Counter) -> None:
    counter.pay("A1", 250_000)
    drop = move(counter, "drop", 600_000)
    assert (drop.content.body["number"], drop.content.body["held"]) == ("KSM01-B7K-C00001", 750_000)
    banked = move(counter, "banking", 400_000, slip=" EQ-88 ")
    assert (banked.content.body["number"], banked.content.body["slip"]) == ("KSM01-B7K-C00002", "EQ-88")
    with counter.till.store.read() as connection:
        assert drawer_minor(connection, stream=STREAM, shift=1) == 150_000
        assert in_safe_minor(connection, till_name="KSM01") == 200_000
    books = held(counter)
    assert (books["drawer"], books["safe"], books["bank"], books["float"]) == (150_000, 200_000, 400_000, -500_000)


def test_a_closed_shift_leaves_its_cash_in_the_safe_and_posts_what_was_short(counter: Counter) -> None:
    counter.pay("A1", 250_000)
    move(counter, "drop", 100_000)
    body = counter.till.close_shift(counted_minor=649_000, clerk=CLERK).content.body
    assert (body["expected"], body["difference"]) == (650_000, -1_000)
    books = held(counter)
    assert (books["safe"], books["cash_over_short"]) == (249_000, 1_000)
    assert "drawer" not in books and "float" not in books
    assert move(counter, "banking", 249_000, slip="1").content.shift is None
    assert "safe" not in held(counter)
    with pytest.raises(CashNotMoved, match=r"The safe must hold 0.00; 0.01 is 0.01 more"):
        move(counter, "banking", 1, slip="2")


def test_a_payout_is_approved_reasoned_and_gone_for_good(counter: Counter) -> None:
    entry = move(counter, "payout", 30_000, reason="water for the queue", approval=counter.approval())
    assert entry.content.approval == counter.approval()
    books = held(counter)
    assert (books["payouts"], books["drawer"]) == (30_000, 470_000)


def test_a_handover_counts_first_and_names_both(counter: Counter, next_clerk: str) -> None:
    counter.pay("A1", 250_000)
    body = move(counter, "handover", 749_000, to=next_clerk).content.body
    assert (body["clerk_name"], body["to_name"], body["held"], body["difference"]) == (
        "Achieng O.",
        "Wafula K.",
        750_000,
        -1_000,
    )
    with counter.till.store.read() as connection:
        shift = current_shift(connection)
        assert shift is not None and shift.clerk == next_clerk
        assert totals(connection, shift).expected_minor == 749_000
    assert held(counter)["cash_over_short"] == 1_000
    report = counter.till.close_shift(counted_minor=749_000, clerk=next_clerk).content.body
    assert (report["expected"], report["difference"]) == (749_000, 0)


def test_a_handover_says_each_note_and_what_was_counted_before(counter: Counter, next_clerk: str) -> None:
    notes = ((100_000, 4), (50_000, 1), (20_000, 0))
    assert "count" not in move(counter, "drop", 100).content.body, "a drop is no count of the drawer"
    body = move(counter, "handover", 450_000, to=next_clerk, notes=notes, earlier_minor=(400_000,)).content.body
    assert body["count"] == [{"denomination": value, "count": count} for value, count in notes]
    assert body["earlier_counts"] == [400_000]


def test_notes_that_do_not_add_up_hand_nothing_over(counter: Counter, next_clerk: str) -> None:
    before = counter.print_of_ledger()
    with pytest.raises(CashNotMoved, match="add up to"):
        move(counter, "handover", 450_000, to=next_clerk, notes=((100_000, 4),))
    with counter.till.store.write() as connection:
        connection.execute(insert(settings), {"key": "count_total_alone", "value": False})
    with pytest.raises(CashNotMoved, match="by note and coin"):
        move(counter, "handover", 450_000, to=next_clerk)
    assert counter.print_of_ledger() == before


@pytest.mark.parametrize("language", ["en", "sw"])
def test_shift_papers_speak_the_tills_language_and_keep_it(counter: Counter, language: str) -> None:
    counter.till.apply_settings(changes={"language": language}, clerk=CLERK)
    said = [
        counter.till.report_so_far(clerk=CLERK),
        move(counter, "drop", 100),
        counter.till.close_shift(counted_minor=499_900, clerk=CLERK),
    ]
    counter.till.apply_settings(changes={"language": "en"}, clerk=CLERK)
    assert [entry.content.body["language"] for entry in said] == [language] * 3


def test_a_double_press_moves_once_and_another_amount_is_refused(counter: Counter) -> None:
    request = asked("drop", 100)
    first = counter.till.move_cash(request=request, clerk=CLERK)
    assert counter.till.move_cash(request=request, clerk=CLERK) == first
    with pytest.raises(CashNotMoved, match="already written as KSM01-B7K-C00001"):
        counter.till.move_cash(request=replace(request, amount_minor=200), clerk=CLERK)


REFUSED = [
    (asked("drop", 500_001), "must hold 5,000.00; 5,000.01 is 0.01 more"),
    (asked("drop", 0), "above zero"),
    (asked("drop", -1), "above zero"),
    (asked("drop", 10_000_000_01), "at most 10,000,000.00"),
    (asked("theft", 1), "'theft' is none of"),
    (asked("drop", 1, reason="x" * 201), "reason may have at most 200"),
    (asked("payout", 1, reason=" "), "Give the reason"),
    (asked("payout", 500_001, reason="x"), "0.01 more"),
    (asked("banking", 1), "deposit slip"),
    (asked("banking", 1, slip="1"), "The safe must hold 0.00"),
    (asked("handover", -1, to="otieno"), "above zero"),
    (asked("handover", 1), "Say which clerk"),
    (asked("handover", 1, to=CLERK), "another clerk"),
    (asked("handover", 1, to="mallory"), "No user 'mallory'"),
]


@pytest.mark.parametrize(("request_", "says"), REFUSED, ids=[says for _, says in REFUSED])
def test_what_cannot_be_moved_changes_nothing(counter: Counter, request_: CashRequest, says: str) -> None:
    before = counter.print_of_ledger()
    with pytest.raises(CashNotMoved, match=says):
        counter.till.move_cash(request=request_, clerk=CLERK, approval=counter.approval())
    assert counter.print_of_ledger() == before


def test_nobody_who_left_takes_over(counter: Counter) -> None:
    with counter.till.store.write() as connection:
        connection.execute(update(users).where(users.c.user_name == "otieno").values(revoked=True))
    with pytest.raises(CashNotMoved, match="No user 'otieno'"):
        move(counter, "handover", 500_000, to="otieno")


@pytest.mark.parametrize("approval", [None, Approval(by=CLERK, how="pin", nonce="0")])
def test_a_payout_needs_a_second_person(counter: Counter, approval: Approval | None) -> None:
    with pytest.raises(NotApproved, match="second person"):
        move(counter, "payout", 100, reason="soap", approval=approval)


def test_no_drawer_is_emptied_outside_a_shift(counter: Counter) -> None:
    counter.till.close_shift(counted_minor=500_000, clerk=CLERK)
    with pytest.raises(NoOpenShift):
        move(counter, "drop", 100)


# --- the limit of the drawer


def limit(counter: Counter, **minor: int) -> None:
    with counter.till.store.write() as connection:
        connection.execute(
            insert(settings), [{"key": f"cash_{key}_minor", "value": value} for key, value in minor.items()]
        )


def warned(counter: Counter) -> str:
    with counter.till.store.read() as connection:
        return cash_warning(connection)


def test_above_the_first_limit_the_clerk_is_told_to_drop(counter: Counter) -> None:
    assert warned(counter) == ""
    limit(counter, warn=600_000, stop=1_000_000)
    counter.pay("A1", 100_000)
    assert warned(counter) == ""
    counter.pay("A1", 100)
    assert warned(counter) == "The drawer holds 6,001.00, more than 6,000.00. Put some into the safe."
    counter.till.close_shift(counted_minor=600_100, clerk=CLERK)
    assert warned(counter) == ""


def test_above_the_second_cash_is_stopped_and_mpesa_is_not(counter: Counter) -> None:
    limit(counter, stop=600_000)
    counter.pay("A1", 100_000)
    before = counter.print_of_ledger()
    with pytest.raises(TooMuchCash, match=r"holds 6,000.00; 0.01 more would pass its limit of 6,000.00"):
        counter.pay("A1", 1)
    split = [
        LegRequest(method="mpesa", amount_minor=99, reference="SJK4T2LM9Q"),
        LegRequest(method="cash", amount_minor=1),
    ]
    with pytest.raises(TooMuchCash, match="M-Pesa can be taken"):
        counter.pay("A1", 100, legs=tuple(split))
    assert counter.print_of_ledger() == before
    counter.pay("A1", 100, method="mpesa", reference="SJK4T2LM9Q")


def test_a_drop_or_an_approval_lifts_the_stop(counter: Counter) -> None:
    limit(counter, stop=500_000)
    approved = counter.till.take(request=request("A1", 100), clerk=CLERK, approval=counter.approval())
    assert approved.content.approval == counter.approval()
    assert "no more cash until some is put into the safe" in warned(counter)
    with pytest.raises(TooMuchCash):
        counter.pay("A1", 100)
    move(counter, "drop", 400_000)
    counter.pay("A1", 100)


def test_the_drawer_opened_alone_is_an_entry_with_its_reason(counter: Counter) -> None:
    entry = counter.till.open_drawer(reason=" change ", clerk=CLERK)
    assert (entry.content.kind, entry.content.body, entry.content.shift) == ("drawer_opened", {"reason": "change"}, 1)
    with counter.till.store.read() as connection:
        shift = current_shift(connection)
        assert shift is not None
        assert totals(connection, shift).drawer_openings == 1


@pytest.mark.parametrize(("reason", "says"), [(" ", "Say why"), ("x" * 201, "at most 200")])
def test_the_drawer_is_not_opened_without_a_reason(counter: Counter, reason: str, says: str) -> None:
    before = counter.print_of_ledger()
    with pytest.raises(CashNotMoved, match=says):
        counter.till.open_drawer(reason=reason, clerk=CLERK)
    assert counter.print_of_ledger() == before


def test_the_drawer_opens_in_a_shift_alone(counter: Counter) -> None:
    counter.till.close_shift(counted_minor=500_000, clerk=CLERK)
    with pytest.raises(NoOpenShift):
        counter.till.open_drawer(reason="change", clerk=CLERK)
