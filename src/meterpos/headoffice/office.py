"""The assembled head office: its settings, database, keys and clock, as the doors (commands, server) use it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import ArgumentError

from meterpos.errors import UserError
from meterpos.headoffice import auth, feed
from meterpos.headoffice.feed import Outgoing
from meterpos.headoffice.tables import counters, generations
from meterpos.headoffice.upgrade import is_current, upgrade
from meterpos.ledger.moment import Moment
from meterpos.ledger.store import Store
from meterpos.settings import HeadOfficeSettings
from meterpos.sync.lock import HomeUser

FIRST_GENERATION: Final = 1


class UnusableDatabase(UserError):
    """The URL does not name a database that can be used."""


class NeedsUpgrade(UserError):
    """The database is of an earlier version, or was never set up."""


@dataclass(slots=True, kw_only=True)
class Office:
    """One open head office of one utility. `now` is the clock; tests hand in another."""

    settings: HeadOfficeSettings
    store: Store
    keys: auth.Keys
    hold: HomeUser | None = None
    """The seat in the home: nobody restores it meanwhile."""
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    def moment(self) -> Moment:
        """Return this moment in the utility's time zone."""
        return Moment(self.now().astimezone(self.settings.time_zone))

    @contextmanager
    def write(self) -> Iterator[tuple[Connection, Outgoing]]:
        """One transaction that may send things down: its places in the feed are taken last, before the commit."""
        outgoing = Outgoing()
        with self.store.write() as conn:
            yield conn, outgoing
            feed.flush(conn, outgoing)

    @contextmanager
    def rehearse(self) -> Iterator[tuple[Connection, Outgoing]]:
        """One transaction that is undone at its end: what would be done, without doing it."""
        with self.store.write() as conn, conn.begin_nested() as nested:
            yield conn, Outgoing()
            nested.rollback()

    def close(self) -> None:
        """Close every connection."""
        self.store.close()
        if self.hold is not None:
            self.hold.release()


def found(settings: HeadOfficeSettings, *, now: datetime) -> str:
    """Set up a head office: its tables, keys, counter and first generation. Say where the keys were put.

    Raises: AlreadyFounded.
    """
    _make_folder(settings.home)
    store = open_store(settings)
    try:
        upgrade(store)
        with store.write() as conn:
            if conn.execute(select(generations.c.generation)).first() is None:
                conn.execute(insert(counters), {"name": feed.COUNTER, "value": 0})
                conn.execute(insert(generations), {"generation": FIRST_GENERATION, "created_at": now})
            place = auth.make_keys(settings.home)
    finally:
        store.close()
    return place


def open_office(settings: HeadOfficeSettings) -> Office:
    """Open a head office that was set up. Raises: NotFounded, HomeBusy, NeedsUpgrade, UnreadableDatabase."""
    keys = auth.load_keys(settings.home)
    hold = HomeUser(settings.home)
    store = open_store(settings)
    if not is_current(store):
        store.close()
        raise NeedsUpgrade(
            "The database is of another version of meterpos. Make a backup, then run: meterpos headoffice upgrade"
        )
    return Office(settings=settings, store=store, keys=keys, hold=hold)


def open_store(settings: HeadOfficeSettings) -> Store:
    """Open the database the settings name, whatever is in it. Raises: UnusableDatabase."""
    try:
        return Store(settings.database_url)
    except (ArgumentError, ImportError) as error:
        raise UnusableDatabase(
            "The database's URL cannot be used. Write it as sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME.",
            field="database",
        ) from error


def _make_folder(home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
