"""Bills of a list: a file names accounts, or customers (all their meters), and what each is to pay for what."""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from time import monotonic
from typing import Any, Final

from sqlalchemy import Connection, select

from meterpos.headoffice import books, bulk
from meterpos.headoffice.billing import runs
from meterpos.headoffice.billing.invoicing import BILL_COLUMNS, BILL_SERIES
from meterpos.headoffice.billing.periods import invoice_run
from meterpos.headoffice.billing.runs import CannotRun, Run, RunResult
from meterpos.headoffice.importing.load import BadImport
from meterpos.headoffice.importing.reader import (
    BadValue,
    ColumnSpec,
    Findings,
    amount,
    identifier,
    optional,
    plain_text,
    rows,
)
from meterpos.headoffice.tables import bills
from meterpos.ledger.store import Store
from meterpos.ledger.tables import accounts

_KIND: Final = re.compile(r"[A-Z][A-Z0-9 _/-]{0,31}", re.ASCII)


def _kind(text: str) -> str:
    kind = text.upper()
    if not _KIND.fullmatch(kind):
        raise BadValue(f"'{text[:40]}' is no kind of bill. Use letters and digits, as in WATER or NEW CONNECTION.")
    return kind


COLUMNS: Final = (
    ColumnSpec("account_no", optional(identifier), ""),
    ColumnSpec("customer_no", optional(identifier), ""),
    ColumnSpec("kind", _kind),
    ColumnSpec("amount", amount),
    ColumnSpec("description", plain_text, ""),
    ColumnSpec("reference", plain_text, ""),
)


@dataclass(slots=True)
class _Places:
    """Where the rows of one lot go: accounts that can be billed, and the active meter accounts of customers."""

    known: dict[str, Any]
    of_customer: dict[str, list[str]]


def create_bills(
    store: Store,
    path: Path,
    *,
    run_id: str | None,
    invoice: bool,
    on: date,
    due_on: date | None,
    now: Callable[[], datetime],
) -> RunResult:
    """Make the bills a file lists, and with ``invoice`` one invoice for each account that got some. A door.

    A row that cannot be read stops the whole file; an account that cannot be billed is an error of that account. The
    same file again makes nothing: its run is named after its content unless ``run_id`` says otherwise.

    Raises: BadImport, CannotRun.
    """
    began = monotonic()
    named = run_id or f"LIST-{_content_of(path)}"
    with store.write() as conn:
        run, is_new = runs.begin(conn, run_id=named, period=None, on=on, due_on=due_on, at=now())
        made = _create(conn, run, path) if is_new else 0
    issued = invoice_run(store, run, now=now) if invoice else 0
    with store.write() as conn:
        runs.end(conn, run, at=now())
        return runs.result(conn, run, new_bills=made, new_invoices=issued, seconds=monotonic() - began)


def _content_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:12].upper()
    except OSError as error:
        raise CannotRun(f"{path} cannot be read: {error.strerror}. Check its name.", field="file") from error


def _create(conn: Connection, run: Run, path: Path) -> int:
    """Write the bills of a file. Raises: BadImport."""
    findings = Findings()
    made = 0
    for chunk in bulk.chunks(rows(path, COLUMNS, findings), runs.AT_ONCE):
        count, reasons = _create_some(conn, path.name, chunk, findings, on=run.made_on, run_id=run.run_id)
        runs.note_errors(conn, run, {number: reason for number, (_, reason) in reasons.items()}, of=())
        made += count
    if findings.problems:
        raise BadImport(findings.problems, findings.problem_count)
    return made


def take_file(conn: Connection, path: Path, findings: Findings, *, on: date) -> int:
    """Take a file's bills as part of an import; they wait for their accounts' next invoices.

    An account that cannot be billed is noted as wrong, like a row that cannot be read; then nothing may be kept.
    """
    made = 0
    for chunk in bulk.chunks(rows(path, COLUMNS, findings), runs.AT_ONCE):
        count, reasons = _create_some(conn, path.name, chunk, findings, on=on, run_id=None)
        for line, reason in reasons.values():
            findings.wrong(path.name, line, "account_no", reason)
        made += count
    return made


def _create_some(
    conn: Connection,
    file: str,
    chunk: Sequence[tuple[int, list[Any]]],
    findings: Findings,
    *,
    on: date,
    run_id: str | None,
) -> tuple[int, dict[str, tuple[int, str]]]:
    """Write the bills of some rows; return how many, and by account or customer the line and why it is not billed."""
    places = _places(conn, chunk)
    made: list[tuple[Any, ...]] = []
    reasons: dict[str, tuple[int, str]] = {}
    day = on.isoformat()
    for line, (account_no, customer_no, kind, amount_minor, description, reference) in chunk:
        if (account_no is None) == (customer_no is None):
            findings.wrong(file, line, "account_no", "Name an account, or a customer for all their meters; not both.")
            continue
        if not amount_minor:
            findings.wrong(file, line, "amount", "is nothing. Leave the row out.")
            continue
        named = [account_no] if account_no is not None else places.of_customer.get(customer_no, [])
        if not named:
            reasons[customer_no] = line, f"Customer {customer_no} has no active meter, or does not exist."
        for number in named:
            reason = _not_billable(number, places.known.get(number))
            if reason is not None:
                reasons[number] = line, reason
            else:
                made.append(
                    (number, kind, amount_minor, description, reference, day, None, run_id, None, None, None, None)
                )
    if findings.problems:
        return 0, reasons
    numbers = books.take_numbers(conn, BILL_SERIES, len(made))
    bulk.insert(conn, bills, [(number, *row) for number, row in zip(numbers, made, strict=True)],
                columns=BILL_COLUMNS)  # fmt: skip
    return len(made), reasons


def _not_billable(account_no: str, account: Any) -> str | None:
    if account is None:
        return f"There is no account {account_no}."
    if account.kind == "suspense":
        return f"{account_no} is a till's suspense account; nobody is billed by it."
    if account.closed_on is not None:
        return f"Account {account_no} was closed on {account.closed_on:%d %b %Y}. Adjust it instead."
    return None


def _places(conn: Connection, chunk: Sequence[tuple[int, list[Any]]]) -> _Places:
    places = _Places({}, {})
    named = sorted({values[0] for _, values in chunk if values[0] is not None})
    owners = sorted({values[1] for _, values in chunk if values[1] is not None})
    query = select(accounts.c.account_no, accounts.c.kind, accounts.c.customer_no, accounts.c.closed_on)
    for some in bulk.chunks(owners, bulk.CHUNK):
        active = accounts.c.kind == "meter", accounts.c.closed_on.is_(None)
        for row in conn.execute(query.where(accounts.c.customer_no.in_(some), *active).order_by(accounts.c.account_no)):
            places.known[row.account_no] = row
            places.of_customer.setdefault(row.customer_no, []).append(row.account_no)
    for some in bulk.chunks(named, bulk.CHUNK):
        for row in conn.execute(query.where(accounts.c.account_no.in_(some))):
            places.known[row.account_no] = row
    return places
