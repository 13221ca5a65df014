"""`export`: the books, entry by entry, for other bookkeepers: CSV, beancount and hledger; the same on both sides.

The last two end with what each book must hold, so that the program that reads them checks every sum itself.
"""

import re
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from meterpos.cli.books import Books
from meterpos.cli.style import example

if TYPE_CHECKING:
    from meterpos.ledger.queries.books import BookEntry
    from meterpos.ledger.rules.postings import Book, Posting

Format = Annotated[
    Literal["csv", "beancount", "hledger"],
    typer.Option("--format", metavar="csv|beancount|hledger", help="csv for programs, or a bookkeeper's own journal."),
]

PLACES: Final[dict[str, str]] = {
    "receivable": "Assets:Receivable",
    "suspense": "Liabilities:Suspense",
    "drawer": "Assets:Drawer",
    "safe": "Assets:Safe",
    "float": "Equity:Float",
    "payouts": "Expenses:PayOuts",
    "mpesa_clearing": "Assets:MPesaClearing",
    "bank": "Assets:Bank",
    "cheques_in_hand": "Assets:ChequesInHand",
    "cheques_uncleared": "Liabilities:ChequesUncleared",
    "refunds_due": "Liabilities:RefundsDue",
    "revenue": "Income:Revenue",
    "adjustments": "Income:Adjustments",
    "opening_balances": "Equity:OpeningBalances",
    "cash_over_short": "Expenses:CashOverShort",
}
"""Where a bookkeeper keeps each book."""

_PLAIN: Final = re.compile(r"[A-WYZ0-9][A-Za-z0-9-]*")

Line = Iterator[str]


def add_to(group: typer.Typer, books: Books) -> None:
    """Add the export of these books to a group."""

    def export(context: typer.Context, format_: Format = "csv") -> None:
        """Write the books entry by entry, in double entry: debits above zero, each entry adds up to zero."""
        from meterpos.ledger.queries.books import book_balances, book_entries
        from meterpos.ledger.queries.settings import utility_settings

        with books.opened(context) as open_, open_.store.read() as connection:
            write = {"csv": _csv, "beancount": _beancount, "hledger": _hledger}[format_]
            currency = utility_settings(connection).currency
            for line in write(book_entries(connection), book_balances(connection), currency):
                sys.stdout.write(line)

    group.command("export", epilog=example(f"meterpos {books.program} export --format beancount > books.beancount"))(
        export
    )


def place_of(posting: "Posting") -> str:
    """Return the bookkeeper's name of where a posting goes; accounts stand below their book."""
    place = PLACES[posting.book]
    return place if posting.account_no is None else f"{place}:{_part(posting.account_no)}"


def _part(account_no: str) -> str:
    """Return an account's number as a part of such a name, any other text as X and its bytes: no two are alike."""
    return account_no if _PLAIN.fullmatch(account_no) else f"X{account_no.encode().hex().upper()}"


def _csv(entries: "Iterator[BookEntry]", _balances: "dict[Book, int]", currency: str) -> Line:
    import csv
    import io

    from meterpos.ledger.money import format_decimal

    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(("entry", "date", "number", "text", "book", "account_no", "amount", "currency"))
    for number, entry in enumerate(entries, start=1):
        for posting in entry.postings:
            amount = format_decimal(posting.amount_minor)
            row = (number, entry.on, entry.number, entry.text, posting.book, posting.account_no or "", amount, currency)
            writer.writerow(row)
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _beancount(entries: "Iterator[BookEntry]", balances: "dict[Book, int]", currency: str) -> Line:
    from meterpos.ledger.money import format_decimal

    yield f'option "title" "meterpos"\noption "operating_currency" "{currency}"\n'
    opened: set[str] = set()
    last = date.min
    for entry in entries:
        last = max(last, entry.on)
        for place in sorted({place_of(posting) for posting in entry.postings} - opened):
            yield f"\n{entry.on} open {place} {currency}"
            opened.add(place)
        yield f'\n{entry.on} * "{_quoted(entry.text)}" "{_quoted(entry.number)}"\n'
        for posting in entry.postings:
            yield f"  {place_of(posting)}  {format_decimal(posting.amount_minor)} {currency}\n"
    if opened:
        for book, minor in sorted(balances.items()):
            if PLACES[book] not in opened:
                yield f"\n{last} open {PLACES[book]} {currency}"
            amount = format_decimal(minor)
            yield f"\n{last + timedelta(days=1)} balance {PLACES[book]}  {amount} {currency}"
        yield "\n"


def _hledger(entries: "Iterator[BookEntry]", balances: "dict[Book, int]", currency: str) -> Line:
    from meterpos.ledger.money import format_decimal

    last = date.min
    for entry in entries:
        last = max(last, entry.on)
        yield f"{entry.on} * {_one_line(entry.number)} | {_one_line(entry.text)}\n"
        for posting in entry.postings:
            yield f"    {place_of(posting)}  {currency} {format_decimal(posting.amount_minor)}\n"
        yield "\n"
    if last > date.min:
        yield f"{last} * what each book holds\n"
        for book, minor in sorted(balances.items()):
            yield f"    {PLACES[book]}  {currency} 0.00 =* {currency} {format_decimal(minor)}\n"


def _quoted(text: str) -> str:
    return _one_line(text).replace("\\", "\\\\").replace('"', '\\"')


def _one_line(text: str) -> str:
    return " ".join(text.replace(";", ",").split())
