"""Tariffs as files bring them and as they are kept: versions that follow each other without a gap."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from meterpos.errors import UserError
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
    plain_text,
    rows,
)
from meterpos.headoffice.tables import metering, tariffs
from meterpos.ledger.money import AMOUNT_MAX
from meterpos.ledger.rules.metering import ReadingRefused, parse_units
from meterpos.ledger.rules.tariffs import Block, Levy, Tariff, TariffGap, UnusableTariff, check_tariff, check_versions
from meterpos.ledger.tables import meters

PRICE_DECIMALS: Final = 6
ITEMS: Final = (
    "block",
    "standing",
    "standing-by-days",
    "minimum",
    "minimum-by-days",
    "levy-percent",
    "levy-fixed",
    "levy-unit",
    "penalty-percent",
    "penalty-fixed",
)


class UnknownTariff(UserError):
    """There is no such tariff, or no such meter."""


class TariffKnown(UserError):
    """A version of that day is kept already, and says something else."""


def _price(text: str) -> Decimal:
    try:
        price = Decimal(text) if text.isascii() else Decimal("nan")
    except InvalidOperation:
        price = Decimal("nan")
    if not price.is_finite() or price < 0 or -int(price.as_tuple().exponent) > PRICE_DECIMALS or "e" in text.lower():
        raise BadValue(f"'{text[:40]}' is no price. Use digits and at most {PRICE_DECIMALS} decimals: 72.505.")
    if price * 100 > AMOUNT_MAX:
        raise BadValue(f"'{text[:40]}' is too much.")
    return price


def _bound(text: str) -> int:
    try:
        return parse_units(text)
    except ReadingRefused as error:
        raise BadValue(f"'{text[:40]}' is no number of units.") from error


COLUMNS: Final = (
    ColumnSpec("tariff", identifier),
    ColumnSpec("starts_on", iso_date),
    ColumnSpec("ends_on", optional(iso_date), ""),
    ColumnSpec("item", one_of(*ITEMS)),
    ColumnSpec("upto", optional(_bound), ""),
    ColumnSpec("price", _price),
    ColumnSpec("name", plain_text, ""),
)
"""A row is one item of one version: a block with its bound, or standing charge, minimum, levy or penalty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What a file brought: versions that are new, and those that were kept already."""

    new: tuple[Tariff, ...]
    had: int


def import_tariffs(conn: Connection, path: Path) -> Imported:
    """Take the versions in a file, all or none; an open version ends the day before the next begins.

    Raises: BadImport, TariffKnown.
    """
    findings = Findings()
    given = _read(path, findings)
    known = load_tariffs(conn)
    new = [one for one in given if not _is_kept(one, known.get(one.name, ()))]
    for name in sorted({one.name for one in new}):
        _check(name, known.get(name, ()), [one for one in new if one.name == name], path.name, findings)
    if findings.problems:
        raise BadImport(findings.problems, findings.problem_count)
    for name in sorted({one.name for one in new}):
        _keep(conn, known.get(name, ()), [one for one in new if one.name == name])
    return Imported(new=tuple(new), had=len(given) - len(new))


def _read(path: Path, findings: Findings) -> list[Tariff]:
    items: dict[tuple[str, str], list[tuple[int, list[Any]]]] = defaultdict(list)
    for line, values in rows(path, COLUMNS, findings):
        items[values[0], values[1]].append((line, values))
    if not items and not findings.problems:
        findings.wrong(path.name, 0, "", "names no tariff.")
    made = [_version(key, given, path.name, findings) for key, given in items.items()]
    return [] if findings.problems else [one for one in made if one is not None]


def _version(
    key: tuple[str, str], given: Sequence[tuple[int, list[Any]]], file: str, findings: Findings
) -> Tariff | None:
    first = given[0][0]
    ends = {values[2] for _, values in given if values[2] is not None}
    if len(ends) > 1:
        findings.wrong(file, first, "ends_on", f"tariff {key[0]} of {key[1]} ends on several days.")
        return None
    blocks: list[Block] = []
    levies: list[Levy] = []
    single: dict[str, Decimal] = {}
    for line, (_, _, _, item, upto, price, name) in given:
        if item == "block":
            blocks.append(Block(upto_milli=upto, price=price))
        elif item.startswith("levy-"):
            levies.append(_levy(item, name, price, file, line, findings))
        elif item in single:
            findings.wrong(file, line, "item", f"tariff {key[0]} of {key[1]} has two rows of '{item}'.")
        else:
            single[item] = price
            _check_whole(item, price, file, line, findings)
    for item in ("standing", "minimum"):
        if {item, f"{item}-by-days"} <= single.keys():
            findings.wrong(file, first, "item", f"tariff {key[0]} of {key[1]} has a '{item}' and one by days.")
    tariff = Tariff(
        name=key[0],
        starts_on=date.fromisoformat(key[1]),
        ends_on=date.fromisoformat(ends.pop()) if ends else None,
        blocks=tuple(blocks),
        standing_minor=_minor(single.get("standing", single.get("standing-by-days"))),
        minimum_minor=_minor(single.get("minimum", single.get("minimum-by-days"))),
        levies=tuple(levies),
        penalty_percent=single.get("penalty-percent", Decimal(0)),
        penalty_minor=_minor(single.get("penalty-fixed")),
        standing_by_days="standing-by-days" in single,
        minimum_by_days="minimum-by-days" in single,
    )
    try:
        check_tariff(tariff)
    except UnusableTariff as error:
        findings.wrong(file, first, error.field or "", str(error))
    return tariff


def _levy(item: str, name: str, price: Decimal, file: str, line: int, findings: Findings) -> Levy:
    if not name:
        findings.wrong(file, line, "name", "is empty; a levy stands on the bill by its name.")
    kinds: Mapping[str, Any] = {"levy-percent": "percent", "levy-fixed": "fixed", "levy-unit": "unit"}
    return Levy(name=name, kind=kinds[item], value=price)


def _check_whole(item: str, price: Decimal, file: str, line: int, findings: Findings) -> None:
    if item != "penalty-percent" and price * 100 != int(price * 100):
        findings.wrong(file, line, "price", f"{price} is no amount of money: it has more than two decimals.")


def _minor(price: Decimal | None) -> int:
    return int(price * 100) if price is not None else 0


def _is_kept(one: Tariff, known: Sequence[Tariff]) -> bool:
    """Tell whether a version is kept already, as it is or ended meanwhile by the one after it. Raises: TariffKnown."""
    kept = next((version for version in known if version.starts_on == one.starts_on), None)
    if kept is None:
        return False
    if kept != one and replace(kept, ends_on=None) != one:
        raise TariffKnown(
            f"Tariff {one.name} of {one.starts_on:%d %b %Y} is here already and says something else. A tariff in force "
            "is not changed: give the new one a later first day."
        )
    return True


def _check(name: str, known: Sequence[Tariff], new: Sequence[Tariff], file: str, findings: Findings) -> None:
    try:
        check_versions(_following([*known, *new]))
    except (UnusableTariff, TariffGap) as error:
        findings.wrong(file, 0, "", f"{name}: {error}")


def _following(versions: Sequence[Tariff]) -> list[Tariff]:
    """Let each open version end the day before the next begins."""
    ordered = sorted(versions, key=lambda version: version.starts_on)
    ended = [
        one if one.ends_on is not None else replace(one, ends_on=after.starts_on - timedelta(days=1))
        for one, after in pairwise(ordered)
    ]
    return [*ended, *ordered[-1:]]


def _keep(conn: Connection, known: Sequence[Tariff], new: Sequence[Tariff]) -> None:
    kept = {version.starts_on: version for version in known}
    for version in _following([*known, *new]):
        before = kept.get(version.starts_on)
        if before is None:
            row = {"tariff": version.name, "starts_on": version.starts_on, "ends_on": version.ends_on}
            conn.execute(insert(tariffs), {**row, "terms": terms_of(version)})
        elif before.ends_on != version.ends_on:
            of_version = tariffs.c.tariff == version.name, tariffs.c.starts_on == version.starts_on
            conn.execute(update(tariffs).where(*of_version).values(ends_on=version.ends_on))


# --- as they are kept


def terms_of(tariff: Tariff) -> dict[str, Any]:
    """Return what a version says, as it is kept: prices as decimal text, never as floating numbers."""
    return {
        "blocks": [{"upto": block.upto_milli, "price": f"{block.price:f}"} for block in tariff.blocks],
        "standing": tariff.standing_minor,
        "minimum": tariff.minimum_minor,
        "levies": [{"name": levy.name, "kind": levy.kind, "value": f"{levy.value:f}"} for levy in tariff.levies],
        "penalty_percent": f"{tariff.penalty_percent:f}",
        "penalty": tariff.penalty_minor,
        "standing_by_days": tariff.standing_by_days,
        "minimum_by_days": tariff.minimum_by_days,
    }


def load_tariffs(conn: Connection) -> dict[str, tuple[Tariff, ...]]:
    """Return every tariff with its versions, oldest first."""
    found: dict[str, list[Tariff]] = defaultdict(list)
    for row in conn.execute(select(tariffs).order_by(tariffs.c.tariff, tariffs.c.starts_on)):
        terms = row.terms
        found[row.tariff].append(
            Tariff(
                name=row.tariff,
                starts_on=row.starts_on,
                ends_on=row.ends_on,
                blocks=tuple(Block(upto_milli=one["upto"], price=Decimal(one["price"])) for one in terms["blocks"]),
                standing_minor=terms["standing"],
                minimum_minor=terms["minimum"],
                levies=tuple(
                    Levy(name=one["name"], kind=one["kind"], value=Decimal(one["value"])) for one in terms["levies"]
                ),
                penalty_percent=Decimal(terms["penalty_percent"]),
                penalty_minor=terms["penalty"],
                standing_by_days=terms["standing_by_days"],
                minimum_by_days=terms["minimum_by_days"],
            )
        )
    return {name: tuple(versions) for name, versions in found.items()}


def assign_tariff(conn: Connection, *, meter_no: str, tariff: str | None) -> None:
    """Bill a meter by a tariff of its own; None: by its utility's, the tariff named water or power.

    Raises: UnknownTariff.
    """
    if tariff is not None and conn.execute(select(tariffs.c.tariff).where(tariffs.c.tariff == tariff)).first() is None:
        raise UnknownTariff(f"There is no tariff {tariff}. See: meterpos headoffice tariff list", field="tariff")
    if conn.execute(select(meters.c.meter_no).where(meters.c.meter_no == meter_no)).first() is None:
        raise UnknownTariff(f"There is no meter {meter_no}. Check the number.", field="meter")
    bulk.insert_new(conn, metering, [{"meter_no": meter_no, "tariff": None, "digits": None}])
    conn.execute(update(metering).where(metering.c.meter_no == meter_no).values(tariff=tariff))
