"""The index behind search as you type: built in bulk, kept up to date customer by customer, never trusted for facts.

SQLite only; where it is missing (PostgreSQL, a ledger just made) search reads the tables themselves, more slowly.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, bindparam, insert, select, update

from meterpos.ledger.rules.searching import fold, number_forms, phone_form
from meterpos.ledger.store import Store
from meterpos.ledger.tables.search import CREATE, STATE, TABLES, people, state

T = TypeVar("T")

GAP: Final = 4096
"""How far apart places are when the index is built: room for twelve newcomers between any two, however they come."""

CHUNK: Final = 500

CUSTOMER: Final = "c"
METER: Final = "m"
ACCOUNT: Final = "a"
PHONE: Final = "p"
FORMER_METER: Final = "f"

_SOURCE: Final = """
    SELECT c.customer_no, c.name, c.phone, c.status <> 'active',
           (SELECT group_concat('a' || a.account_no || char(10) || CASE WHEN a.meter_no IS NULL THEN ''
                                WHEN a.closed_on IS NULL THEN 'm' || a.meter_no ELSE 'f' || a.meter_no END, char(10))
            FROM accounts a WHERE a.customer_no = c.customer_no)
    FROM customers c"""
_INDEXED: Final = select(people).where(people.c.customer_no.in_(bindparam("customer_nos", expanding=True)))
_PEOPLE: Final = "INSERT INTO search_people (place, customer_no, has_left, name, numbers) VALUES (?, ?, ?, ?, ?)"
_NUMBERS: Final = "INSERT OR IGNORE INTO search_numbers (kind, number, place, shown) VALUES (?, ?, ?, ?)"
_WORDS: Final = "INSERT INTO search_words (rowid, words) VALUES (?, ?)"
_PIECES: Final = "INSERT INTO search_pieces (rowid, pieces) VALUES (?, ?)"


@dataclass(frozen=True, slots=True)
class _Person:
    """What is indexed of one customer; ``numbers`` are lines, each a kind and the number as it is shown."""

    customer_no: str
    has_left: bool
    name: str
    numbers: str


def is_present(connection: Connection) -> bool:
    """Tell whether there is an index of this version to search in."""
    if connection.dialect.name != "sqlite":
        return False
    return connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = ?", (STATE,)).first() is not None


def ensure(connection: Connection) -> bool:
    """Build the index where it is missing, of another version, or not of all customers; tell whether it was built."""
    if connection.dialect.name != "sqlite":
        return False
    if is_present(connection):
        indexed = connection.exec_driver_sql("SELECT count(*) FROM search_people").scalar_one()
        if indexed == connection.exec_driver_sql("SELECT count(*) FROM customers").scalar_one():
            return False
    rebuild(connection)
    return True


def rebuild(connection: Connection) -> int:
    """Build the index anew from the tables and return how many customers it holds; nothing on PostgreSQL."""
    if connection.dialect.name != "sqlite":
        return 0
    _take_away(connection)
    for sentence in CREATE:
        connection.exec_driver_sql(sentence)
    _teach_folding(connection)
    rows = connection.exec_driver_sql(f"{_SOURCE} ORDER BY c.status <> 'active', meterpos_fold(c.name), c.customer_no")
    count = 0
    for some in _chunks(_people(rows)):
        placed = [((count + at) * GAP, person) for at, person in enumerate(some, start=1)]
        count += len(placed)
        _insert(connection, placed)
    connection.exec_driver_sql("INSERT INTO search_words (search_words) VALUES ('optimize')")
    connection.exec_driver_sql("INSERT INTO search_pieces (search_pieces) VALUES ('optimize')")
    connection.execute(insert(state), {"built": count, "added": 0})
    return count


def build_where_missing(store: Store) -> None:
    """Build the index where there is none: a ledger just made or of another version, or a first load that took it away.

    Raises: DiskFull.
    """
    with store.read() as connection:
        missing = not is_present(connection)
    if missing:
        with store.write() as connection:
            ensure(connection)


def _take_away(connection: Connection) -> None:
    stale = "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'search_state%'"
    for table in (*connection.exec_driver_sql(stale).scalars().all(), *TABLES):
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {table}")


def refresh(connection: Connection, *, customer_nos: Collection[str]) -> int:
    """Bring the index up to date for these customers and return how many changed; once they are in the tables.

    Call with every customer of a customer or account row that was written. An index that has doubled is built anew;
    one that would more than double at once, as in a first load, is taken away until `build_where_missing`.
    """
    if not customer_nos or not is_present(connection):
        return 0
    if len(customer_nos) > CHUNK + connection.exec_driver_sql("SELECT count(*) FROM search_people").scalar_one():
        _take_away(connection)
        return 0
    changed = added = 0
    for some in _chunks(sorted(customer_nos)):
        marks = ", ".join("?" * len(some))
        rows = connection.exec_driver_sql(f"{_SOURCE} WHERE c.customer_no IN ({marks})", tuple(some))
        now = {person.customer_no: person for person in _people(rows)}
        was = _indexed(connection, some)
        gone = [(place, person) for place, person in was.values() if now.get(person.customer_no) != person]
        _delete(connection, gone)
        come = [person for number, person in now.items() if number not in was or was[number][1] != person]
        for person in sorted(come, key=_alphabetically):
            _insert(connection, [(_free_place(connection, person), person)])
        added += len(now) - len(was)
        changed += len({person.customer_no for _, person in gone} | {person.customer_no for person in come})
    _count_added(connection, added)
    return changed


def numbers_of(lines: str) -> Iterator[tuple[str, str]]:
    """Yield kind and shown number of each line of a person's numbers."""
    return ((line[0], line[1:]) for line in lines.split("\n") if len(line) > 1)


def pieces_of(name: str, lines: str) -> str:
    """Return the text whose pieces are indexed: folded name, then each number in its shortest form."""
    return " ".join((name, *(forms_of(kind, shown)[0] for kind, shown in numbers_of(lines) if forms_of(kind, shown))))


def forms_of(kind: str, shown: str) -> tuple[str, ...]:
    if kind == PHONE:
        form = phone_form(shown)
        return (form,) if form else ()
    return number_forms(shown, is_whole=kind != ACCOUNT)


def _people(rows: Iterable[Any]) -> Iterator[_Person]:
    for customer_no, name, phone, has_left, held in rows:
        lines = [f"{CUSTOMER}{customer_no}", f"{PHONE}{phone}", *(held or "").split("\n")]
        kept = dict.fromkeys(line for line in lines if len(line) > 1)
        yield _Person(customer_no, bool(has_left), fold(name), "\n".join(kept))


def _alphabetically(person: _Person) -> tuple[bool, str, str]:
    return person.has_left, person.name, person.customer_no


def _indexed(connection: Connection, customer_nos: Sequence[str]) -> dict[str, tuple[int, _Person]]:
    rows = connection.execute(_INDEXED, {"customer_nos": list(customer_nos)})
    return {
        row.customer_no: (row.place, _Person(row.customer_no, bool(row.has_left), row.name, row.numbers))
        for row in rows
    }


def _insert(connection: Connection, placed: Sequence[tuple[int, _Person]]) -> None:
    run = connection.exec_driver_sql
    run(_PEOPLE, [(place, one.customer_no, int(one.has_left), one.name, one.numbers) for place, one in placed])
    run(_NUMBERS, [row for place, one in placed for row in _number_rows(place, one)])
    run(_WORDS, [(place, one.name) for place, one in placed])
    run(_PIECES, [(place, pieces_of(one.name, one.numbers)) for place, one in placed])


def _delete(connection: Connection, placed: Sequence[tuple[int, _Person]]) -> None:
    """Take people out; an index without content must be told exactly what it was given."""
    if not placed:
        return
    run = connection.exec_driver_sql
    words = [(place, one.name) for place, one in placed]
    run("INSERT INTO search_words (search_words, rowid, words) VALUES ('delete', ?, ?)", words)
    pieces = [(place, pieces_of(one.name, one.numbers)) for place, one in placed]
    run("INSERT INTO search_pieces (search_pieces, rowid, pieces) VALUES ('delete', ?, ?)", pieces)
    numbers = [row[:3] for place, one in placed for row in _number_rows(place, one)]
    run("DELETE FROM search_numbers WHERE kind = ? AND number = ? AND place = ?", numbers)
    run("DELETE FROM search_people WHERE place = ?", [(place,) for place, _ in placed])


def _number_rows(place: int, person: _Person) -> Iterator[tuple[str, str, int, str]]:
    for kind, shown in numbers_of(person.numbers):
        for form in forms_of(kind, shown):
            yield kind, form, place, shown


def _free_place(connection: Connection, person: _Person) -> int:
    """Return a place between the neighbours in the alphabet; at the very end where there is no room between them."""
    key = (int(person.has_left), person.name, person.customer_no)
    columns = "SELECT place FROM search_people WHERE (has_left, name, customer_no)"
    after = connection.exec_driver_sql(f"{columns} > (?, ?, ?) ORDER BY has_left, name, customer_no LIMIT 1", key)
    before = connection.exec_driver_sql(
        f"{columns} < (?, ?, ?) ORDER BY has_left DESC, name DESC, customer_no DESC LIMIT 1", key
    )
    low, high = before.scalar(), after.scalar()
    if low is not None and high is not None and high - low > 1:
        return int(low + high) // 2
    if low is None and high is not None:
        first: int = connection.exec_driver_sql("SELECT min(place) FROM search_people").scalar_one()
        return first - GAP
    last: int | None = connection.exec_driver_sql("SELECT max(place) FROM search_people").scalar()
    return (last or 0) + GAP


def _count_added(connection: Connection, added: int) -> None:
    """Note how many more customers there are; an index that has doubled is built anew, with room between places."""
    connection.execute(update(state).values(added=state.c.added + added))
    found = connection.execute(select(state)).one()
    if found.added > found.built + CHUNK:
        rebuild(connection)


def _teach_folding(connection: Connection) -> None:
    """Give SQL the one way names are folded, so that the sorting is left to the database."""
    driver: Any = connection.connection.driver_connection
    driver.create_function("meterpos_fold", 1, fold, deterministic=True)


def _chunks(items: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
