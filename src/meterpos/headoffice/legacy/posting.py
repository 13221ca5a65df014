"""The last step: what was proven into the ledger, in one transaction, through the sink that every import goes through.

So each thing gets its place in the feed, and a till that pulls it shows the same balances as the proof.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, func, select, text

from meterpos.errors import UserError
from meterpos.headoffice import exceptions, feed
from meterpos.headoffice.exceptions import Opening
from meterpos.headoffice.importing.sink import Sink
from meterpos.headoffice.legacy import posting_money
from meterpos.headoffice.legacy.posting_readings import post_readings
from meterpos.headoffice.legacy.progress import Progress
from meterpos.headoffice.legacy.steps import parts
from meterpos.headoffice.tables import claims
from meterpos.headoffice.tables import feed as feed_table
from meterpos.headoffice.tables import legacy as staging
from meterpos.ledger.balances import recalculate_all
from meterpos.ledger.queries.identity import suspense_account
from meterpos.ledger.rules.tenders import normalise_reference
from meterpos.ledger.tables import accounts, customers, facts, meters, movements

FETCHED: Final = 10_000
SUSPENSE_TILL: Final = "LEGACY"
SUSPENSE_ZONE: Final = f"till:{SUSPENSE_TILL}"
"""No till pulls it: the money in it waits at head office."""

_COUNTS: Final = True

STATUSES: Final = frozenset({"active", "inactive", "disconnected", "suspended", "closed"})
METER_STATUSES: Final = frozenset({"active", "inactive", "disconnected"})


class NotEmpty(UserError):
    """The ledger has customers of the same numbers already."""


@dataclass(slots=True)
class Posted:
    """What was posted: rows by kind, and where in the feed they begin and end."""

    first: int
    last: int
    rows: dict[str, int]


@dataclass(slots=True)
class _Books:
    """What posting knows as it goes."""

    conn: Connection
    sink: Sink
    progress: Progress
    zone: str
    service: str
    today: str
    references: set[str] = field(default_factory=set)
    """What plans' payments claimed."""
    meter_no: dict[int, str] = field(default_factory=dict)
    meters_sent: set[str] = field(default_factory=set)
    rows: dict[str, int] = field(default_factory=dict)


def post(conn: Connection, progress: Progress, *, zone: str, service: str, at: datetime, today: str) -> Posted:
    """Write everything staged into the ledger. The caller opens the transaction. Raises: NotEmpty."""
    _refuse_taken(conn)
    sink = Sink(conn)
    books = _Books(conn=conn, sink=sink, progress=progress, zone=zone, service=service, today=today)
    for table in (staging.legacy_invoices, staging.legacy_payments, staging.legacy_customers, staging.legacy_meters):
        progress.expect(parts.count(conn, table))
    for name, step in _STEPS.items():
        books.rows[name] = step(books)
    books.rows["readings"] = post_readings(conn, books.meter_no, at=at, today=today)
    _money(books)
    books.rows["plans"] = _plans(books)
    sink.finish()
    parts.analyse(conn, customers, accounts, facts, movements, feed_table)
    recalculate_all(conn)
    exceptions.open_all(conn, list(_openings(conn)), at=at)
    return Posted(sink.first, feed.end(conn), books.rows)


def _refuse_taken(conn: Connection) -> None:
    taken = conn.execute(
        text(
            "SELECT c.customer_no FROM customers c "
            "JOIN legacy_customers l ON CAST(l.customer_id AS text) = c.customer_no LIMIT 1"
        )
    ).scalar_one_or_none()
    if taken is not None:
        raise NotEmpty(
            f"There is a customer {taken} in the ledger already. Migrate into a head office that has no customers yet."
        )


def _each(books: _Books, query: str, doing: str, *, weigh: bool = True) -> Iterator[Any]:
    rows = books.conn.execute(text(query), execution_options={"yield_per": FETCHED})
    for chunk in rows.partitions(FETCHED):
        yield from chunk
        books.progress.advance(len(chunk) if weigh else 0, doing)


# --- whom and what


def _customers(books: _Books) -> int:
    query = (
        "SELECT c.customer_id, u.name, u.telephone, u.status, u.created_on FROM legacy_customers c "
        "LEFT JOIN legacy_users u ON u.id = c.customer_id ORDER BY c.customer_id"
    )
    count = 0
    for customer_id, name, phone, status, created_on in _each(books, query, "customers"):
        said = (status or "active").lower()
        row = (
            str(customer_id), name or f"Unknown customer {customer_id}", phone or "", "", books.zone,
            said if said in STATUSES else "inactive", "en", created_on,
        )  # fmt: skip
        books.sink.customer(row, books.zone)
        count += 1
    return count


def _contacts(books: _Books) -> int:
    query = (
        "SELECT min(t.id), t.user_id, t.phone, min(t.name) FROM legacy_contacts t "
        "JOIN legacy_customers c ON c.customer_id = t.user_id WHERE t.phone IS NOT NULL "
        "GROUP BY t.user_id, t.phone ORDER BY 1"
    )
    count = 0
    for _, user_id, phone, name in _each(books, query, "contacts", weigh=False):
        books.sink.contact((f"{user_id}/{phone}", str(user_id), name or "", phone, False), books.zone)
        count += 1
    return count


def _meters(books: _Books) -> int:
    count = 0
    stored = set(books.conn.exec_driver_sql("SELECT meter_number FROM legacy_meters").scalars())
    seen: set[str] = set()
    query = (
        "SELECT id, meter_number, serial_number, status FROM legacy_meters "
        "UNION ALL SELECT account_id, NULL, NULL, 'inactive' FROM legacy_accounts WHERE meter_id IS NULL ORDER BY 1"
    )
    for meter_id, number, serial, status in _each(books, query, "meters"):
        number_here = number if number and number not in seen else _free_number(number, meter_id, stored)
        seen.add(number_here)
        books.meter_no[meter_id] = number_here
        said = (status or "active").lower()
        books.sink.meter((number_here, serial or "", books.service, said if said in METER_STATUSES else "inactive", ""))
        count += 1
    return count


def _free_number(number: str | None, meter_id: int, stored: set[str]) -> str:
    """Return the number of a meter that has none, or another's, here: one that no other meter has."""
    free = f"{number}/{meter_id}" if number else f"NO-METER-{abs(meter_id)}"
    while free in stored:
        free += "/"
    stored.add(free)
    return free


def _accounts(books: _Books) -> int:
    query = (
        "SELECT a.account_id, a.customer_id, a.meter_id, a.is_active, a.opened_on, a.closed_on, "
        "o.opening_minor, s.invoice_date FROM legacy_accounts a "
        "LEFT JOIN legacy_openings o ON o.account_id = a.account_id "
        "LEFT JOIN legacy_invoice_sums s ON s.invoice_id = o.invoice_id ORDER BY a.account_id"
    )
    count = 0
    for account_id, customer_id, meter_id, active, opened_on, closed_on, opening, first_on in _each(
        books, query, "accounts", weigh=False
    ):
        number = _account_no(account_id)
        meter_no = books.meter_no[meter_id if meter_id is not None else account_id]
        opened = opened_on or first_on or books.today
        closed = None if active else max(closed_on or books.today, opened)
        row = (number, "meter", str(customer_id), meter_no, None, books.zone, opened, closed)
        books.sink.account(row, books.zone)
        if meter_no not in books.meters_sent:
            books.meters_sent.add(meter_no)
            books.sink.line(books.zone, "meter", meter_no)
        if opening:
            books.sink.opening(number, books.zone, opened, opening)
        count += 1
    return count


# --- what is owed and paid


def _money(books: _Books) -> None:
    """Post invoices and payments, by the database itself."""
    suspense = suspense_account(SUSPENSE_TILL)
    if books.conn.exec_driver_sql(_IN_SUSPENSE).first() is not None:
        row = (suspense, "suspense", None, None, SUSPENSE_TILL, SUSPENSE_ZONE, books.today, None)
        books.sink.account(row, SUSPENSE_ZONE)
    line = posting_money.Line(
        generation=feed.generation(books.conn), zone=books.zone, suspense=suspense, suspense_zone=SUSPENSE_ZONE,
        today=books.today, before=books.sink.hand_over(),
    )  # fmt: skip
    placed = posting_money.post_money(books.conn, books.progress, line)
    books.sink.take_over(placed.last, placed.digests)
    books.rows |= {"invoices": placed.invoices, "payments": placed.payments}


_IN_SUSPENSE: Final = (
    "SELECT 1 FROM legacy_payment_places w JOIN legacy_payments p ON p.id = w.payment_id "
    "WHERE w.account_id IS NULL AND p.amount_minor <> 0 "
    "AND lower(coalesce(p.status, '')) IN ('completed', 'paid', 'pending') LIMIT 1"
)


def _claim(books: _Books, method: str, reference: str, number: str) -> None:
    """Note whose a reference is, unless an earlier payment has it."""
    key = f"{method}:{reference}"
    taken = select(claims.c.owner).where(claims.c.kind == "reference", claims.c.key == key)
    if key not in books.references and books.conn.execute(taken).first() is None:
        books.references.add(key)
        books.sink.claim(method, reference, number)


def _account_no(account_id: int) -> str:
    """Return the number an account has in the ledger."""
    return f"A{account_id}" if account_id >= 0 else f"X{-account_id}"


# --- instalment plans


def _plans(books: _Books) -> int:
    query = (
        "SELECT p.id, p.name, p.phone, p.capacity_kw, p.paid_on, s.total_minor, s.status, "
        "(SELECT min(l.paid_on) FROM legacy_plan_payments l WHERE l.plan_id = p.id) AS first_on "
        "FROM legacy_plans p JOIN legacy_plan_sums s ON s.id = p.id ORDER BY p.id"
    )
    names = posting_money.staff_names(books.conn)
    count = 0
    for row in books.conn.execute(text(query)).all():
        opened = row.first_on or row.paid_on or books.today
        customer_no, plan_no = f"PC-{row.id}", f"PL-{row.id}"
        books.sink.customer(
            (customer_no, row.name or customer_no, row.phone or "", "", books.zone, "active", "en", opened), books.zone
        )
        if row.status == "unknown":
            continue  # with its total alone it would say that nothing was paid; the desk makes it once that is known
        books.sink.account((plan_no, "plan", customer_no, None, None, books.zone, opened, None), books.zone)
        books.sink.plan((plan_no, row.capacity_kw or "0", row.total_minor, plan_no), books.zone)
        books.sink.opening(plan_no, books.zone, opened, row.total_minor)
        _plan_payments(books, names, row.id, plan_no, opened)
        count += 1
    return count


def _plan_payments(books: _Books, names: dict[str, str], plan_id: str, plan_no: str, opened: str) -> None:
    lines = staging.legacy_plan_payments
    query = select(lines).where(lines.c.plan_id == plan_id, lines.c.counts == 1).order_by(lines.c.line)
    for line in books.conn.execute(query).all():
        if not line.amount_minor:
            continue
        number = f"{plan_no}.{line.line}"
        reference = normalise_reference(line.reference or "") or None
        books.sink.payment(
            number, plan_no, books.zone, line.paid_on or opened, line.amount_minor, _COUNTS, None, "bank", reference,
            clerk=names.get(line.added_by or "", line.added_by), notes=line.notes,
        )  # fmt: skip
        if reference:
            _claim(books, "bank", reference, number)


_STEPS: Final[dict[str, Callable[[_Books], int]]] = {
    "customers": _customers,
    "contacts": _contacts,
    "meters": _meters,
    "accounts": _accounts,
}


def _openings(conn: Connection) -> Iterator[Opening]:
    """Return what head office's desk is to look at: money in suspense, plans that are not certain or hold too much."""
    suspense = text(
        "SELECT p.id, p.customer_id, u.name, u.telephone, p.amount_minor, p.paid_on FROM legacy_payment_places w "
        "JOIN legacy_payments p ON p.id = w.payment_id LEFT JOIN legacy_users u ON u.id = p.customer_id "
        "WHERE w.account_id IS NULL OR p.amount_minor IS NULL ORDER BY p.id"
    )
    for row in conn.execute(suspense):
        details = {
            "payment": row.id, "customer": row.customer_id, "name": row.name, "phone": row.telephone,
            "amount_minor": row.amount_minor, "paid_on": row.paid_on,
        }  # fmt: skip
        yield Opening(code="legacy_suspense", subject=f"P{row.id}", details=details)
    plans = text(
        "SELECT s.id, s.exception, s.excess_minor, p.payments_data, p.paid_minor, p.utr_number "
        "FROM legacy_plan_sums s JOIN legacy_plans p ON p.id = s.id WHERE s.exception IS NOT NULL ORDER BY s.id"
    )
    for row in conn.execute(plans):
        details = {
            "exception": row.exception, "excess_minor": row.excess_minor, "raw": row.payments_data,
            "amount_paid_minor": row.paid_minor, "amount_utr_number": row.utr_number,
        }  # fmt: skip
        yield Opening(code="legacy_plan", subject=f"PL-{row.id}", details=details)


# --- afterwards

_COMPARED: Final = f"""
    SELECT count(*) FROM legacy_accounts a
    LEFT JOIN legacy_account_sums s ON s.account_id = a.account_id
    LEFT JOIN accounts l ON l.account_no = {posting_money.ACCOUNT_NO.format("a.account_id")}
    WHERE l.account_no IS NULL OR l.net_minor <> s.net_minor
"""


class PostedDiffers(UserError):
    """The ledger's balances are not those that were proven."""


def refuse_differences(conn: Connection) -> None:
    """Compare every account of the ledger with what was proven. Raises: PostedDiffers; then nothing is kept."""
    count = int(conn.exec_driver_sql(_COMPARED).scalar_one())
    if count:
        raise PostedDiffers(
            f"{count:,} accounts would stand otherwise in the ledger than they were proven. Nothing was posted; "
            "run all steps again: meterpos migrate meter-financials"
        )


def in_ledger(conn: Connection) -> dict[str, int]:
    """Return how much the ledger holds."""
    tables = {"customers": customers, "meters": meters, "accounts": accounts, "facts": facts}
    return {
        name: int(conn.execute(select(func.count()).select_from(table)).scalar_one()) for name, table in tables.items()
    }
