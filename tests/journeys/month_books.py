"""After the month: reports, books, bookkeepers' programs and tills say the same as head office, to the cent."""

import csv
import io
import shutil
import subprocess
from collections.abc import Mapping
from typing import TYPE_CHECKING

from sqlalchemy import select

from meterpos.cli.exports import PLACES
from meterpos.headoffice.checks import run_checks
from meterpos.ledger import checks
from meterpos.ledger.money import parse_amount
from meterpos.ledger.queries.books import book_balances
from meterpos.ledger.queries.shifts import current_shift
from meterpos.ledger.tables import accounts
from meterpos.till import Till

if TYPE_CHECKING:
    from tests.journeys.month import Month


def drawer(till: Till) -> int:
    """Return what the drawer must hold."""
    with till.store.read() as connection:
        assert current_shift(connection) is not None
        held = {str(book): minor for book, minor in book_balances(connection).items()}
    return held["drawer"]


def compare(month: "Month") -> None:
    """Compare everything with everything."""
    with month.server.office.store.read() as connection:
        assert list(run_checks(connection)) == []
        ours = {PLACES[book]: minor for book, minor in book_balances(connection).items() if minor}
    assert sum(ours.values()) == 0
    _trial_balance_is_zero(month)
    nets = {row["account_no"]: parse_amount(row["net"], signed=True) for row in month.listed("balances")}
    _reports_agree(month, nets)
    _bookkeepers_agree(month, ours)
    for till in month.open.values():
        _till_agrees(till, nets)


def _trial_balance_is_zero(month: "Month") -> None:
    *books, total = month.listed("report", "trial-balance", "--to", str(month.today))
    assert (total["book"], total["debit"]) == ("total", total["credit"]), total
    assert len(books) > 3


def _reports_agree(month: "Month", nets: Mapping[str, int]) -> None:
    """What is owed is one number in every report; the others can be made."""
    period = ("--from", str(month.today.replace(day=1)), "--to", str(month.today))
    figures = {(row["figure"], row["of"]): row["value"] for row in month.listed("report", "financial", *period)}
    owing = sum(max(net, 0) for net in nets.values())
    assert parse_amount(figures["outstanding", ""], signed=True) == owing
    aging = month.listed("report", "aging", "--as-of", str(month.today))
    assert sum(parse_amount(row["total"], signed=True) for row in aging if row["customer_no"] != "total") == owing
    assert month.office("report", "custody", *period).raw
    assert month.listed("report", "collections", *period)


def _bookkeepers_agree(month: "Month", ours: dict[str, int]) -> None:
    """Beancount accepts the books; hledger finds every sum as we do. Where they are not installed nothing is said."""
    for kind, suffix in (("beancount", "beancount"), ("hledger", "journal")):
        path = month.folder / f"books.{suffix}"
        path.write_bytes(month.office("export", "--format", kind).raw)
    if shutil.which("bean-check"):
        assert _told("bean-check", str(month.folder / "books.beancount")) == ""
    if shutil.which("hledger"):
        listed = _told(
            "hledger", "-f", str(month.folder / "books.journal"),
            "balance", "--flat", "--depth", "2", "-O", "csv", "--empty", "-N",
        )  # fmt: skip
        rows = [row for row in csv.reader(io.StringIO(listed)) if row[1] not in ("0", "balance")]
        assert {row[0]: parse_amount(row[1].removeprefix("KES "), signed=True) for row in rows} == ours


def _told(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def _till_agrees(till: Till, nets: Mapping[str, int]) -> None:
    with till.store.read() as connection:
        assert list(checks.run_checks(connection)) == []
        rows = connection.execute(
            select(accounts.c.account_no, accounts.c.net_minor).where(accounts.c.kind == "meter")
        ).all()
    assert {row.account_no: row.net_minor for row in rows} == {row.account_no: nets[row.account_no] for row in rows}
