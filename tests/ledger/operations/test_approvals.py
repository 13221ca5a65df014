"""Approvals by telephone at the till: once, within five tries."""

from datetime import date

import pytest
from sqlalchemy import select, update

from meterpos.ledger.journal import Approval
from meterpos.ledger.operations.approvals import NotAskedFor, WrongApprovalCode
from meterpos.ledger.operations.reversals import NotReversible
from meterpos.ledger.rules.approvals import Wanted, code_of, read_challenge
from meterpos.ledger.tables import journal, users
from meterpos.vault import APPROVAL_KEY, write_secret
from tests.support.tills import CLERK, STREAM, Counter

KEY = bytes(range(1, 33))
WANTED = Wanted("reverse", "KSM01-B7K-000001", 250_000)


def answer(counter: Counter, by: str = "otieno", wanted: Wanted = WANTED) -> str:
    """Return what head office would answer ``by`` this person."""
    write_secret(counter.till.settings.home, APPROVAL_KEY, KEY)
    return code_of(read_challenge(counter.till.ask_approval(wanted)), key=KEY, stream=STREAM, by=by)


def use(counter: Counter, code: str, wanted: Wanted = WANTED) -> Approval:
    return counter.till.approve_by_code(wanted, code=code, clerk=CLERK)


def test_the_digits_approve_once_and_say_who_did(counter: Counter) -> None:
    counter.pay("A1", 250_000)
    code = answer(counter)
    approval = use(counter, f"{code[:4]} {code[4:]}")
    assert (approval.by, approval.how, len(approval.nonce)) == ("otieno", "code", 8)
    counter.reverse("KSM01-B7K-000001", approval=approval)
    with pytest.raises(NotAskedFor, match="Ask for it again"):
        use(counter, code)


def test_an_act_that_is_refused_after_the_call_has_cost_no_call(counter: Counter) -> None:
    counter.pay("A1", 250_000)
    code = answer(counter)
    with pytest.raises(NotReversible, match="reason"):
        counter.reverse("KSM01-B7K-000001", reason="", approval=use(counter, code))
    counter.reverse("KSM01-B7K-000001", approval=use(counter, code))


def test_the_same_is_asked_with_the_same_words_until_it_is_done(counter: Counter) -> None:
    counter.pay("A1", 250_000)
    other = counter.till.ask_approval(Wanted("payout", "-", 100))
    asked = counter.till.ask_approval(WANTED)
    assert counter.till.ask_approval(WANTED) == asked
    counter.reverse("KSM01-B7K-000001", approval=use(counter, answer(counter)))
    assert counter.till.ask_approval(WANTED) != asked
    assert counter.till.ask_approval(Wanted("payout", "-", 100)) == other


def test_five_wrong_tries_end_it_and_stand_in_the_journal(counter: Counter) -> None:
    code = answer(counter)
    wrong = f"{(int(code) + 1) % 10**8:08d}"
    for _ in range(5):
        with pytest.raises(WrongApprovalCode, match="not right"):
            use(counter, wrong)
    with pytest.raises(NotAskedFor):
        use(counter, code)
    with counter.till.store.read() as connection:
        kinds = connection.execute(select(journal.c.kind).order_by(journal.c.seq)).scalars().all()
    assert kinds.count("sign_in_failed") == 5


def test_digits_for_another_amount_are_worth_nothing(counter: Counter) -> None:
    other = Wanted("reverse", "KSM01-B7K-000001", 250_001)
    counter.till.ask_approval(WANTED)
    with pytest.raises(WrongApprovalCode):
        use(counter, answer(counter, wanted=other))


def test_a_clerk_and_whose_rights_ended_approve_nothing(counter: Counter) -> None:
    with pytest.raises(WrongApprovalCode):
        use(counter, answer(counter, by=CLERK))
    with counter.till.store.write() as connection:
        connection.execute(update(users).where(users.c.user_name == CLERK).values(role="manager"))
    with pytest.raises(WrongApprovalCode):
        use(counter, answer(counter, by=CLERK))
    with counter.till.store.write() as connection:
        connection.execute(update(users).values(expires_on=date(2026, 11, 19)))
    with pytest.raises(WrongApprovalCode):
        use(counter, answer(counter))
