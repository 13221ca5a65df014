"""Loading an import: rows are checked as they go in, in one transaction that commits only if none was wrong."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any, Final

from sqlalchemy import Connection

from meterpos.errors import UserError
from meterpos.headoffice.importing import forward, known
from meterpos.headoffice.importing.layout import FILES
from meterpos.headoffice.importing.reader import Findings, Problem, rows
from meterpos.headoffice.importing.sink import Sink
from meterpos.ledger.balances import recalculate_all
from meterpos.ledger.moment import Moment
from meterpos.ledger.rules.tenders import normalise_reference
from meterpos.ledger.store import Store

SHOWN_MAX: Final = 20
READINGS: Final = "readings.csv"
BILLS: Final = "bills.csv"
BILLING_FILES: Final = (READINGS, BILLS)
"""Files that are read after the others, by the rules of billing."""

Values = Sequence[Any]


class BadImport(UserError):
    """Something in the files is wrong, so nothing of them was applied. `problems` are the first thousand."""

    def __init__(self, problems: Sequence[Problem], count: int) -> None:
        listed = "\n".join(f"  {problem}" for problem in problems[:SHOWN_MAX])
        more = f"\n  … and {count - SHOWN_MAX} more" if count > SHOWN_MAX else ""
        what = "1 thing is" if count == 1 else f"{count} things are"
        super().__init__(
            f"Nothing was imported, because {what} wrong. Correct the files and import again.\n{listed}{more}"
        )
        self.problems = tuple(problems)
        self.count = count


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import brought: rows by file, and what a person should look at."""

    rows: dict[str, int]
    warnings: tuple[Problem, ...]
    warning_count: int
    dry_run: bool
    seconds: float


class _DryRun(Exception):
    """Ends the transaction of a dry run without a commit."""


def import_directory(store: Store, directory: Path, *, dry_run: bool = False, moment: Moment | None = None) -> Imported:
    """Import every file of the set that `directory` holds, whole or not at all. A door: opens the write block.

    ``moment`` is when; None: now, on a calendar in UTC.

    Raises: BadImport naming file, line, column and reason of what is wrong; UserError when there is nothing to import.
    """
    began = monotonic()
    names = (*FILES, *BILLING_FILES)
    paths = {name: directory / name for name in names if (directory / name).is_file()}
    if not paths:
        raise UserError(f"{directory} holds none of the files of an import ({', '.join(names)}). Name their folder.")
    findings = Findings()
    counts: dict[str, int] = {}
    try:
        with store.write() as conn:
            counts = _load(conn, paths, findings)
            counts |= _load_billing(conn, paths, findings, moment or Moment(datetime.now(UTC)))
            if findings.problems:
                raise BadImport(findings.problems, findings.problem_count)
            if dry_run:
                raise _DryRun
    except _DryRun:
        pass
    return Imported(
        rows=counts,
        warnings=tuple(findings.warnings),
        warning_count=findings.warning_count,
        dry_run=dry_run,
        seconds=monotonic() - began,
    )


def _load(conn: Connection, paths: dict[str, Path], findings: Findings) -> dict[str, int]:
    sink = Sink(conn)
    here = known.read(conn)
    counts = {}
    for name, take in _TAKERS.items():
        if name in paths:
            before = sink.rows
            note = _Notes(name, findings)
            take(rows(paths[name], FILES[name], findings), here, sink, note)
            counts[name] = sink.rows - before
            sink.stopped = bool(findings.problem_count)
    if not findings.problem_count:
        sink.finish()
        forward.list_differences(conn, since=sink.first, lines=here.invoice_lines, findings=findings)
        recalculate_all(conn)
    return counts


def _load_billing(conn: Connection, paths: dict[str, Path], findings: Findings, moment: Moment) -> dict[str, int]:
    """Take readings, and bills that wait for their accounts' next invoices, once all else is in."""
    from meterpos.headoffice.billing import lists, readings, runs

    counts: dict[str, int] = {}
    if findings.problems or not paths.keys() & set(BILLING_FILES):
        return counts
    runs.wait_turn(conn)
    if READINGS in paths:
        counts[READINGS] = readings.take_file(conn, paths[READINGS], findings, at=moment.at, today=moment.today).taken
    if BILLS in paths:
        counts[BILLS] = lists.take_file(conn, paths[BILLS], findings, on=moment.today)
    return counts


@dataclass(frozen=True, slots=True)
class _Notes:
    """Notes problems and warnings of one file."""

    file: str
    findings: Findings

    def wrong(self, line: int, column: str, reason: str) -> None:
        self.findings.wrong(self.file, line, column, reason)

    def odd(self, line: int, column: str, reason: str) -> None:
        self.findings.odd(self.file, line, column, reason)


Rows = Iterator[tuple[int, list[Any]]]


def _customers(source: Rows, here: known.Known, sink: Sink, note: _Notes) -> None:
    for line, (number, name, phone, zone, status, opened_on, language, place) in source:
        if number in here.customers:
            note.wrong(line, "customer_no", f"{number} is here already.")
            continue
        if zone == "*" or zone.startswith("till:"):
            note.wrong(line, "zone", f"'{zone}' cannot be the name of a zone.")
            continue
        here.customers[number] = zone
        sink.customer((number, name, phone, place, zone, status, language, opened_on), zone)


def _contacts(source: Rows, here: known.Known, sink: Sink, note: _Notes) -> None:
    for line, (customer_no, name, phone, consent) in source:
        zone = here.customers.get(customer_no)
        key = f"{customer_no}/{phone}"
        if zone is None:
            note.wrong(line, "customer_no", f"there is no customer {customer_no}.")
        elif key in here.contacts:
            note.wrong(line, "phone", f"customer {customer_no} has the contact {phone} already.")
        else:
            here.contacts.add(key)
            sink.contact((key, customer_no, name, phone, consent), zone)


def _meters(source: Rows, here: known.Known, sink: Sink, note: _Notes) -> None:
    for line, values in source:
        if values[0] in here.meters:
            note.wrong(line, "meter_no", f"{values[0]} is here already.")
        else:
            here.meters.add(values[0])
            sink.meter(tuple(values))


def _accounts(source: Rows, here: known.Known, sink: Sink, note: _Notes) -> None:
    for line, (number, customer_no, meter_no, opened_on, closed_on, opening_minor) in source:
        zone = here.customers.get(customer_no)
        if number in here.accounts:
            note.wrong(line, "account_no", f"{number} is here already.")
        elif zone is None:
            note.wrong(line, "customer_no", f"there is no customer {customer_no}.")
        elif meter_no not in here.meters:
            note.wrong(line, "meter_no", f"there is no meter {meter_no}.")
        elif closed_on is not None and closed_on < opened_on:
            note.wrong(line, "closed_on", f"{closed_on} is before the account was opened on {opened_on}.")
        elif closed_on is None and meter_no in here.active:
            note.wrong(
                line,
                "meter_no",
                f"meter {meter_no} would have two active accounts, {here.active[meter_no]} and {number}; close one.",
            )
        else:
            here.accounts[number] = zone
            if closed_on is None:
                here.active[meter_no] = number
            if (zone, meter_no) not in here.meters_sent:
                here.meters_sent.add((zone, meter_no))
                sink.line(zone, "meter", meter_no)
            sink.account((number, "meter", customer_no, meter_no, None, zone, opened_on, closed_on), zone)
            if opening_minor:
                sink.opening(number, zone, opened_on, opening_minor)


def _plans(source: Rows, here: known.Known, sink: Sink, note: _Notes) -> None:
    for line, (number, customer_no, capacity_kw, total_minor, opened_on) in source:
        zone = here.customers.get(customer_no)
        if number in here.accounts:
            note.wrong(line, "plan_no", f"{number} is here already.")
        elif zone is None:
            note.wrong(line, "customer_no", f"there is no customer {customer_no}.")
        else:
            here.accounts[number] = zone
            sink.account((number, "plan", customer_no, None, None, zone, opened_on, None), zone)
            sink.plan((number, capacity_kw, total_minor, number), zone)
            sink.opening(number, zone, opened_on, total_minor)


def _invoices(source: Rows, here: known.Known, sink: Sink, note: _Notes) -> None:
    accounts, invoices, lines = here.accounts, here.invoices, here.invoice_lines
    for line, (number, account_no, made_on, due_on, amount_minor, forward_minor) in source:
        zone = accounts.get(account_no)
        if zone is None:
            note.wrong(line, "account_no", f"there is no account {account_no}.")
            continue
        if number in invoices:
            note.wrong(line, "invoice_no", f"{number} is here already.")
            continue
        if due_on < made_on:
            note.odd(line, "due_date", f"{due_on} is before the invoice's date {made_on}.")
        invoices[number] = account_no
        lines[number] = line
        sink.invoice(number, account_no, zone, made_on, due_on, amount_minor, forward_minor)


def _payments(source: Rows, here: known.Known, sink: Sink, note: _Notes) -> None:
    accounts, payments = here.accounts, here.payments
    for line, (number, account_no, paid_on, amount_minor, method, text, invoice_no, status, reversed_on) in source:
        zone = accounts.get(account_no)
        if zone is None:
            note.wrong(line, "account_no", f"there is no account {account_no}.")
            continue
        if number in payments:
            note.wrong(line, "payment_no", f"{number} is here already.")
            continue
        if reversed_on is not None and reversed_on < paid_on:
            note.wrong(line, "reversed_on", f"{reversed_on} is before the payment was made on {paid_on}.")
            continue
        if invoice_no is not None and not _naming_stands(invoice_no, account_no, here, line, note):
            continue
        payments.add(number)
        reference = normalise_reference(text) or None
        counts = status == "completed"
        sink.payment(number, account_no, zone, paid_on, amount_minor, counts, invoice_no, method, reference)
        if reversed_on is not None:
            sink.reversal(number, account_no, zone, reversed_on, amount_minor, counts, method, reference)
        elif method != "cash" and _is_first(method, reference, number, here, line, note):
            sink.claim(method, reference, number)


def _naming_stands(invoice_no: str, account_no: str, here: known.Known, line: int, note: _Notes) -> bool:
    """Tell whether the invoice a payment names exists; one of another account leaves the payment in its own pool."""
    of_account = here.invoices.get(invoice_no)
    if of_account is None:
        note.wrong(line, "invoice_no", f"there is no invoice {invoice_no}.")
        return False
    if of_account != account_no:
        note.odd(
            line,
            "invoice_no",
            f"{invoice_no} is an invoice of account {of_account}, the payment is on {account_no}: it names no invoice.",
        )
    return True


def _is_first(method: str, reference: str | None, number: str, here: known.Known, line: int, note: _Notes) -> bool:
    """Tell whether this payment is the first with its reference; note a missing or repeated one."""
    if reference is None:
        note.odd(line, "reference", f"payment {number} was made by {method} and has no reference.")
        return False
    first = here.references.setdefault(f"{method}:{reference}", number)
    if first != number:
        note.odd(line, "reference", f"{reference} is also that of payment {first}.")
    return first == number


def _adjustments(source: Rows, here: known.Known, sink: Sink, note: _Notes) -> None:
    for line, (number, account_no, made_on, amount_minor, reason) in source:
        zone = here.accounts.get(account_no)
        if zone is None:
            note.wrong(line, "account_no", f"there is no account {account_no}.")
        elif number in here.adjustments:
            note.wrong(line, "adjustment_no", f"{number} is here already.")
        else:
            here.adjustments.add(number)
            sink.adjustment(number, account_no, zone, made_on, amount_minor, reason)


_TAKERS: Final[dict[str, Callable[[Rows, known.Known, Sink, _Notes], None]]] = {
    "customers.csv": _customers,
    "contacts.csv": _contacts,
    "meters.csv": _meters,
    "accounts.csv": _accounts,
    "plans.csv": _plans,
    "invoices.csv": _invoices,
    "payments.csv": _payments,
    "adjustments.csv": _adjustments,
}
