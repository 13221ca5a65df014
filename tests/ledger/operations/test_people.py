"""PINs and approvals."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from meterpos.ledger.journal import EntryContent, parse
from meterpos.ledger.operations import people
from meterpos.ledger.operations.cash import CashRequest
from meterpos.ledger.operations.people import (
    MayNot,
    MayNotApprove,
    NotYourShift,
    TooManyTries,
    UnknownUser,
    WrongCode,
    WrongPin,
    code_hash,
)
from meterpos.ledger.operations.reversals import NotApproved
from meterpos.ledger.tables import journal, pins, till_identity, users
from tests.support.tills import CLERK, GRACE, Counter, request


@pytest.fixture
def counter(tmp_path: Path) -> Counter:
    counter = Counter.at(tmp_path / "home")
    with counter.till.store.write() as connection:
        for name in (CLERK, "otieno"):
            connection.execute(
                update(users).where(users.c.user_name == name).values(code_hash=code_hash(name, "AB12-CD34"))
            )
    counter.till.set_pin(user_name="otieno", code="ab12 cd34", pin="4711")
    return counter


def test_a_supervisor_approves_with_a_pin(counter: Counter) -> None:
    approval = counter.till.approve(approver="otieno", pin="4711", clerk=CLERK)
    assert (approval.by, approval.how, len(approval.nonce)) == ("otieno", "pin", 16)


def test_a_code_works_once(counter: Counter) -> None:
    with pytest.raises(WrongCode, match="used before"):
        counter.till.set_pin(user_name="otieno", code="AB12CD34", pin="1234")
    counter.till.sign_in(user_name="otieno", pin="4711")


def test_a_code_is_its_users_alone(counter: Counter) -> None:
    with counter.till.store.write() as connection:
        connection.execute(update(users).where(users.c.user_name == CLERK).values(code_hash=code_hash("otieno", "X")))
    with pytest.raises(WrongCode):
        counter.till.set_pin(user_name=CLERK, code="X", pin="1234")


@pytest.mark.parametrize("pin", ["123", "12a4", "", "1" * 13])
def test_a_pin_is_four_to_twelve_digits(counter: Counter, pin: str) -> None:
    with pytest.raises(WrongPin, match="4 to 12 digits"):
        counter.till.set_pin(user_name=CLERK, code="AB12CD34", pin=pin)


def test_wrong_pins_make_the_next_try_wait_and_the_right_one_forgets_them(counter: Counter) -> None:
    for _ in range(3):
        with pytest.raises(WrongPin, match="not right"):
            counter.till.sign_in(user_name="otieno", pin="0000")
    with pytest.raises(TooManyTries, match="seconds"):
        counter.till.sign_in(user_name="otieno", pin="4711")
    counter.clock.turn(seconds=6)
    counter.till.sign_in(user_name="otieno", pin="4711")
    with counter.till.store.read() as connection:
        assert connection.execute(select(pins.c.failures)).scalar_one() == 0


def test_a_clock_set_back_locks_nobody_out_for_days(counter: Counter) -> None:
    for _ in range(3):
        with pytest.raises(WrongPin, match="not right"):
            counter.till.sign_in(user_name="otieno", pin="0000")
    counter.clock.turn(days=-2)
    counter.till.sign_in(user_name="otieno", pin="4711")


def test_nobody_approves_their_own_act(counter: Counter) -> None:
    with pytest.raises(NotApproved):
        counter.till.approve(approver="otieno", pin="4711", clerk="otieno")


def test_a_clerk_does_not_approve(counter: Counter) -> None:
    with pytest.raises(MayNotApprove, match="not a supervisor"):
        counter.till.approve(approver=CLERK, pin="1", clerk="otieno")


def test_an_expired_grant_does_not_approve(counter: Counter) -> None:
    with counter.till.store.write() as connection:
        connection.execute(update(users).values(expires_on=date(2026, 11, 19)))
    with pytest.raises(MayNotApprove, match="19 Nov 2026"):
        counter.till.approve(approver="otieno", pin="4711", clerk=CLERK)


def test_an_unknown_or_revoked_user_is_named(counter: Counter) -> None:
    with pytest.raises(UnknownUser, match="mallory"):
        counter.till.sign_in(user_name="mallory", pin="1")
    with pytest.raises(WrongPin, match="No PIN"):
        counter.till.sign_in(user_name=CLERK, pin="1")


def test_a_pin_is_not_kept_as_it_is(counter: Counter) -> None:
    with counter.till.store.read() as connection:
        kept = connection.execute(select(pins.c.pin_hash)).scalar_one()
    assert kept.startswith("$argon2id$")
    assert "4711" not in kept


# --- noted in the journal


def noted(counter: Counter, *kinds: str) -> list[EntryContent]:
    with counter.till.store.read() as connection:
        rows = connection.execute(select(journal.c.data).where(journal.c.kind.in_(kinds)).order_by(journal.c.seq))
        return [parse(data) for data in rows.scalars()]


def test_a_sign_in_is_noted_and_an_approval_is_not_one(counter: Counter) -> None:
    counter.till.sign_in(user_name="otieno", pin="4711")
    counter.till.approve(approver="otieno", pin="4711", clerk=CLERK)
    (entry,) = noted(counter, "signed_in", "sign_in_failed", "locked")
    assert (entry.kind, entry.clerk) == ("signed_in", "otieno")


def test_ten_wrong_pins_are_counted_in_the_journal_and_wait_ever_longer(counter: Counter) -> None:
    waits = []
    for _ in range(10):
        with pytest.raises(WrongPin):
            counter.till.approve(approver="otieno", pin="0000", clerk=CLERK)
        before = counter.print_of_ledger()
        locked = noted(counter, "locked")
        if locked:
            with pytest.raises(TooManyTries):
                counter.till.sign_in(user_name="otieno", pin="4711")
            assert counter.print_of_ledger() == before
            waits.append(int((datetime.fromisoformat(locked[-1].body["until"]) - locked[-1].at).total_seconds()))
            counter.clock.turn(seconds=waits[-1])
    failed = noted(counter, "sign_in_failed")
    assert [entry.body["failures"] for entry in failed] == list(range(1, 11))
    assert all(entry.body["approving"] and entry.clerk == "otieno" for entry in failed)
    assert waits == [5, 10, 20, 40, 80, 160, 320, 640]
    counter.till.sign_in(user_name="otieno", pin="4711")


# --- rights


def user(counter: Counter, name: str, **values: object) -> None:
    with counter.till.store.write() as connection:
        connection.execute(update(users).where(users.c.user_name == name).values(**values))


def test_an_auditor_opens_no_shift(counter: Counter) -> None:
    user(counter, CLERK, role="auditor")
    with pytest.raises(MayNot, match=r"Achieng O. \(auditor\) may not do this"):
        counter.open_shift()


@pytest.mark.parametrize(
    ("ended", "says"), [({"expires_on": date(2026, 11, 19)}, "ended on 19 Nov 2026"), ({"revoked": True}, "took back")]
)
def test_an_ended_right_takes_money_and_gives_none_back(counter: Counter, ended: dict[str, object], says: str) -> None:
    user(counter, CLERK, **ended)
    counter.open_shift()
    number = counter.pay("A1", 100).content.body["number"]
    before = counter.print_of_ledger()
    with pytest.raises(MayNot, match=says):
        counter.reverse(number)
    payout = CashRequest(movement_id="p", kind="payout", amount_minor=100, reason="soap")
    with pytest.raises(MayNot, match=says):
        counter.till.move_cash(request=payout, clerk=CLERK, approval=counter.approval())
    assert counter.print_of_ledger() == before
    drop = CashRequest(movement_id="d", kind="drop", amount_minor=100)
    counter.till.move_cash(request=drop, clerk=CLERK)
    counter.till.close_shift(counted_minor=500_000, clerk=CLERK)


def test_a_clock_set_back_ends_no_right_later(counter: Counter) -> None:
    user(counter, "otieno", expires_on=date(2026, 11, 21))
    counter.till.approve(approver="otieno", pin="4711", clerk=CLERK)
    with counter.till.store.write() as connection:
        connection.execute(update(till_identity).values(as_of=counter.clock.at.replace(day=23)))
    with pytest.raises(MayNotApprove, match="21 Nov 2026"):
        counter.till.approve(approver="otieno", pin="4711", clerk=CLERK)


def test_before_head_office_sent_anybody_a_till_works(counter: Counter) -> None:
    counter.till.open_shift(float_minor=0, clerk="root")


# --- another's drawer


@pytest.fixture
def wanjiru(counter: Counter) -> Counter:
    """Achieng's shift is open, with a receipt; Wanjiru, a clerk too, has come to the till."""
    with counter.till.store.write() as connection:
        row = {"user_name": "wanjiru", "display_name": "Wanjiru K.", "role": "clerk", "revoked": False}
        connection.execute(insert(users), row)
    counter.open_shift()
    counter.pay("A1", 100)
    return counter


def everything_a_drawer_sees(counter: Counter, clerk: str) -> dict[str, Callable[[], object]]:
    """Return every verb of the till that touches the drawer, as ``clerk`` would use it."""
    till, number = counter.till, "KSM01-B7K-000001"
    drop = CashRequest(movement_id="d", kind="drop", amount_minor=100)
    payout = CashRequest(movement_id="p", kind="payout", amount_minor=100, reason="soap")
    handover = CashRequest(movement_id="h", kind="handover", amount_minor=100, to="otieno")
    return {
        "take": lambda: till.take(request=request("A1", 100), clerk=clerk),
        "reverse": lambda: counter.reverse(number, clerk=clerk),
        "correct": lambda: counter.correct(number, clerk=clerk),
        "drop": lambda: till.move_cash(request=drop, clerk=clerk),
        "payout": lambda: till.move_cash(request=payout, clerk=clerk, approval=counter.approval()),
        "handover": lambda: till.move_cash(request=handover, clerk=clerk),
        "close": lambda: till.close_shift(counted_minor=0, clerk=clerk),
    }


@pytest.mark.parametrize("verb", ["take", "reverse", "correct", "drop", "payout", "handover", "close"])
def test_nobody_works_in_anothers_drawer(wanjiru: Counter, verb: str) -> None:
    before = wanjiru.print_of_ledger()
    with pytest.raises(NotYourShift, match=r"Achieng O\.'s"):
        everything_a_drawer_sees(wanjiru, "wanjiru")[verb]()
    assert wanjiru.print_of_ledger() == before


def test_who_took_the_drawer_over_works_in_it_and_who_gave_it_does_not(wanjiru: Counter) -> None:
    handover = CashRequest(movement_id="h", kind="handover", amount_minor=500_100, to="wanjiru")
    wanjiru.till.move_cash(request=handover, clerk=CLERK)
    wanjiru.till.take(request=request("A1", 100), clerk="wanjiru")
    with pytest.raises(NotYourShift, match=r"Wanjiru K\.'s"):
        wanjiru.pay("A1", 100)
    wanjiru.till.close_shift(counted_minor=500_200, clerk="wanjiru")


def test_a_supervisor_steps_in_at_a_clerks_drawer_and_closes_it(wanjiru: Counter) -> None:
    wanjiru.till.take(request=request("A1", 100), clerk="otieno")
    entry = wanjiru.till.close_shift(counted_minor=500_200, clerk="otieno")
    assert (entry.content.clerk, entry.content.body["difference"]) == ("otieno", 0)


def test_a_supervisor_whose_right_ended_works_in_no_drawer_but_their_own(wanjiru: Counter) -> None:
    user(wanjiru, "otieno", expires_on=date(2026, 11, 19))
    with pytest.raises(NotYourShift):
        wanjiru.till.close_shift(counted_minor=500_100, clerk="otieno")
    wanjiru.till.close_shift(counted_minor=500_100, clerk=CLERK)
    wanjiru.open_shift(clerk="otieno")
    wanjiru.till.take(request=request("A1", 100), clerk="otieno")
    wanjiru.till.close_shift(counted_minor=500_100, clerk="otieno")


def test_the_safe_is_nobodys_drawer(wanjiru: Counter) -> None:
    drop = CashRequest(movement_id="d", kind="drop", amount_minor=100)
    wanjiru.till.move_cash(request=drop, clerk=CLERK)
    banking = CashRequest(movement_id="b", kind="banking", amount_minor=100, slip="S1")
    wanjiru.till.move_cash(request=banking, clerk="wanjiru")


def test_a_shift_in_the_machines_name_is_everybodys(counter: Counter) -> None:
    counter.open_shift(clerk="root")
    counter.pay("A1", 100)
    counter.till.close_shift(counted_minor=500_100, clerk="otieno")


def test_an_auditor_only_looks(counter: Counter) -> None:
    counter.open_shift(clerk="root")
    number = counter.till.take(request=request("A1", 100), clerk="root").content.body["number"]
    user(counter, CLERK, role="auditor")
    till = counter.till
    before = counter.print_of_ledger()
    verbs = everything_a_drawer_sees(counter, CLERK) | {
        "reprint": lambda: till.reprint(number=number, clerk=CLERK),
        "report": lambda: till.report_change(customer_no=GRACE, field="phone", new="0712000000", clerk=CLERK),
        "bank": lambda: till.move_cash(
            request=CashRequest(movement_id="b", kind="banking", amount_minor=1, slip="S1"), clerk=CLERK
        ),
        "approve": lambda: till.approve(approver=CLERK, pin="4711", clerk="otieno"),
        "open_drawer": lambda: till.open_drawer(reason="change", clerk=CLERK),
        "request_plan": lambda: till.request_plan(
            customer_no=GRACE,
            capacity_kw="5",
            total_minor=100,
            request_id="p",
            clerk=CLERK,
            approval=counter.approval(),
        ),
        "request_putting_right": lambda: till.request_putting_right(
            number="KSM02-X2Y-000001", what="reverse", reason="wrong meter", clerk=CLERK
        ),
        "claim": lambda: till.claim_receipts(receipts=(), clerk=CLERK),
    }
    for name, verb in verbs.items():
        with pytest.raises(MayNot):
            verb()
        assert counter.print_of_ledger() == before, name
    till.report_so_far(clerk=CLERK)


ASKED = frozenset(
    """take reverse correct open_shift close_shift move_cash open_drawer reprint report_change request_plan
    request_putting_right claim_receipts recalculate test_drawer approve approve_by_code apply_settings""".split()
)
"""Verbs that ask the table of rights; the last three ask it of the second person, *apply_settings* of both."""
FREE = frozenset(
    """set_pin sign_in sign_out ask_approval login_name report_so_far needs_approval keep_draft drop_draft abandon
    enrol exchange courier_in courier_out mirror backup check check_since_last checked_whole_at
    identity moment seal claimed_jobs print_test close""".split()
)
"""Verbs that look, care for the ledger, talk to head office, or come before anybody is known."""


def test_every_verb_of_the_till_is_asked_for_its_right_or_is_free_to_all(counter: Counter) -> None:
    verbs = {name for name in dir(type(counter.till)) if not name.startswith("_")}
    verbs = {name for name in verbs if callable(getattr(type(counter.till), name))}
    assert verbs == ASKED | FREE, "a new verb is placed here, and in the table of rights where it needs one"


def test_leaving_the_till_is_noted_with_why(counter: Counter) -> None:
    counter.till.sign_out(user_name=CLERK, why="idle")
    (entry,) = noted(counter, "signed_out")
    assert (entry.clerk, entry.body) == (CLERK, {"why": "idle"})


def test_a_pin_costs_a_thief_time_and_memory() -> None:
    """The other tests take a cheaper one (tests/conftest.py)."""
    production: Any = people._production_hasher()  # type: ignore[attr-defined]
    assert production.memory_cost >= 64 * 1024
    assert production.time_cost >= 3
    assert production.type.name == "ID"
