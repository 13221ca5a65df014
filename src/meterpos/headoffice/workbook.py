"""Figures as a workbook for a spreadsheet: a sheet a table, amounts as numbers. Rows are written as they come."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from itertools import chain, zip_longest
from typing import IO, Any, Final

from meterpos.errors import UserError

SHEET_ROWS_MAX: Final = 1_048_575
"""A sheet's last row, less the header: the format knows no more."""
NAME_MAX: Final = 31
WIDE_MAX: Final = 60
"""How many letters wide a column becomes at most."""
ARROW_WIDE: Final = 2
"""The arrow of a filter beside a column's name."""
DATE_WIDE: Final = 10
HEADER_MAX: Final = 120
A4: Final = 9
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
    head = {"bold": True, "bottom": 1}
    formats = {
        "head": book.add_format(head),
        "head of money": book.add_format({**head, "align": "right"}),
        "head of counts": book.add_format({**head, "align": "right", "indent": 1}),
        "money": book.add_format({"num_format": "#,##0.00;[Red]-#,##0.00"}),
        "count": book.add_format({"align": "right", "indent": 1}),
        "date": book.add_format({"num_format": "yyyy-mm-dd", "align": "left"}),
        "word among money": book.add_format({"align": "right"}),
    }
    try:
        for sheet in sheets:
            page = book.add_worksheet(sheet.name[:NAME_MAX])
            _set_up(page, sheet, title=title)
            _write(page, sheet, formats)
    finally:
        book.close()  # else the files its rows wait in stay behind


def _set_up(page: Any, sheet: Sheet, *, title: str) -> None:
    """Say how the sheet is printed: A4 across, as wide as a page; its header stays in sight and on every page."""
    page.freeze_panes(1, 0)
    page.set_landscape()
    page.set_paper(A4)
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)
    page.set_header(f"&L{title.replace('&', '&&')[:HEADER_MAX]}&R{sheet.name.replace('&', '&&')}")
    page.set_footer("&R&P / &N")


def _write(page: Any, sheet: Sheet, formats: dict[str, Any]) -> None:
    """Write the rows, then the columns as wide as what stands in them: the widths are kept until the sheet ends."""
    widest = [len(column) + ARROW_WIDE for column in sheet.columns]
    rows = iter(sheet.rows)
    first = next(rows, None)
    _head(page, sheet, first or (), formats)
    line = 0
    for line, row in enumerate(chain(() if first is None else (first,), rows), 1):
        if line > SHEET_ROWS_MAX:
            raise TooLong(f"A sheet holds {SHEET_ROWS_MAX:,} rows, and there are more. Use --format csv.")
        for place, (column, cell) in enumerate(zip(sheet.columns, row, strict=True)):
            wide = _cell(page, line, place, cell, formats, is_money=column in sheet.money)
            widest[place] = max(widest[place], wide)
    for place, wide in enumerate(widest):
        page.set_column(place, place, min(wide + 2, WIDE_MAX))
    if line:
        page.autofilter(0, 0, line, len(sheet.columns) - 1)
        page.ignore_errors({"number_stored_as_text": f"A2:{_cell_name(line, len(sheet.columns) - 1)}"})


def _head(page: Any, sheet: Sheet, first: Sequence[object], formats: dict[str, Any]) -> None:
    """Write the names of the columns, each at the side at which its cells stand."""
    for place, (column, cell) in enumerate(zip_longest(sheet.columns, first)):
        side = " of money" if column in sheet.money else " of counts" if isinstance(cell, int) else ""
        page.write_string(0, place, column, formats[f"head{side}"])


def _cell(page: Any, line: int, place: int, cell: object, formats: dict[str, Any], *, is_money: bool) -> int:
    """Write one cell and return how many letters wide it is."""
    amount = _amount(cell) if is_money and isinstance(cell, str) else None
    if amount is not None:
        page.write_number(line, place, amount, formats["money"])
        return len(f"{amount:,.2f}")
    if isinstance(cell, int):
        page.write_number(line, place, cell, formats["count"])
        return len(str(cell)) + 1
    if isinstance(cell, date):
        page.write_datetime(line, place, cell, formats["date"])
        return DATE_WIDE
    text = "" if cell is None else str(cell)
    page.write_string(line, place, text, formats["word among money"] if is_money else None)
    return len(text)


def _cell_name(row: int, column: int) -> str:
    from xlsxwriter.utility import xl_rowcol_to_cell

    return str(xl_rowcol_to_cell(row, column))


def _amount(text: str) -> Decimal | None:
    try:
        return Decimal(text) if text else None
    except InvalidOperation:
        return None
