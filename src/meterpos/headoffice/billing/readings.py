"""Readings as files and people bring them: each is held against the last of its meter before it is kept."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, func, select, update

from meterpos.headoffice import bulk
from meterpos.headoffice.importing.load import BadImport
from meterpos.headoffice.importing.reader import (
    BadValue,
    ColumnSpec,
    Findings,
    identifier,
    iso_date,
    one_of,
    optional,
    rows,
    yes_no,
)
from meterpos.headoffice.tables import metering, readings
from meterpos.ledger.rules.metering import (
    DIGITS,
    SOURCES,
    Reading,
    ReadingRefused,
    Register,
    parse_units,
    take_reading,
)
from meterpos.ledger.tables import meters
from meterpos.ledger.tables.base import format_instant

CHUNK_ROWS: Final = 2_000


def _units(text: str) -> int:
    try:
        return parse_units(text)
    except ReadingRefused as error:
        raise BadValue(str(error)) from error


def _digits(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) not in DIGITS:
        raise BadValue(f"'{text[:40]}' is no number of digits; a register has {DIGITS[0]} to {DIGITS[-1]}.")
    return int(text)


COLUMNS: Final = (
    ColumnSpec("meter_no", identifier),
    ColumnSpec("read_on", iso_date),
    ColumnSpec("reading", _units),
    ColumnSpec("source", one_of(*SOURCES), "actual"),
    ColumnSpec("rollover", yes_no, "no"),
    ColumnSpec("digits", optional(_digits), ""),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What a file of readings brought."""

    taken: int
    had: int
    estimated: int


def import_readings(conn: Connection, path: Path, *, at: datetime, today: date) -> Imported:
    """Take a file's readings, all or none; those that are here already are passed over.

    Rows of one meter may stand in any order among the next two thousand. Raises: BadImport.
    """
    findings = Findings()
    done = take_file(conn, path, findings, at=at, today=today)
    if findings.problems:
        raise BadImport(findings.problems, findings.problem_count)
    return done


def take_file(conn: Connection, path: Path, findings: Findings, *, at: datetime, today: date) -> Imported:
    """Take a file's readings, noting what is wrong; then nothing of it may be kept."""
    taker = _Taker(conn, file=path.name, at=at, today=today, findings=findings)
    for chunk in bulk.chunks(rows(path, COLUMNS, findings), CHUNK_ROWS):
        taker.take(sorted(chunk, key=lambda row: row[1][1]))
    return Imported(taken=taker.taken, had=taker.had, estimated=taker.estimated)


class _Taker:
    """Takes rows of a file; after the first that is wrong none is written, since nothing will be kept."""

    def __init__(self, conn: Connection, *, file: str, at: datetime, today: date, findings: Findings) -> None:
        self._conn: Final = conn
        self._file: Final = file
        self._at: Final = at
        self._today: Final = today
        self._findings: Final = findings
        self._known: dict[str, Register] = {}
        self.taken = self.had = self.estimated = 0

    def take(self, chunk: Sequence[tuple[int, list[Any]]]) -> None:
        """Take some rows, oldest first."""
        self._known = registers(self._conn, {values[0] for _, values in chunk})
        note_digits(self._conn, {values[0]: values[5] for _, values in chunk if values[5] is not None})
        made = [
            (values[0], reading)
            for line, values in chunk
            if (reading := self._one(line, *values)) is not None and not self._findings.problems
        ]
        if not self._findings.problems:
            keep(self._conn, made, at=self._at, noted_from=self._file)
        self.taken += len(made)
        self.estimated += sum(1 for _, reading in made if reading.source == "estimated")

    def _one(
        self, line: int, meter_no: str, day: str, milli: int, source: Any, rolled_over: bool, digits: int | None
    ) -> Reading | None:
        register = self._known.get(meter_no)
        if register is None:
            self._findings.wrong(self._file, line, "meter_no", f"there is no meter {meter_no}.")
            return None
        if digits is not None:
            register = Register(last=register.last, last_seen=register.last_seen, digits=digits)
        read_on = date.fromisoformat(day)
        if read_on > self._today:
            self._findings.wrong(self._file, line, "read_on", f"{day} has not come yet.")
            return None
        try:
            reading = take_reading(
                register, read_on=read_on, reading_milli=milli, source=source, rolled_over=rolled_over
            )
        except ReadingRefused as error:
            self._findings.wrong(self._file, line, error.field or "", f"meter {meter_no}: {error}")
            return None
        if reading is None:
            self.had += 1
        else:
            self._known[meter_no] = register.after(reading)
        return reading


def registers(conn: Connection, meter_nos: Collection[str]) -> dict[str, Register]:
    """Return what is known of these meters before their next reading; meters that do not exist are left out."""
    found: dict[str, Register] = {}
    for chunk in bulk.chunks(sorted(meter_nos), bulk.CHUNK):
        there = (
            select(meters.c.meter_no, metering.c.digits)
            .outerjoin(metering, metering.c.meter_no == meters.c.meter_no)
            .where(meters.c.meter_no.in_(chunk))
        )
        last, seen = _last(conn, chunk, seen=False), _last(conn, chunk, seen=True)
        for row in conn.execute(there):
            number = row.meter_no
            found[number] = Register(last=last.get(number), last_seen=seen.get(number), digits=row.digits)
    return found


def _last(conn: Connection, meter_nos: Sequence[str], *, seen: bool) -> dict[str, Reading]:
    """Return the last reading of each meter; with ``seen`` the last that was no estimate."""
    newest = func.row_number().over(
        partition_by=readings.c.meter_no, order_by=(readings.c.read_on.desc(), readings.c.kind.desc())
    )
    query = select(readings, newest.label("newest")).where(readings.c.meter_no.in_(meter_nos))
    if seen:
        query = query.where(readings.c.source != "estimated")
    ranked = query.subquery()
    return {row.meter_no: reading_of(row) for row in conn.execute(select(ranked).where(ranked.c.newest == 1))}


def reading_of(row: Any) -> Reading:
    """Return the reading in a row of its table."""
    return Reading(
        read_on=row.read_on,
        reading_milli=row.reading_milli,
        kind=row.kind,
        source=row.source,
        usage_milli=row.usage_milli,
        total_milli=row.total_milli,
        rolled_over=row.rolled_over,
    )


def note_digits(conn: Connection, digits: dict[str, int]) -> None:
    """Keep at how many digits these meters' registers roll over."""
    bulk.insert_new(conn, metering, [{"meter_no": meter_no, "tariff": None, "digits": None} for meter_no in digits])
    for meter_no, count in digits.items():
        conn.execute(update(metering).where(metering.c.meter_no == meter_no).values(digits=count))


def keep(conn: Connection, made: Sequence[tuple[str, Reading]], *, at: datetime, noted_from: str) -> None:
    """Write readings of meters; what they follow was looked at before."""
    noted_at = format_instant(at)
    bulk.insert(
        conn,
        readings,
        [
            (
                meter_no, one.read_on.isoformat(), one.kind, one.source, one.reading_milli, one.usage_milli,
                one.total_milli, one.rolled_over, noted_at, noted_from,
            )
            for meter_no, one in made
        ],
    )  # fmt: skip


def add_reading(
    conn: Connection,
    *,
    meter_no: str,
    read_on: date,
    reading: str,
    at: datetime,
    source: Any = "actual",
    rolled_over: bool = False,
    noted_from: str = "",
) -> Reading | None:
    """Take one reading a person brings; None where it is here already. Raises: ReadingRefused."""
    register = registers(conn, {meter_no}).get(meter_no)
    if register is None:
        raise ReadingRefused(f"There is no meter {meter_no}. Check the number.", field="meter")
    made = take_reading(
        register, read_on=read_on, reading_milli=parse_units(reading), source=source, rolled_over=rolled_over
    )
    if made is not None:
        keep(conn, [(meter_no, made)], at=at, noted_from=noted_from)
    return made
