"""Who took a payment is told wherever it is told of: at the till that took it, at the next one, at head office."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from meterpos.headoffice import checks, master
from meterpos.ledger.queries.accounts import last_transactions, resolve
from meterpos.ledger.queries.receipts import NoSuchReceipt, find_receipt, made_elsewhere
from meterpos.ledger.tables import facts
from meterpos.till import Till
from tests.headoffice.test_putting_right import PAID, everybody, take
from tests.support.headoffice import Server

ZONES = ("Kondele", "Mamboleo", "Migosi", "Nyalenda")


@pytest.fixture
def tills(server: Server, tmp_path: Path) -> Iterator[tuple[Till, Till]]:
    """Two tills of one zone, who know the same people, and the first has a shift open."""
    server.import_town()
    with server.office.write() as (conn, outgoing):
        master.add_user(
            conn,
            outgoing,
            user_name="achieng",
            display_name="Achieng O.",
            role="clerk",
            expires_on=None,
            code="1234-5678",
        )
    made = tuple(server.enrol_till(tmp_path / name, name, ZONES) for name in ("KSM01", "KSM02"))
    made[0].open_shift(float_minor=0, clerk="achieng")
    yield made  # type: ignore[misc]
    for till in made:
        till.close()


def test_another_till_says_who_took_a_payment(server: Server, tills: tuple[Till, Till]) -> None:
    first, second = tills
    number = take(first)
    everybody(first, second)
    with second.store.read() as conn:
        paid = last_transactions(conn, PAID)[0]
        found = made_elsewhere(conn, number)
        owner = resolve(conn, PAID).customer_name
        with pytest.raises(NoSuchReceipt, match=r"over 10\.00 was made by Achieng O\. at till KSM01\."):
            find_receipt(conn, number)
    assert (paid.number, paid.clerk_name) == (number, "Achieng O.")
    assert found is not None and (found.till_name, found.clerk_name, found.amount_minor, found.methods) == (
        "KSM01",
        "Achieng O.",
        10_00,
        ("cash",),
    )
    assert found.customer == owner and found.reversed_by is None
    with first.store.read() as conn:
        assert made_elsewhere(conn, number) is None
        assert last_transactions(conn, PAID)[0].clerk_name == "Achieng O."


def test_head_office_keeps_who_took_it_and_works_it_out_anew(
    server: Server, tills: tuple[Till, Till], tmp_path: Path
) -> None:
    take(tills[0])
    everybody(*tills)
    with server.office.store.read() as conn:
        kept = select(facts.c.clerk).where(facts.c.kind == "payment", facts.c.entry_id.is_not(None))
        assert conn.execute(kept).scalars().all() == ["achieng"]
        others = select(facts.c.clerk).where(facts.c.entry_id.is_(None)).distinct()
        assert conn.execute(others).scalars().all() == [None], "nobody took what head office itself said"
    assert checks.rebuilt_differences(server.office.store, folder=tmp_path) == ()
