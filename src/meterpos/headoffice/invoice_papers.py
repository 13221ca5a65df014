"""What an invoice's paper says besides its bills, kept as it is issued: printed in ten years, it says the same."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, literal, select

from meterpos.headoffice import bulk
from meterpos.headoffice.tables import invoice_papers, paper_frames
from meterpos.ledger.queries.settings import utility_settings
from meterpos.ledger.tables import accounts, customers, meters


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What the utility says on every invoice of a time: its head and foot, its currency, its paybill number."""

    head: tuple[str, ...]
    foot: tuple[str, ...]
    currency: str
    paybill: str


def keep_frame(conn: Connection) -> str:
    """Keep what stands around an invoice issued now, and return its name; before places in the feed are taken.

    Whoever holds the feed's counter must wait for nobody, and two that keep a new frame at once wait for each other.
    """
    frame = _frame_now(conn)
    words = {"head": frame.head, "foot": frame.foot, "currency": frame.currency, "paybill": frame.paybill}
    name = hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()[:16]
    bulk.insert_new(conn, paper_frames, [{"frame": name, "words": words}])
    return name


def freeze(conn: Connection, issued: Mapping[str, str], *, frame: str) -> None:
    """Keep whom these invoices, just issued, name: one statement, however many. ``issued``: account by number."""
    given = bulk.pairs(conn, issued)
    named = _named(given.c.key, literal(frame)).join_from(given, accounts, accounts.c.account_no == given.c.value)
    conn.execute(insert(invoice_papers).from_select(list(invoice_papers.c), _with_owner(named)))


def find(conn: Connection, *, number: str, account_no: str) -> tuple[Any, Frame]:
    """Return whom an invoice names and what stands around it: as it was issued, or, of one brought in, as it is now."""
    kept = conn.execute(
        select(invoice_papers, paper_frames.c.words)
        .join_from(invoice_papers, paper_frames, paper_frames.c.frame == invoice_papers.c.frame)
        .where(invoice_papers.c.invoice_no == number)
    ).first()
    if kept is None:
        of_account = _named(literal(number), literal("")).where(accounts.c.account_no == account_no)
        return conn.execute(_with_owner(of_account.select_from(accounts))).one(), _frame_now(conn)
    words = kept.words
    return kept, Frame(
        head=tuple(words["head"]), foot=tuple(words["foot"]), currency=words["currency"], paybill=words["paybill"]
    )


def _frame_now(conn: Connection) -> Frame:
    settings = utility_settings(conn)
    return Frame(
        head=(settings.utility_name, *settings.receipt_head),
        foot=settings.receipt_foot,
        currency=settings.currency,
        paybill=settings.paybill,
    )


def _named(number: Any, frame: Any) -> Any:
    """Return the columns of an invoice's paper, in the table's order."""
    return select(
        number.label("invoice_no"),
        func.coalesce(customers.c.customer_no, "").label("customer_no"),
        func.coalesce(customers.c.name, "").label("customer_name"),
        func.coalesce(customers.c.phone, "").label("phone"),
        func.coalesce(customers.c.place, "").label("place"),
        func.coalesce(customers.c.language, "en").label("language"),
        func.coalesce(accounts.c.meter_no, accounts.c.account_no).label("meter_no"),
        func.coalesce(meters.c.location, "").label("location"),
        frame.label("frame"),
    )


def _with_owner(query: Any) -> Any:
    owned = query.outerjoin(customers, customers.c.customer_no == accounts.c.customer_no)
    return owned.outerjoin(meters, meters.c.meter_no == accounts.c.meter_no)
