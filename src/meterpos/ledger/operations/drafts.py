"""Payments that were begun: kept so that a crash loses nothing that was typed, and noted when they are thrown away.

A draft is the till's own and never leaves it; a payment given up with an amount in it is an entry like any other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from meterpos.ledger.journal import Entry
from meterpos.ledger.moment import Moment
from meterpos.ledger.operations.entries import stand_at_counter, write_entry
from meterpos.ledger.queries.drafts import PREFIX
from meterpos.ledger.tables import drafts, tenders
from meterpos.ledger.texts import readable_all

_taken: Final = select(tenders.c.number).where(tenders.c.tender_id == bindparam("tender_id"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Abandoned:
    """A payment that was begun and not taken: who it was for, which meters, how much by which methods."""

    tender_id: str
    customer_no: str | None
    payer: str
    meters: Sequence[str]
    methods: Sequence[str]
    amount_minor: int


def keep_draft(connection: Connection, *, tender_id: str, data: Mapping[str, Any]) -> None:
    """Keep what was typed so far of the payment that will have this id, instead of what was kept before."""
    name = PREFIX + tender_id
    kept = connection.execute(update(drafts).where(drafts.c.name == name).values(data=dict(data)))
    if not kept.rowcount:
        connection.execute(insert(drafts), {"name": name, "data": dict(data)})


def drop_draft(connection: Connection, *, tender_id: str) -> None:
    """Forget a draft: its payment was taken and seen, or nothing is left in it."""
    connection.execute(delete(drafts).where(drafts.c.name == PREFIX + tender_id))


def abandon_payment(connection: Connection, *, given_up: Abandoned, moment: Moment, clerk: str) -> Entry | None:
    """Note that a payment was begun and thrown away, and forget its draft; None where it was taken after all."""
    drop_draft(connection, tender_id=given_up.tender_id)
    if connection.execute(_taken, {"tender_id": given_up.tender_id}).first() is not None:
        return None
    counter = stand_at_counter(connection, moment=moment, clerk=clerk)
    body = {
        "tender_id": given_up.tender_id,
        "customer_no": given_up.customer_no,
        "payer": given_up.payer,
        "meters": list(given_up.meters),
        "methods": list(given_up.methods),
        "amount": given_up.amount_minor,
    }
    return write_entry(connection, counter, kind="payment_abandoned", body=readable_all(body))
