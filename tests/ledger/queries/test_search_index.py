"""The search index kept up to date customer by customer is the index built at once."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, insert

from meterpos.ledger import search_index
from meterpos.ledger.store import Store
from meterpos.ledger.tables import accounts, customers
from meterpos.ledger.tables.search import STATE, TABLES
from meterpos.ledger.upgrade import upgrade

_NAMES = st.sampled_from(["Grace Otieno", "Ng'ang'a Peter", "Zawadi", "Al-Amin Ali", "  ", "Ömer Şahin", "otieno"])
_PERSON = st.fixed_dictionaries(
    {
        "name": _NAMES,
        "phone": st.sampled_from(["", "0712345678", "+254712345678", "0110"]),
        "status": st.sampled_from(["active", "closed"]),
        "meters": st.lists(st.sampled_from(["MTR-001", "1", "M-1", "3700"]), max_size=3),
    }
)
_STATES = st.lists(st.dictionaries(st.sampled_from(["AC-1", "AC-2", "AC-03", "AC-4"]), _PERSON), max_size=4)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'ledger.db'}", key=bytes(32))
    upgrade(store)
    yield store
    store.close()


def _write(connection: Connection, people: Mapping[str, Mapping[str, Any]]) -> None:
    connection.execute(delete(customers))
    connection.execute(delete(accounts))
    for number, person in people.items():
        connection.execute(
            insert(customers),
            {"customer_no": number, "zone": "Kondele", **{key: person[key] for key in ("name", "phone", "status")}},
        )
        for place, meter in enumerate(person["meters"]):
            connection.execute(
                insert(accounts),
                {
                    "account_no": f"{number}/{place}",
                    "kind": "meter",
                    "customer_no": number,
                    "meter_no": meter,
                    "zone": "Kondele",
                },
            )


def _content(connection: Connection) -> tuple[Any, ...]:
    """Return the index without places, and what each of its parts answers, in order."""
    run = connection.exec_driver_sql
    people = run("SELECT customer_no, has_left, name, numbers FROM search_people ORDER BY place").all()
    numbers = run(
        "SELECT kind, number, customer_no, shown FROM search_numbers JOIN search_people USING (place) "
        "ORDER BY kind, number, customer_no"
    ).all()
    words = [
        run(
            "SELECT customer_no FROM search_words f JOIN search_people ON place = f.rowid WHERE search_words MATCH ? "
            "ORDER BY f.rowid",
            (asked,),
        ).all()
        for asked in ('"ot"*', '"otieno"', '"g"*', '"al"*', '"nganga"', '"oemer"*', '"omer"')
    ]
    pieces = [
        run(
            "SELECT customer_no FROM search_pieces f JOIN search_people ON place = f.rowid "
            "WHERE search_pieces MATCH ? ORDER BY f.rowid",
            (asked,),
        ).all()
        for asked in ('"tie"', '"mtr"', '"712"')
    ]
    for table in ("search_words", "search_pieces"):
        run(f"INSERT INTO {table} ({table}) VALUES ('integrity-check')")
    return people, numbers, words, pieces


@given(states=_STATES)
@settings(max_examples=40)
def test_any_change_leaves_the_index_as_if_built_anew(store: Store, states: list[dict[str, Any]]) -> None:
    with store.write() as connection:
        _write(connection, {})
        search_index.rebuild(connection)
        before: set[str] = set()
        for people in states:
            _write(connection, people)
            search_index.refresh(connection, customer_nos=before | set(people))
            before = set(people)
        kept = _content(connection)
        search_index.rebuild(connection)
        assert kept == _content(connection)


def _many(count: int, *, start: int = 0) -> dict[str, dict[str, Any]]:
    return {
        f"AC-{number:05d}": {
            "name": f"N{number * 7919 % 10007:05d}",
            "phone": "",
            "status": "active",
            "meters": [],
        }
        for number in range(start, start + count)
    }


def test_newcomers_keep_the_order_of_the_alphabet_however_many_come(store: Store) -> None:
    with store.write() as connection:
        _write(connection, {})
        search_index.rebuild(connection)
        for start in range(0, 2_000, 250):
            rows = [
                {"customer_no": number, "zone": "Z", "name": person["name"]}
                for number, person in _many(250, start=start).items()
            ]
            connection.execute(insert(customers), rows)
            search_index.refresh(connection, customer_nos=[row["customer_no"] for row in rows])
        names = connection.exec_driver_sql("SELECT name FROM search_people ORDER BY place").scalars().all()
        assert names == sorted(names)
        assert len(names) == 2_000


def test_a_first_load_takes_the_index_away_until_it_is_built_at_once(store: Store) -> None:
    people = _many(900)
    with store.write() as connection:
        _write(connection, _many(300))
        search_index.rebuild(connection)
        _write(connection, people)
        assert search_index.refresh(connection, customer_nos=set(people)) == 0
        assert not search_index.is_present(connection)
        assert search_index.refresh(connection, customer_nos=["AC-00001"]) == 0
    search_index.build_where_missing(store)
    with store.write() as connection:
        kept = _content(connection)
        search_index.rebuild(connection)
        assert kept == _content(connection)
        built = connection.exec_driver_sql(f"SELECT built FROM {STATE}").scalar_one()
    assert built == 900
    search_index.build_where_missing(store)


def test_no_room_between_neighbours_puts_the_newcomer_last_and_still_finds_it(store: Store) -> None:
    with store.write() as connection:
        _write(connection, _many(0) | {"AC-1": _PERSON_A, "AC-2": _PERSON_C})
        search_index.rebuild(connection)
        connection.exec_driver_sql("UPDATE search_people SET place = 2 WHERE place = 8192")
        connection.exec_driver_sql("UPDATE search_people SET place = 1 WHERE place = 4096")
        connection.execute(insert(customers), {"customer_no": "AC-3", "zone": "Z", "name": "B"})
        search_index.refresh(connection, customer_nos=["AC-3"])
        people = connection.exec_driver_sql("SELECT customer_no FROM search_people ORDER BY place").scalars().all()
        assert people == ["AC-1", "AC-2", "AC-3"]


_PERSON_A: dict[str, Any] = {"name": "A", "phone": "", "status": "active", "meters": []}
_PERSON_C: dict[str, Any] = {"name": "C", "phone": "", "status": "active", "meters": []}


def test_a_missing_or_partial_index_is_built_and_a_whole_one_left_alone(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'ledger.db'}")
    upgrade(store)
    with store.write() as connection:
        for table in (STATE, *TABLES):
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {table}")
        assert not search_index.is_present(connection)
        assert search_index.refresh(connection, customer_nos=["AC-1"]) == 0
        assert search_index.ensure(connection)
        assert search_index.is_present(connection)
        assert not search_index.ensure(connection)
        connection.execute(insert(customers), {"customer_no": "AC-1", "zone": "Z", "name": "A"})
        assert search_index.ensure(connection)
        connection.exec_driver_sql(f"ALTER TABLE {STATE} RENAME TO search_state_0")
        assert search_index.ensure(connection)


def test_postgresql_has_no_index_and_is_not_asked_for_one(postgres_module_url: str) -> None:
    store = Store(postgres_module_url)
    upgrade(store)
    with store.write() as connection:
        assert not search_index.is_present(connection)
        assert not search_index.ensure(connection)
        assert search_index.rebuild(connection) == 0
        assert search_index.refresh(connection, customer_nos=["AC-1"]) == 0
    store.close()
