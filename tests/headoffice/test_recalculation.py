"""Customers' sums worked out anew: what was not so is told, and nothing else changes."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import delete, func, insert, select, text, update

from meterpos.headoffice.importing.load import import_directory
from meterpos.headoffice.locks import hold_accounts
from meterpos.headoffice.office import Office
from meterpos.headoffice.recalculation import Recalculated, recalculate_customer_balances
from meterpos.ledger.balances import find_customer_differences, find_differences, recalculate
from meterpos.ledger.tables import accounts, customers, movements
from tests.cli.commands import run
from tests.support.headoffice import TOWN, make_office

SPOILT = "AC-10001"


@pytest.fixture
def office(tmp_path: Path, database_url: str) -> Iterator[Office]:
    office = make_office(tmp_path / "office", database_url)
    import_directory(office.store, TOWN / "import")
    yield office
    office.close()


def sums(office: Office) -> list[tuple[object, ...]]:
    with office.store.read() as connection:
        found = select(customers.c.customer_no, customers.c.balance_minor, customers.c.overpayment_minor)
        return [tuple(row) for row in connection.execute(found.order_by(customers.c.customer_no))]


def spoil(office: Office) -> None:
    with office.store.write() as connection:
        chosen = customers.c.customer_no == SPOILT
        connection.execute(update(customers).where(chosen).values(balance_minor=customers.c.balance_minor + 500_00))


def changed(done: Recalculated) -> tuple[int, int]:
    return done.balances_changed, done.overpayments_changed


def test_a_drifted_customer_is_put_right_and_told_and_a_second_time_finds_nothing(office: Office) -> None:
    right = sums(office)
    spoil(office)
    done = recalculate_customer_balances(office.store, chunk=7)
    assert sums(office) == right
    assert changed(done) == (1, 0)
    assert [(one.customer_no, one.type, one.difference_minor) for one in done.significant] == [
        (SPOILT, "balance", -500_00)
    ]
    assert done.balance_before_minor - done.balance_after_minor == 500_00
    assert done.processed >= max(done.with_balance, done.with_overpayment, done.clear) > 0
    assert changed(recalculate_customer_balances(office.store)) == (0, 0)


def test_a_dry_run_tells_the_same_and_changes_nothing(office: Office) -> None:
    spoil(office)
    before = sums(office)
    done = recalculate_customer_balances(office.store, dry_run=True)
    assert sums(office) == before
    assert changed(done) == (1, 0)


def test_a_small_change_is_counted_and_not_listed(office: Office) -> None:
    spoil(office)
    done = recalculate_customer_balances(office.store, significant_minor=500_00)
    assert (changed(done), done.significant) == ((1, 0), [])


def test_one_customer_that_cannot_be_does_not_stop_the_rest(office: Office) -> None:
    spoil(office)
    beyond_all_bounds(office, "AC-10002")
    done = recalculate_customer_balances(office.store, chunk=10)
    assert [number for number, _ in done.failed] == ["AC-10002"]
    assert changed(done) == (1, 0)
    assert done.processed == recalculate_customer_balances(office.store, dry_run=True).processed


def test_what_is_posted_meanwhile_to_another_meter_of_the_customer_is_in_the_sums(office: Office) -> None:
    """PostgreSQL would write sums of before what was committed while it waited for the customer's row."""
    wrong, other = two_accounts_of_a_customer(office)
    with office.store.write() as connection:
        chosen = accounts.c.account_no == wrong
        connection.execute(update(accounts).where(chosen).values(balance_minor=accounts.c.balance_minor + 300_00))
    with ThreadPoolExecutor(1) as aside:
        with office.store.write() as connection:
            hold_accounts(connection, {other})
            meanwhile = aside.submit(recalculate_customer_balances, office.store)
            until_somebody_waits(office)
            connection.execute(insert(movements), [movement(other, place=1, amount_minor=70_000_00)])
            recalculate(connection, {other})
        assert meanwhile.result(timeout=30).failed == []
    with office.store.read() as connection:
        assert find_differences(connection, None) == ()
        assert find_customer_differences(connection) == ()


def test_what_is_kept_of_a_customer_without_accounts_goes(office: Office) -> None:
    spoil(office)
    with office.store.write() as connection:
        connection.execute(delete(accounts).where(accounts.c.customer_no == SPOILT))
    done = recalculate_customer_balances(office.store)
    assert done.balances_changed == 1
    assert {row[0]: row[1:] for row in sums(office)}[SPOILT] == (0, 0)


def until_somebody_waits(office: Office) -> None:
    """Wait until another waits for what this process holds; on SQLite whoever writes waits at the door."""
    if office.store.dialect == "sqlite":
        return
    give_up_at = time.monotonic() + 20
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    while time.monotonic() < give_up_at:
        with office.store.read() as connection:
            if connection.execute(waiting).scalar_one():
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


def two_accounts_of_a_customer(office: Office) -> tuple[str, str]:
    mine = (accounts.c.kind == "meter") & accounts.c.closed_on.is_(None)
    owner = (
        select(accounts.c.customer_no).where(mine).group_by(accounts.c.customer_no).having(func.count() > 1).limit(1)
    )
    query = select(accounts.c.account_no).where(mine, accounts.c.customer_no == owner.scalar_subquery()).limit(2)
    with office.store.read() as connection:
        one, other = connection.execute(query).scalars()
    return one, other


def movement(account_no: str, *, place: int, amount_minor: int) -> dict[str, object]:
    return {
        "account_no": account_no,
        "fact_id": f"i:beyond-{place}",
        "kind": "invoice",
        "fact_date": date(2026, 11, 1),
        "amount_minor": amount_minor,
        "number": f"beyond-{place}",
    }


def beyond_all_bounds(office: Office, customer_no: str) -> None:
    """Let a customer owe more than a sum can hold."""
    with office.store.write() as connection:
        of = accounts.c.customer_no == customer_no
        number = connection.execute(select(accounts.c.account_no).where(of).limit(1)).scalar_one()
        rows = [movement(number, place=place, amount_minor=2**62) for place in range(4)]
        connection.execute(insert(movements), rows)


def test_by_command_it_is_told_in_words_and_in_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METERPOS_HEADOFFICE_HOME", str(tmp_path / "office"))
    url = f"sqlite:///{tmp_path / 'office.db'}"
    assert run("headoffice", "--database", url, "init").code == 0
    empty = run("headoffice", "--database", url, "recalculate-customer-balances")
    assert (empty.code, empty.out) == (0, "No customers with meters found.\n")
    assert run("headoffice", "--database", url, "import", str(TOWN / "import")).code == 0
    told = run("headoffice", "--database", url, "recalculate-customer-balances", "--dry-run")
    assert "balances changed: 0" in told.out
    assert "Nothing was changed." in told.out
    assert run("headoffice", "--database", url, "setting", "set", "change_listed_minor", "500.00").code == 0
    assert "balances changed: 0" in run("headoffice", "--database", url, "recalculate-customer-balances").out
    answer = run("headoffice", "--database", url, "recalculate-customer-balances", "--json").answer
    assert (answer["overpayments_changed"], answer["significant"], answer["failed"]) == (0, [], [])
