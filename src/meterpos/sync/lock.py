"""One exchange at a time for one home, among all processes of this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from meterpos.errors import UserError

FILE_NAME: Final = "exchange.lock"


class ExchangeRunning(UserError):
    """Another window or command of this till is exchanging with head office just now."""


@contextmanager
def only_exchange(home: Path) -> Iterator[None]:
    """Hold the home's exchange lock; the operating system lets go of it when a process dies.

    Raises: ExchangeRunning when another holds it.
    """
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (home / FILE_NAME).open("a+b") as file:
        try:
            _lock(file)
        except OSError as error:
            raise ExchangeRunning(
                "This till is exchanging with head office already. Wait until that is done, then try again."
            ) from error
        try:
            yield
        finally:
            _unlock(file)


try:
    import fcntl
except ImportError:  # Windows
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]

    def _unlock(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined, unused-ignore]
else:

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(file: IO[bytes]) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_UN)
