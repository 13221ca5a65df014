"""Rows of this tenant that name another tenant's: found by asking the old books for what is not in staging."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Column, Connection, Table, select

from meterpos.headoffice import bulk
from meterpos.headoffice.legacy.layout import TENANT
from meterpos.headoffice.legacy.problems import Problem
from meterpos.headoffice.legacy.sources import Source
from meterpos.headoffice.tables import legacy as staging

CODE: Final = "another_tenant"
LISTED_MAX: Final = 10_000
"""Of one kind: books that are mixed more than that are mixed."""

_NAMED: Final[tuple[tuple[str, str, str, Table], ...]] = (
    ("meter_assignments", "customer_id", "users", staging.legacy_assignments),
    ("meter_assignments", "meter_id", "meters", staging.legacy_assignments),
    ("bills", "assignment_id", "meter_assignments", staging.legacy_bills),
    ("invoices", "customer_id", "users", staging.legacy_invoices),
    ("invoices", "meter_id", "meters", staging.legacy_invoices),
    ("invoice_bills", "bill_id", "bills", staging.legacy_invoice_bills),
    ("payments", "customer_id", "users", staging.legacy_payments),
    ("payments", "invoice_id", "invoices", staging.legacy_payments),
    ("payments", "meter_id", "meters", staging.legacy_payments),
)
_STAGED: Final = {
    "users": staging.legacy_users,
    "meters": staging.legacy_meters,
    "meter_assignments": staging.legacy_assignments,
    "bills": staging.legacy_bills,
    "invoices": staging.legacy_invoices,
}


def find(conn: Connection, source: Source) -> Iterator[Problem]:
    """Return the rows that name what is another tenant's, each with whose."""
    for child, column, parent, table in _NAMED:
        if TENANT in (source.columns(parent) or ()):
            yield from _of(conn, source, child, table.c[column], parent)


def _of(conn: Connection, source: Source, child: str, named: Column[int], parent: str) -> Iterator[Problem]:
    known = _STAGED[parent]
    missing = (
        select(named.table.c["id"], named)
        .select_from(named.table.outerjoin(known, known.c.id == named))
        .where(named.is_not(None), known.c.id.is_(None))
        .limit(LISTED_MAX)
    )
    for chunk in bulk.chunks(conn.execute(missing).all(), bulk.CHUNK // 2):
        owners = source.owners(parent, sorted({row[1] for row in chunk}))
        for row_id, stranger in chunk:
            if stranger in owners:
                detail = f"{named.name} {stranger} is of tenant {owners[stranger]} in {parent}"
                yield CODE, child, str(row_id), detail
