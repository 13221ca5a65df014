"""Approvals by telephone: head office answers a real till, and holds every use against what it gave."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from meterpos.headoffice import approvals, master
from meterpos.headoffice.approvals import AlreadyApproved
from meterpos.headoffice.auth import UnknownTill
from meterpos.ledger.journal import Approval
from meterpos.ledger.operations.cash import CashRequest
from meterpos.ledger.operations.people import MayNotApprove
from meterpos.ledger.operations.tenders import LegRequest, PartRequest, TenderRequest, UnknownMeter
from meterpos.ledger.rules.approvals import NO_SUBJECT, Challenge, Wanted, read_challenge
from meterpos.till import Till, new_tender_id
from tests.cli.commands import run
from tests.support.headoffice import Server, sync

PAYOUT = Wanted("payout", NO_SUBJECT, 5_000)


@pytest.fixture
def till(server: Server, tmp_path: Path) -> Iterator[Till]:
    with server.office.write() as (conn, outgoing):
        for name, role in (("achieng", "clerk"), ("otieno", "supervisor"), ("wanjiru", "manager")):
            master.add_user(
                conn, outgoing, user_name=name, display_name=name, role=role, expires_on=None, code="ABCD-EFGH-IJKL"
            )
    till = server.enrol_till(tmp_path / "till")
    till.open_shift(float_minor=100_000, clerk="achieng")
    sync(till)
    yield till
    till.close()


def answer(server: Server, text: str, by: str = "otieno") -> str:
    office = server.office
    with office.write() as (conn, _):
        _, code = approvals.approve(conn, text=text, by=by, keys=office.keys, today=office.moment().today)
    return code


def pay_out(till: Till, approval: Approval, amount_minor: int = 5_000) -> None:
    request = CashRequest(movement_id=new_tender_id(), kind="payout", amount_minor=amount_minor, reason="soap")
    till.move_cash(request=request, clerk="achieng", approval=approval)


def test_digits_read_out_approve_at_the_till_and_are_known_when_they_arrive(server: Server, till: Till) -> None:
    code = answer(server, till.ask_approval(PAYOUT))
    approval = till.approve_by_code(PAYOUT, code=code, clerk="achieng")
    assert approval.by == "otieno"
    pay_out(till, approval)
    assert sync(till).waiting == 0
    assert server.codes() == []


@pytest.mark.parametrize("change", [{"nonce": "AAAAAAAA"}, {"by": "wanjiru"}])
def test_digits_that_were_not_given_here_are_an_exception(server: Server, till: Till, change: dict[str, Any]) -> None:
    approval = till.approve_by_code(PAYOUT, code=answer(server, till.ask_approval(PAYOUT)), clerk="achieng")
    given = {"by": approval.by, "how": "code", "nonce": approval.nonce} | change
    pay_out(till, Approval(**given))
    sync(till)
    assert server.codes() == ["approval_unknown"]


def test_digits_used_for_more_than_they_were_given_for_are_an_exception(server: Server, till: Till) -> None:
    approval = till.approve_by_code(PAYOUT, code=answer(server, till.ask_approval(PAYOUT)), clerk="achieng")
    pay_out(till, approval, amount_minor=6_000)
    sync(till)
    assert server.codes() == ["approval_unknown"]


def test_digits_given_for_the_rest_of_a_reference_are_known_when_they_arrive(server: Server, till: Till) -> None:
    wanted = Wanted("reference", "SJK4T2LM9Q", 5_000)
    approval = till.approve_by_code(wanted, code=answer(server, till.ask_approval(wanted)), clerk="achieng")
    unknown = UnknownMeter(meter_no="MTR-9", name="Grace", phone="")
    request = TenderRequest(
        tender_id=new_tender_id(),
        customer_no=None,
        parts=(PartRequest(amount_minor=5_000, unknown=unknown),),
        legs=(LegRequest(method="mpesa", amount_minor=5_000, reference="SJK4T2LM9Q"),),
    )
    till.take(request=request, clerk="achieng", approval=approval)
    sync(till)
    assert server.codes() == ["unknown_meter"]


def test_digits_used_twice_are_an_exception(server: Server, till: Till) -> None:
    approval = till.approve_by_code(PAYOUT, code=answer(server, till.ask_approval(PAYOUT)), clerk="achieng")
    pay_out(till, approval)
    pay_out(till, approval)
    sync(till)
    assert server.codes() == ["approval_unknown"]


def test_the_same_question_has_the_same_answer_from_one_person_alone(server: Server, till: Till) -> None:
    text = till.ask_approval(PAYOUT)
    assert answer(server, text) == answer(server, text)
    with pytest.raises(AlreadyApproved, match="otieno payout - 5000"):
        answer(server, text, by="wanjiru")


@pytest.mark.parametrize("by", ["achieng", "nobody"])
def test_only_a_supervisor_or_manager_answers(server: Server, till: Till, by: str) -> None:
    with pytest.raises(MayNotApprove, match=by):
        answer(server, till.ask_approval(PAYOUT), by=by)


def test_a_till_not_heard_of_is_not_answered(server: Server, till: Till) -> None:
    asked = read_challenge(till.ask_approval(PAYOUT))
    fields = {name: getattr(asked, name) for name in Challenge.__dataclass_fields__}
    with pytest.raises(UnknownTill, match="has not been heard of"):
        answer(server, Challenge(**(fields | {"label": "Z99"})).text)


def test_a_reversal_approved_by_digits_is_held_against_its_receipt(server: Server, till: Till) -> None:
    unknown = UnknownMeter(meter_no="MTR-9", name="Akinyi")
    request = TenderRequest(
        tender_id=new_tender_id(),
        customer_no=None,
        parts=(PartRequest(amount_minor=700, unknown=unknown),),
        legs=(LegRequest(method="cash", amount_minor=700),),
    )
    number = till.take(request=request, clerk="achieng").content.body["number"]
    wanted = Wanted("reverse", number, 700)
    approval = till.approve_by_code(wanted, code=answer(server, till.ask_approval(wanted)), clerk="achieng")
    till.reverse(
        number=number,
        reason="wrong",
        refund="cash",
        tender_id=new_tender_id(),
        clerk="achieng",
        approval=approval,
    )
    sync(till)
    assert server.codes() == ["unknown_meter"]


def test_the_command_says_what_is_approved_and_the_digits(
    server: Server, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = server.office.settings
    monkeypatch.setenv("METERPOS_HEADOFFICE_HOME", str(settings.home.parent))
    text = till.ask_approval(PAYOUT)
    chosen = ("--database", settings.database_url, "--utility", settings.home.name)
    done = run("headoffice", *chosen, "approve", text, "--by", "otieno")
    assert done.code == 0, done.told
    code, said = done.out.splitlines()
    assert said == "otieno approves at KSM01: payout, 50.00. The digits work there once."
    assert till.approve_by_code(PAYOUT, code=code, clerk="achieng").by == "otieno"
