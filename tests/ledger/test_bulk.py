"""Many rows at once: the same rows as one by one, whatever is left empty."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from meterpos.ledger import bulk
from meterpos.ledger.store import Store
from meterpos.ledger.tables import customers, journal
from meterpos.ledger.tables import facts as facts_table
from tests.support.ledgers import empty_ledger

FACT: dict[str, Any] = {
    "fact_id": "p", "kind": "payment", "account_no": "A", "stands_on": "A", "number": "1", "fact_date": "2026-11-21",
    "amount_minor": -500, "counts": True, "entry_id": b"",
}  # fmt: skip


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with empty_ledger(database_url) as store:
        yield store


def rows_of(store: Store, *, facts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = [column.name for column in facts_table.columns]
    with store.write() as connection:
        bulk.insert(connection, facts_table, [[fact.get(name) for name in names] for fact in facts])
    with store.read() as connection:
        return [dict(row._mapping) for row in connection.execute(select(facts_table).order_by(facts_table.c.fact_id))]


def test_columns_that_no_row_fills_hold_nothing(store: Store) -> None:
    (row,) = rows_of(store, facts=[FACT])
    assert [name for name, value in row.items() if value is None] == [name for name in row if name not in FACT]


def test_a_column_that_one_row_fills_holds_nothing_in_the_others(store: Store) -> None:
    one, other = rows_of(store, facts=[FACT, {**FACT, "fact_id": "q", "reference": "SK1", "counts": False}])
    assert (one["reference"], other["reference"]) == (None, "SK1")
    assert (one["counts"], other["counts"]) == (True, False)


def test_nothing_is_not_taken_for_a_value_that_stands_of_itself(store: Store) -> None:
    nobody = ("C", "Grace", None, "z")
    with pytest.raises(Exception, match=r"(?i)null"), store.write() as connection:
        bulk.insert(connection, customers, [nobody], columns=("customer_no", "name", "phone", "zone"))


def test_octets_come_back_as_they_went_in(store: Store) -> None:
    octets = [b"", b"\x00", bytes(range(256)), b"\xff" * 5000]
    rows = [(bytes([place]) * 32, b"s" * 16, place + 1, memoryview(b"p"), "k", data, None)
            for place, data in enumerate(octets)]  # fmt: skip
    with store.write() as connection:
        bulk.insert(connection, journal, rows)
    with store.read() as connection:
        found = connection.execute(select(journal.c.data, journal.c.prev).order_by(journal.c.seq)).all()
    assert [(type(row.data), row.data, row.prev) for row in found] == [(bytes, data, b"p") for data in octets]


def test_pairs_are_asked_for_as_pairs_and_not_each_with_each(store: Store) -> None:
    others = [{**FACT, "fact_id": fact_id, "stands_on": account} for fact_id, account in (("q", "B"), ("r", "A"))]
    rows_of(store, facts=[FACT, *others])
    columns = facts_table.c.stands_on, facts_table.c.fact_id
    query = select(facts_table.c.fact_id).order_by(facts_table.c.fact_id)
    with store.read() as connection:
        for pairs, found in (([("A", "p"), ("B", "q"), ("B", "r")], ["p", "q"]), ([("A", 'n"o')], []), ([], [])):
            asked = query.where(bulk.among_pairs(connection, columns, pairs))
            assert list(connection.execute(asked).scalars()) == found
