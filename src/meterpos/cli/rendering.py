"""Papers as commands write them: text, printer bytes, PDF of a roll or of A4, a picture."""

from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

if TYPE_CHECKING:
    from meterpos.printing.document import Document

PaperFormat = Literal["text", "escpos", "pdf", "png"]
Size = Literal["58", "80", "a4"]
COLUMNS: Final = (32, 42, 48)

Columns = Annotated[
    int | None, typer.Option("--columns", metavar="32|42|48", help="Letters a line; else as the settings say.")
]
PaperSize = Annotated[
    Size | None,
    typer.Option("--paper", metavar="58|80|a4", help="With pdf: a roll this many mm wide, or A4; else what is usual."),
]


def check_columns(columns: int | None) -> None:
    """Raises: typer.BadParameter when no paper is composed at this width."""
    if columns is not None and columns not in COLUMNS:
        raise typer.BadParameter("use 32, 42 or 48", param_hint="--columns")


def rendered(paper: "Document", format_: PaperFormat, *, columns: int, size: Size | None = None) -> bytes:
    """Return a paper in one of the formats a command writes; a PDF without ``size`` is a roll of ``columns``."""
    if format_ == "text":
        from meterpos.printing.preview import render_text

        return render_text(paper, columns=columns).encode()
    if format_ == "png":
        from meterpos.printing.preview import render_png

        return render_png(paper, columns=columns)
    if format_ == "escpos":
        from meterpos.printing.thermal import render_escpos

        return render_escpos(paper, columns=columns)
    if size == "a4":
        from meterpos.printing.a4 import render_a4

        return render_a4(paper)
    from meterpos.printing.pdf import render_pdf

    return render_pdf(paper, columns=columns) if size is None else render_pdf(paper, width_mm=int(size))
