"""The three verbs a page knows: `read` and `write` on one serial lane for the database, `outside` for the slow world.

Nothing here blocks the GUI thread. Results come home by one queued signal; `then` and `failed` run on the GUI thread.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from meterpos.errors import UserError
from meterpos.ui import messages

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from meterpos.ledger.store import Store

OUTSIDE_MAX: Final = 3
WARM_S: Final = 5.0

log = logging.getLogger(__name__)

T = TypeVar("T")
Then = Callable[[T], object]
Failed = Callable[[UserError], object]


class Tasks(QObject):
    """Runs queries, operations and outside work off the GUI thread. Made and called on the GUI thread."""

    ledger_changed = Signal()
    went_wrong = Signal(object)  # a UserError nobody else took
    _came_home = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store: Store | None = None
        self._lane = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        self._aside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="aside")
        self._pool = ThreadPoolExecutor(max_workers=OUTSIDE_MAX, thread_name_prefix="outside")
        self._newest: dict[str, int] = {}
        self._running = 0
        self._closed = False
        self._came_home.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def attach(self, store: "Store") -> None:
        """Give the lane its ledger; before this, `read` and `write` must not be called."""
        self._store = store
        self._lane.submit(self._warm)

    def _warm(self) -> None:
        """Runs in the lane: start the pool's threads now, since starting one later would hold the GUI thread."""
        barrier = threading.Barrier(OUTSIDE_MAX)
        for _ in range(OUTSIDE_MAX):
            self._pool.submit(barrier.wait, WARM_S)

    @property
    def busy(self) -> bool:
        """Whether some work has not come home yet."""
        return self._running > 0

    def read(
        self,
        query: Callable[["Connection"], T],
        then: Then[T],
        failed: Failed | None = None,
        *,
        topic: str | None = None,
        aside: bool = False,
    ) -> None:
        """Run a query in the lane and hand its result to `then`.

        topic: of several readings with the same topic only the newest is run and answered (search as you type).
        aside: what reads a whole table waits beside the lane, with readings of its own kind, and holds no payment up.
        """
        turn = 0
        if topic is not None:
            turn = self._newest[topic] = self._newest.get(topic, 0) + 1

        def work() -> T | _Stale:
            if topic is not None and self._newest[topic] != turn:
                return _STALE
            with self._need_store().read() as conn:
                return query(conn)

        def answer(result: T | _Stale) -> None:
            if not isinstance(result, _Stale) and (topic is None or self._newest[topic] == turn):
                then(result)

        self._submit(self._aside if aside else self._lane, work, answer, failed)

    def write(self, operation: Callable[[], T], then: Then[T], failed: Failed | None = None) -> None:
        """Run one of the till's operations, which is one transaction, in the lane; then `ledger_changed` fires once."""

        def answer(result: T) -> None:
            then(result)
            self.ledger_changed.emit()

        self._submit(self._lane, operation, answer, failed)

    def in_lane(self, work: Callable[[], T], then: Then[T], failed: Failed | None = None) -> None:
        """Run work that opens its own blocks on the store (opening the till, a data-version poll) in the lane."""
        self._submit(self._lane, work, then, failed)

    def outside(self, work: Callable[[], T], then: Then[T], failed: Failed | None = None) -> None:
        """Run work that waits for a printer, the network or a slow import; it never holds the lane."""
        self._submit(self._pool, work, then, failed)

    def close(self) -> None:
        """Let what is running end, drop what waits for the outside; the ledger's lane is emptied, not dropped."""
        self._closed = True
        self._lane.shutdown(wait=True)
        self._aside.shutdown(wait=True, cancel_futures=True)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _need_store(self) -> "Store":
        assert self._store is not None, "no ledger yet"
        assert threading.current_thread() is not threading.main_thread(), "the ledger is read off the GUI thread"
        return self._store

    def _submit(self, where: ThreadPoolExecutor, work: Callable[[], T], then: Then[T], failed: Failed | None) -> None:
        if self._closed:
            return
        self._running += 1

        def done(future: Future[T]) -> None:
            if not future.cancelled():
                self._came_home.emit((future, then, failed))

        where.submit(work).add_done_callback(done)

    def _deliver(self, parcel: tuple[Future[Any], Then[Any], Failed | None]) -> None:
        future, then, failed = parcel
        self._running -= 1
        error = future.exception()
        if error is None:
            then(future.result())
            return
        told = messages.as_user_error(error)
        if failed is not None:
            failed(told)
        else:
            self.went_wrong.emit(told)


class _Stale:
    """The answer of a reading that a newer one has overtaken."""


_STALE: Final = _Stale()
