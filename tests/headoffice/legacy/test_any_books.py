"""Whatever is wrong with the old books, every shilling is explained, and the ledger holds what was proven."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meterpos.headoffice.legacy import state
from meterpos.headoffice.legacy.causes import RULES, Position, Rows, by_rule, effects, explain, rule_of
from meterpos.headoffice.legacy.run import Choices, Runner
from meterpos.headoffice.legacy.sources import open_source
from meterpos.headoffice.legacy.steps.proof import UNEXPLAINED
from meterpos.headoffice.office import Office
from tests.headoffice.legacy import old_books
from tests.support.headoffice import make_office

CUSTOMERS, METERS = 4, 4

ids = st.integers(1, 6)
"""Some of them name what is not there, or another tenant's."""

days = st.sampled_from([None, "2025-01-03", "2025-02-03", "2025-02-03 10:30:00", "2025-03-03", "2024-12-01"])
amounts = st.sampled_from([0, 100, 150.25, 99.99, 0.1 + 0.2, 1000, -50, 12.345, 500.5, 0.01])
statuses = st.sampled_from(["completed", "paid", "pending", "failed", "Completed", None])
tenants = st.sampled_from([1, 1, 1, 1, 2])


@dataclass
class Books:
    """Rows of old books, by table."""

    rows: dict[str, list[Sequence[Any]]] = field(default_factory=dict)

    def write(self, file: Path) -> str:
        """Make an SQLite file of them and return its URL."""
        url = old_books.in_sqlite(file, old_books.schema())
        connection = sqlite3.connect(file)
        connection.execute("PRAGMA synchronous = OFF")
        for table, rows in self.rows.items():
            for row in rows:
                connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
        connection.commit()
        connection.close()
        return url


def numbered(draw: st.DrawFn, row: st.SearchStrategy[tuple[Any, ...]], most: int) -> list[tuple[Any, ...]]:
    """Draw rows and give each its id."""
    return [(place, *one) for place, one in enumerate(draw(st.lists(row, max_size=most)), 1)]


@st.composite
def books(draw: st.DrawFn) -> Books:
    """Books with every flaw the migration knows."""
    made = Books()
    customer = st.tuples(
        tenants, st.sampled_from(["customer", "admin"]), st.just("A Name"), st.none(), st.none(), amounts, amounts, days
    )
    made.rows["users"] = [(0, 1, "customer", "First", None, None, 0, 0, None), *numbered(draw, customer, CUSTOMERS)]
    meter = st.tuples(tenants, st.sampled_from(["M-1", "M-2", "M-3"]), *[st.none()] * 6)
    made.rows["meters"] = numbered(draw, meter, METERS)
    made.rows["meter_assignments"] = numbered(draw, st.tuples(tenants, ids, ids, st.integers(0, 1), days, days), 6)
    made.rows["invoices"] = numbered(
        draw,
        st.tuples(
            tenants, st.sampled_from(["I-1", "I-2", "I-3", "I-4"]), ids, st.none() | ids, days, days,
            amounts | st.none(), amounts | st.none(), amounts | st.none(), st.none(), st.none(), st.none(),
        ),
        8,
    )  # fmt: skip
    kinds = st.sampled_from(["consumption", "BALANCE", "balance", "standing_charge"])
    made.rows["bills"] = numbered(
        draw, st.tuples(tenants, ids, ids, st.none(), kinds, amounts, st.just("invoiced"), days), 12
    )
    made.rows["invoice_bills"] = numbered(draw, st.tuples(st.integers(1, 9), st.integers(1, 13)), 12)
    methods = st.sampled_from(["cash", "mpesa", "bank", "cheque", "M-PESA", "card", None])
    made.rows["payments"] = numbered(
        draw,
        st.tuples(
            tenants, ids, st.none() | st.integers(1, 9), st.none() | ids, methods,
            st.sampled_from([None, "R1", "r-1", "R2"]),
            amounts, statuses, days, st.none() | st.just("wrong"), days, st.none(),
        ),
        12,
    )  # fmt: skip
    return made


@pytest.fixture(scope="module")
def one_office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One head office for all examples: staging is replaced by each, and posting is taken back."""
    home = tmp_path_factory.mktemp("any")
    made = make_office(home / "office", f"sqlite:///{home}/ho.db")
    yield made
    made.close()


@settings(max_examples=25)
@given(made=books(), ambiguous=st.sampled_from(["first", "suspense"]))
def test_no_money_is_unexplained(one_office: Office, made: Books, ambiguous: Any) -> None:
    runner = Runner(one_office, Choices(ambiguous=ambiguous))
    source = open_source(made.write(one_office.settings.home / "old.db"))
    runner.import_books(source, tenant=1, named="made up")
    source.close()
    outcomes = {outcome.step: outcome for outcome in runner.all_steps(dry_run=True)}
    assert outcomes[state.PROOF].counts[UNEXPLAINED] == 0
    assert outcomes[state.VALIDATE].counts.keys().isdisjoint(NEVER)
    assert [
        one.step for one in outcomes.values() if one.failed is not None and "misplace money" not in one.failed
    ] == []


NEVER = {
    "payment_nowhere",
    "invoice_nowhere",
    "invoice_differs_from_bills",
    "balance_differs_from_transactions",
    "customer_differs_from_accounts",
    "money_unexplained",
}
"""What no flaw of the old books may lead to."""

sums = st.builds(Rows, *[st.integers(-300, 300)] * 8)


@given(sums, sums, st.integers(-300, 300), st.integers(-900, 900), st.sampled_from(RULES))
def test_causes_and_drift_add_up_under_every_rule(
    active: Rows, closed: Rows, elsewhere: int, old: int, rule: frozenset[int]
) -> None:
    position = Position(1, old, active.net_minor(), active, closed, elsewhere)
    assert by_rule(position, rule) == position.new_minor + sum(effects(position, rule))
    explained = explain(position, rule)
    assert explained.unexplained_minor == 0
    assert sum(explained.causes) == old - position.new_minor


@given(st.lists(st.tuples(sums, sums, st.integers(1, 300)), min_size=3, max_size=12), st.sampled_from(RULES))
def test_books_kept_by_one_rule_have_no_drift(rows: list[tuple[Rows, Rows, int]], rule: frozenset[int]) -> None:
    positions = []
    for place, (active, closed, elsewhere) in enumerate(rows):
        blank = Position(place, 0, active.net_minor(), active, closed, elsewhere)
        old = by_rule(blank, rule)
        positions.append(Position(place, old, blank.new_minor, active, closed, elsewhere))
    found = rule_of(positions)
    assert all(explain(position, found).causes.drift_minor == 0 for position in positions)


def test_money_the_new_accounts_do_not_hold_is_unexplained() -> None:
    rows = Rows(billed_minor=1_000, stored_minor=1_000)
    assert explain(Position(1, 1_000, 900, rows, Rows(), 0), frozenset()).unexplained_minor == 100
