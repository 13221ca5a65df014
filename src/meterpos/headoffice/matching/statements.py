"""Statements as M-Pesa and banks hand them out, as CSV: judged whole before anything is done with them."""

import csv
import hashlib
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

from meterpos.errors import UserError
from meterpos.ledger.money import AmountError, parse_amount
from meterpos.ledger.rules.tenders import REFERENCE_MAX, normalise_reference
from meterpos.ledger.texts import is_text

Kind = Literal["mpesa", "bank"]
BYTES_MAX: Final = 20_000_000
HEADER_WITHIN_ROWS: Final = 40
SHOWN_MAX: Final = 120

_MPESA: Final[Mapping[str, tuple[str, ...]]] = {
    "reference": ("receiptno", "receipt", "receiptnumber"),
    "on": ("completiontime",),
    "status": ("transactionstatus",),
    "credit": ("paidin",),
    "debit": ("withdrawn",),
    "text": ("details",),
    "payer": ("otherpartyinfo",),
    "account": ("acno", "accountno"),
    "linked": ("linkedtransactionid",),
}
_BANK: Final[Mapping[str, tuple[str, ...]]] = {
    "on": ("date", "transactiondate", "postingdate", "bookingdate", "valuedate"),
    "credit": ("credit", "creditamount", "moneyin", "deposit", "deposits", "paidin", "cr"),
    "debit": ("debit", "debitamount", "moneyout", "withdrawal", "withdrawals", "paidout", "dr"),
    "reference": ("reference", "ref", "refno", "referenceno", "transactionreference", "chequeno", "documentno"),
    "text": ("description", "narrative", "narration", "details", "particulars", "transactiondetails"),
}
_DAYS: Final = ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d-%b-%Y", "%d %b %Y", "%d-%b-%y", "%d/%m/%y")
_TIME: Final = re.compile(r"[ T](?:[01]?\d|2[0-3]):[0-5]?\d(?::[0-5]?\d)?$", re.ASCII)
_ACCOUNT: Final = re.compile(r"\bAcc\. *(\S.*)$")
"""How M-Pesa's details end: Pay Bill from 2547****678 - GRACE OTIENO Acc. MTR-001."""
_WORD: Final = re.compile(r"[A-Za-z0-9/-]*[0-9][A-Za-z0-9/-]*", re.ASCII)
_WORD_LEAST: Final = 4


class UnusableStatement(UserError):
    """The file is no statement this program can read, or a row of it cannot be used; nothing was done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line: ``amount_minor`` above zero came in, below went out. ``words`` may hold the reference of a bank's."""

    line: int
    reference: str
    amount_minor: int
    on: date
    account_ref: str = ""
    payer: str = ""
    text: str = ""
    linked: str = ""
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A whole statement; ``left_out`` are rows that moved no money, such as what was declined."""

    kind: Kind
    lines: tuple[Line, ...]
    left_out: int

    @property
    def days(self) -> tuple[date, date] | None:
        """The first and last day it shows, None where it shows nothing."""
        days = [line.on for line in self.lines]
        return (min(days), max(days)) if days else None


def read_statement(file: Path) -> Statement:
    """Read a statement's file. Raises: UnusableStatement naming file, line, column and reason."""
    try:
        with file.open("rb") as stream:
            data = stream.read(BYTES_MAX + 1)
    except OSError as error:
        raise UnusableStatement(f"{file} cannot be read: {error.strerror}. Check its name.") from error
    return parse_statement(data, name=str(file))


def parse_statement(data: bytes, *, name: str) -> Statement:
    """Read a statement's bytes. Raises: UnusableStatement naming file, line, column and reason."""
    rows = _rows(data, name)
    for kind, names, needed in (
        ("mpesa", _MPESA, ("reference", "on", "status", "credit")),
        ("bank", _BANK, ("on", "credit")),
    ):
        place = _header(rows, names, needed, either=() if kind == "mpesa" else ("reference", "text"))
        if place is not None:
            reader: Callable[[_Row], Line | None] = _mpesa_line if kind == "mpesa" else _bank_line
            return _whole(kind, rows, place, _columns(rows[place][1], names), reader, name)  # type: ignore[arg-type]
    shown = ", ".join(rows[0][1])[:SHOWN_MAX] if rows else ""
    raise UnusableStatement(
        f"{name} is in a layout that is not known: it begins with '{shown}'. An M-Pesa organisation statement has the "
        "columns Receipt No., Completion Time, Transaction Status and Paid In; a bank statement has Date, Credit and "
        "Reference or Description. Nothing was changed."
    )


def _rows(data: bytes, name: str) -> list[tuple[int, list[str]]]:
    """Return the rows that hold anything, each with its line."""
    if len(data) > BYTES_MAX:
        raise UnusableStatement(f"{name} is larger than {BYTES_MAX:,} bytes. Ask for a statement of fewer days.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnusableStatement(f"{name} is not UTF-8 text. Save it as CSV in UTF-8; nothing was changed.") from error
    if not is_text(text):
        raise UnusableStatement(f"{name} holds signs that are no letters (NUL). Ask for it anew; nothing was changed.")
    head = text[:4000]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        return [
            (reader.line_num, [cell.strip() for cell in row]) for row in reader if any(cell.strip() for cell in row)
        ]
    except csv.Error as error:
        raise UnusableStatement(f"{name}, line {reader.line_num}: {error}. Nothing was changed.") from error


def _plain(cell: str) -> str:
    return "".join(letter for letter in cell.lower() if letter.isalnum())


def _columns(header: Sequence[str], names: Mapping[str, Sequence[str]]) -> dict[str, int]:
    plain = [_plain(cell) for cell in header]
    return {
        column: next(plain.index(name) for name in known if name in plain)
        for column, known in names.items()
        if any(name in plain for name in known)
    }


def _header(
    rows: Sequence[tuple[int, list[str]]],
    names: Mapping[str, Sequence[str]],
    needed: Sequence[str],
    *,
    either: Sequence[str],
) -> int | None:
    """Return which row is the header of this layout, below whatever a bank prints above it."""
    for place, (_, row) in enumerate(rows[:HEADER_WITHIN_ROWS]):
        found = _columns(row, names)
        if all(column in found for column in needed) and (not either or any(column in found for column in either)):
            return place
    return None


@lru_cache(maxsize=1_000)
def _day_of(text: str) -> date | None:
    """Return the day a text names, None for none: a statement has few days and many lines."""
    for form in _DAYS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day on the statement's calendar
        except ValueError:
            continue
    return None


@dataclass(frozen=True, slots=True)
class _Row:
    """A row below the header, with its place for what is to be said of it."""

    name: str
    line: int
    cells: Sequence[str]
    columns: Mapping[str, int]

    def cell(self, column: str) -> str:
        place = self.columns.get(column)
        return self.cells[place] if place is not None and place < len(self.cells) else ""

    def amount(self, column: str) -> int:
        """Return how much, whatever its sign; 0 where the cell is empty or a dash."""
        text = self.cell(column).strip("-").strip() and self.cell(column)
        if not text:
            return 0
        try:
            return abs(parse_amount(text, signed=True))
        except AmountError as error:
            raise self.wrong(column, str(error)) from error

    def day(self) -> date:
        text = self.cell("on")
        day = _day_of(_TIME.sub("", text))
        if day is None:
            raise self.wrong("on", f"'{text[:40]}' is no date.")
        return day

    def wrong(self, column: str, reason: str) -> UnusableStatement:
        called = {"on": "date", "credit": "paid in", "debit": "withdrawn"}.get(column, column)
        return UnusableStatement(f"{self.name}, line {self.line}, column {called}: {reason} Nothing was changed.")


def _whole(
    kind: Kind,
    rows: Sequence[tuple[int, list[str]]],
    header: int,
    columns: Mapping[str, int],
    reader: Callable[[_Row], Line | None],
    name: str,
) -> Statement:
    below = rows[header + 1 :]
    found = [reader(_Row(name, line, cells, columns)) for line, cells in below]
    lines = tuple(line for line in found if line is not None)
    return Statement(kind=kind, lines=lines, left_out=len(found) - len(lines))


def _mpesa_line(row: _Row) -> Line | None:
    paid_in, withdrawn = row.amount("credit"), row.amount("debit")
    if row.cell("status").lower() != "completed" or not (paid_in or withdrawn):
        return None
    return Line(
        line=row.line,
        reference=_reference(row),
        amount_minor=paid_in or -withdrawn,
        on=row.day(),
        account_ref=row.cell("account") or _account_in(row.cell("text")),
        payer=row.cell("payer"),
        text=row.cell("text"),
        linked=normalise_reference(row.cell("linked")),
    )


def _account_in(details: str) -> str:
    """Return the account that was typed, out of the details of a payment by paybill; empty where they name none."""
    named = _ACCOUNT.search(details)
    return named[1].strip() if named else ""


def _reference(row: _Row) -> str:
    reference = normalise_reference(row.cell("reference"))
    if not reference or len(reference) > REFERENCE_MAX:
        raise row.wrong("reference", f"'{row.cell('reference')[:40]}' is no reference.")
    return reference


def _bank_line(row: _Row) -> Line | None:
    credit, debit = row.amount("credit"), row.amount("debit")
    if not (credit or debit) or not row.cell("on"):
        return None
    text = row.cell("text")
    words = tuple(dict.fromkeys(normalise_reference(word) for word in _WORD.findall(text) if len(word) >= _WORD_LEAST))
    return Line(
        line=row.line,
        reference=normalise_reference(row.cell("reference"))[:REFERENCE_MAX] or _made_up(row),
        amount_minor=credit or -debit,
        on=row.day(),
        text=text,
        words=words,
    )


def _made_up(row: _Row) -> str:
    """Name a line without a reference: the same line of another export has the same name."""
    digest = hashlib.sha256("\0".join(row.cells).encode()).hexdigest()
    return f"LINE{digest[:12].upper()}"
