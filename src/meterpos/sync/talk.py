"""What both ways of an exchange stand on: who speaks, where the till is in the feed, and what may go wrong."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NoReturn

from meterpos.sync import wire
from meterpos.sync.sizes import STEADY_LEAST, next_size, rows_like
from meterpos.sync.steps import BeginAgain, Course, Cursor, Failure, Result, Steps, Timed, Trouble, Who
from meterpos.sync.wire import Lineage, WireError

PUSH_PATH: Final = "/v1/push"
PULL_PATH: Final = "/v1/pull"
RECALL_PATH: Final = "/v1/recall"
WITNESS_PATH: Final = "/v1/witness"

ENTRIES_LEAST: Final = 1
FAILURES_MAX: Final = 6
RESTARTS_MAX: Final = 2
"""How often in one exchange head office may turn out to have been restored."""
PAGES_MAX: Final = 10_000


class Stop(Exception):
    """The exchange can go no further now; `course` says why."""


@dataclass(slots=True, kw_only=True)
class Talk:
    """One exchange under way."""

    who: Who
    course: Course
    nonce: Callable[[], bytes]
    cursor: Cursor = field(default=Cursor(0, 0))
    restarts: int = 0
    failures: int = 0

    def _restart(self, generation: int, lineage: Sequence[Lineage]) -> Steps:
        """Enter another generation of head office, keeping the part of the feed both have in common."""
        self.restarts += 1
        if self.restarts > RESTARTS_MAX:
            self._stop("strange", "Head office changed its generation again and again. Tell head office.")
        keep = common_place(self.cursor, generation=generation, lineage=lineage)
        yield BeginAgain(generation, keep)
        self.cursor = Cursor(generation, keep)

    def _may_begin_again(self) -> bool:
        """Tell whether this exchange may begin once more, for what head office forgot or was brought by a stick."""
        self.restarts += 1
        return self.restarts <= RESTARTS_MAX

    def _bear(self, failure: Failure) -> None:
        """Return when the request is worth another, smaller try; else the exchange stops here."""
        self.failures += 1
        if failure.trouble in ("cut", "too_large") and self.failures <= FAILURES_MAX:
            return
        self.course.come_again_s = failure.come_again_s
        if failure.code == "revoked":
            self._stop("revoked", failure.sentence)
        if failure.code == "protocol":
            self._stop("outdated", failure.sentence)
        results: dict[Trouble, Result] = {
            "unreachable": "unreachable", "cut": "interrupted", "too_large": "interrupted", "busy": "busy",
            "refused": "refused", "strange": "strange",
        }  # fmt: skip
        self._stop(results[failure.trouble], failure.sentence)

    def _distrust(self, error: WireError) -> NoReturn:
        if error.reason == "protocol":
            self._stop("outdated", "Head office speaks a newer version than this program. Install the update.")
        self._stop(
            "strange", f"The answer did not come from head office ({error.detail}). Is this network asking for a login?"
        )

    def _disagree(self, detail: str) -> None:
        self.course.agreed = False
        self.course.detail = self.course.detail or detail

    def _stop(self, result: Result, detail: str) -> NoReturn:
        self.course.result = result
        self.course.detail = detail
        raise Stop

    def _learn_of_batch(self, sent: int, answer: bytes) -> None:
        """Take in how a batch went, and of how long it took what a first page may hold."""
        memory, seconds = self.course.memory, took_s(answer)
        is_full = sent >= memory.entries
        entries = next_size(memory.entries, sent, is_full=is_full, seconds=seconds, most=wire.ENTRIES_MAX)
        self._remember(entries=entries)
        if seconds is not None and sent >= STEADY_LEAST and not memory.has_paged:
            self._remember(rows=rows_like(memory.rows, sent, seconds=seconds, most=wire.ROWS_MAX))

    def _learn_of_page(self, page: wire.Page, answer: bytes) -> None:
        """Take in how a page went."""
        memory, seconds = self.course.memory, took_s(answer)
        rows = next_size(memory.rows, len(page.rows), is_full=page.more, seconds=seconds, most=wire.ROWS_MAX)
        self._remember(rows=rows, has_paged=memory.has_paged or page.more)

    def _shrink_batch(self, sent: int) -> None:
        self._remember(entries=max(min(sent, self.course.memory.entries) // 2, ENTRIES_LEAST))

    def _remember(self, **changes: Any) -> None:
        self.course.memory = replace(self.course.memory, **changes)


def took_s(answer: bytes) -> float | None:
    """Return in how many seconds an answer came, None where nobody looked."""
    return answer.seconds if isinstance(answer, Timed) else None


def common_place(cursor: Cursor, *, generation: int, lineage: Sequence[Lineage]) -> int:
    """Return up to which place the feed of another generation is the one this till has; 0 when they share no history.

    The lineage tells of each restore from which parent, and from which of its places, it began.
    """
    steps = {step.generation: step for step in lineage}
    keep = cursor.position
    seen = set()
    while generation != cursor.generation:
        step = steps.get(generation)
        if step is None or generation in seen:
            return 0
        seen.add(generation)
        keep = min(keep, step.parent_through)
        generation = step.parent
    return keep
