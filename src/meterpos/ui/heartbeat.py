"""A watcher for tests: it says when the event loop stalled or worked in one piece, how long, and in which lines.

The GUI thread beats by a timer; a second thread watches the beats. What a busy machine adds is taken off: how late the
watcher itself comes, and how long the GUI thread stood in line for a processor. Only its own doing and waiting counts.
What it did between two beats is counted by the processor time of its thread, whatever else runs.
"""

import faulthandler
import re
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from PySide6.QtCore import QObject, Qt, QTimer

LIMIT_MS: Final = 50.0
BEAT_MS: Final = 5
WATCH_S: Final = 0.005
NAMED_FROM_MS: Final = 10.0
"""From this age of a beat on, what the GUI thread does is noted."""
NOTED_MAX: Final = 40
NAMED_MAX: Final = 3
QT_ALONE: Final = "Qt alone (layout, style, painting)"

_FRAME: Final = re.compile(r'File "[^"]*[/\\\\]meterpos[/\\\\]([^"]+)", line (\d+) in (\S+)')


@dataclass(frozen=True, slots=True)
class Stall:
    """One stretch in which the event loop did not turn; `where` is the GUI thread's stack during it."""

    ms: float
    where: str


@dataclass(frozen=True, slots=True)
class Piece:
    """Work of the GUI thread between two beats, in processor time; `where` names the lines it was seen in most."""

    ms: float
    where: str
    during: str = ""


class Heartbeat(QObject):
    """Watches the event loop between `with` and its end. Made on the GUI thread."""

    def __init__(self, *, limit_ms: float = LIMIT_MS) -> None:
        super().__init__()
        self.limit_ms = limit_ms
        self.stalls: list[Stall] = []
        self.pieces: list[Piece] = []
        self.during = ""  # what is going on, for whoever knows
        self._gui = threading.get_ident()
        self._line = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")
        self._beat = time.perf_counter()
        self._worked_s = time.thread_time()
        self._noted: list[str] = []
        self._stop = threading.Event()
        self._timer = QTimer(self, interval=BEAT_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._watcher = threading.Thread(target=self._watch, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._timer.start()
        self._beat, self._worked_s = time.perf_counter(), time.thread_time()
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
        now_s = time.thread_time()
        if (ms := (now_s - self._worked_s) * 1000) > self.limit_ms:
            self.pieces.append(Piece(ms, _summary(self._noted), self.during))
        self._beat, self._noted = time.perf_counter(), []
        self._worked_s = time.thread_time()

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
            noted = self._noted
            if (now - beat) * 1000 > NAMED_FROM_MS and len(noted) < NOTED_MAX:
                noted.append(_stack_of(self._gui))
            if age_ms > self.limit_ms / 2:
                where = where or (noted[-1] if noted else _stack_of(self._gui))
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


def _summary(stacks: list[str]) -> str:
    """Return the lines of this program most often seen in the stacks, each with the calls that led to it."""
    seen = Counter(_trail(stack) for stack in stacks)
    return " | ".join(f"{count}x {trail}" for trail, count in seen.most_common(NAMED_MAX)) or QT_ALONE


def _trail(stack: str) -> str:
    """Return the innermost calls of this program in a stack and the outermost, which tells what began it."""
    calls = [f"{path}:{line} {name}" for path, line, name in _FRAME.findall(stack)]
    return " < ".join(calls[:2] + calls[2:][-1:]) or QT_ALONE


def recurring(plays: Sequence[Sequence[Piece]]) -> list[Piece]:
    """Return the pieces found in each of several plays of one script, the least of each by what went on, longest first.

    A machine that several share may be taken away in the middle of a piece; that time is booked as the work of whoever
    was running. It falls on another place each time, and work on the same.
    """
    longest = [{piece.during: piece for piece in sorted(play, key=_length)} for play in plays]
    everywhere = set(longest[0]).intersection(*longest[1:])
    return sorted((min((play[during] for play in longest), key=_length) for during in everywhere), key=_length)[::-1]


def _length(piece: Piece) -> float:
    return piece.ms
