"""A customer moves to another zone: each till serves whom it should, with the whole history, and digests agree."""

from pathlib import Path

import pytest
from sqlalchemy import select

from meterpos.headoffice.checks import rebuilt_differences, run_checks
from meterpos.headoffice.master import hand_over
from meterpos.headoffice.tables import feed
from meterpos.headoffice.zones import CannotMove, move_customer
from meterpos.ledger.feedrows import ACCOUNT_LEFT
from meterpos.ledger.tables import accounts, customers, facts, meters
from meterpos.till import Till
from tests.headoffice.test_exchange import counter, pay, town
from tests.support.headoffice import Server, office, server, sync

__all__ = ["office", "server", "town"]


def knows(till: Till) -> int | None:
    with till.store.read() as connection:
        net = select(accounts.c.net_minor).where(accounts.c.account_no == "A0000001")
        return connection.execute(net).scalar_one_or_none()


def move(town: Server, zone: str) -> int:
    with town.office.write() as (conn, outgoing):
        customer = conn.execute(select(accounts.c.customer_no).where(accounts.c.account_no == "A0000001")).scalar_one()
        return move_customer(conn, outgoing, customer_no=customer, zone=zone)


def calm(town: Server, *tills: Till) -> None:
    for till in tills:
        result = sync(till)
        assert result.is_complete and result.agreed and not result.waiting, result
        assert till.check(rebuild=True) == ()
    with town.office.store.read() as conn:
        assert list(run_checks(conn)) == []
    assert rebuilt_differences(town.office.store, folder=town.office.settings.home) == ()
    assert town.codes() == []


def test_a_customer_goes_to_another_zone_and_comes_back(town: Server, tmp_path: Path) -> None:
    old = counter(town, tmp_path / "old", "KSM01", ("Mamboleo",))
    new = counter(town, tmp_path / "new", "KSM02", ("Kondele",))
    both = counter(town, tmp_path / "both", "KSM03", ("Kondele", "Mamboleo"))
    pay(old, "A0000001", 100_00)
    pay(both, "A0000001", 200_00)
    calm(town, old, both, new, old)
    owed = town.net("A0000001")
    assert (knows(old), knows(new), knows(both)) == (owed, None, owed)
    assert move(town, "Kondele") == 1
    calm(town, old, new, both)
    assert (knows(old), knows(new), knows(both)) == (None, owed, owed)
    with old.store.read() as connection:
        assert connection.execute(select(customers).where(customers.c.customer_no == "AC-10001")).first() is None
        own = select(facts.c.decision, facts.c.position).where(facts.c.amount_minor == -100_00)
        decision, position = connection.execute(own).one()
        assert decision == "account" and position is not None, "its own payment is its own, wherever the account went"
    number = pay(new, "A0000001", 300_00)
    calm(town, new, old, both)
    assert number and town.net("A0000001") == owed - 300_00 == knows(new) == knows(both)
    move(town, "Mamboleo")
    calm(town, old, new, both)
    assert (knows(old), knows(new), knows(both)) == (owed - 300_00, None, owed - 300_00)
    for till in (old, new, both):
        till.close()


def test_that_an_account_left_is_told_after_where_it_is_now_wherever_a_page_ends(town: Server) -> None:
    move(town, "Kondele")
    with town.office.store.read() as conn:
        moved = conn.execute(
            select(feed.c.kind, feed.c.key)
            .where(feed.c.zone.in_(("Kondele", "Mamboleo")))
            .order_by(feed.c.position.desc())
        ).all()
    kinds = [row.kind for row in moved]
    left = kinds.index(ACCOUNT_LEFT)
    assert "fact" in kinds[:left], "the till's own line names its payments once the account is gone"
    assert kinds[left + 1 : left + 4] == ["account", "meter", "customer"]


def test_a_zone_that_everybody_left_is_as_one_that_never_had_anybody(town: Server, tmp_path: Path) -> None:
    both = counter(town, tmp_path / "both", "KSM03", ("Kondele", "Mamboleo"))
    calm(town, both)
    with town.office.write() as (conn, outgoing):
        there = select(customers.c.customer_no).where(customers.c.zone == "Mamboleo")
        for number in conn.execute(there).scalars().all():
            move_customer(conn, outgoing, customer_no=number, zone="Kondele")
    calm(town, both)
    both.close()


def test_a_payment_taken_before_the_till_heard_of_the_move_counts(town: Server, tmp_path: Path) -> None:
    old = counter(town, tmp_path / "old", "KSM01", ("Mamboleo",))
    calm(town, old)
    owed = town.net("A0000001")
    move(town, "Kondele")
    pay(old, "A0000001", 100_00)
    calm(town, old)
    assert town.net("A0000001") == owed - 100_00 and knows(old) is None
    old.close()


def test_a_meter_handed_over_stays_in_its_new_customers_zone_when_the_old_one_moves_away(
    town: Server, tmp_path: Path
) -> None:
    with town.office.write() as (conn, outgoing):
        given = conn.execute(select(accounts).where(accounts.c.account_no == "A0000001")).one()
        others = select(accounts.c.customer_no).where(
            accounts.c.zone == given.zone, accounts.c.customer_no.is_not(None)
        )
        other = next(one for one in conn.execute(others).scalars() if one != given.customer_no)
        today = town.office.moment().today
        hand_over(conn, outgoing, meter_no=given.meter_no, to_customer=other, account_no="A-NEW", on=today)
    move(town, "Kondele" if given.zone == "Mamboleo" else "Mamboleo")
    old = counter(town, tmp_path / "old", "KSM01", (given.zone,))
    calm(town, old)
    with old.store.read() as connection:
        known = connection.execute(select(meters.c.meter_no).where(meters.c.meter_no == given.meter_no)).first()
    assert known is not None
    old.close()


@pytest.mark.parametrize(("who", "zone", "said"), [
    ("AC-99999", "Kondele", "no customer"), ("AC-10001", "Mamboleo", "already"), ("AC-10001", "till:KSM01", "no name"),
    ("AC-10001", " ", "no name"),
])  # fmt: skip
def test_a_move_that_makes_no_sense_is_refused(town: Server, who: str, zone: str, said: str) -> None:
    with pytest.raises(CannotMove, match=said), town.office.write() as (conn, outgoing):
        move_customer(conn, outgoing, customer_no=who, zone=zone)
