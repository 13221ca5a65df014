"""Plans are made at head office, go down to the tills, are paid there, and are never changed."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DatabaseError

from meterpos.errors import UserError
from meterpos.headoffice import checks, master, plans
from meterpos.headoffice.master import UnknownAccount
from meterpos.ledger.journal import Approval
from meterpos.ledger.operations.tenders import LegRequest, PartRequest, TenderRequest
from meterpos.ledger.queries import listings
from meterpos.ledger.queries.plans import PlanView, find_plan
from meterpos.ledger.tables import customers
from meterpos.ledger.tables import plans as plans_table
from meterpos.till import Till, new_tender_id
from tests.headoffice.forged import Forged
from tests.support.headoffice import Server, sync

DAY = date(2026, 11, 20)


@pytest.fixture
def town(server: Server) -> Server:
    server.import_town()
    return server


def customer(town: Server, zone: str = "Kondele") -> str:
    with town.office.store.read() as conn:
        query = select(customers.c.customer_no).where(customers.c.zone == zone).order_by(customers.c.customer_no)
        return str(conn.execute(query.limit(1)).scalar_one())


def add(town: Server, plan_no: str = "PL-0042", total_minor: int = 1_000_00, **changes: str) -> None:
    given = {
        "customer_no": changes.get("customer_no") or customer(town),
        "capacity_kw": changes.get("capacity_kw", "5"),
    }
    with town.office.write() as (conn, outgoing):
        plans.add_plan(conn, outgoing, plan_no=plan_no, total_minor=total_minor, on=DAY, **given)


def cancel(town: Server, plan_no: str = "PL-0042") -> None:
    with town.office.write() as (conn, outgoing):
        plans.cancel_plan(conn, outgoing, plan_no=plan_no, reason="wrong capacity", on=DAY)


def pay(till: Till, town: Server, amount_minor: int, reference: str) -> None:
    tender = TenderRequest(
        tender_id=new_tender_id(),
        customer_no=customer(town),
        parts=(PartRequest(account_no="PL-0042", amount_minor=amount_minor, notes="by bank"),),
        legs=(LegRequest(method="bank", amount_minor=amount_minor, reference=reference),),
    )
    till.take(request=tender, clerk="achieng")


def seen(store: object) -> PlanView:
    with store.read() as conn:  # type: ignore[attr-defined]
        return find_plan(conn, "PL-0042")


def test_a_plan_goes_down_to_the_till_and_its_payments_come_up(town: Server, tmp_path: Path) -> None:
    add(town)
    till = town.enrol_till(tmp_path / "till")
    till.open_shift(float_minor=0, clerk="achieng")
    assert (seen(till.store).capacity_kw, seen(till.store).state.pending_minor) == ("5", 1_000_00)
    pay(till, town, 400_00, "UTR1")
    assert sync(till).is_complete
    there = seen(town.office.store)
    assert (there.state.status, there.state.paid_minor, there.payments[0].clerk) == ("partial", 400_00, "achieng")
    assert there.payments[0].notes == "by bank"
    cancel(town)
    assert sync(till).is_complete
    assert seen(till.store).is_cancelled and seen(till.store).state.excess_minor == 400_00
    with town.office.store.read() as conn:
        assert list(checks.run_checks(conn)) == []
    till.close()


def test_two_tills_that_overpay_a_plan_together_leave_a_credit_and_an_exception(town: Server, tmp_path: Path) -> None:
    add(town)
    tills = [town.enrol_till(tmp_path / name, name) for name in ("KSM01", "KSM02")]
    for n, till in enumerate(tills):
        till.open_shift(float_minor=0, clerk="achieng")
        pay(till, town, 700_00, f"UTR{n}")
    for till in (*tills, tills[0]):
        assert sync(till).is_complete
    assert town.codes() == ["plan_overpaid"]
    for store in (town.office.store, tills[0].store, tills[1].store):
        assert (seen(store).state.excess_minor, seen(store).count) == (400_00, 2)
    for till in tills:
        till.close()


@pytest.mark.parametrize(
    ("error", "plan_no", "changes", "total_minor", "sentence"),
    [
        (plans.UnusablePlan, "pl 1", {}, 100, "no plan number"),
        (plans.UnusablePlan, "PL-1", {"capacity_kw": "five"}, 100, "no capacity"),
        (plans.UnusablePlan, "PL-1", {"capacity_kw": "0.0"}, 100, "no capacity"),
        (plans.UnusablePlan, "PL-1", {}, 0, "above zero"),
        (UnknownAccount, "PL-1", {"customer_no": "AC-X"}, 100, "no customer AC-X"),
        (plans.UnusablePlan, "PL-0042", {}, 100, "cannot change"),
    ],
)
def test_what_cannot_be_a_plan_is_refused(
    town: Server, error: type[UserError], plan_no: str, changes: dict[str, str], total_minor: int, sentence: str
) -> None:
    add(town)
    with pytest.raises(error, match=sentence):
        add(town, plan_no, total_minor, **changes)


def test_a_plan_is_cancelled_once_and_only_a_plan(town: Server) -> None:
    add(town)
    cancel(town)
    with pytest.raises(plans.UnusablePlan, match="cancelled on 20 Nov 2026 already"):
        cancel(town)
    with pytest.raises(plans.UnusablePlan, match="is no plan"):
        cancel(town, "A0000001")
    with pytest.raises(UnknownAccount):
        cancel(town, "PL-9")


def test_what_was_agreed_cannot_be_changed_at_head_office(town: Server) -> None:
    add(town)
    with pytest.raises(DatabaseError, match="plans is immutable"), town.office.write() as (conn, _):
        conn.execute(update(plans_table).values(total_minor=1))


# --- plans made at tills


def make_manager(town: Server) -> None:
    with town.office.write() as (conn, outgoing):
        master.add_user(
            conn,
            outgoing,
            user_name="wanjiru",
            display_name="Wanjiru K.",
            role="manager",
            expires_on=None,
            code="MNGR-0001",
        )


def request(till: Till, town: Server, *, by: str = "wanjiru", request_id: str = "one") -> str:
    entry = till.request_plan(
        customer_no=customer(town),
        capacity_kw="7.5",
        total_minor=1_000_00,
        request_id=request_id,
        clerk="achieng",
        approval=Approval(by=by, how="pin", nonce="00"),
    )
    return str(entry.content.body["account"])


def pay_on(till: Till, town: Server, account_no: str, amount_minor: int) -> None:
    tender = TenderRequest(
        tender_id=new_tender_id(),
        customer_no=customer(town),
        parts=(PartRequest(account_no=account_no, amount_minor=amount_minor),),
        legs=(LegRequest(method="cash", amount_minor=amount_minor),),
    )
    till.take(request=tender, clerk="achieng")


def stands(store: object, number: str) -> tuple[str, str | None, int, int]:
    with store.read() as conn:  # type: ignore[attr-defined]
        found = find_plan(conn, number)
    return found.account.account_no, found.plan_no, found.state.total_minor, found.state.paid_minor


def test_head_office_numbers_a_plan_made_at_a_till_and_sends_it_to_all(town: Server, tmp_path: Path) -> None:
    make_manager(town)
    till, other = (town.enrol_till(tmp_path / name, name) for name in ("KSM01", "KSM02"))
    till.open_shift(float_minor=0, clerk="achieng")
    number = request(till, town)
    pay_on(till, town, number, 400_00)
    assert stands(till.store, number) == (number, None, 1_000_00, 400_00)
    assert sync(till).is_complete and sync(other).is_complete and sync(till).is_complete
    assert town.codes() == ["plan_request"]
    for store in (town.office.store, till.store, other.store):
        assert stands(store, "PLN-000001") == (number, "PLN-000001", 1_000_00, 400_00)
        with store.read() as conn:
            assert [row.plan_no for row in listings.plans(conn)] == ["PLN-000001"]
    with town.office.store.read() as conn:
        assert list(checks.run_checks(conn)) == []
    for one in (till, other):
        one.close()


def test_a_plan_made_by_nobody_who_may_stands_until_it_is_cancelled_by_its_number(town: Server) -> None:
    till = Forged.enrol(town)
    till.write("plan_request", plan_body(town, "KSM01-B7K-P0001"), shift=None)
    till.pay("KSM01-B7K-P0001", 10_00)
    till.push()
    assert town.codes() == ["plan_not_by_manager", "plan_request"]
    assert stands(town.office.store, "PLN-000001")[2:] == (500_00, 10_00)
    cancel(town, "PLN-000001")
    with town.office.store.read() as conn:
        found = find_plan(conn, "PLN-000001")
    assert (found.state.status, found.state.excess_minor) == ("cancelled", 10_00)


def test_a_plan_under_a_number_that_is_taken_has_no_effect(town: Server) -> None:
    till = Forged.enrol(town)
    before = town.net("A0000001")
    till.write("plan_request", plan_body(town, "KSM01-B7K-P0001"), shift=None)
    till.write("plan_request", plan_body(town, "KSM01-B7K-P0001", total=900_00), shift=None)
    till.write("plan_request", plan_body(town, "A0000001"), shift=None)
    till.push()
    assert stands(town.office.store, "KSM01-B7K-P0001")[2:] == (500_00, 0)
    assert (town.net("KSM01-B7K-P0001"), town.net("A0000001")) == (500_00, before)
    assert town.codes().count("plan_without_effect") == 2


def test_a_plan_of_a_customer_head_office_does_not_know_stands_where_its_till_said(town: Server) -> None:
    till = Forged.enrol(town)
    till.write("plan_request", plan_body(town, "KSM01-B7K-P0001") | {"customer": {"no": "AC-X", "name": "X"}})
    till.push()
    assert stands(town.office.store, "PLN-000001")[2] == 500_00


def plan_body(town: Server, account_no: str, *, total: int = 500_00) -> dict[str, object]:
    return {
        "request_id": account_no,
        "account": account_no,
        "customer": {"no": customer(town, "Mamboleo"), "name": "Somebody"},
        "zone": "Mamboleo",
        "capacity_kw": "5",
        "total": total,
        "notes": "",
    }
