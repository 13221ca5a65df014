"""The disks of simulated machines: production's store, whose power may go, and which can be put back to a moment."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from meterpos.ledger.store import Store


class PowerCut(BaseException):
    """The power went: the process is gone between two of its steps. Nothing may catch this."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment of a database: how long its log was, and the log's index."""

    log_bytes: int
    index: bytes


class SimStore(Store):
    """The production store with three moments at which something may happen: before, at and after a commit."""

    at_moment: Callable[[str], None] | None = None
    """Told "begin" before a write transaction, "commit" just before it is committed, "committed" just after; "read"
    before a reader looks.
    """
    _keeper: Any = None
    _index: int = -1

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Yield a connection in one write transaction."""
        self._tell("begin")
        with super().write() as connection:
            yield connection
            self._tell("commit")
        self._tell("committed")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection that sees one unchanging state."""
        self._tell("read")
        with super().read() as connection:
            yield connection

    @contextmanager
    def write_calmly(self) -> Iterator[Connection]:
        """Yield a connection in one write transaction to which nothing happens."""
        with super().write() as connection:
            yield connection

    def look(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query as the driver gives them. For who looks on: nothing happens meanwhile."""
        if self._keeper is not None:
            return list(self._keeper.execute(query, values))
        with super().read() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(query, values)]

    @property
    def written(self) -> int:
        """How much was ever written to the log, which only grows: the same while nothing is committed."""
        return self._log.stat().st_size

    def _tell(self, moment: str) -> None:
        if self.at_moment is not None:
            self.at_moment(moment)

    def keep_copy(self, place: Path) -> None:
        """Copy the database as it stands, as a backup would."""
        with self.read() as connection:
            connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")
            shutil.copyfile(self.path, place)
            waiting = _beside(place, "-wal")
            waiting.unlink(missing_ok=True)
            if self._log.exists():
                shutil.copyfile(self._log, waiting)

    def go_back_to(self, place: Path) -> None:
        """Put a copy in the place of the database."""
        if self._keeper is not None:
            self._pour(place)
            return
        self.close()
        for suffix in ("-wal", "-shm"):
            _beside(self.path, suffix).unlink(missing_ok=True)
        shutil.copyfile(place, self.path)
        log = _beside(place, "-wal")
        if log.exists():
            shutil.copyfile(log, self._log)

    def lose_power(self) -> None:
        """Let go of everything a process holds; what is kept ready is let go by rolling back alone, which was done."""
        if self._keeper is None:
            self.close()

    # --- being put back

    def keep_ready(self) -> None:
        """Begin to be one that is put back in no time: no connection is closed any more, so the log only grows."""
        import sqlcipher3.dbapi2 as driver

        self._keeper = driver.connect(str(self.path), isolation_level=None)
        self._keeper.execute("SELECT count(*) FROM sqlite_master").fetchall()
        self._index = os.open(_beside(self.path, "-shm"), os.O_RDWR)

    def let_go(self) -> None:
        """Be like any other store again."""
        if self._keeper is not None:
            os.close(self._index)
            self._keeper.close()
            self._keeper = None

    def mark(self) -> Mark:
        """Return this moment. No transaction may be open."""
        size = os.fstat(self._index).st_size
        return Mark(self.written, os.pread(self._index, size, 0))

    def put_back(self, mark: Mark) -> None:
        """Forget what was written since a moment. Every connection sees by the log's index that it knows nothing."""
        os.truncate(self._log, mark.log_bytes)
        os.pwrite(self._index, mark.index, 0)

    def _pour(self, place: Path) -> None:
        import sqlcipher3.dbapi2 as driver

        source = driver.connect(str(place), isolation_level=None)
        with self._connect(self._writer) as connection:
            target: Any = connection.connection.driver_connection
            source.backup(target)
        source.close()

    @property
    def _log(self) -> Path:
        return _beside(self.path, "-wal")


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
