"""Ledgers for tests: an empty one on either database, and a utility's import files put straight into facts."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert

from meterpos.ledger.money import parse_amount
from meterpos.ledger.posting import post
from meterpos.ledger.rules.facts import Fact
from meterpos.ledger.store import Store
from meterpos.ledger.tables import accounts, customers, meters
from meterpos.ledger.upgrade import upgrade


@contextmanager
def empty_ledger(url: str) -> Iterator[Store]:
    """Open a ledger with all its tables and nothing in them."""
    store = Store(url)
    upgrade(store)
    yield store
    store.close()


def load(connection: Connection, folder: Path) -> None:
    """Put an import folder into master tables and facts, without any of the checks the real import makes."""
    _insert(connection, customers, folder / "customers.csv", days=("opened_on",))
    _insert(connection, meters, folder / "meters.csv")
    owned = list(_rows(folder / "accounts.csv"))
    zones = {row["customer_no"]: row["zone"] for row in _rows(folder / "customers.csv")}
    connection.execute(
        insert(accounts),
        [
            {
                "account_no": row["account_no"],
                "kind": "meter",
                "customer_no": row["customer_no"],
                "meter_no": row["meter_no"],
                "zone": zones[row["customer_no"]],
                "opened_on": _day(row["opened_on"]),
                "closed_on": _day(row["closed_on"]),
            }
            for row in owned
        ],
    )
    post(connection, list(facts_in(folder)), fresh=False)


def facts_in(folder: Path) -> Iterator[Fact]:
    """Say the facts an import folder states."""
    for row in _rows(folder / "accounts.csv"):
        amount = _amount(row["opening_balance"])
        if amount:
            opened = _day(row["opened_on"])
            yield _fact(f"o:{row['account_no']}", "opening", row, "opened_on", amount, due_date=opened)
    for row in _rows(folder / "invoices.csv"):
        yield _fact(
            f"i:{row['invoice_no']}",
            "invoice",
            row,
            "invoice_date",
            _amount(row["amount"]),
            due_date=_day(row["due_date"]),
        )
    for row in _rows(folder / "adjustments.csv"):
        yield _fact(f"a:{row['adjustment_no']}", "adjustment", row, "made_on", _amount(row["amount"]))
    for row in _rows(folder / "payments.csv"):
        yield from _payment(row)


def _payment(row: dict[str, str]) -> Iterator[Fact]:
    amount, payment = _amount(row["amount"]), f"p:{row['payment_no']}"
    yield _fact(
        payment,
        "payment",
        row,
        "paid_on",
        -amount,
        counts=row["status"] == "completed",
        invoice_no=row["invoice_no"] or None,
        method=row["method"],
        reference=row["reference"] or None,
    )
    if row["reversed_on"]:
        yield _fact(f"r:{row['payment_no']}", "reversal", row, "reversed_on", amount, of_fact_id=payment)


def _fact(fact_id: str, kind: Any, row: dict[str, str], dated: str, amount_minor: int, **more: Any) -> Fact:
    day = _day(row[dated])
    assert day is not None
    account_no = row["account_no"]
    return Fact(
        fact_id=fact_id,
        kind=kind,
        account_no=account_no,
        stands_on=account_no,
        number=fact_id[2:],
        fact_date=day,
        amount_minor=amount_minor,
        **more,
    )


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream)


def _insert(connection: Connection, table: Any, path: Path, days: tuple[str, ...] = ()) -> None:
    rows = [{name: _day(cell) if name in days else cell for name, cell in row.items()} for row in _rows(path)]
    connection.execute(insert(table), rows)


def _amount(text: str) -> int:
    return parse_amount(text, signed=True)


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
