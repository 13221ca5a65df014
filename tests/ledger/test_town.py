"""The town: a utility's data with answers worked out by a separate, deliberately plain program."""

import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, insert, update

from meterpos.ledger.balances import (
    CustomerSums,
    find_customer_differences,
    find_differences,
    rebuild_movements,
    recalculate,
    recalculate_all,
    recalculate_customers,
)
from meterpos.ledger.queries.listings import aging, balances, invoices, write_csv
from meterpos.ledger.tables import accounts, customers
from tests.support.ledgers import empty_ledger, load

TOWN = Path(__file__).parents[1] / "data" / "town"
AS_OF = date(2026, 11, 20)


@pytest.fixture
def town(database_url: str) -> Iterator[Connection]:
    with empty_ledger(database_url) as store, store.write() as connection:
        load(connection, TOWN / "import")
        recalculate_all(connection)
        yield connection


def printed(connection: Connection, name: str) -> str:
    listings = {
        "balances": lambda: balances(connection),
        "invoices": lambda: invoices(connection, as_of=AS_OF),
        "aging": lambda: aging(connection, as_of=AS_OF),
    }
    stream = io.StringIO(newline="")
    write_csv(listings[name](), stream)
    return stream.getvalue()


def expected(name: str) -> str:
    return (TOWN / "expected" / f"{name}.csv").read_bytes().decode()


@pytest.mark.parametrize("name", ["balances", "invoices", "aging"])
def test_the_town_is_met_byte_for_byte(town: Connection, name: str) -> None:
    assert printed(town, name) == expected(name)


def test_the_town_is_the_same_when_its_movements_are_rebuilt_from_facts(town: Connection) -> None:
    rebuild_movements(town)
    assert recalculate(town, None) == ()
    assert printed(town, "invoices") == expected("invoices")


def test_what_a_recalculation_would_change_is_told_and_nothing_is_changed(town: Connection) -> None:
    town.execute(
        accounts.update().where(accounts.c.account_no == "A0000003").values(net_minor=1, last_invoice_date=None)
    )
    (difference,) = find_differences(town, None)
    assert difference.account_no == "A0000003"
    assert (difference.kept.net_minor, difference.kept.last_invoice_date) == (1, None)
    assert (difference.computed.net_minor, difference.computed.last_invoice_date) == (860013, date(2026, 11, 18))
    assert find_differences(town, ["A0000003", "A0000004"]) == (difference,)
    assert [change.account_no for change in recalculate(town, None)] == ["A0000003"]
    assert find_differences(town, None) == ()


def test_an_account_with_nothing_open_is_not_aged_whatever_its_row_says(town: Connection) -> None:
    town.execute(accounts.update().where(accounts.c.net_minor <= 0).values(balance_minor=1))
    assert printed(town, "aging") == expected("aging")


def test_listings_of_nothing_are_their_headers(town: Connection) -> None:
    town.execute(delete(accounts))
    for name in ("balances", "invoices", "aging"):
        assert printed(town, name) == expected(name).partition("\n")[0] + "\n"


def test_customers_whose_sums_are_wrong_are_told_and_put_right(town: Connection) -> None:
    town.execute(update(customers).where(customers.c.customer_no == "AC-10001").values(balance_minor=1))
    town.execute(insert(customers), {"customer_no": "AC-0", "name": "nobody", "zone": "z", "overpayment_minor": 5})
    told = find_customer_differences(town)
    assert told == (
        (CustomerSums("AC-10001", 1, 0), CustomerSums("AC-10001", 6495, 0)),
        (CustomerSums("AC-0", 0, 5), CustomerSums("AC-0", 0, 0)),
    )
    assert recalculate_customers(town, ["AC-0"]) == (CustomerSums("AC-0", 0, 0),)
    assert recalculate_customers(town, None) == (CustomerSums("AC-10001", 6495, 0),)
    assert find_customer_differences(town) == ()
