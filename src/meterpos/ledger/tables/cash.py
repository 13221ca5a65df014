"""Cash that changed hands other than by a payment: to the safe, to the bank, out of the drawer, to the next clerk."""

from typing import Final

from sqlalchemy import BigInteger, Column, Date, Index, Integer, LargeBinary, String, Table

from meterpos.ledger.tables.base import UtcDateTime, amount, metadata

cash_movements: Final = Table(
    "cash_movements",
    metadata,
    Column("entry_id", LargeBinary, primary_key=True),
    Column("stream", LargeBinary, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("movement_id", String, nullable=False, index=True),
    Column("kind", String, nullable=False),
    Column("number", String, nullable=False, index=True),
    Column("counter", BigInteger, nullable=False),
    Column("shift", Integer),
    Column("business_date", Date, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("clerk", String, nullable=False),
    amount("amount_minor"),
    amount("difference_minor"),
    Column("slip", String),
    Column("reason", String, nullable=False),
    Column("to_clerk", String),
    Column("approved_by", String),
    comment="projected from entries; shift is NULL for money banked between shifts; difference_minor is what the "
    "count of a handover was over (or short, negative)",
)
Index("ix_cash_movements_shift", cash_movements.c.stream, cash_movements.c.shift)
Index("ix_cash_movements_counter", cash_movements.c.stream, cash_movements.c.counter)
