"""Money that M-Pesa or the bank say they received: what a callback or a statement names, and what it became here."""

from typing import Final

from sqlalchemy import Column, Date, Index, String, Table

from meterpos.headoffice.tables.base import metadata
from meterpos.ledger.tables.base import UtcDateTime, amount

money_in: Final = Table(
    "money_in",
    metadata,
    Column("method", String, primary_key=True),
    Column("reference", String, primary_key=True),
    amount("amount_minor"),
    Column("paid_on", Date, nullable=False),
    Column("account_ref", String, nullable=False, server_default=""),
    Column("payer", String, nullable=False, server_default=""),
    Column("source", String, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("on_statement_at", UtcDateTime),
    Column("outcome", String, nullable=False),
    Column("number", String),
    comment="source: callback, statement; outcome: posted, confirmed, waiting or wrong_amount; number of its payment",
)
Index("ix_money_in_open", money_in.c.paid_on, sqlite_where=money_in.c.outcome.in_(("waiting", "wrong_amount")),
      postgresql_where=money_in.c.outcome.in_(("waiting", "wrong_amount")))  # fmt: skip
