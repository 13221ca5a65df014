"""Invoices and payments into the ledger: facts, movements and feed by set-based SQL, a part of the old rows at a time.

A part stands in a table of this transaction alone, each row with its place in line, and goes from there to where it
belongs, in the order of each table's key.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Connection, Date, MetaData, String, Table, delete, select, text

from meterpos.headoffice import bulk
from meterpos.headoffice.legacy.progress import Progress
from meterpos.headoffice.legacy.steps import parts
from meterpos.headoffice.tables import legacy as staging
from meterpos.ledger.bulk import driver_of
from meterpos.ledger.rules.digest import WRAP, digest_share
from meterpos.ledger.rules.facts import adjustment_id, imported_reversal_id, invoice_id, payment_id
from meterpos.ledger.rules.tenders import METHODS, normalise_reference

FETCHED: Final = 10_000
_METHODS: Final = {"m-pesa": "mpesa", "mobile": "mpesa", "mobile money": "mpesa", "check": "cheque", "": "cash"}
_DECISION: Final = "account"

_ours: Final = MetaData()
_rows: Final = Table(
    "posting_rows", _ours, Column("place", BigInteger, primary_key=True, autoincrement=False),
    *(Column(name, String) for name in ("fact_id", "kind", "account_no", "number")),
    Column("fact_date", Date), Column("due_date", Date), Column("amount_minor", BigInteger),
    Column("counts", Boolean(create_constraint=False)),
    *(Column(name, String) for name in ("invoice_no", "of_fact_id", "method", "reference")),
    Column("brought_forward_minor", BigInteger), Column("text", String), Column("clerk", String),
    Column("payment_id", BigInteger),
    prefixes=["TEMPORARY"], postgresql_on_commit="DROP",
)  # fmt: skip
_methods: Final = Table(
    "posting_methods", _ours, Column("said", String, primary_key=True), Column("method", String),
    prefixes=["TEMPORARY"], postgresql_on_commit="DROP",
)  # fmt: skip
_recorders: Final = Table(
    "posting_recorders", _ours, Column("said", String, primary_key=True), Column("clerk", String),
    prefixes=["TEMPORARY"], postgresql_on_commit="DROP",
)  # fmt: skip
_references: Final = Table(
    "posting_references", _ours, Column("payment_id", BigInteger, primary_key=True, autoincrement=False),
    Column("reference", String), prefixes=["TEMPORARY"], postgresql_on_commit="DROP",
)  # fmt: skip
_renamed: Final = Table(
    "posting_renamed", _ours, Column("invoice_id", BigInteger, primary_key=True, autoincrement=False),
    Column("number", String), prefixes=["TEMPORARY"], postgresql_on_commit="DROP",
)  # fmt: skip

ACCOUNT_NO: Final = "CASE WHEN {0} >= 0 THEN 'A' || CAST({0} AS text) ELSE 'X' || CAST(-({0}) AS text) END"
"""The number an account has in the ledger."""

_INVOICES: Final = f"""
    INSERT INTO posting_rows (place, fact_id, kind, account_no, number, fact_date, due_date, amount_minor, counts,
                              brought_forward_minor)
    SELECT :before + row_number() OVER (ORDER BY id), '{invoice_id("")}' || number, 'invoice', account_no, number,
           {{day}}, CASE WHEN {{due}} > {{day}} THEN {{due}} ELSE {{day}} END, amount_minor, 1 = 1, forward_minor
    FROM (
        SELECT i.id, coalesce(r.number, i.invoice_number) AS number, {ACCOUNT_NO.format("s.account_id")} AS account_no,
               coalesce(i.invoice_date, i.due_date, :today) AS day, coalesce(i.due_date, i.invoice_date, :today) AS due,
               s.amount_minor, s.forward_minor
        FROM legacy_invoices i JOIN legacy_invoice_sums s ON s.invoice_id = i.id
        LEFT JOIN posting_renamed r ON r.invoice_id = i.id
        WHERE i.id BETWEEN :low AND :high
    ) AS o
"""
"""A due day before the invoice's own is that."""

_RENAMED: Final = """
    SELECT i.id, CASE WHEN i.invoice_number IS NULL THEN 'I' || substr(:mark, 2) ELSE i.invoice_number || :mark END
           || CAST(i.id AS text) AS number
    FROM legacy_invoices i
    LEFT JOIN (
        SELECT invoice_number, min(id) AS first_id FROM legacy_invoices GROUP BY invoice_number HAVING count(*) > 1
    ) AS d ON d.invoice_number = i.invoice_number
    WHERE i.invoice_number IS NULL OR i.id <> d.first_id
"""
_TAKEN: Final = "JOIN legacy_invoices t ON t.invoice_number = n.number"
_OLD_PAYMENTS: Final = f"""
    SELECT p.id, 'P' || CAST(p.id AS text) AS number, p.amount_minor, w.left_out, p.reversed_on,
           CASE WHEN w.account_id IS NULL THEN :suspense ELSE {ACCOUNT_NO.format("w.account_id")} END AS account_no,
           coalesce(p.paid_on, i.invoice_date, p.reversed_on, :today) AS day, m.method,
           CASE WHEN m.method = 'cash' THEN p.reference
                ELSE nullif(coalesce(n.reference, p.reference), '') END AS reference,
           CASE WHEN s.account_id = w.account_id THEN coalesce(r.number, i.invoice_number) END AS invoice_no,
           b.clerk
    FROM legacy_payments p
    JOIN legacy_payment_places w ON w.payment_id = p.id
    JOIN posting_methods m ON m.said = coalesce(p.method, '')
    LEFT JOIN posting_recorders b ON b.said = p.created_by
    LEFT JOIN posting_references n ON n.payment_id = p.id
    LEFT JOIN legacy_invoices i ON i.id = p.invoice_id
    LEFT JOIN legacy_invoice_sums s ON s.invoice_id = p.invoice_id
    LEFT JOIN posting_renamed r ON r.invoice_id = p.invoice_id
    WHERE p.id BETWEEN :low AND :high AND lower(coalesce(p.status, '')) IN ('completed', 'paid', 'pending')
"""
_PAYMENTS: Final = f"""
    INSERT INTO posting_rows (place, fact_id, kind, account_no, number, fact_date, amount_minor, counts, invoice_no,
                              method, reference, clerk, payment_id)
    SELECT :before + row_number() OVER (ORDER BY id), '{payment_id("")}' || number, 'payment', account_no, number,
           {{day}}, -amount_minor, coalesce(left_out, '') <> 'pending', invoice_no, method, reference, clerk, id
    FROM ({_OLD_PAYMENTS}) AS o WHERE amount_minor > 0
"""
_REVERSALS: Final = f"""
    INSERT INTO posting_rows (place, fact_id, kind, account_no, number, fact_date, amount_minor, counts, of_fact_id,
                              method, reference)
    SELECT :before + row_number() OVER (ORDER BY p.id), '{imported_reversal_id("")}' || r.number, 'reversal',
           r.account_no, r.number, CASE WHEN {{reversed}} > r.fact_date THEN {{reversed}} ELSE r.fact_date END,
           -r.amount_minor, r.counts, r.fact_id, r.method, r.reference
    FROM posting_rows r JOIN legacy_payments p ON p.id = r.payment_id WHERE p.reversed_on IS NOT NULL
"""
"""On the day it was made, and not before its payment; it counts when that does."""

_ADJUSTMENTS: Final = f"""
    INSERT INTO posting_rows (place, fact_id, kind, account_no, number, fact_date, due_date, amount_minor, counts, text)
    SELECT :before + row_number() OVER (ORDER BY id), '{adjustment_id("")}' || number, 'adjustment', account_no, number,
           {{day}}, {{day}}, -amount_minor, 1 = 1,
           'payment ' || CAST(id AS text) || ', negative in the old books'
    FROM ({_OLD_PAYMENTS}) AS o WHERE amount_minor < 0 AND left_out IS NULL
"""
"""A payment below zero took money from the customer's account: it is owed, from that day on."""

_FACTS: Final = f"""
    INSERT INTO facts (fact_id, kind, account_no, stands_on, number, fact_date, due_date, amount_minor, counts,
                       invoice_no, of_fact_id, method, reference, brought_forward_minor, text, generation, position,
                       decision, clerk)
    SELECT fact_id, kind, account_no, account_no, number, fact_date, due_date, amount_minor, counts, invoice_no,
           of_fact_id, method, reference, brought_forward_minor, text, :generation, place, '{_DECISION}',
           clerk
    FROM posting_rows ORDER BY fact_id
"""
_MOVEMENTS: Final = """
    INSERT INTO movements (account_no, fact_id, kind, fact_date, due_date, amount_minor, number, invoice_no, of_fact_id)
    SELECT account_no, fact_id, kind, fact_date, due_date, amount_minor, number, invoice_no, of_fact_id
    FROM posting_rows WHERE counts ORDER BY account_no, fact_id
"""
_FEED: Final = """
    INSERT INTO feed (position, zone, kind, key, digest)
    SELECT place, CASE WHEN account_no = :suspense THEN :suspense_zone ELSE :zone END, 'fact', fact_id, {share}
    FROM posting_rows ORDER BY place
"""
_CLAIMS: Final = """
    INSERT INTO claims (kind, key, owner)
    SELECT 'reference', r.method || ':' || r.reference, r.fact_id FROM posting_rows r
    JOIN legacy_payments p ON p.id = r.payment_id
    WHERE r.method <> 'cash' AND r.reference IS NOT NULL AND p.reversed_on IS NULL ORDER BY p.id
    ON CONFLICT DO NOTHING
"""
"""A reference is the first payment's that has it."""

_DIGESTS: Final = """
    SELECT f.zone, count(*), CAST(sum(f.digest >> 32) AS bigint), CAST(sum(f.digest & 4294967295) AS bigint)
    FROM posting_rows r JOIN feed f ON f.position = r.place GROUP BY f.zone
"""
"""In halves: the sum of a million shares is beyond 64 bits."""

_SHARE: Final = {
    "sqlite": "legacy_share(fact_id, account_no, amount_minor)",
    "postgresql": (
        "CAST(CAST('x' || left(encode(sha256(convert_to(fact_id || '|' || account_no || '|' || "
        f"CAST(amount_minor AS text) || '|{_DECISION}', 'UTF8')), 'hex'), 16) AS bit(64)) AS bigint)"
    ),
}
_NOT_PLAIN: Final = {
    "sqlite": "p.reference GLOB '*[^0-9A-Z]*'",
    "postgresql": "p.reference COLLATE \"C\" ~ '[^0-9A-Z]'",
}
"""References that have to be looked at to be written the one way they are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Where the money goes, and where in the feed it begins."""

    generation: int
    zone: str
    suspense: str
    """the account of money without a meter"""
    suspense_zone: str
    today: str
    before: int
    """the last place that was taken"""


@dataclass(slots=True)
class Placed:
    """What was posted: the last place taken, and by zone how many facts, and the sum of their shares."""

    last: int
    invoices: int
    payments: int
    digests: dict[str, tuple[int, int]]


def post_money(conn: Connection, progress: Progress, line: Line) -> Placed:
    """Write every staged invoice and payment, with its place in the feed, which the caller holds locked."""
    placed = Placed(line.before, 0, 0, {})
    if conn.dialect.name == "sqlite":
        driver_of(conn).create_function("legacy_share", 3, _share, deterministic=True)
    _ours.create_all(conn, checkfirst=False)
    for name in (_name_invoices, _name_methods, _name_recorders, _name_references):
        name(conn)
    parts.analyse(conn, _renamed, _methods, _recorders, _references)
    for low, high, rows in parts.ranges(conn, staging.legacy_invoices):
        placed.invoices += sum(_write(conn, line, placed, (_INVOICES,), low, high))
        progress.advance(rows, "invoices")
    for low, high, rows in parts.ranges(conn, staging.legacy_payments):
        paid, _, owed = _write(conn, line, placed, (_PAYMENTS, _REVERSALS, _ADJUSTMENTS), low, high)
        placed.payments += paid + owed
        progress.advance(rows, "payments")
    _ours.drop_all(conn, checkfirst=False)
    return placed


def _write(conn: Connection, line: Line, placed: Placed, makers: Sequence[str], low: int, high: int) -> list[int]:
    """Make the facts of one part and spread them; return how many each of `makers` made."""
    counts = []
    for maker in makers:
        values = {"before": placed.last, "low": low, "high": high, "today": line.today, "suspense": line.suspense}
        used = {name: value for name, value in values.items() if f":{name}" in maker}
        counts.append(conn.execute(text(_dated(conn, maker)), used).rowcount)
        placed.last += counts[-1]
    parts.analyse(conn, _rows)
    zones = {"zone": line.zone, "suspense": line.suspense, "suspense_zone": line.suspense_zone}
    conn.execute(text(_FACTS), {"generation": line.generation})
    conn.execute(text(_MOVEMENTS))
    conn.execute(text(_FEED.format(share=_SHARE[conn.dialect.name])), zones)
    conn.execute(text(_CLAIMS))
    for zone, count, high_half, low_half in conn.execute(text(_DIGESTS)):
        facts, total = placed.digests.get(zone, (0, 0))
        placed.digests[zone] = (facts + count, total + (high_half << 32) + low_half)
    conn.execute(delete(_rows))
    return counts


def _dated(conn: Connection, sentence: str) -> str:
    """Return a statement whose days are what the database keeps as one."""
    form = "CAST({} AS date)" if conn.dialect.name == "postgresql" else "{}"
    days = {"day": form.format("day"), "reversed": form.format("p.reversed_on")}
    return sentence.format(**days, due=form.format("due"))


def _name_invoices(conn: Connection) -> None:
    """Give an invoice without a number, or with an earlier one's, a number that no other has."""
    mark = "/"
    while conn.execute(text(f"SELECT 1 FROM ({_RENAMED}) AS n {_TAKEN} LIMIT 1"), {"mark": mark}).first() is not None:
        mark += "/"
    conn.execute(text(f"INSERT INTO posting_renamed (invoice_id, number) {_RENAMED}"), {"mark": mark})


def _name_methods(conn: Connection) -> None:
    said = conn.exec_driver_sql("SELECT DISTINCT coalesce(method, '') FROM legacy_payments").scalars()
    bulk.insert(conn, _methods, [(word, method_of(word)) for word in said])


def method_of(said: str | None) -> str:
    """Return the method an old one is: its own name, what it is commonly called, else bank."""
    word = (said or "").strip().lower()
    known = _METHODS.get(word, word)
    return known if known in METHODS else "bank"


def _name_recorders(conn: Connection) -> None:
    """Name who recorded payments: by the old user's name where a number was kept, else as it was written."""
    said = conn.exec_driver_sql("SELECT DISTINCT created_by FROM legacy_payments WHERE created_by <> ''").scalars()
    names = staff_names(conn)
    bulk.insert(conn, _recorders, [(word, names.get(word.strip(), word.strip())) for word in said])


def staff_names(conn: Connection) -> dict[str, str]:
    """Return what the users of the old books are called, by their number as text."""
    rows = conn.execute(select(staging.legacy_users.c.id, staging.legacy_users.c.name))
    return {str(row.id): row.name for row in rows if row.name}


def _name_references(conn: Connection) -> None:
    """Write references the one way they are kept, where they are not written so already."""
    query = text(f"SELECT p.id, p.reference FROM legacy_payments p WHERE {_NOT_PLAIN[conn.dialect.name]}")
    found = conn.execute(query, execution_options={"yield_per": FETCHED})
    for chunk in found.partitions(FETCHED):
        bulk.insert(conn, _references, [(payment, normalise_reference(said)) for payment, said in chunk])


def _share(fact_id: str, account_no: str, amount_minor: int) -> int:
    share = digest_share(fact_id=fact_id, stands_on=account_no, amount_minor=amount_minor, decision=_DECISION)
    return share - WRAP if share >= WRAP // 2 else share
