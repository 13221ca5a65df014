"""Figures as a workbook for a spreadsheet: a sheet a table, amounts as numbers. Rows are written as they come."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import IO, Any, Final

from meterpos.errors import UserError

SHEET_ROWS_MAX: Final = 1_048_575
"""A sheet's last row, less the header: the format knows no more."""
NAME_MAX: Final = 31
FIXED_AT: Final = datetime(2000, 1, 1)  # noqa: DTZ001 - the format keeps no time zone; one report is one file, byte for byte


class TooLong(UserError):
    """The report has more rows than a sheet can hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One table; the columns in ``money`` hold amounts as decimal strings."""

    name: str
    columns: Sequence[str]
    rows: Iterable[Sequence[object]]
    money: frozenset[str] = field(default_factory=frozenset)


def write_workbook(sheets: Iterable[Sheet], out: IO[bytes], *, title: str) -> None:
    """Write sheets into one workbook; nothing in it is taken for a formula or a link. Raises: TooLong."""
    import xlsxwriter

    book = xlsxwriter.Workbook(out, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": title, "created": FIXED_AT})
    formats = {
        "bold": book.add_format({"bold": True}),
        "money": book.add_format({"num_format": "#,##0.00"}),
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
    }
    try:
        for sheet in sheets:
            _write(book.add_worksheet(sheet.name[:NAME_MAX]), sheet, formats)
    finally:
        book.close()  # else the files its rows wait in stay behind


def _write(page: Any, sheet: Sheet, formats: dict[str, Any]) -> None:
    for place, column in enumerate(sheet.columns):
        page.set_column(place, place, max(12, len(column) + 2))
    page.freeze_panes(1, 0)
    page.write_row(0, 0, sheet.columns, formats["bold"])
    for line, row in enumerate(sheet.rows, 1):
        if line > SHEET_ROWS_MAX:
            raise TooLong(f"A sheet holds {SHEET_ROWS_MAX:,} rows, and there are more. Use --format csv.")
        for place, (column, cell) in enumerate(zip(sheet.columns, row, strict=True)):
            _cell(page, line, place, cell, formats, is_money=column in sheet.money)


def _cell(page: Any, line: int, place: int, cell: object, formats: dict[str, Any], *, is_money: bool) -> None:
    amount = _amount(cell) if is_money and isinstance(cell, str) else None
    if amount is not None:
        page.write_number(line, place, amount, formats["money"])
    elif isinstance(cell, int):
        page.write_number(line, place, cell)
    elif isinstance(cell, date):
        page.write_datetime(line, place, cell, formats["date"])
    else:
        page.write_string(line, place, "" if cell is None else str(cell))


def _amount(text: str) -> Decimal | None:
    try:
        return Decimal(text) if text else None
    except InvalidOperation:
        return None
