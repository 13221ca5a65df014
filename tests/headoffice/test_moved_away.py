"""A receipt whose money head office moved: refused at its till, followed where it was undone all the same."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meterpos.errors import UserError
from meterpos.headoffice import books, checks, exceptions
from meterpos.ledger.operations.reversals import MovedAway
from meterpos.ledger.operations.tenders import LegRequest, PartRequest, TenderRequest, UnknownMeter
from meterpos.ledger.queries.accounts import resolve
from meterpos.ledger.queries.receipts import find_receipt
from meterpos.till import Till, new_tender_id
from tests.headoffice.test_putting_right import (
    APPROVED,
    PAID,
    RIGHT,
    ask,
    everybody,
    move,
    nets,
    resolve_all,
    reverse,
    take,
    tills,
)
from tests.support.headoffice import Server, sync

__all__ = ["tills"]

Nets = tuple[int, int]
"""What is owed at the account that was paid, and at the one the money was meant for."""

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def before(server: Server, tills: tuple[Till, Till]) -> Nets:
    return server.net(PAID), server.net(RIGHT)


@pytest.fixture
def number(server: Server, tills: tuple[Till, Till], before: Nets) -> str:
    """A receipt of the first till that head office has heard of."""
    made = take(tills[0])
    everybody(tills[0])
    return made


def undo(till: Till, number: str) -> None:
    till.reverse(
        number=number, reason="x", refund="cash", tender_id=new_tender_id(), clerk="achieng", approval=APPROVED
    )


def correct(till: Till, number: str, to_account: str) -> None:
    with till.store.read() as conn:
        to_meter = str(resolve(conn, to_account).meter_no)
    till.correct(
        number=number, to_meter=to_meter, reason="x", tender_id=new_tender_id(), clerk="achieng", approval=APPROVED
    )


def sound(server: Server, folder: Path) -> bool:
    with server.office.store.read() as conn:
        found = list(checks.run_checks(conn))
    return not found and checks.rebuilt_differences(server.office.store, folder=folder) == ()


def test_a_till_that_knows_of_the_move_refuses_and_asks(
    server: Server, tills: tuple[Till, Till], number: str, before: Nets, tmp_path: Path
) -> None:
    first, second = tills
    moved_by = move(server, number)
    everybody(first, second)
    with first.store.read() as conn:
        meter = resolve(conn, RIGHT).meter_no
        found = find_receipt(conn, number).moved
    assert found is not None and (found.number, found.to) == (moved_by, meter)
    for act in (undo, lambda till, paper: correct(till, paper, RIGHT)):
        with pytest.raises(MovedAway, match=f"moved the money of {number} to {meter}: {moved_by}"):
            act(first, number)
    ask(first, number)
    everybody(first)
    assert server.codes() == ["put_right_request"]
    reverse(server, number)
    everybody(first, second)
    assert server.codes() == [] and nets(server, first, second) == {before}
    assert sound(server, tmp_path)


def test_a_till_that_had_not_heard_of_the_move_is_followed_and_flagged(
    server: Server, tills: tuple[Till, Till], number: str, before: Nets, tmp_path: Path
) -> None:
    first, second = tills
    move(server, number)
    undo(first, number)
    everybody(first, second)
    assert server.codes() == ["reversal_of_moved"] and nets(server, first, second) == {before}
    with server.office.store.read() as conn:
        (item,) = exceptions.listed(conn)
    assert item.details["moved_to"] == RIGHT and item.details["amount_minor"] == 10_00
    assert sound(server, tmp_path)


@on_sqlite
def test_a_correction_by_such_a_till_leaves_the_money_where_it_said(
    server: Server, tills: tuple[Till, Till], number: str, before: Nets, tmp_path: Path
) -> None:
    first, second = tills
    move(server, number)
    correct(first, number, RIGHT)
    everybody(first, second)
    assert server.codes() == ["reversal_of_moved"]
    assert nets(server, first, second) == {(before[0], before[1] - 10_00)}
    assert sound(server, tmp_path)


@on_sqlite
def test_a_cheque_that_bounces_after_its_money_was_moved_takes_it_back_from_there(
    server: Server, tills: tuple[Till, Till], before: Nets, tmp_path: Path
) -> None:
    first, second = tills
    number = take(first, method="cheque")
    everybody(first)
    today = server.office.moment().today
    with server.office.write() as (conn, outgoing):
        books.say_of_payments(conn, outgoing, event="clearing", number=number, on=today)
    move(server, number)
    with server.office.write() as (conn, outgoing):
        books.say_of_payments(conn, outgoing, event="bounce", number=number, on=today)
    everybody(first, second)
    assert nets(server, first, second) == {before} and sound(server, tmp_path)


@on_sqlite
def test_suspense_that_gave_out_what_a_till_takes_back_is_an_item(server: Server, tills: tuple[Till, Till]) -> None:
    first, _ = tills
    number = take_unknown(first)
    everybody(first)
    with server.office.write() as (conn, outgoing):
        books.transfer(
            conn,
            outgoing,
            from_account="SUSPENSE-KSM01",
            to_account=RIGHT,
            amount_minor=10_00,
            reason="found",
            on=server.office.moment().today,
        )
    resolve_all(server)
    undo(first, number)
    everybody(first)
    assert server.codes() == ["suspense_overdrawn"]


def take_unknown(till: Till) -> str:
    with till.store.read() as conn:
        whose = resolve(conn, PAID).customer_no
    part = PartRequest(
        account_no=None, amount_minor=10_00, unknown=UnknownMeter(meter_no="MTR-NEW", name="J", phone="")
    )
    request = TenderRequest(
        tender_id=new_tender_id(),
        customer_no=whose,
        parts=(part,),
        legs=(LegRequest(method="cash", amount_minor=10_00),),
    )
    return str(till.take(request=request, clerk="achieng").content.body["number"])


ACTS = st.lists(st.sampled_from(("exchange", "move", "undo", "reverse")), min_size=2, max_size=6)


@on_sqlite
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_whatever_comes_first_the_money_is_on_one_account_or_given_back(
    server: Server, tills: tuple[Till, Till], acts: list[str]
) -> None:
    first, _ = tills
    before = (server.net(PAID), server.net(RIGHT))
    number = take(first)
    sync(first)
    done = {act for act in acts if did(server, first, number, act)}
    everybody(first)
    if done & {"undo", "reverse"}:
        after = before
    elif "move" in done:
        after = (before[0], before[1] - 10_00)
    else:
        after = (before[0] - 10_00, before[1])
    assert nets(server, first) == {after}


def did(server: Server, till: Till, number: str, act: str) -> bool:
    """Do what somebody wants to do, and tell whether it was done."""
    try:
        match act:
            case "exchange":
                sync(till)
            case "move":
                move(server, number)
            case "undo":
                undo(till, number)
            case _:
                reverse(server, number)
    except UserError:
        return False
    return True
