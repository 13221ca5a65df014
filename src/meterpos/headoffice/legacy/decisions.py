"""What people decided of payments: the review list, edited in its last column and applied again."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, delete, select

from meterpos.errors import UserError
from meterpos.headoffice import bulk
from meterpos.headoffice.tables.legacy import legacy_decisions, legacy_meters, legacy_payments
from meterpos.ledger.texts import is_text

SUSPENSE: Final = "suspense"
COLUMNS: Final = ("kind", "id", "decision")


class UnusableDecision(UserError):
    """A row of the file decides nothing that can be done; none of the file was applied."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Where one payment belongs: a meter, or suspense (None). `place` says where in the file it stands."""

    payment_id: int
    meter_number: str | None
    place: str


def read_file(file: Path) -> tuple[Decision, ...]:
    """Return the decisions on payments in a review list; its other rows are passed over. Raises: UnusableDecision."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            return tuple(_rows(csv.DictReader(stream), file.name))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UnusableDecision(f"{file} cannot be read ({error}). Save it as UTF-8 CSV.", field="decisions") from error


def _rows(reader: "csv.DictReader[str]", name: str) -> Iterator[Decision]:
    lacking = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
    if lacking:
        raise UnusableDecision(f"{name}, line 1: {', '.join(lacking)} missing. Use the file that report review writes.")
    for row in reader:
        place = f"{name}, line {reader.line_num}"
        if (row["kind"] or "").strip() != "payment":
            continue
        number, said = (row["id"] or "").strip(), (row["decision"] or "").strip()
        if not number.isascii() or not number.isdigit():
            raise UnusableDecision(f"{place}, column id: '{number[:40]}' is no payment.")
        if not said:
            raise UnusableDecision(f"{place}, column decision: empty. Write a meter's number, or suspense.")
        if not is_text(said):
            raise UnusableDecision(f"{place}, column decision: holds a sign that is no letter (NUL).")
        yield Decision(int(number), None if said.lower() == SUSPENSE else said, place)


def keep(conn: Connection, made: Sequence[Decision]) -> None:
    """Replace what was decided. Raises: UnusableDecision naming the line of a payment or meter that is not there."""
    _refuse_unknown(conn, made)
    conn.execute(delete(legacy_decisions))
    rows = {one.payment_id: (one.payment_id, one.meter_number) for one in made}
    bulk.insert(conn, legacy_decisions, list(rows.values()), columns=("payment_id", "meter_number"))


def _refuse_unknown(conn: Connection, made: Sequence[Decision]) -> None:
    wanted = sorted({one.meter_number for one in made if one.meter_number is not None})
    meters: set[str] = set()
    payments: set[int] = set()
    for chunk in bulk.chunks(wanted, bulk.CHUNK):
        query = select(legacy_meters.c.meter_number).where(legacy_meters.c.meter_number.in_(chunk))
        meters.update(conn.execute(query).scalars())
    for chunk in bulk.chunks((one.payment_id for one in made), bulk.CHUNK):
        payments.update(conn.execute(select(legacy_payments.c.id).where(legacy_payments.c.id.in_(chunk))).scalars())
    for one in made:
        if one.payment_id not in payments:
            raise UnusableDecision(f"{one.place}, column id: there is no payment {one.payment_id}.")
        if one.meter_number is not None and one.meter_number not in meters:
            raise UnusableDecision(f"{one.place}, column decision: there is no meter {one.meter_number}.")
