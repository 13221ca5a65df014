"""After a look at a zone from its start, the till has what was named, what it made itself, and nothing else."""

from datetime import date

import pytest
from sqlalchemy import Connection, insert, select

from meterpos.ledger.checks import run_checks
from meterpos.ledger.journal import entries_after
from meterpos.ledger.operations import sync_state
from meterpos.ledger.operations.feed import StaleCursor, begin_again, sum_digests_anew, zone_sums
from meterpos.ledger.operations.looking import forget_unheard, is_in_doubt, keep_named
from meterpos.ledger.queries.identity import identity
from meterpos.ledger.tables import accounts, contacts, customers, facts, meters, plans, streams, till_identity
from tests.ledger.operations import test_plan_requests
from tests.ledger.operations.test_feed import Row, apply, fact_row, plan_rows
from tests.support.tills import GRACE, Counter, invoice

ZONES = ("Kondele",)


def named(connection: Connection, *, but: tuple[str, ...] = ()) -> frozenset[tuple[str, str]]:
    """Return every row of the ledger as a look would name it, but for some keys."""
    keys = {
        "account": accounts.c.account_no, "customer": customers.c.customer_no, "contact": contacts.c.contact_id,
        "meter": meters.c.meter_no, "fact": facts.c.fact_id, "plan": plans.c.account_no,
    }  # fmt: skip
    rows = {(kind, key) for kind, column in keys.items() for key in connection.execute(select(column)).scalars()}
    return frozenset(row for row in rows if row[1] not in but)


def keep(counter: Counter, *, but: tuple[str, ...], everywhere: bool = False) -> int:
    with counter.till.store.write() as connection:
        said = named(connection, but=but)
        return keep_named(connection, generation=1, zones=ZONES, named=said, everywhere=everywhere)


def sound(counter: Counter) -> bool:
    with counter.till.store.read() as connection:
        return list(run_checks(connection)) == []


def test_an_account_that_was_not_named_goes_with_its_meter_and_the_last_one_with_its_customer(counter: Counter) -> None:
    with counter.till.store.write() as connection:
        person = {"contact_id": "C1", "customer_no": GRACE, "name": "Otieno", "phone": "0700", "consent": True}
        connection.execute(insert(contacts), [person, person | {"contact_id": "C2"}])
        owned = connection.execute(select(accounts).where(accounts.c.customer_no == GRACE)).all()
    first, *others = owned
    assert keep(counter, but=(first.account_no, "C2")) == 2
    with counter.till.store.read() as connection:
        assert connection.execute(select(meters).where(meters.c.meter_no == first.meter_no)).first() is None
        assert connection.execute(select(contacts.c.contact_id)).scalars().all() == ["C1"]
    assert sound(counter)
    keep(counter, but=(GRACE, "C1", *(row.account_no for row in others)))
    with counter.till.store.read() as connection:
        for table in (customers, accounts, contacts):
            left = connection.execute(select(table.c.customer_no)).scalars().all()
            assert GRACE not in left and (left or table is contacts)
    assert sound(counter)


def test_a_customer_without_an_account_and_a_meter_without_one_go_when_all_was_looked_at(counter: Counter) -> None:
    with counter.till.store.write() as connection:
        connection.execute(insert(customers), {"customer_no": "AC-0", "name": "Nobody", "zone": "Kondele"})
        connection.execute(insert(meters), {"meter_no": "MTR-0", "utility": "water", "status": "active"})
        connection.execute(till_identity.update().values(in_doubt=True))
    assert keep(counter, but=("AC-0", "MTR-0")) == 1
    with counter.till.store.read() as connection:
        assert is_in_doubt(connection)
    assert keep(counter, but=("MTR-0",), everywhere=True) == 1
    with counter.till.store.read() as connection:
        assert not is_in_doubt(connection)
        assert "MTR-0" not in connection.execute(select(meters.c.meter_no)).scalars().all()


def test_what_this_till_took_counts_on_an_account_that_goes_and_what_others_say_of_it_does_not(
    counter: Counter,
) -> None:
    counter.pay("A1", 100_00)
    keep(counter, but=("A1", *of_others(counter)))
    with counter.till.store.read() as connection:
        rows = connection.execute(select(facts).where(facts.c.stands_on == "A1")).all()
    assert {(row.kind, row.decision) for row in rows if row.entry_id is not None} == {("payment", None)}
    assert {row.decision for row in rows if row.entry_id is None} == {"none"}
    assert sound(counter)


def test_what_a_copy_of_this_till_took_keeps_its_place_where_the_tills_own_line_named_it(counter: Counter) -> None:
    keep(counter, but=("A1",))
    with counter.till.store.read() as connection:
        rows = connection.execute(select(facts).where(facts.c.fact_id.in_(of_others(counter)))).all()
    assert rows and all(row.position is not None and row.decision != "none" for row in rows)
    assert sound(counter)


def of_others(counter: Counter) -> list[str]:
    """Return the facts on A1 that are not of this till's journal."""
    of_others = select(facts.c.fact_id).where(facts.c.stands_on == "A1", facts.c.entry_id.is_(None))
    with counter.till.store.read() as connection:
        return list(connection.execute(of_others).scalars())


def test_a_plan_head_office_lost_goes_and_one_made_here_waits_for_it(counter: Counter) -> None:
    test_plan_requests.make(test_plan_requests.counter.__wrapped__(counter))  # type: ignore[attr-defined]
    apply(counter, *plan_rows(4, 500_000))
    with counter.till.store.read() as connection:
        both = tuple(connection.execute(select(plans.c.account_no)).scalars())
    assert len(both) == 2
    keep(counter, but=both)
    with counter.till.store.read() as connection:
        assert connection.execute(select(plans.c.account_no)).scalars().all() == [test_plan_requests.FIRST]
        assert "PL-0042" not in connection.execute(select(accounts.c.account_no)).scalars().all()
    assert sound(counter)


def test_facts_a_look_did_not_name_lose_their_place_and_old_streams_are_asked_about(counter: Counter) -> None:
    with counter.till.store.write() as connection:
        connection.execute(
            insert(streams),
            {"stream": bytes(16), "till_name": "KSM01", "device_id": "d", "label": "OLD", "reason": "new",
             "opened_at": counter.clock(), "is_current": False, "through_seq": 3, "head": bytes(32), "generation": 1},
        )  # fmt: skip
        everything = named(connection)
        assert not forget_unheard(connection, generation=1, zones=ZONES, named=everything)
        placed = connection.execute(select(facts).where(facts.c.position.is_not(None), facts.c.stands_on == "A1"))
        gone = placed.first()
        assert gone is not None
        assert forget_unheard(connection, generation=1, zones=ZONES, named=everything - {("fact", gone.fact_id)})
        row = connection.execute(select(facts).where(facts.c.fact_id == gone.fact_id)).one()
        assert (row.position, row.decision, row.generation) == (None, "none", gone.generation)
        old = select(streams.c.generation).where(streams.c.label == "OLD")
        assert connection.execute(old).scalar_one() is None and is_in_doubt(connection)
    assert sound(counter)


def test_only_master_data_heard_above_the_common_place_leaves_a_till_in_doubt(counter: Counter) -> None:
    apply(counter, *plan_rows(4, 500_000))
    with counter.till.store.write() as connection:
        begin_again(connection, generation=2, keep_through=5)
        assert not is_in_doubt(connection)
        begin_again(connection, generation=3, keep_through=4)
        assert is_in_doubt(connection)
        begin_again(connection, generation=4, keep_through=4)
        assert is_in_doubt(connection), "until it has looked"
        with pytest.raises(StaleCursor):
            keep_named(connection, generation=1, zones=ZONES, named=frozenset(), everywhere=True)


def test_a_head_office_that_signs_for_less_than_before_leaves_the_till_in_doubt(counter: Counter) -> None:
    counter.pay("A1", 100_00)
    with counter.till.store.write() as connection:
        for place in entries_after(connection, identity(connection).stream, seq=0, limit=2)[::-1]:
            assert not is_in_doubt(connection)
            sync_state.record_ack(
                connection, stream=place.stream, through_seq=place.seq, head=place.entry_id, generation=1,
                signed_at=counter.clock(), may_go_back=True,
            )  # fmt: skip
        assert is_in_doubt(connection)


def test_a_zone_whose_last_account_left_has_no_digest_any_more(counter: Counter) -> None:
    new = invoice("INV-2026-00777", "A2", 99_000, on=date(2026, 11, 19), position=None)
    with counter.till.store.write() as connection:
        sum_digests_anew(connection)
    apply(counter, fact_row(new, 4))
    with counter.till.store.read() as connection:
        assert "Kondele" in zone_sums(connection)
        gone = list(connection.execute(select(accounts.c.account_no).where(accounts.c.zone == "Kondele")).scalars())
    apply(counter, *(Row(5 + at, "Kondele", "account_left", key, b"{}") for at, key in enumerate(gone)), after=4)
    with counter.till.store.read() as connection:
        assert "Kondele" not in zone_sums(connection)
    assert sound(counter) and counter.till.check(rebuild=True) == ()
