"""SMS: what is to be sent to whom and what became of it, in which words, through which gateway, and who wants none."""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table

from meterpos.headoffice.tables.base import metadata
from meterpos.ledger.tables.base import UtcDateTime, amount

sms: Final = Table(
    "sms",
    metadata,
    Column("sms_id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("phone", String, nullable=False),
    Column("customer_no", String, index=True),
    Column("account_no", String),
    Column("language", String, nullable=False),
    Column("text", String, nullable=False),
    Column("encoding", String, nullable=False),
    Column("units", Integer, nullable=False),
    Column("parts", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("queued_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("tried_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("gateway_id", String, index=True),
    Column("cost_minor", BigInteger),
    Column("detail", String, nullable=False, server_default=""),
    comment="text is frozen when queued; state: queued, sending, sent, unsure, delivered, failed or cancelled",
)
Index("ix_sms_once", sms.c.kind, sms.c.subject, sms.c.phone, unique=True)
Index("ix_sms_due", sms.c.due_at, sqlite_where=sms.c.state.in_(("queued", "sending")),
      postgresql_where=sms.c.state.in_(("queued", "sending")))  # fmt: skip
Index("ix_sms_tried", sms.c.tried_at)

sms_templates: Final = Table(
    "sms_templates",
    metadata,
    Column("kind", String, primary_key=True),
    Column("language", String, primary_key=True),
    Column("text", String, nullable=False),
    comment="words that replace the program's own",
)

sms_gateway: Final = Table(
    "sms_gateway",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("kind", String, nullable=False),
    Column("url", String, nullable=False, server_default=""),
    Column("username", String, nullable=False, server_default=""),
    Column("sender", String, nullable=False, server_default=""),
    Column("country", String, nullable=False),
    Column("per_minute", Integer, nullable=False),
    Column("from_hour", Integer, nullable=False, server_default="0"),
    Column("to_hour", Integer, nullable=False, server_default="24"),
    amount("part_cost_minor"),
    Column("since", UtcDateTime, nullable=False),
    comment="one row, id 1; its key is kept with the other secrets; nothing from before `since` is told",
)

sms_opt_outs: Final = Table(
    "sms_opt_outs",
    metadata,
    Column("phone", String, primary_key=True),
    Column("since", UtcDateTime, nullable=False),
    Column("why", String, nullable=False),
)
