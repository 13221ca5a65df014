"""Bugs planted into whole processes, to see that the soak would notice: `plant(NAME)` before anything works.

A head office gets them through a `sitecustomize` on its path, since its workers are started anew by its server.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

PLANTED: Final = "METERPOS_FAULTS_PLANTED"
LATE_S: Final = 0.25
OFFICE_LATE_S: Final = 2.0
"""So long the commit comes after what it was to come before."""
SITE: Final = f"""\
import os
if os.environ.get("{PLANTED}"):
    from tests.faults.planted import processes
    processes.plant(os.environ["{PLANTED}"])
"""


def plant(name: str) -> None:
    """Plant a bug into this process."""
    BUGS[name]()


def site(folder: Path) -> str:
    """Return what has to stand first on the path of a Python that is to have a bug."""
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(SITE)
    return str(folder)


def _office_acknowledges_before_it_commits() -> None:
    from meterpos.headoffice import feed
    from meterpos.headoffice.feed import Outgoing
    from meterpos.headoffice.office import Office

    @contextmanager
    def write(self: Office) -> Iterator[tuple[Any, Outgoing]]:
        outgoing = Outgoing()
        block = self.store.write()
        conn = block.__enter__()
        try:
            yield conn, outgoing
            feed.flush(conn, outgoing)
        except BaseException as error:
            block.__exit__(type(error), error, error.__traceback__)
            raise
        _later(lambda: block.__exit__(None, None, None))

    Office.write = write  # type: ignore[method-assign]


def _till_reports_before_it_commits() -> None:
    from meterpos.till.base import TillBase

    def settled(self: TillBase, work: Callable[[Any], tuple[Any, tuple[int | None, ...]]]) -> Any:
        made: list[Any] = []
        is_made = threading.Event()

        def commit() -> None:
            with self.store.write() as connection:
                made.append(work(connection)[0])
                is_made.set()
                time.sleep(LATE_S)

        threading.Thread(target=commit, daemon=True).start()
        assert is_made.wait(60)
        return made[0]

    TillBase._settled = settled  # type: ignore[method-assign, assignment]


def _later(commit: Callable[[], object]) -> None:
    def work() -> None:
        time.sleep(OFFICE_LATE_S)
        commit()

    threading.Thread(target=work, daemon=True).start()


BUGS: Final[dict[str, Callable[[], None]]] = {
    "head office acknowledges before it commits": _office_acknowledges_before_it_commits,
    "a till reports a receipt before it commits": _till_reports_before_it_commits,
}
