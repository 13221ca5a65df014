"""Who may use a home: one exchange at a time, many users of its ledger or one who replaces it.

Locks are the operating system's: it lets go of them when a process dies.
"""

import random
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from meterpos.errors import UserError

EXCHANGE_FILE: Final = "exchange.lock"
HOME_FILE: Final = "home.lock"
SEATS: Final = 1000
"""Windows knows no shared lock: each who shares holds one of so many bytes, who is alone holds them all."""
SEATS_TRIED: Final = 50


class HomeBusy(UserError):
    """Somebody else on this machine has what was asked for alone."""


class ExchangeRunning(HomeBusy):
    """Another window or command of this till is exchanging with head office just now."""


@contextmanager
def only_exchange(home: Path) -> Iterator[None]:
    """Hold the home's exchange lock. Raises: ExchangeRunning when another holds it."""
    busy = ExchangeRunning("This till is exchanging with head office already. Wait until that is done, then try again.")
    with only_one(home, EXCHANGE_FILE, busy):
        yield


@contextmanager
def home_alone(home: Path, busy: HomeBusy) -> Iterator[None]:
    """Hold a home alone, to replace what is in it. Raises: ``busy`` while a window, server or command uses it."""
    with only_one(home, HOME_FILE, busy):
        yield


@contextmanager
def only_one(home: Path, name: str, busy: HomeBusy) -> Iterator[None]:
    """Hold a lock of this home alone. Raises: ``busy`` when another holds it, alone or shared."""
    with _opened(home, name) as file:
        try:
            _lock(file, alone=True)
        except OSError as error:
            raise busy from error
        yield


class HomeUser:
    """A hold on a home by one who uses its ledger, until `release`, or until nobody knows of it any more.

    Any number may have one at once. Raises: HomeBusy while somebody replaces what is in the home.
    """

    def __init__(self, home: Path) -> None:
        file = _opened(home, HOME_FILE)
        try:
            _lock(file, alone=False)
        except OSError as error:
            file.close()
            raise HomeBusy(f"{home} is being restored just now. Wait until that is done, then try again.") from error
        self._release = weakref.finalize(self, file.close)

    def release(self) -> None:
        """Let go of the home; a second time does nothing."""
        self._release()


def _opened(home: Path, name: str) -> IO[bytes]:
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    return (home / name).open("a+b")


try:
    import fcntl
except ImportError:  # Windows
    import msvcrt

    def _lock(file: IO[bytes], *, alone: bool) -> None:
        tries = [0] if alone else random.sample(range(SEATS), SEATS_TRIED)
        for left, seat in enumerate(tries, 1 - len(tries)):
            file.seek(seat)
            try:
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, SEATS if alone else 1)  # type: ignore[attr-defined, unused-ignore]
            except OSError:
                if not left:
                    raise
            else:
                return
else:

    def _lock(file: IO[bytes], *, alone: bool) -> None:
        fcntl.flock(file.fileno(), (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
