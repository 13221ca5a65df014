"""Head office comes back without what it did with customers, meters and accounts: tills take that back, and no more."""

from datetime import date
from pathlib import Path

from sqlalchemy import select, text

from meterpos.headoffice.backups import back_up, restore
from meterpos.headoffice.master import correct_customer, hand_over
from meterpos.ledger.tables import accounts, customers, till_identity
from meterpos.till import Till
from tests.headoffice.test_backups import again, meets, sound
from tests.headoffice.test_exchange import counter, pay, town
from tests.headoffice.test_zones import knows, move
from tests.support.headoffice import Server, office, server, sync

__all__ = ["office", "server", "town"]

ON = date(2026, 11, 20)


def back(town: Server, backup: Path) -> Server:
    town.stop()
    restore(town.office.settings, backup, leap=0, at=town.office.now())
    return again(town)


def served(till: Till) -> list[tuple[str, str, bool]]:
    """Return the accounts of the meter that A0000001 is of: number, customer, and whether it is open."""
    meter = select(accounts.c.meter_no).where(accounts.c.account_no == "A0000001").scalar_subquery()
    with till.store.read() as connection:
        rows = connection.execute(select(accounts).where(accounts.c.meter_no == meter).order_by("account_no"))
        return [(row.account_no, row.customer_no, row.closed_on is None) for row in rows]


def names(till: Till) -> set[str]:
    with till.store.read() as connection:
        return set(connection.execute(select(customers.c.name)).scalars())


def rests(till: Till, running: Server) -> None:
    """The till agrees with head office, and nothing of its ledger is unsound."""
    meets(till, running)
    assert till.check(rebuild=True) == ()
    with till.store.read() as connection:
        assert connection.execute(select(till_identity.c.in_doubt)).scalar_one() is False


def test_a_hand_over_that_head_office_lost_is_taken_back_and_what_was_paid_on_it_waits_for_a_decision(
    town: Server, tmp_path: Path
) -> None:
    till = counter(town, tmp_path / "till")
    sync(till)
    (before,) = served(till)
    with till.store.read() as connection:
        meter_no = connection.execute(
            select(accounts.c.meter_no).where(accounts.c.account_no == before[0])
        ).scalar_one()
        others = select(customers.c.customer_no).where(customers.c.customer_no != before[1]).order_by("customer_no")
        other = connection.execute(others).scalars().first()
    back_up(town.office.store, tmp_path / "backup.db")
    with town.office.write() as (conn, outgoing):
        hand_over(conn, outgoing, meter_no=meter_no, to_customer=other, account_no="A-NEW", on=ON)
        correct_customer(conn, outgoing, customer_no=before[1], values={"name": "Somebody Else"})
    sync(till)
    assert "Somebody Else" in names(till)
    assert served(till) == [("A-NEW", other, True), (*before[:2], False)]
    paid = pay(till, "A-NEW", 300_00)
    running = back(town, tmp_path / "backup.db")
    rests(till, running)
    assert served(till) == [before] and "Somebody Else" not in names(till)
    with running.office.store.read() as conn:
        stands = text("SELECT stands_on, decision FROM facts WHERE number = :paid")
        assert conn.execute(stands, {"paid": paid}).one() == ("SUSPENSE-KSM01", "suspense")
    assert sound(running.office) and len(running.codes()) == 1
    till.close()
    running.stop()


def test_a_move_to_another_zone_that_head_office_lost_is_taken_back_at_both_ends(town: Server, tmp_path: Path) -> None:
    old = counter(town, tmp_path / "old", "KSM01", ("Mamboleo",))
    new = counter(town, tmp_path / "new", "KSM02", ("Kondele",))
    both = counter(town, tmp_path / "both", "KSM03", ("Kondele", "Mamboleo"))
    pay(old, "A0000001", 100_00)
    for till in (old, new, both):
        sync(till)
    owed = town.net("A0000001")
    back_up(town.office.store, tmp_path / "backup.db")
    move(town, "Kondele")
    for till in (old, new, both):
        sync(till)
    assert (knows(old), knows(new)) == (None, owed)
    pay(new, "A0000001", 200_00)
    running = back(town, tmp_path / "backup.db")
    for till in (new, old, both):
        rests(till, running)
    assert (knows(old), knows(new), knows(both)) == (owed - 200_00, None, owed - 200_00)
    with new.store.read() as connection:
        assert connection.execute(select(customers).where(customers.c.customer_no == "AC-10001")).first() is None
    assert running.net("A0000001") == owed - 200_00 and sound(running.office) and running.codes() == []
    for till in (old, new, both):
        till.close()
    running.stop()
