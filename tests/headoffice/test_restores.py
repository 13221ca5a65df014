"""Head office comes back from a backup."""

from datetime import UTC, datetime

from meterpos.headoffice import feed
from meterpos.headoffice.office import Office
from meterpos.headoffice.restores import begin_generation
from meterpos.sync.wire import Lineage
from tests.support.headoffice import office

__all__ = ["office"]

AT = datetime(2026, 11, 20, tzinfo=UTC)


def test_a_new_generation_names_its_parent_and_where_it_stood(office: Office) -> None:
    with office.write() as (conn, _):
        feed.take_positions(conn, 7)
    with office.write() as (conn, _):
        assert begin_generation(conn, leap=40, at=AT) == 42
    with office.write() as (conn, _):
        feed.take_positions(conn, 2)
        assert begin_generation(conn, leap=0, at=AT) == 43
    with office.store.read() as conn:
        assert feed.generation(conn) == 43
        assert feed.lineage(conn) == (
            Lineage(generation=43, parent=42, parent_through=9),
            Lineage(generation=42, parent=1, parent_through=7),
        )
