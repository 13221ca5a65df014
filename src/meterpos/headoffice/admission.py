"""How many messages of tills a worker works on at once, and when those there is no room for are to come again.

When a thousand tills have their line back at once, letting all of them wait helps none: each waits for all the others,
and its line is cut meanwhile. So a message is taken at once, waits for a moment, or is answered at once with a time of
its own to come again; the times follow each other as fast as the work goes, so that they do not come together again.
"""

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from meterpos.errors import MeterposError

log: Final = logging.getLogger(__name__)

AT_ONCE: Final = 3
"""While some wait for the database, the others keep the processor busy; more would only wait for each other."""
PATIENCE_S: Final = 0.6
BEGUN_PATIENCE_S: Final = 1.0
"""So long a message may be expected to wait for its turn; longer when what it belongs to has begun, since that is done
soon and leaves one till less.
"""
OVERTIME: Final = 1.5
"""So many times as long it waits at most, where what was expected was wrong."""
WAITING_MAX: Final = 256
FIRST_GUESS_S: Final = 0.2
"""How long a message takes, until it was measured: rather too long, or too many are let wait at first."""
EXCHANGE_MESSAGES_MAX: Final = 10
"""An exchange of more is a first load, of which there are never many at once."""
HORIZON_S: Final = 60.0
"""Turns are given no further ahead than this; who would be later asks again some time before."""
EARLY: Final = 0.5
"""Turns are given closer to each other than they are: some never come, and what was measured while all came at once is
too long. To tell one again costs nothing; a place that nobody takes is lost.
"""
HALF_LIFE_S: Final = 20.0
"""After so long what was measured counts half, and half again in a few dozen messages: the first pages of a new till
this morning say nothing of what a crowd will take.
"""
_FADES: Final = 0.97
_TOLD_EVERY_S: Final = 10.0


class NoRoom(MeterposError):
    """The message was not taken; `wait_s` is when its sender is to come again."""

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"Head office is busy. Come again in {wait_s} s.")
        self.wait_s = wait_s


@dataclass(slots=True, kw_only=True)
class Gate:
    """The turns of one worker. Used on its event loop alone."""

    at_once: int = AT_ONCE
    clock: Callable[[], float] = time.monotonic
    dice: Callable[[], float] = random.random
    _at_work: int = 0
    _begun: deque[asyncio.Future[None]] = field(default_factory=deque)
    _new: deque[asyncio.Future[None]] = field(default_factory=deque)
    _new_is_next: bool = False
    _spent_s: float = 0.0
    _messages: float = 0.0
    _exchanges: float = 0.0
    _faded_at_s: float = 0.0
    _booked_s: float = 0.0
    """Until when turns were given away."""
    _refused: int = 0
    _told_at_s: float = float("-inf")

    @asynccontextmanager
    async def turn(self, *, begun: bool) -> AsyncIterator[None]:
        """Work on one message meanwhile; ``begun`` where its sender was served a moment ago, as before a page.

        Raises: NoRoom at once, when it would have to wait too long.
        """
        if self._at_work < self.at_once:
            self._at_work += 1
        else:
            await self._wait(begun=begun)
        began_s = self.clock()
        try:
            yield
        finally:
            self._learn(self.clock() - began_s, begun=begun)
            self._pass_on()

    async def _wait(self, *, begun: bool) -> None:
        same, other = (self._begun, self._new) if begun else (self._new, self._begun)
        before = len(same) + min(len(same) + 1, len(other))
        self._fade(1.0)
        patience_s = BEGUN_PATIENCE_S if begun else PATIENCE_S
        if (before + 1) * self._message_s() / self.at_once > patience_s or before >= WAITING_MAX:
            raise NoRoom(self._come_again_s())
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        same.append(mine)
        try:
            async with asyncio.timeout(patience_s * OVERTIME):
                await self._called(mine)
        except TimeoutError:
            raise NoRoom(self._come_again_s()) from None

    async def _called(self, mine: asyncio.Future[None]) -> None:
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        """Give the turn to who waits: to one that is nearly done, then to a new one, so that what tills deliver does
        not wait for what others fetch, however much that is.
        """
        while self._begun or self._new:
            line = self._new if self._new and (self._new_is_next or not self._begun) else self._begun
            self._new_is_next = line is self._begun
            following = line.popleft()
            if not following.done():
                following.set_result(None)
                return
        self._at_work -= 1

    def _learn(self, seconds: float, *, begun: bool) -> None:
        """Take in how long a message took."""
        self._fade(_FADES)
        self._spent_s += seconds
        self._messages += 1
        self._exchanges += not begun

    def _fade(self, kept: float) -> None:
        """Let what was measured count less: by so much, and by the time that went by."""
        now_s = self.clock()
        kept *= 0.5 ** ((now_s - self._faded_at_s) / HALF_LIFE_S)
        self._faded_at_s = now_s
        self._spent_s *= kept
        self._messages *= kept
        self._exchanges *= kept

    def _message_s(self) -> float:
        return (self._spent_s + FIRST_GUESS_S) / (self._messages + 1)

    def _exchange_s(self) -> float:
        """Return how long all messages of one exchange keep one of the places busy."""
        messages = self._messages + 1
        return self._message_s() * messages / max(self._exchanges + 1, messages / EXCHANGE_MESSAGES_MAX)

    def _come_again_s(self) -> int:
        """Give away the next turn that is free, and return in how many seconds that is; or, where that is too far to
        be known, some time before to ask again.
        """
        now_s = self.clock()
        booked_s = max(self._booked_s, now_s + PATIENCE_S) + EARLY * self._exchange_s() / self.at_once
        wait_s = booked_s - now_s
        if wait_s < HORIZON_S:
            self._booked_s = booked_s
        else:
            wait_s = HORIZON_S * (0.4 + 0.6 * self.dice())
        self._tell(now_s, wait_s)
        return max(round(wait_s), 1)

    def _tell(self, now_s: float, wait_s: float) -> None:
        self._refused += 1
        if now_s - self._told_at_s >= _TOLD_EVERY_S:
            log.warning("busy: %d messages of tills were told to come again, the last in %.0f s", self._refused, wait_s)
            self._refused, self._told_at_s = 0, now_s
