"""Facts: every immutable change to an account, one row each. Movements: what the facts that count add to its sum.

Invoices, payments, reversals, adjustments and opening balances are kinds of fact, not tables of their own: they share
identity, immutability, the feed and the digest (decision record 0003).
"""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Date,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    and_,
    literal_column,
    text,
)

from meterpos.ledger.tables.base import amount, metadata

facts: Final = Table(
    "facts",
    metadata,
    Column("fact_id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("account_no", String, nullable=False),
    Column("stands_on", String, nullable=False),
    Column("number", String, nullable=False),
    Column("fact_date", Date, nullable=False),
    Column("due_date", Date),
    amount("amount_minor"),
    Column("counts", Boolean, nullable=False),
    Column("invoice_no", String),
    Column("of_fact_id", String),
    Column("method", String),
    Column("reference", String),
    Column("brought_forward_minor", BigInteger),
    Column("text", String),
    Column("entry_id", LargeBinary),
    Column("generation", Integer),
    Column("position", BigInteger),
    Column("decision", String),
    Column("clerk", String),
    sqlite_with_rowid=False,
    comment="immutable but for head office's stamp; clerk may be told later where it was not, once",
)
Index("ix_facts_account", facts.c.stands_on, facts.c.fact_date)
for _name, _column in (
    ("ix_facts_of", facts.c.of_fact_id),
    ("ix_facts_reference", facts.c.reference),
):
    Index(_name, _column, sqlite_where=_column.is_not(None))
_NUMBERED: Final = and_(facts.c.kind == literal_column("'payment'"), facts.c.position.is_not(None))
"""Written out, so that the index is found. What a till just took has no place yet, and costs it nothing."""
Index("ix_facts_number", facts.c.number, sqlite_where=_NUMBERED)


def is_numbered(number: Any) -> ColumnElement[bool]:
    """Return the condition that a fact is a payment of this number to which head office gave its place; by an index."""
    return and_(_NUMBERED, facts.c.number == number)


_LOST: Final = text("position IS NULL AND decision = 'none' AND generation IS NOT NULL")
"""Heard in a generation of head office that came to an end, and not since: a till's witness (queries/witnesses.py)."""
Index("ix_facts_lost", facts.c.fact_id, sqlite_where=_LOST, info={"only": "sqlite"}).ddl_if(dialect="sqlite")

STAMP_COLUMNS: Final = ("stands_on", "generation", "position", "decision")
"""The only columns of a fact that may change: where head office placed it."""

TOLD_LATER: Final = "clerk"
"""A column that an older head office did not send: who took it may be learned once, and never changes then."""

movements: Final = Table(
    "movements",
    metadata,
    Column("account_no", String, primary_key=True),
    Column("fact_id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("fact_date", Date, nullable=False),
    Column("due_date", Date),
    amount("amount_minor"),
    Column("number", String, nullable=False),
    Column("invoice_no", String),
    Column("of_fact_id", String),
    sqlite_with_rowid=False,
    comment="rebuildable from facts; holds all that allocation asks, so that an account is read in one place",
)
