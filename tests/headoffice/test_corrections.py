"""Head office takes in corrections: what is taken back and what is paid again, decided together."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from meterpos.headoffice import checks
from meterpos.ledger.journal import Entry, papers_of
from meterpos.ledger.tables import facts
from tests.headoffice.forged import APPROVED, Forged, outcomes
from tests.support.headoffice import Server

WRONG, RIGHT = "A0000001", "A0000002"


@pytest.fixture
def town(server: Server) -> Iterator[Server]:
    """Head office with the town imported; every test ends with all checks passed."""
    server.import_town()
    yield server
    with server.office.store.read() as conn:
        assert list(checks.run_checks(conn)) == []


@pytest.fixture
def till(town: Server) -> Forged:
    return Forged.enrol(town)


def stands(town: Server, entry: Entry) -> list[tuple[str, str, str | None]]:
    """Return kind, account and decision of each fact of an entry."""
    query = select(facts.c.kind, facts.c.stands_on, facts.c.decision).where(facts.c.entry_id == entry.entry_id)
    with town.office.store.read() as conn:
        return [tuple(row) for row in conn.execute(query.order_by(facts.c.fact_id))]


@pytest.mark.parametrize("together", [True, False])
def test_head_office_moves_a_corrected_payment(town: Server, till: Forged, together: bool) -> None:
    wrong, right = town.net(WRONG), town.net(RIGHT)
    paid = till.pay(WRONG, 10_00, method="mpesa", reference="SJK4T2LM9Q")
    if not together:
        till.push()
    entry = till.correct(paid, RIGHT)
    ack = till.push() if together else till.push(2)
    assert outcomes(ack)[-1] == "stored"
    assert (ack.count, ack.sum_minor) == (3, 10_00)
    assert (town.net(WRONG), town.net(RIGHT)) == (wrong, right - 10_00)
    assert stands(town, entry) == [("payment", RIGHT, "account"), ("reversal", WRONG, "account")]
    assert town.codes() == []


def test_head_office_counts_both_papers_on_each_branch_of_a_copied_till(town: Server, till: Forged) -> None:
    till.correct(till.pay(WRONG, 10_00), RIGHT)
    copy = Forged(town, till.name, till.key, till.certificate, till.stream, list(till.entries), till.papers)
    till.pay(WRONG, 1_00)
    till.push()
    copy.pay(WRONG, 2_00)
    ack = copy.push()
    assert (ack.count, ack.sum_minor) == (4, 12_00)


def test_head_office_pays_nothing_again_that_was_given_back_before(town: Server, till: Forged) -> None:
    right = town.net(RIGHT)
    paid = till.pay(WRONG, 10_00)
    till.reverse(paid)
    entry = till.correct(paid, RIGHT)
    assert outcomes(till.push())[-1] == "double_reversal"
    assert [decision for _, _, decision in stands(town, entry)] == ["none", "none"]
    assert town.net(RIGHT) == right


def test_head_office_lets_no_till_correct_anothers_payment(town: Server, till: Forged) -> None:
    right = town.net(RIGHT)
    paid = till.pay(WRONG, 10_00)
    till.push()
    other = Forged.enrol(town, "KSM02")
    other.correct(paid, RIGHT)
    assert outcomes(other.push())[-1] == "reversal_of_another_till"
    assert town.net(RIGHT) == right


def test_head_office_posts_a_correction_whose_payment_comes_later(town: Server, till: Forged) -> None:
    wrong, right = town.net(WRONG), town.net(RIGHT)
    paid = till.pay(WRONG, 10_00)
    entry = till.correct(paid, RIGHT)
    assert outcomes(till.push(2))[-1] == "reversal_before_payment"
    assert town.net(RIGHT) == right - 10_00
    till.push()
    assert (town.net(WRONG), town.net(RIGHT)) == (wrong, right - 10_00)
    assert len(papers_of(entry)) == 2


def test_head_office_keeps_a_corrected_payment_in_suspense_when_its_reference_is_anothers(
    town: Server, till: Forged
) -> None:
    till.pay(WRONG, 5_00, method="mpesa", reference="SJK4T2LM9Q")
    second = till.pay(WRONG, 10_00, method="mpesa", reference="SJK4T2LM9Q")
    entry = till.correct(second, RIGHT)
    assert outcomes(till.push())[-2:] == ["duplicate_reference", "duplicate_reference"]
    assert stands(town, entry)[0] == ("payment", "SUSPENSE-KSM01", "suspense")


def test_head_office_corrects_a_payment_that_used_the_rest_of_a_reference(town: Server, till: Forged) -> None:
    till.pay(WRONG, 5_00, method="mpesa", reference="SJK4T2LM9Q")
    second = till.pay(WRONG, 10_00, method="mpesa", reference="SJK4T2LM9Q", approval=APPROVED)
    entry = till.correct(second, RIGHT)
    assert outcomes(till.push())[-1] == "stored"
    assert stands(town, entry)[0] == ("payment", RIGHT, "account")


def test_head_office_puts_money_for_an_unknown_meter_where_the_till_corrected_it(town: Server, till: Forged) -> None:
    right = town.net(RIGHT)
    unknown = {"meter_no": "M-9", "name": "Otieno", "phone": ""}
    paid = till.pay("SUSPENSE-KSM01", 10_00, method="mpesa", reference="SJK4T2LM9Q", suspense=unknown)
    till.correct(paid, RIGHT)
    assert outcomes(till.push())[-1] == "stored"
    assert town.net(RIGHT) == right - 10_00


def test_head_office_notices_a_correction_nobody_approved(town: Server, till: Forged) -> None:
    till.correct(till.pay(WRONG, 10_00), RIGHT, approval=None)
    assert outcomes(till.push())[-1] == "reversal_not_approved"
