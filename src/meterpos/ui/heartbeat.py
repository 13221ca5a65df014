"""A watcher for tests: it says when the event loop stalled, for how long, and in which line of code.

The GUI thread beats by a timer; a second thread watches the beats. What a busy machine adds is taken off: how late the
watcher itself comes, and how long the GUI thread stood in line for a processor. Only its own doing and waiting counts.
"""

import faulthandler
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from PySide6.QtCore import QObject, Qt, QTimer

LIMIT_MS: Final = 50.0
BEAT_MS: Final = 5
WATCH_S: Final = 0.005


@dataclass(frozen=True, slots=True)
class Stall:
    """One stretch in which the event loop did not turn; `where` is the GUI thread's stack during it."""

    ms: float
    where: str


class Heartbeat(QObject):
    """Watches the event loop between `with` and its end. Made on the GUI thread."""

    def __init__(self, *, limit_ms: float = LIMIT_MS) -> None:
        super().__init__()
        self.limit_ms = limit_ms
        self.stalls: list[Stall] = []
        self._gui = threading.get_ident()
        self._line = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")
        self._beat = time.perf_counter()
        self._stop = threading.Event()
        self._timer = QTimer(self, interval=BEAT_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._watcher = threading.Thread(target=self._watch, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._timer.start()
        self._beat = time.perf_counter()
        self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._watcher.join()
        self._timer.stop()
        if error is None and self.stalls:
            worst = max(self.stalls, key=lambda stall: stall.ms)
            raise AssertionError(
                f"the event loop stalled for {worst.ms:.0f} ms (limit {self.limit_ms:.0f}):\n{worst.where}"
            )

    def _tick(self) -> None:
        self._beat = time.perf_counter()

    def _watch(self) -> None:
        """Runs in the watcher's thread: sees how old the last beat is, each few milliseconds."""
        late_s = 0.0
        seen, stood_s = self._beat, self._stood_in_line_s()
        where = ""
        longest_ms = 0.0
        last = time.perf_counter()
        while not self._stop.wait(WATCH_S):
            now = time.perf_counter()
            beat = self._beat
            if beat != seen:
                if longest_ms > self.limit_ms:
                    self.stalls.append(Stall(longest_ms, where))
                seen, late_s, where, longest_ms = beat, 0.0, "", 0.0
                stood_s = self._stood_in_line_s()
            late_s += max(0.0, now - last - 2 * WATCH_S)
            last = now
            excused_s = max(late_s, self._stood_in_line_s() - stood_s)
            age_ms = (now - beat - excused_s) * 1000
            if age_ms > self.limit_ms / 2:
                where = where or _stack_of(self._gui)
            longest_ms = max(longest_ms, age_ms)
        if longest_ms > self.limit_ms:
            self.stalls.append(Stall(longest_ms, where))

    def _stood_in_line_s(self) -> float:
        """Return how long the GUI thread has waited for a processor so far; 0 where the system does not tell."""
        try:
            return int(self._line.read_text().split()[1]) / 1e9
        except (OSError, IndexError, ValueError):
            return 0.0


def _stack_of(thread: int) -> str:
    """Return where a thread is, the innermost call first.

    Taken by faulthandler, which makes no frame objects: a frame held here would keep a painter alive after its paint.
    """
    with tempfile.TemporaryFile("w+") as file:
        faulthandler.dump_traceback(file, all_threads=True)
        file.seek(0)
        parts = file.read().split("\n\n")
    return next((part for part in parts if f"0x{thread:016x}" in part), "")
