"""What commands print: tables, pairs and lines for people, one JSON object or CSV for programs."""

import csv
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from meterpos.ledger.checks import Problem

PROBLEMS_SHOWN: Final = 100
BAR_CELLS: Final = 24
METHOD_NAMES: Final = {"cash": "Cash", "mpesa": "M-Pesa", "bank": "Bank", "cheque": "Cheque"}


def tell(sentence: str) -> None:
    """Print one line."""
    print(sentence)


def tell_aside(sentence: str) -> None:
    """Print one line that is no part of the answer, on stderr."""
    print(sentence, file=sys.stderr)


def progress(what: str) -> Callable[[int, int], None]:
    """Return what shows on stderr how many of how many are done, as a bar written over, where there is a terminal."""

    def say(done: int, total: int) -> None:
        if sys.stderr is not None and sys.stderr.isatty():
            end = "\r\x1b[K" if done >= total else ""
            full = min(done, total) * BAR_CELLS // max(total, 1)
            bar = "█" * full + "░" * (BAR_CELLS - full)
            sys.stderr.write(f"\r\x1b[K{bar} {done:,} of {total:,} {what}{end}")
            sys.stderr.flush()

    return say


def tell_problems(problems: "Sequence[Problem]") -> None:
    """Print what a check found, a line each; of very many the first, and how many more there are."""
    for problem in problems[:PROBLEMS_SHOWN]:
        tell(problem.sentence)
    if len(problems) > PROBLEMS_SHOWN:
        tell(f"… and {len(problems) - PROBLEMS_SHOWN} more; --json names them all.")


def as_json(answer: Mapping[str, Any]) -> None:
    """Print one JSON object; dates and instants as ISO text, bytes as hex."""
    print(json.dumps(answer, ensure_ascii=False, indent=2, default=_plain))


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows as CSV with a header, one line each, ended by a line feed on every system."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)


def as_bytes(content: bytes) -> None:
    """Print bytes as they are."""
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def as_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[str] = ()) -> None:
    """Print rows for people; columns named in ``right`` hold money or counts and stand at the right."""
    if sys.stdout.isatty():
        _rich_table(columns, rows, right)
    else:
        _plain_table(columns, list(rows), right)


def as_pairs(pairs: Iterable[tuple[str, str]]) -> None:
    """Print what something is, a line each: its name, then its value; a pair without value is left out."""
    told = [(name, value) for name, value in pairs if value]
    width = max((len(name) for name, _ in told), default=0)
    for name, value in told:
        print(f"{name:<{width}}  {value}")


def _plain_table(columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str]) -> None:
    widths = [
        max(len(name), *(len(row[place]) for row in rows)) if rows else len(name) for place, name in enumerate(columns)
    ]
    for row in (columns, *rows):
        cells = (
            cell.rjust(width) if name in right else cell.ljust(width)
            for name, cell, width in zip(columns, row, widths, strict=True)
        )
        print("  ".join(cells).rstrip())


def _rich_table(columns: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[str]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD)
    for name in columns:
        table.add_column(name, justify="right" if name in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)


def _plain(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value.isoformat())
