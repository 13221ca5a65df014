"""Opening each page, scrolling the long lists frame by frame, and a long statement, in the window on a real ledger."""

import contextlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from bench.ledger import CLERK, TODAY, Made, account_no, moment, working_copy
from bench.measure import Figure, Times, bounded, timed

OPEN_MS: Final = 100
FRAME_MS: Final = 1000 / 60
FRAMES: Final = 400
STEP_PX: Final = 97
"""How far a frame scrolls: two rows, as a wheel does."""

LINES: Final = 240
PATIENCE_S: Final = 60
TICK_MS: Final = 20
PAGES: Final = ("pay", "customers", "meters", "receipts", "plans", "shift", "reports", "sync", "settings")
LISTS: Final = ("customers", "meters")
ORDERS: Final = ("customer", "balance", "last_invoice", "number")


Opening = tuple[int, int]
"""How long it took, and how long the window's thread worked (ns)."""


def measure(made: Made, *, scratch: Path) -> list[Figure]:
    """Open the till's window on a copy of the ledger, and do what a clerk does: look, and scroll."""
    copy = working_copy(made, scratch / "pages")
    at_once = _in_another_process(copy)
    with _window(copy) as (app, window, till):
        _get_ready(app, window)
        first = {name: _open(app, window, name) for name in PAGES}
        again = {name: _open(app, window, name) for name in PAGES}
        figures = _told("for the first time", first) + _told("again", again)
        figures += _told("for the first time, the till untouched until then", at_once)
        figures += [*_scrolled(app, window), *_ordered(app, window), _statement(till)]
    shutil.rmtree(copy.home)
    return figures


@contextlib.contextmanager
def _window(copy: Made) -> Iterator[tuple[Any, Any, Any]]:
    """Open a window on a ledger and let the clerk in; it calls nobody by itself."""
    from PySide6.QtWidgets import QApplication

    from meterpos.till import open_till
    from meterpos.ui import theme
    from meterpos.ui.window import Window

    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    theme.load_fonts()
    theme.apply(app, "light")
    till = open_till(copy.home)
    now = moment().at
    till.now = lambda: now
    window = Window()
    for work in (window.exchanging, window.checking):
        work.start = lambda: None  # type: ignore[method-assign]
    window.resize(1366, 768)
    window.show()
    ready: list[bool] = []
    window.ready.connect(lambda: ready.append(True))
    window.attach(till)
    _pump(app, lambda: bool(ready))
    _settle(app, window)
    window.gate.admit(CLERK)
    _settle(app, window)
    try:
        yield app, window, till
    finally:
        window.hide()
        window.tasks.close()
        till.close()


def _get_ready(app: Any, window: Any) -> None:
    """Touch a key, and let the pages be made as they are once somebody works here."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    from meterpos.ui.app import get_ready

    get_ready(window)
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Shift)
    _pump(app, lambda: len(window._pages) == len(PAGES))
    _settle(app, window)


def untouched(copy: Made) -> dict[str, Opening]:
    """Open every page of a window in which nothing was made ready."""
    with _window(copy) as (app, window, _):
        return {name: _open(app, window, name) for name in PAGES}


def _in_another_process(copy: Made) -> dict[str, Opening]:
    """Open the pages of an untouched window where nothing of them was ever imported."""
    code = (
        "import json; from pathlib import Path; from bench.ledger import Made; from bench.pages import untouched\n"
        f"print(json.dumps(untouched(Made(Path({str(copy.home)!r}), {copy.customers}, 0.0))))"
    )
    root = Path(__file__).parents[1]
    ran = subprocess.run((sys.executable, "-c", code), cwd=root, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Opening] = json.loads(ran.stdout.splitlines()[-1])
    return found


def _told(which: str, took: dict[str, Opening]) -> list[Figure]:
    slowest = max(took, key=lambda name: took[name][0])
    what = f"opening a page {which}, the slowest ({slowest})"
    return [
        bounded(what, ours_ns=took[slowest][0], limit_ms=OPEN_MS),
        *(
            Figure(what=f"- {name}, {which}", figure=f"{wall / 1e6:.1f} ms", floor=_own(own))
            for name, (wall, own) in took.items()
        ),
    ]


def _open(app: Any, window: Any, name: str) -> Opening:
    """Return from the key to the page painted with its first rows."""
    start, own = time.perf_counter_ns(), time.thread_time_ns()
    window.go(name)
    page = window.page(name)
    has_rows = hasattr(page, "roll")
    _pump(app, lambda: page.roll.row(0) is not None if has_rows else not window.tasks.busy)
    window.repaint()
    took = time.perf_counter_ns() - start, time.thread_time_ns() - own
    assert page.isVisible(), f"{name} is not what is shown"
    _settle(app, window)
    return took


def _own(nanoseconds: float) -> str:
    return f"{nanoseconds / 1e6:.1f} ms of the window's thread"


def _scrolled(app: Any, window: Any) -> list[Figure]:
    """Scroll a list two rows a frame: what moving and painting it takes, with its rows read meanwhile."""
    figures = []
    for name in LISTS:
        window.go(name)
        page = window.page(name)
        _settle(app, window)
        bar, view = page.rows.verticalScrollBar(), page.rows.viewport()
        frames, own, blank = [], [], 0
        for frame in range(FRAMES):
            start, worked = time.perf_counter_ns(), time.thread_time_ns()
            bar.setValue((frame * STEP_PX) if frame < FRAMES // 2 else bar.maximum() - (FRAMES - frame) * STEP_PX)
            view.repaint()
            frames.append(time.perf_counter_ns() - start)
            own.append(time.thread_time_ns() - worked)
            blank += page.roll.row(page.rows.indexAt(view.rect().center()).row()) is None
            _breathe(app, max(FRAME_MS / 1000 - frames[-1] / 1e9, 0.0))
        took, worked_p99 = Times(tuple(frames)), Times(tuple(own)).p99_ns
        what = f"scrolling {len(page.rows.rows()):,} {name}: one frame, p99"
        figures.append(bounded(what, ours_ns=took.p99_ns, limit_ms=FRAME_MS))
        figures.append(Figure(what="- of processor time alone, p99", figure=f"{worked_p99 / 1e6:.2f} ms"))
        figures.append(Figure(what="- median", figure=f"{took.median_ns / 1e6:.2f} ms"))
        figures.append(Figure(what="- frames whose middle row was not read yet", figure=f"{blank} of {FRAMES}"))
    return figures


def _ordered(app: Any, window: Any) -> list[Figure]:
    """Choose another order: until its first rows are shown, and the longest that the lane could not answer."""
    window.go("meters")
    page = window.page("meters")
    figures = []
    for order in ORDERS:
        answered: list[float] = []
        began: list[bool] = []
        page.roll.began.connect(lambda began=began: began.append(True))
        start = time.perf_counter()
        page.order.choose(order)
        asked = time.perf_counter()
        window.tasks.read(lambda _: None, lambda _: answered.append(time.perf_counter() - asked))  # noqa: B023
        _pump(app, lambda began=began, answered=answered: bool(began and answered))  # type: ignore[misc]
        figures.append(
            Figure(
                what=f"meters by {order.replace('_', ' ')}, until shown",
                figure=f"{(time.perf_counter() - start) * 1000:,.0f} ms",
                floor=f"the lane answers after {answered[0] * 1000:.1f} ms",
            )
        )
        _settle(app, window)
    return figures


def _statement(till: Any) -> Figure:
    """Write a statement of five years, an invoice and three payments a month, as A4 for the first time."""
    from dataclasses import replace

    from meterpos.ledger.queries import statements
    from meterpos.printing.a4 import render_a4
    from meterpos.printing.report import imprint
    from meterpos.printing.statement import compose_statement

    def write() -> None:
        with till.store.read() as connection:
            found = statements.statement(
                connection, account_no(7), from_date=TODAY - timedelta(days=5 * 365), to_date=TODAY
            )
            many = replace(found, lines=(found.lines * LINES)[:LINES])
            to = statements.addressee(connection, found)
            made_by = imprint(connection, moment=till.moment(), language="en", is_till=True)
        assert render_a4(compose_statement([many], to=to, imprint=made_by).document)

    return bounded(f"a statement of five years, {LINES} lines, as A4 PDF", ours_ns=timed(write), limit_ms=1000)


# --- the event loop ---------------------------------------------------------------------------------------------------


def _settle(app: Any, window: Any) -> None:
    """Let what is under way come home, and paint it."""
    _pump(app, lambda: not window.tasks.busy)
    app.processEvents()
    window.repaint()


def _pump(app: Any, until: Callable[[], bool]) -> None:
    """Let the event loop turn as it does by itself: it sleeps until something happens."""
    from PySide6.QtCore import QEventLoop, QTimer

    deadline = time.monotonic() + PATIENCE_S
    app.processEvents()
    tick = QTimer(interval=TICK_MS)
    tick.start()
    while not until():
        assert time.monotonic() < deadline, "it did not happen in time"
        app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)


def _breathe(app: Any, seconds: float) -> None:
    """Let the event loop turn for the rest of a frame."""
    end = time.perf_counter() + seconds
    while True:
        app.processEvents()
        left = end - time.perf_counter()
        if left <= 0:
            return
        time.sleep(min(left, 0.001))
