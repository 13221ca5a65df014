"""Files people hand to commands: a PIN, what was counted in a drawer, payments of several meters."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from meterpos.cli.show import METHOD_NAMES
from meterpos.errors import UserError
from meterpos.ledger.money import AmountError, parse_amount
from meterpos.ledger.texts import is_text

if TYPE_CHECKING:
    from meterpos.ledger.operations.claims import Scanned

BYTES_MAX: Final = 1_000_000
COUNT_COLUMNS: Final = ("denomination", "count")
PAYMENT_COLUMNS: Final = ("meter_no", "amount")


@dataclass(frozen=True, slots=True)
class Counted:
    """The cash in a drawer; ``notes`` is each denomination with its count, empty where only the sum was given."""

    minor: int
    notes: tuple[tuple[int, int], ...] = ()


class UnusableFile(UserError):
    """The file cannot be read, or a row of it cannot be used; nothing of it was applied."""


def read_pin(file: Path) -> str:
    """Return the PIN on the first line of ``file``. Raises: UnusableFile."""
    lines = _text(file).splitlines()
    if not lines or not lines[0].strip():
        raise UnusableFile(f"{file} is empty. Its first line must be the PIN.")
    return lines[0].strip()


def read_counted(file: Path) -> Counted:
    """Return the cash counted: one amount alone, or rows of ``denomination,count`` under that header.

    Raises: UnusableFile naming file, line, column and reason.
    """
    lines = [line for line in _text(file).splitlines() if line.strip()]
    if len(lines) == 1 and lines[0].strip().replace(" ", "") != ",".join(COUNT_COLUMNS):
        return Counted(_amount(lines[0], file=file, line=1, column="amount"))
    notes = tuple(
        (_amount(row["denomination"], file=file, line=line, column="denomination"), _count(row["count"], file, line))
        for line, row in _rows(file, COUNT_COLUMNS)
    )
    if not notes:
        raise UnusableFile(f"{file} has no rows. Write one row a note or coin, or the amount alone (0 where empty).")
    return Counted(sum(denomination * count for denomination, count in notes), notes)


def read_payments(file: Path) -> tuple[tuple[str, int], ...]:
    """Return the meters and amounts of a ``meter_no,amount`` file, in its order. Raises: UnusableFile."""
    found = []
    for line, row in _rows(file, PAYMENT_COLUMNS):
        if not row["meter_no"]:
            raise UnusableFile(f"{file}, line {line}, column meter_no: empty. Write the meter's number.")
        found.append((row["meter_no"], _amount(row["amount"], file=file, line=line, column="amount")))
    if not found:
        raise UnusableFile(f"{file} has no rows. Write one row a meter under the header meter_no,amount.")
    return tuple(found)


def _text(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            content = stream.read(BYTES_MAX + 1)
        if len(content) > BYTES_MAX:
            raise UnusableFile(f"{file} is larger than {BYTES_MAX:,} bytes. Check that it is the right file.")
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise UnusableFile(f"{file} cannot be read: {error.strerror}. Check its name.") from error
    except UnicodeDecodeError as error:
        raise UnusableFile(f"{file} is not UTF-8 text. Save it as UTF-8 and try again.") from error
    if not is_text(text):
        raise UnusableFile(f"{file} holds signs that are no letters (NUL). Save it as plain text and try again.")
    return text


def _rows(file: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.reader(_text(file).splitlines(), strict=True)
    header = ",".join(columns)
    try:
        first = next(reader, [])
        if tuple(name.strip() for name in first) != columns:
            raise UnusableFile(f"{file}, line 1: the header must be {header}.")
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(columns):
                raise UnusableFile(f"{file}, line {reader.line_num}: {len(row)} columns, not {header}.")
            yield reader.line_num, {name: cell.strip() for name, cell in zip(columns, row, strict=True)}
    except csv.Error as error:
        raise UnusableFile(f"{file}, line {reader.line_num}: {error}. Correct the quotes.") from error


def _amount(text: str, *, file: Path, line: int, column: str) -> int:
    try:
        return parse_amount(text)
    except AmountError as error:
        raise UnusableFile(f"{file}, line {line}, column {column}: {error}") from error


def _count(text: str, file: Path, line: int) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise UnusableFile(f"{file}, line {line}, column count: '{text[:40]}' is not a whole number.")
    return int(text)


def read_scanned(file: Path) -> "tuple[Scanned, ...]":
    """Return the receipts scanned into ``file``: a line each, its QR and, after a comma, its method (else cash).

    Raises: UnusableFile naming file, line and reason.
    """
    from meterpos.ledger.operations.claims import Scanned

    found = []
    for line, text in enumerate(_text(file).splitlines(), 1):
        seal, _, method = (part.strip() for part in text.partition(","))
        if not seal:
            continue
        if method not in ("", *METHOD_NAMES):
            raise UnusableFile(f"{file}, line {line}: '{method}' is no method. Use {', '.join(METHOD_NAMES)}.")
        found.append(Scanned(seal, method or "cash", f"{file}, line {line}"))
    return tuple(found)
