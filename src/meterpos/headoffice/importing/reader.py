"""One CSV file as rows of checked values; whatever is wrong with it is noted with file, line, column and reason."""

import csv
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

from meterpos.ledger.money import AmountError, parse_amount

FIELD_MAX: Final = 500
PROBLEMS_MAX: Final = 1_000
YEARS: Final = range(1900, 2200)

Parse = Callable[[str], Any]


class BadValue(ValueError):
    """A value cannot be what its column says; the text is the reason."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Where an import went wrong and why. `column` is empty for a whole row, `line` 0 for a whole file."""

    file: str
    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        place = f"{self.file}, line {self.line}" if self.line else self.file
        return f"{place}, column {self.column}: {self.reason}" if self.column else f"{place}: {self.reason}"


@dataclass(slots=True)
class Findings:
    """What was noticed: problems stop the import, warnings are listed; kept up to a limit, counted beyond."""

    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    problem_count: int = 0
    warning_count: int = 0

    def wrong(self, file: str, line: int, column: str, reason: str) -> None:
        """Note what stops the import."""
        self.problem_count += 1
        if len(self.problems) < PROBLEMS_MAX:
            self.problems.append(Problem(file, line, column, reason))

    def odd(self, file: str, line: int, column: str, reason: str) -> None:
        """Note what a person should look at."""
        self.warning_count += 1
        if len(self.warnings) < PROBLEMS_MAX:
            self.warnings.append(Problem(file, line, column, reason))


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """A column: how its text is read, and what stands where it is empty or absent (None: it must be given)."""

    name: str
    parse: Parse
    default: str | None = None


def rows(path: Path, columns: Sequence[ColumnSpec], findings: Findings) -> Iterator[tuple[int, list[Any]]]:
    """Yield `(line, values in the order of columns)` of every good row; note the bad ones.

    The line is the one the row begins on, counted from 1 as an editor does.
    """
    name = path.name
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from _rows(csv.reader(file, strict=True), name, columns, findings)
    except UnicodeDecodeError as error:
        findings.wrong(name, 0, "", f"is not UTF-8 text (octet {error.start}). Save it as UTF-8.")
    except OSError as error:
        findings.wrong(name, 0, "", f"cannot be read: {error.strerror}.")


def _rows(reader: Any, name: str, columns: Sequence[ColumnSpec], findings: Findings) -> Iterator[tuple[int, list[Any]]]:
    header = _next(reader, name, findings)
    if header is None:
        findings.wrong(name, 1, "", "is empty; its first line names the columns.")
        return
    places = _places(header, name, columns, findings)
    if places is None:
        return
    width = len(header)
    plan = [(place, spec.parse, spec.default, spec.name) for place, spec in zip(places, columns, strict=True)]
    while True:
        line = reader.line_num + 1
        row = _next(reader, name, findings)
        if row is None:
            return
        if len(row) != width:
            if row:
                findings.wrong(name, line, "", f"has {len(row)} values where the header names {width} columns.")
            continue
        values = _values(row, plan, name, line, findings)
        if values is not None:
            yield line, values


def _next(reader: Any, name: str, findings: Findings) -> list[str] | None:
    """Return the next row; a row the CSV rules cannot read ends the file, since nothing after it is certain."""
    line = reader.line_num + 1
    try:
        row: list[str] | None = next(reader, None)
    except csv.Error as error:
        findings.wrong(name, line, "", f"is not a CSV row ({error}).")
        return None
    return row


def _places(
    header: Sequence[str], name: str, columns: Sequence[ColumnSpec], findings: Findings
) -> list[int | None] | None:
    names = [title.strip().lower() for title in header]
    before = findings.problem_count
    for title in sorted({title for title in names if names.count(title) > 1}):
        findings.wrong(name, 1, title, "stands twice in the header.")
    known = {spec.name for spec in columns}
    for title in names:
        if title not in known:
            findings.odd(name, 1, title or "(no name)", "is not a column of this file and is left out.")
    for spec in columns:
        if spec.name not in names and spec.default is None:
            findings.wrong(name, 1, spec.name, "is missing from the header.")
    if findings.problem_count > before:
        return None
    return [names.index(spec.name) if spec.name in names else None for spec in columns]


def _values(
    row: Sequence[str],
    plan: Sequence[tuple[int | None, Parse, str | None, str]],
    name: str,
    line: int,
    findings: Findings,
) -> list[Any] | None:
    values = []
    for place, parse, default, column in plan:
        text = row[place].strip() if place is not None else ""
        if not text:
            if default is None:
                findings.wrong(name, line, column, "is empty.")
                return None
            text = default
        try:
            values.append(parse(text))
        except BadValue as error:
            findings.wrong(name, line, column, str(error))
            return None
    return values


# --- what a value may be


def plain_text(text: str) -> str:
    """Return text people wrote: printable, of a sane length."""
    if len(text) > FIELD_MAX:
        raise BadValue(f"has {len(text)} characters, at most {FIELD_MAX} are allowed.")
    if not text.isprintable() and any(unicodedata.category(letter) in ("Cc", "Cs", "Co", "Cn") for letter in text):
        raise BadValue(f"holds a character that cannot be printed: {text[:40]!a}.")
    return text


def identifier(text: str) -> str:
    """Return a number by which something is known: printable, at most 64 characters."""
    if len(text) > 64:
        raise BadValue(f"has {len(text)} characters, at most 64 are allowed.")
    if not text.isprintable():
        raise BadValue(f"holds a character that cannot be printed: {text[:40]!a}.")
    return text


def optional(parse: Parse) -> Parse:
    """Return a reader for a column where nothing is None."""
    return lambda text: parse(text) if text else None


def iso_date(text: str) -> str:
    """Return an ISO date as the database keeps it, once it is known to be one."""
    try:
        if len(text) == 10 and date.fromisoformat(text).year in YEARS:
            return text
    except ValueError:
        pass
    raise BadValue(f"'{text[:40]}' is not a date; write it as 2026-11-20.")


def amount(text: str) -> int:
    """Return a decimal string in minor units, negative ones too."""
    try:
        return parse_amount(text, field=None, signed=True)
    except AmountError as error:
        raise BadValue(str(error)) from error


def amount_not_negative(text: str) -> int:
    """Return a decimal string of zero or more in minor units."""
    minor = amount(text)
    if minor < 0:
        raise BadValue(f"'{text}' is below zero.")
    return minor


def amount_above_zero(text: str) -> int:
    """Return a decimal string above zero in minor units."""
    minor = amount(text)
    if minor <= 0:
        raise BadValue(f"'{text}' is not above zero.")
    return minor


def one_of(*words: str) -> Parse:
    """Return a reader that accepts only these words."""
    known = frozenset(words)
    said = ", ".join(words)

    def parse(text: str) -> str:
        if text not in known:
            raise BadValue(f"'{text[:40]}' is not one of {said}.")
        return text

    return parse


def yes_no(text: str) -> bool:
    """Return whether a cell says yes."""
    word = text.lower()
    if word in ("yes", "true", "1", "y"):
        return True
    if word in ("no", "false", "0", "n"):
        return False
    raise BadValue(f"'{text[:40]}' is neither yes nor no.")
