"""The lists of meters and customers on a real ledger: filters, orders, chunks, and what one customer or meter shows."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, update

from meterpos.ledger import search_index
from meterpos.ledger.queries import lists
from meterpos.ledger.queries.customers import UnknownCustomer
from meterpos.ledger.queries.dossier import customer_dossier, meter_dossier
from meterpos.ledger.queries.lists import customer_rows, list_customers, list_meters, meter_rows
from meterpos.ledger.store import Store
from meterpos.ledger.tables import accounts, contacts, customers, meters
from tests.support.ledgers import empty_ledger
from tests.support.tills import GRACE, JAMES, Counter, invoice, post_facts

TODAY = date(2026, 11, 20)


@pytest.fixture
def counter(tmp_path: Path) -> Counter:
    made = Counter.at(tmp_path / "home")
    post_facts(made, [invoice("INV-OLD", "A3", 90_000, on=date(2026, 6, 1))])
    return made


def numbers(counter: Counter, **options: object) -> list[str]:
    """Read a whole list of meters, chunk by chunk."""
    found: list[str] = []
    with counter.till.store.read() as connection:
        after = None
        while True:
            chunk = list_meters(connection, today=TODAY, after=after, **options)  # type: ignore[arg-type]
            rows = meter_rows(connection, chunk.numbers, today=TODAY)
            assert [row.account_no for row in rows] == list(chunk.numbers)
            found += [row.meter_no for row in rows]
            after = chunk.after
            if after is None:
                return found


def everyone(counter: Counter, **options: object) -> list[str]:
    """Read a whole list of customers."""
    found: list[str] = []
    with counter.till.store.read() as connection:
        after = None
        while True:
            chunk = list_customers(connection, today=TODAY, after=after, **options)  # type: ignore[arg-type]
            found += [row.name for row in customer_rows(connection, chunk.numbers, today=TODAY)]
            after = chunk.after
            if after is None:
                return found


def close(counter: Counter, account_no: str) -> None:
    with counter.till.store.write() as connection:
        connection.execute(update(accounts).where(accounts.c.account_no == account_no).values(closed_on=TODAY))


def disconnect(counter: Counter, meter_no: str) -> None:
    with counter.till.store.write() as connection:
        connection.execute(update(meters).where(meters.c.meter_no == meter_no).values(status="disconnected"))


def test_meters_stand_in_the_order_of_their_numbers_however_small_the_chunks(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = numbers(counter)
    assert len(whole) >= 4
    assert whole == sorted(whole)
    for size in (1, 2, 3):
        monkeypatch.setattr(lists, "CHUNK", size)
        assert numbers(counter) == whole
        assert numbers(counter, show="all") == whole


@pytest.mark.parametrize("order", ["balance", "last_invoice"])
def test_what_stands_at_the_top_is_the_same_however_small_the_chunks(
    counter: Counter, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with counter.till.store.write() as connection:  # neither invoiced nor paid, two of them
        for meter_no in ("MTR-900", "MTR-901"):
            row = {"meter_no": meter_no, "utility": "water", "status": "active", "location": ""}
            connection.execute(insert(meters).values(row))
            account = {"account_no": f"A-{meter_no}", "kind": "meter", "zone": "A", "meter_no": meter_no}
            connection.execute(insert(accounts).values(account))
    whole = numbers(counter, order=order)
    assert sorted(whole) == numbers(counter)
    assert [one for one in whole if one.startswith("MTR-90")] == ["MTR-900", "MTR-901"]
    assert order != "last_invoice" or whole[-1] == "MTR-901", "what was never invoiced stands last"
    for size in (1, 2, 3):
        monkeypatch.setattr(lists, "CHUNK", size)
        assert numbers(counter, order=order) == whole
        assert numbers(counter, order=order, state="owing") == [
            one for one in whole if one in numbers(counter, state="owing")
        ]


@pytest.mark.parametrize("order", ["number", "customer", "balance", "last_invoice"])
def test_every_order_holds_the_same_meters(counter: Counter, order: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "PEOPLE_AT_ONCE", 1)
    assert sorted(numbers(counter, order=order)) == numbers(counter)


def test_the_most_owed_and_the_latest_invoice_stand_first(counter: Counter) -> None:
    with counter.till.store.read() as connection:
        by_balance = meter_rows(connection, list_meters(connection, order="balance", today=TODAY).numbers, today=TODAY)
        latest = meter_rows(connection, list_meters(connection, order="last_invoice", today=TODAY).numbers, today=TODAY)
    owed = [row.balance_minor - row.overpayment_minor for row in by_balance]
    assert owed == sorted(owed, reverse=True)
    dates = [row.last_invoice_date or date.min for row in latest]
    assert dates == sorted(dates, reverse=True)


def test_filters_say_what_they_mean(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    with counter.till.store.read() as connection:
        rows = meter_rows(connection, list_meters(connection, show="all", today=TODAY).numbers, today=TODAY)
    assert numbers(counter, state="owing") == [row.meter_no for row in rows if row.balance_minor]
    assert numbers(counter, state="credit") == [row.meter_no for row in rows if row.overpayment_minor]
    late = [row.meter_no for row in rows if row.overdue]
    assert late
    for size in (1, 400):
        monkeypatch.setattr(lists, "LOOKED_INTO", size)
        assert numbers(counter, state="overdue") == late
        assert sorted(numbers(counter, state="overdue", order="balance")) == late
        assert sorted(numbers(counter, state="overdue", order="customer")) == late


def test_what_is_out_of_use_is_inactive(counter: Counter) -> None:
    whole = numbers(counter)
    disconnect(counter, "MTR-001")
    close(counter, "A3")
    with counter.till.store.read() as connection:
        gone = connection.execute(accounts.select().where(accounts.c.account_no == "A3")).one().meter_no
    assert numbers(counter, show="inactive") == sorted(["MTR-001", gone])
    assert numbers(counter) == [one for one in whole if one not in ("MTR-001", gone)]
    assert numbers(counter, show="all") == whole
    assert numbers(counter, order="customer", show="active") != whole


def test_a_text_finds_a_piece_of_a_number_or_whose_the_meters_are(counter: Counter) -> None:
    assert numbers(counter, text="tr-001") == ["MTR-001"]
    with counter.till.store.read() as connection:
        hers = sorted(
            connection.execute(accounts.select().where(accounts.c.customer_no == GRACE)).scalars(),
        )
    assert len(numbers(counter, text="grace akinyi")) == len(hers)
    assert numbers(counter, text="100%") == []


def test_customers_stand_by_name_and_those_who_left_last(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    assert everyone(counter) == ["Grace Akinyi Otieno", "James Otieno"]
    with counter.till.store.write() as connection:
        connection.execute(update(customers).where(customers.c.customer_no == GRACE).values(status="closed"))
        search_index.refresh(connection, customer_nos=[GRACE])
    monkeypatch.setattr(lists, "CHUNK", 1)
    assert everyone(counter) == ["James Otieno", "Grace Akinyi Otieno"]
    assert everyone(counter, text="james") == ["James Otieno"]


def test_a_customer_row_counts_the_meters_in_use(counter: Counter) -> None:
    disconnect(counter, "MTR-001")
    with counter.till.store.read() as connection:
        grace, james = customer_rows(connection, [GRACE, JAMES], today=TODAY)
    assert (grace.meters, james.meters) == (2, 1)
    assert grace.overdue


def test_lists_are_there_without_the_search_index(database_url: str) -> None:
    with empty_ledger(database_url) as store:
        _fill(store)
        with store.read() as connection:
            people = list_customers(connection, today=TODAY)
            by_number = list_meters(connection, today=TODAY)
            by_customer = list_meters(connection, order="customer", today=TODAY)
            latest = list_meters(connection, order="last_invoice", show="all", today=TODAY)
            found = list_meters(connection, text="m-1", today=TODAY)
    assert people.numbers == ("C2", "C1")
    assert by_number.numbers == ("B1", "B2")
    assert by_customer.numbers == ("B2", "B1")
    assert latest.numbers == ("B2", "B1")
    assert found.numbers == ("B1",)


def _fill(store: Store) -> None:
    with store.write() as connection:
        for table in (customers, meters, accounts):
            connection.execute(delete(table))
        connection.execute(
            insert(customers),
            [{"customer_no": "C1", "name": "Zuhura", "zone": "A"}, {"customer_no": "C2", "name": "Amina", "zone": "A"}],
        )
        connection.execute(
            insert(meters), [{"meter_no": f"M-{n}", "utility": "water", "status": "active"} for n in (1, 2)]
        )
        connection.execute(
            insert(accounts),
            [
                {
                    "account_no": f"B{n}",
                    "kind": "meter",
                    "customer_no": f"C{n}",
                    "meter_no": f"M-{n}",
                    "zone": "A",
                    "last_invoice_date": date(2026, n, 1),
                }
                for n in (1, 2)
            ],
        )


def test_a_customer_is_looked_up_whole(counter: Counter) -> None:
    with counter.till.store.write() as connection:
        connection.execute(
            insert(contacts),
            {"contact_id": "k1", "customer_no": GRACE, "name": "Otieno Sr", "phone": "0700000001", "consent": True},
        )
    with counter.till.store.read() as connection:
        found = customer_dossier(connection, GRACE, today=TODAY)
    assert [contact.name for contact in found.contacts] == ["Otieno Sr"]
    assert len(found.meters) == 3
    days = [one.transaction.date for one in found.happened]
    assert days == sorted(days, reverse=True)
    assert {one.meter_no for one in found.happened} <= {row.meter_no for row in found.meters}
    with counter.till.store.read() as connection, pytest.raises(UnknownCustomer):
        customer_dossier(connection, "AC-0", today=TODAY)


def test_a_meter_is_looked_up_whole(counter: Counter) -> None:
    with counter.till.store.read() as connection:
        found = meter_dossier(connection, "A3", today=TODAY)
    assert found.summary.account.status == "Outstanding"
    assert "INV-OLD" in [one.number for one in found.open]
    assert found.summary.open_count == len(found.open)
    assert found.phone
