"""What was begun survives, what was taken is recognised, what was thrown away is noted."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from meterpos.ledger.journal import parse
from meterpos.ledger.operations.drafts import Abandoned
from meterpos.ledger.operations.payees import UnknownAccount
from meterpos.ledger.queries.drafts import KeptDraft, kept_drafts
from meterpos.ledger.tables import drafts, journal
from tests.support.tills import CLERK, GRACE, Counter, request


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    made = Counter.at(tmp_path)
    made.open_shift()
    yield made
    made.till.close()


def kept(counter: Counter) -> tuple[KeptDraft, ...]:
    with counter.till.store.read() as connection:
        return kept_drafts(connection)


def given_up(tender_id: str) -> Abandoned:
    return Abandoned(
        tender_id=tender_id,
        customer_no=GRACE,
        payer="Grace Akinyi Otieno",
        meters=("MTR-001",),
        methods=("cash",),
        amount_minor=250_000,
    )


def test_the_last_state_of_a_draft_is_kept(counter: Counter) -> None:
    counter.till.keep_draft(tender_id="a", data={"text": "25"})
    counter.till.keep_draft(tender_id="a", data={"text": "2500"})
    assert kept(counter) == (KeptDraft("a", {"text": "2500"}, None),)
    counter.till.drop_draft(tender_id="a")
    assert kept(counter) == ()


def test_what_others_keep_among_the_drafts_is_no_payment(counter: Counter) -> None:
    with counter.till.store.write() as connection:
        connection.execute(drafts.insert(), {"name": "payxapproval", "data": {}})
    assert kept(counter) == ()


def test_a_draft_whose_payment_was_taken_names_its_receipt(counter: Counter) -> None:
    wanted = request(tender_id="b")
    entry = counter.till.take(request=wanted, clerk=CLERK, draft={"text": "2500"})
    assert kept(counter) == (KeptDraft("b", {"text": "2500"}, entry.content.body["number"]),)


def test_a_refused_payment_keeps_the_draft_as_it_was(counter: Counter) -> None:
    counter.till.keep_draft(tender_id="c", data={"text": "old"})
    with pytest.raises(UnknownAccount):
        counter.till.take(request=request("nobody", tender_id="c"), clerk=CLERK, draft={"text": "new"})
    assert kept(counter) == (KeptDraft("c", {"text": "old"}, None),)


def test_a_payment_given_up_is_noted_once_and_its_draft_forgotten(counter: Counter) -> None:
    counter.till.keep_draft(tender_id="d", data={})
    entry = counter.till.abandon(given_up("d"), clerk=CLERK)
    assert entry is not None
    assert entry.content.kind == "payment_abandoned"
    assert entry.content.shift == 1
    assert entry.content.body["amount"] == 250_000
    assert kept(counter) == ()


def test_a_payment_that_was_taken_after_all_was_not_given_up(counter: Counter) -> None:
    counter.till.take(request=request(tender_id="e"), clerk=CLERK, draft={})
    assert counter.till.abandon(given_up("e"), clerk=CLERK) is None
    assert kept(counter) == ()
    with counter.till.store.read() as connection:
        kinds = [parse(data).kind for data in connection.execute(select(journal.c.data)).scalars()]
    assert "payment_abandoned" not in kinds
