"""The ledger's tables, by noun: SQLAlchemy Core, one ``metadata``, the same at the till and at head office.

base     metadata, column types              master   customers, contacts, meters, accounts, plans
facts    facts, movements                    journal  journal, streams, tenders, shifts
people   users, pins                         till     what one till keeps about itself
cash     cash_movements                      triggers what makes a table immutable
"""

from meterpos.ledger.tables.base import metadata
from meterpos.ledger.tables.cash import cash_movements
from meterpos.ledger.tables.facts import facts, movements
from meterpos.ledger.tables.journal import journal, shifts, streams, tenders
from meterpos.ledger.tables.master import accounts, contacts, customers, meters, plans
from meterpos.ledger.tables.people import pins, users
from meterpos.ledger.tables.till import (
    couriers,
    devices,
    drafts,
    exchanges,
    papers,
    settings,
    spool,
    till_identity,
    zone_digests,
)

__all__ = [
    "accounts",
    "cash_movements",
    "contacts",
    "couriers",
    "customers",
    "devices",
    "drafts",
    "exchanges",
    "facts",
    "journal",
    "metadata",
    "meters",
    "movements",
    "papers",
    "pins",
    "plans",
    "settings",
    "shifts",
    "spool",
    "streams",
    "tenders",
    "till_identity",
    "users",
    "zone_digests",
]
