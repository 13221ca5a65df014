"""A plan made at the till: by a manager, once, usable at once, never changed."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import DatabaseError

from meterpos.errors import UserError
from meterpos.ledger.checks import run_checks
from meterpos.ledger.journal import Approval, Entry
from meterpos.ledger.operations.feed import sum_digests_anew
from meterpos.ledger.operations.people import MayNot
from meterpos.ledger.operations.plan_requests import PlanSetOnce
from meterpos.ledger.operations.tenders import LegRequest, PartRequest, TenderRequest
from meterpos.ledger.projection import project_tables
from meterpos.ledger.queries.plans import PlanView, find_plan, find_plans
from meterpos.ledger.rebuild import find_rebuilt_differences, rebuild
from meterpos.ledger.rules.instalments import PlanExceeded, UnusablePlan
from meterpos.ledger.store import Store
from meterpos.ledger.tables import plans, users
from meterpos.ledger.upgrade import upgrade
from meterpos.printing.preview import render_text
from meterpos.printing.receipt import compose_receipt
from meterpos.till import new_tender_id
from tests.support.tills import CLERK, GRACE, Counter

FIRST = "KSM01-B7K-P0001"
BY_MANAGER = Approval(by="wanjiru", how="pin", nonce="00")


@pytest.fixture
def counter(counter: Counter) -> Counter:
    """A pay point that knows a manager."""
    row = {"user_name": "wanjiru", "display_name": "Wanjiru K.", "role": "manager", "revoked": False}
    with counter.till.store.write() as connection:
        connection.execute(insert(users), row)
    return counter


def make(counter: Counter, **changes: Any) -> Entry:
    given: dict[str, Any] = {
        "customer_no": GRACE,
        "capacity_kw": "7.5",
        "total_minor": 240_000_00,
        "request_id": new_tender_id(),
        "clerk": CLERK,
        "approval": BY_MANAGER,
    }
    return counter.till.request_plan(**(given | changes))


def seen(counter: Counter, number: str = FIRST) -> PlanView:
    with counter.till.store.read() as connection:
        return find_plan(connection, number)


def pay(counter: Counter, amount_minor: int, number: str = FIRST) -> Entry:
    tender = TenderRequest(
        tender_id=new_tender_id(),
        customer_no=GRACE,
        parts=(PartRequest(account_no=number, amount_minor=amount_minor),),
        legs=(LegRequest(method="cash", amount_minor=amount_minor),),
    )
    return counter.till.take(request=tender, clerk=CLERK)


def test_the_till_pays_on_a_plan_it_has_just_made(counter: Counter) -> None:
    entry = make(counter, notes="roof of the school")
    assert entry.content.body["account"] == FIRST
    plan = seen(counter)
    assert (plan.number, plan.capacity_kw, plan.state.status) == (FIRST, "7.5", "pending")
    paid = pay(counter, 40_000_00)
    assert seen(counter).state.pending_minor == 200_000_00
    assert FIRST in render_text(compose_receipt(paid, seal="", copy_no=0), columns=42)
    with pytest.raises(PlanExceeded):
        pay(counter, 200_000_01)
    with counter.till.store.read() as connection:
        assert list(run_checks(connection)) == []


def test_the_till_makes_a_plan_once_however_often_it_is_asked(counter: Counter) -> None:
    entry = make(counter, request_id="one")
    assert make(counter, request_id="one") == entry
    with pytest.raises(PlanSetOnce, match="set once"):
        make(counter, request_id="one", total_minor=1_00)
    with pytest.raises(PlanSetOnce):
        make(counter, request_id="one", customer_no="AC-10077")
    assert make(counter).content.body["account"] == "KSM01-B7K-P0002"
    with counter.till.store.read() as connection:
        assert find_plans(connection, "P000").count == 2


def test_a_manager_needs_nobody_else(counter: Counter) -> None:
    assert make(counter, clerk="wanjiru", approval=None).content.approval is None


@pytest.mark.parametrize(
    ("error", "changes", "sentence"),
    [
        (MayNot, {"approval": None}, "Only a manager makes"),
        (MayNot, {"approval": Approval(by="otieno", how="pin", nonce="00")}, "Only a manager makes"),
        (MayNot, {"approval": None, "clerk": "nobody"}, "Only a manager makes"),
        (UnusablePlan, {"capacity_kw": "five"}, "no capacity"),
        (UnusablePlan, {"capacity_kw": "0.00"}, "no capacity"),
        (UnusablePlan, {"total_minor": 0}, "above zero"),
        (UnusablePlan, {"customer_no": "AC-X"}, "not known here"),
        (UnusablePlan, {"notes": "x" * 201}, "at most 200"),
        (UnusablePlan, {"notes": "two\nlines"}, "one line"),
    ],
)
def test_what_cannot_be_a_plan_is_refused_and_changes_nothing(
    counter: Counter, error: type[UserError], changes: dict[str, Any], sentence: str
) -> None:
    before = counter.print_of_ledger()
    with pytest.raises(error, match=sentence):
        make(counter, **changes)
    assert counter.print_of_ledger() == before


def test_a_manager_whose_right_ended_makes_no_plan(counter: Counter) -> None:
    with counter.till.store.write() as connection:
        connection.execute(update(users).where(users.c.user_name == "wanjiru").values(revoked=True))
    with pytest.raises(MayNot):
        make(counter)


@pytest.mark.parametrize("change", [{"total_minor": 1}, {"capacity_kw": "9"}])
def test_what_was_agreed_is_refused_by_the_database_itself(counter: Counter, change: dict[str, Any]) -> None:
    make(counter)
    with pytest.raises(DatabaseError, match="plans is immutable"), counter.till.store.write() as connection:
        connection.execute(update(plans).values(**change))


def test_head_offices_number_may_come_and_is_what_the_plan_is_called_then(counter: Counter) -> None:
    make(counter)
    with counter.till.store.write() as connection:
        connection.execute(update(plans).values(plan_no="PLN-000001"))
    for number in (FIRST, "pln-000001"):
        assert seen(counter, number).number == "PLN-000001"
    paper = render_text(compose_receipt(pay(counter, 100_00), seal="", copy_no=0), columns=42)
    assert "PLN-000001" in paper and FIRST not in paper


def test_a_ledger_with_a_plan_of_its_own_is_worked_out_anew_the_same(counter: Counter, tmp_path: Path) -> None:
    make(counter)
    pay(counter, 100_00)
    with counter.till.store.write() as connection:
        sum_digests_anew(connection)
    scratch = Store(f"sqlite:///{tmp_path / 'scratch.db'}")
    upgrade(scratch)
    with counter.till.store.read() as connection, scratch.write() as made:
        rebuild(connection, made)
        assert list(find_rebuilt_differences(connection, made)) == []
    scratch.close()


def test_projecting_a_plan_that_stands_already_changes_nothing(counter: Counter) -> None:
    entry = make(counter)
    with counter.till.store.write() as connection:
        project_tables(connection, (entry,))
    assert seen(counter).state.total_minor == 240_000_00
