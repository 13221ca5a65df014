"""The database behind a ledger: opening it safely, one writer, many readers."""

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import NoneType
from typing import Any, Final, Literal

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from meterpos.errors import MeterposError, UserError
from meterpos.ledger.texts import NO_LETTER, UnusableText

BUSY_TIMEOUT_MS: Final = 5_000
POSTGRESQL_OPTIONS: Final = "-c random_page_cost=1.1"
"""What a page out of order costs: little more than one in order, in memory and on today's disks.

With the server's own default, made for disks that turn, a batch's accounts were looked for by reading all of them. A
URL that brings ``options`` of its own says otherwise.
"""

log: Final = logging.getLogger(__name__)

_PRAGMAS: Final[dict[str, tuple[str, object]]] = {
    "journal_mode": ("WAL", "wal"),
    "synchronous": ("FULL", 2),
    "foreign_keys": ("ON", 1),
    "recursive_triggers": ("ON", 1),
    "wal_autocheckpoint": ("0", 0),
    "busy_timeout": (str(BUSY_TIMEOUT_MS), BUSY_TIMEOUT_MS),
}


_DAMAGE: Final = ("malformed", "not a database", "could not decode", "no such column", "no such table")
_DISK_TROUBLE: Final = ("unable to open database file", "disk i/o error")
_WRITE_TROUBLE: Final = (*_DISK_TROUBLE, "attempt to write a readonly database")


class WrongKey(UserError):
    """The ledger is encrypted under another key."""


class UnreadableDatabase(UserError):
    """The file is not a ledger, or its content is damaged."""


class DiskFull(UserError):
    """There was no room to write; nothing was changed."""


class DiskTrouble(UserError):
    """The disk cannot be used as it must be; nothing was changed."""


class LogNotMoved(UserError):
    """The write-ahead log could not be moved into the database file; nothing is lost, the log stays."""


class UnknownOutcome(MeterposError):
    """COMMIT raised: the transaction may or may not stand. Look the tender up before telling anyone."""


class Store:
    """One ledger database, SQLite (encrypted when ``key`` is given) or PostgreSQL.

    Thread-safe: any thread may read; on SQLite the writers of one process take turns. ``url`` is ``sqlite:///path`` or
    ``postgresql+psycopg://…``; ``key`` is 32 raw bytes.

    Raises: WrongKey or UnreadableDatabase on the first use of a file that cannot be read.
    """

    def __init__(self, url: str, *, key: bytes | None = None) -> None:
        self.url: Final = make_url(url)
        self.dialect: Final[Literal["sqlite", "postgresql"]] = (
            "sqlite" if self.url.get_backend_name() == "sqlite" else "postgresql"
        )
        self._key: Final = key
        self._turn: Final = threading.RLock()
        if self.dialect == "sqlite":
            self.path: Final = Path(self.url.database or "")
            self._writer = self._sqlite_engine("BEGIN IMMEDIATE", size=1, read_only=False)
            self._reader = self._sqlite_engine("BEGIN", size=4, read_only=True)
        else:
            options = {} if "options" in self.url.query else {"options": POSTGRESQL_OPTIONS}
            self._writer = self._reader = create_engine(self.url, pool_pre_ping=True, pool_size=8, connect_args=options)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Yield a connection in one write transaction: commit on clean exit, roll back otherwise.

        Raises: DiskFull or DiskTrouble (nothing changed); UnknownOutcome where COMMIT itself raised.
        """
        turn = self._turn if self.dialect == "sqlite" else nullcontext()
        with turn, self._connect(self._writer) as connection:
            with self._told_plainly(trouble=_WRITE_TROUBLE):
                transaction = connection.begin()
            try:
                yield connection
            except BaseException as error:
                transaction.rollback()
                _raise_plainly(error, self.url.database, trouble=_WRITE_TROUBLE)
                raise
            try:
                transaction.commit()
            except DBAPIError as error:
                connection.invalidate()
                if "full" in str(error.orig):  # no room for what is written last: it cannot stand
                    _raise_of_disk(error)
                raise UnknownOutcome(f"the commit was not confirmed: {error.orig}") from error

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection that sees one unchanging state of the ledger. Raises: DiskTrouble, UnreadableDatabase."""
        with self._connect(self._reader) as connection, self._told_plainly(), connection.begin():
            if self.dialect == "postgresql":
                connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield connection

    def overwrite_doubt(self) -> None:
        """After UnknownOutcome: write something else, so that what was not confirmed can no longer come to stand.

        A commit whose sync failed may lie whole in SQLite's log: nobody sees it while this process lives, and it would
        count once the ledger is opened again. The next commit takes its place there. Raises: what `write` raises.
        """
        if self.dialect == "sqlite":
            with self.write() as connection:
                version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
                connection.exec_driver_sql(f"PRAGMA user_version = {version}")

    def data_version(self) -> int:
        """Return a number that differs after another process has written (SQLite; 0 on PostgreSQL)."""
        if self.dialect != "sqlite":
            return 0
        with self._turn, self._connect(self._writer) as connection:
            return int(connection.exec_driver_sql("PRAGMA data_version").scalar_one())

    def checkpoint(self) -> None:
        """Move the write-ahead log into the database file; call when idle (it would cost a payment 5-10 ms).

        Raises: LogNotMoved when the disk does not take it; all that was saved stays in the log.
        """
        if self.dialect != "sqlite":
            return
        import sqlcipher3.dbapi2 as driver

        with self._turn, self._connect(self._writer) as connection:
            own: Any = connection.connection.driver_connection
            try:
                own.execute("PRAGMA wal_checkpoint(PASSIVE)")
            except driver.OperationalError as error:
                raise LogNotMoved(
                    f"The disk does not take changes to {self.path} ({error}). All that was saved lies in the log "
                    "beside it: keep both files. Free some space, or check the disk."
                ) from error

    def checkpoint_before_leaving(self) -> None:
        """Move the log where the disk takes it; where not, note it: who opens the ledger next reads the log as well."""
        try:
            self.checkpoint()
        except LogNotMoved as error:
            log.warning("%s", error)

    def copy_to(self, path: Path) -> None:
        """Copy the database as it stands now into a new file under the same key; others go on reading and writing.

        SQLite only. The copy is durable when this returns. Raises: DiskFull, UnreadableDatabase.
        """
        import sqlcipher3.dbapi2 as driver

        with self._connect(self._reader) as connection:
            source: Any = connection.connection.driver_connection
            target = driver.connect(str(path), isolation_level=None)
            try:
                if self._key is not None:
                    target.execute(f"PRAGMA key = \"x'{self._key.hex()}'\"")
                source.backup(target)
            except driver.Error as error:
                _raise_plainly(DBAPIError("backup", None, error), str(path))
                raise UnreadableDatabase(f"{path} could not be written ({error}). Choose another place.") from error
            finally:
                target.close()
        make_durable(path)

    def find_damage(self) -> tuple[str, ...]:
        """Return what SQLite itself finds wrong with the file, page by page; nothing where all is well."""
        if self.dialect != "sqlite":
            return ()
        with self._connect(self._reader) as connection:
            found = connection.exec_driver_sql("PRAGMA integrity_check(20)").scalars().all()
            if self._key is not None:
                found = [*found, *connection.exec_driver_sql("PRAGMA cipher_integrity_check").scalars().all()]
        return tuple(str(line) for line in found if line != "ok")

    def close(self) -> None:
        """Close every connection; the store may be used again afterwards."""
        self._reader.dispose()
        self._writer.dispose()

    @contextmanager
    def _connect(self, engine: Engine) -> Iterator[Connection]:
        with self._told_plainly():
            connection = engine.connect()
        with connection:
            yield connection

    @contextmanager
    def _told_plainly(self, trouble: tuple[str, ...] = _DISK_TROUBLE) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, UnicodeError) as error:
            _raise_plainly(error, self.url.database, trouble=trouble)
            raise

    def _sqlite_engine(self, begin: str, *, size: int, read_only: bool) -> Engine:
        import sqlcipher3.dbapi2 as driver

        _bind_plainly(driver)

        def connect() -> Any:
            connection = driver.connect(
                str(self.path), isolation_level=None, check_same_thread=False, cached_statements=512
            )
            try:
                self._prepare(connection, read_only=read_only)
            except (driver.DatabaseError, UnicodeDecodeError) as error:
                connection.close()
                _raise_of_disk(error)
                raise _unreadable(error, self.path, encrypted=self._key is not None) from error
            return connection

        engine = create_engine(
            "sqlite://",
            module=driver,
            creator=connect,
            poolclass=QueuePool,
            pool_size=size,
            max_overflow=0 if not read_only else 4,
            pool_reset_on_return=None,
        )

        def begin_now(connection: Any) -> None:
            connection.execute(begin)

        # Not an event: a listener on the engine makes every statement look for listeners, a tenth of a payment's time.
        engine.dialect.do_begin = begin_now  # type: ignore[assignment, method-assign]
        return engine

    def _prepare(self, connection: Any, *, read_only: bool) -> None:
        if self._key is not None:
            assert len(self._key) == 32, "a database key is 32 bytes"
            connection.execute("PRAGMA cipher_log_level = NONE")
            connection.execute(f"PRAGMA key = \"x'{self._key.hex()}'\"")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        for name, (wanted, read_back) in _PRAGMAS.items():
            connection.execute(f"PRAGMA {name} = {wanted}").fetchall()
            found = connection.execute(f"PRAGMA {name}").fetchone()[0]
            assert found == read_back, f"PRAGMA {name} is {found}, not {read_back}"
        if read_only:
            connection.execute("PRAGMA query_only = ON")


def _bind_plainly(driver: Any) -> None:
    """Tell the driver what octets, yes/no and nothing are, which it otherwise looks for, value by value, in vain: it
    binds texts and numbers as they are in 0.1 µs, and took 0.9 µs for nothing, an octet string (bytearrays it knows)
    or a yes.
    """
    driver.register_adapter(bytes, bytearray)
    driver.register_adapter(memoryview, bytearray)
    driver.register_adapter(bool, int)
    driver.register_adapter(NoneType, {}.get)  # says None, without Python's help


def make_durable(path: Path) -> None:
    """Bring a file, and its name in its folder, onto the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _raise_plainly(error: BaseException, where: str | None, *, trouble: tuple[str, ...] = _DISK_TROUBLE) -> None:
    """Raise the sentence a person can act on, where the driver's error has one."""
    text = str(getattr(error, "orig", error)).lower()
    if isinstance(error, UnicodeDecodeError):  # the driver's: what stands where text was is none
        raise _unreadable(error, Path(where or "the database"), encrypted=False) from error
    if isinstance(error, UnicodeEncodeError) or (isinstance(error, DBAPIError) and "nul (0x00)" in text):
        raise UnusableText(NO_LETTER) from error  # a text that no door has looked at
    if isinstance(error, DBAPIError):
        _raise_of_disk(error, trouble=trouble)
        if any(words in text for words in _DAMAGE):
            raise _unreadable(error, Path(where or "the database"), encrypted=False) from error


def _raise_of_disk(error: Exception, *, trouble: tuple[str, ...] = _DISK_TROUBLE) -> None:
    """Raise what a person can do about the disk, where it is the disk."""
    text = str(getattr(error, "orig", error)).lower()
    if any(words in text for words in ("disk is full", "disk full", "no space")):
        raise DiskFull("The disk is full, so nothing was saved. Free some space and try again.") from error
    if any(words in text for words in trouble):
        raise DiskTrouble("The disk cannot be used, so nothing was saved. Check the disk, then try again.") from error


def _unreadable(error: BaseException, path: Path, *, encrypted: bool) -> UserError:
    text = str(error).lower()
    if encrypted and ("not a database" in text or "hmac" in text):
        return WrongKey(
            f"The ledger {path.name} cannot be opened with this machine's key. "
            "Use the key it was made with, or restore a backup.",
        )
    return UnreadableDatabase(
        f"The ledger {path.name} cannot be read ({error}). Leave the file as it is and restore a backup.",
    )
