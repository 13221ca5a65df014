"""A report as a file: CSV for programs, XLSX for a spreadsheet, PDF for signatures. Rows are written as they come."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

from sqlalchemy import Connection

from meterpos.errors import UserError
from meterpos.headoffice.legacy.reports import Report, ready_reports, report
from meterpos.headoffice.workbook import Sheet, write_workbook


class CannotWrite(UserError):
    """The folder for the reports cannot be used."""


def write_csv(report: Report, out: IO[str]) -> None:
    """Write a report as CSV, each line ended by a line feed."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(report.columns)
    writer.writerows(report.rows)


def write_all(conn: Connection, folder: Path) -> None:
    """Write every report whose step was done as CSV into a folder. Raises: CannotWrite."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in ready_reports(conn):
            with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                write_csv(report(conn, name), file)
    except OSError as error:
        raise CannotWrite(f"The reports cannot be written to {folder}: {error.strerror}.", field="reports") from error


def write_xlsx(report: Report, out: IO[bytes]) -> None:
    """Write a report as a workbook of one sheet; money is numbers with two decimals. Raises: TooLong."""
    sheet = Sheet(name=report.name, columns=report.columns, rows=report.rows, money=report.money)
    write_workbook([sheet], out, title=report.title)


# --- PDF

PAGE: Final = (841.89, 595.28)
"""A4, landscape, in points."""
MARGIN: Final = 36.0
LINE: Final = 11.0
SIZE: Final = 7.5
GAP: Final = 8.0
SAMPLED: Final = 500
"""Column widths are those of the first rows: a report is written without being held in memory."""


def write_pdf(report: Report, out: IO[bytes], *, head: str) -> None:
    """Write a report as PDF on A4 across; `head` is what stands beside the title: whose it is, and when."""
    from reportlab.pdfgen.canvas import Canvas

    rows = iter(report.rows)
    sample = [row for row, _ in zip(rows, range(SAMPLED), strict=False)]
    paper = _Paper(Canvas(out, pagesize=PAGE, invariant=1), report, head, sample)
    count = 0
    for row in _chain(sample, rows):
        paper.row(row)
        count += 1
    paper.end(count)


def _chain(sample: list[tuple[str, ...]], rest: Iterator[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    yield from sample
    yield from rest


class _Paper:
    """Draws a table page by page."""

    def __init__(self, canvas: Any, report: Report, head: str, sample: list[tuple[str, ...]]) -> None:
        from meterpos.printing.fonts import BOLD, REGULAR, font_file

        self._regular, self._bold = _registered(REGULAR, font_file(REGULAR)), _registered(BOLD, font_file(BOLD))
        self._canvas, self._report, self._head = canvas, report, head
        self._letter = _width("0", self._regular)
        self._widths = self._shared(sample)
        self._page, self._y = 0, 0.0
        self._start()

    def row(self, cells: tuple[str, ...]) -> None:
        """Draw one row, on a new page where this one is full."""
        if self._y < MARGIN + LINE:
            self._canvas.showPage()
            self._start()
        self._draw(cells, self._regular)

    def end(self, count: int) -> None:
        """Say how many rows there were and close the file."""
        if self._y < MARGIN + 2 * LINE:
            self._canvas.showPage()
            self._start()
        self._canvas.setFont(self._bold, SIZE)
        self._canvas.drawString(MARGIN, self._y - LINE / 2, f"{count:,} rows")
        self._canvas.save()

    def _start(self) -> None:
        self._page += 1
        top = PAGE[1] - MARGIN
        self._canvas.setFont(self._bold, 12)
        self._canvas.drawString(MARGIN, top, self._report.title)
        self._canvas.setFont(self._regular, SIZE)
        self._canvas.drawString(MARGIN, top - 14, self._head)
        self._canvas.drawRightString(PAGE[0] - MARGIN, top - 14, f"page {self._page}")
        self._y = top - 34
        titles = [_folded(column, self._letters(width)) for column, width in self._shown()]
        for line in range(lines := max(map(len, titles))):
            blank = [""] * lines
            self._draw(tuple([*blank[len(title) :], *title][line] for title in titles), self._bold)
        self._canvas.line(MARGIN, self._y + LINE - 3, PAGE[0] - MARGIN, self._y + LINE - 3)

    def _shown(self) -> Iterator[tuple[str, float]]:
        return zip(self._report.columns, self._widths, strict=True)

    def _letters(self, width: float) -> int:
        return max(int(width / self._letter + 0.01), 1)

    def _draw(self, cells: tuple[str, ...], font: str) -> None:
        x = MARGIN
        for column, cell, width in zip(self._report.columns, cells, self._widths, strict=True):
            size = SIZE
            letters = self._letters(width)
            shown = cell if len(cell) <= letters else f"{cell[: letters - 1]}…"
            if column in self._report.money and len(cell) > letters:
                shown, size = cell, SIZE * letters / len(cell)  # money is never cut
            self._canvas.setFont(font, size)
            if column in self._report.money:
                self._canvas.drawRightString(x + width, self._y, shown)
            else:
                self._canvas.drawString(x, self._y, shown)
            x += width + GAP
        self._y -= LINE

    def _shared(self, sample: list[tuple[str, ...]]) -> list[float]:
        """Give each column what it needs; where that is too much, take it from the widest."""
        wanted = [
            max([*map(len, column.split("_")), *(len(row[place]) for row in sample)]) * self._letter
            for place, column in enumerate(self._report.columns)
        ]
        room = PAGE[0] - 2 * MARGIN - GAP * (len(wanted) - 1)
        while sum(wanted) > room:
            widest = wanted.index(max(wanted))
            wanted[widest] -= min(sum(wanted) - room, self._letter)
        return wanted


def _folded(column: str, letters: int) -> list[str]:
    """Return a column's title in lines of at most so many letters, broken between words."""
    lines: list[str] = []
    for word in column.split("_"):
        if lines and len(lines[-1]) + 1 + len(word) <= letters:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _registered(name: str, file: str) -> str:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    own = Path(name).stem
    if own not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont(own, file))
    return own


def _width(letters: str, font: str) -> float:
    from reportlab.pdfbase import pdfmetrics

    return float(pdfmetrics.stringWidth(letters, font, SIZE))


def as_bytes(report: Report, form: str, *, head: str) -> bytes:
    """Return a report as a file in `form`: csv, xlsx or pdf."""
    out = io.BytesIO()
    if form == "xlsx":
        write_xlsx(report, out)
    elif form == "pdf":
        write_pdf(report, out, head=head)
    else:
        wrapped = io.TextIOWrapper(out, encoding="utf-8", newline="")
        write_csv(report, wrapped)
        wrapped.flush()
    return out.getvalue()
