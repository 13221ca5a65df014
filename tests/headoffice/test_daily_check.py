"""Head office checks itself every day, and what it finds is an item of the desk until it finds nothing any more."""

from sqlalchemy import text

from meterpos.headoffice import exceptions
from meterpos.headoffice.checking import CHECK_LOCK, check_now
from meterpos.headoffice.office import Office
from meterpos.sync.lock import HomeBusy, only_one
from tests.support.headoffice import office

__all__ = ["office"]


def items(office: Office) -> list[str]:
    with office.store.read() as conn:
        return [item.subject for item in exceptions.listed(conn, code="ledger_check")]


def set_counter(office: Office, by: int) -> None:
    with office.store.write() as conn:
        conn.execute(text("UPDATE counters SET value = value + :by WHERE name = 'feed'"), {"by": by})


def test_what_the_daily_check_finds_is_an_item_until_it_is_put_right(office: Office) -> None:
    check_now(office)
    assert items(office) == []
    with office.write() as (_, outgoing):
        outgoing.send("setting", "currency")
    set_counter(office, -1)
    check_now(office)
    assert items(office) == ["feed_ends_at_its_counter"]
    set_counter(office, 1)
    check_now(office)
    assert items(office) == []


def test_one_worker_checks_at_a_time(office: Office) -> None:
    with office.write() as (_, outgoing):
        outgoing.send("setting", "currency")
    set_counter(office, -1)
    with only_one(office.settings.home, CHECK_LOCK, HomeBusy("")):
        check_now(office)
    assert items(office) == []
