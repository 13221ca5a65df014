"""A receipt looked up by a number that somebody typed is found by an index, however many facts there are."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, select, text

from meterpos.headoffice.books import UnknownPayment, say_of_payments
from meterpos.headoffice.office import Office
from meterpos.headoffice.putting_right import _standing_payments
from meterpos.ledger.operations.reversals import NotOfThisTill
from meterpos.ledger.queries.receipts import made_elsewhere
from meterpos.ledger.tables import facts
from meterpos.ledger.tables.facts import is_numbered
from tests.headoffice.test_exchange import counter as till_of
from tests.headoffice.test_exchange import pay, town
from tests.ledger.operations.conftest import counter
from tests.ledger.operations.test_feed import apply, elsewhere, fact_row
from tests.support.headoffice import Server, make_office, server, sync
from tests.support.tills import Counter

__all__ = ["counter", "server", "town"]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = make_office(tmp_path / "office", f"sqlite:///{tmp_path / 'office.db'}")
    yield made
    made.close()


@contextmanager
def watched(connection: Connection) -> Iterator[list[str]]:
    """Yield how facts are looked for in every statement of the block; nothing is looked through whole."""
    found: list[str] = []
    asked: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        asked.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    yield found
    event.remove(connection, "before_cursor_execute", note)
    for statement, parameters in [one for one in asked if one[0].startswith("SELECT")]:
        for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters):
            found.append(row[-1])
            assert not row[-1].startswith("SCAN facts"), statement


def test_another_tills_receipt_is_found_by_its_number(counter: Counter) -> None:
    there = elsewhere()
    apply(counter, fact_row(there, 4))
    with counter.till.store.read() as connection, watched(connection) as plan:
        assert made_elsewhere(connection, there.number) is not None
        assert made_elsewhere(connection, "KSM09-AAA-000001") is None
    assert any("ix_facts_number" in step for step in plan)
    with pytest.raises(NotOfThisTill):
        counter.reverse(there.number)


def test_head_office_finds_a_tills_receipt_and_an_imported_payment_by_number(town: Server, tmp_path: Path) -> None:
    till = till_of(town, tmp_path / "till")
    number = pay(till, "A0000001", 100_00, method="mpesa", reference="SKJ3XY71AB")
    sync(till)
    till.close()
    with town.office.store.read() as conn:
        imported = conn.execute(text("SELECT number FROM facts WHERE kind = 'payment' AND entry_id IS NULL")).scalar()
        with watched(conn) as plan:
            for one, count in ((number, 1), (imported, 1), ("KSM09-AAA-000001", 0)):
                assert len(conn.execute(select(facts.c.fact_id).where(is_numbered(one))).all()) == count
            assert [fact.number for fact in _standing_payments(conn, number)] == [number]
    assert any("ix_facts_number" in step for step in plan)
    with pytest.raises(UnknownPayment), town.office.write() as (conn, outgoing):
        say_of_payments(conn, outgoing, event="confirmation", number="KSM09-AAA-000001", on=date(2026, 11, 20))
