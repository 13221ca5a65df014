"""The event loop never waits: for the ledger, the printer, a PIN's hash or an import."""

import os
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from meterpos.ui.app import SWITCH_S
from meterpos.ui.heartbeat import LIMIT_MS, Heartbeat, Piece, recurring
from meterpos.ui.tasks import Tasks
from meterpos.ui.theme import Type
from meterpos.ui.widgets import paint
from meterpos.ui.window import Window
from tests.support.tills import Counter
from tests.ui.stand import app, press, pump, settle, type_text

PYTHONS_OWN_S = 0.005


def limit_ms() -> float:
    """Return the limit, grown with the crowd where more programs run than there are processors."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return LIMIT_MS * max(1.0, load / (os.cpu_count() or 1))


def beat_for(seconds: float) -> None:
    """Let the loop turn for a while."""
    end = time.perf_counter() + seconds
    pump(lambda: time.perf_counter() > end)


def test_the_watcher_sees_a_stall_and_where_it_was(qapp: QApplication) -> None:
    def doze() -> None:
        time.sleep(0.2)

    with pytest.raises(AssertionError, match="in doze"), Heartbeat():
        beat_for(0.05)
        doze()
        beat_for(0.05)


def test_the_watcher_names_a_long_piece_of_work_by_its_line_and_by_what_went_on(qapp: QApplication) -> None:
    def work() -> None:
        end = time.thread_time() + 2 * LIMIT_MS / 1000
        while time.thread_time() < end:
            paint.width("12,345.00", Type.text)

    heart = Heartbeat()
    with pytest.raises(AssertionError), heart:
        heart.during = "the third customer"
        beat_for(0.05)
        work()
        beat_for(0.05)
    longest = max(heart.pieces, key=lambda piece: piece.ms)
    assert longest.ms > 2 * LIMIT_MS
    assert longest.during == "the third customer"
    assert "ui/widgets/paint.py" in longest.where.replace("\\", "/")


def test_work_comes_again_with_each_play_and_a_machine_taken_away_does_not() -> None:
    work = [Piece(60.0, "a page is made", "the second customer"), Piece(70.0, "the same", "the second customer")]
    one = [*work, Piece(120.0, "nothing", "the fifth customer")]
    other = [Piece(55.0, "a page is made", "the second customer"), Piece(90.0, "nothing", "the ninth customer")]
    assert recurring([one, other]) == [Piece(55.0, "a page is made", "the second customer")]


def test_the_watcher_is_quiet_while_the_loop_turns(qapp: QApplication) -> None:
    with Heartbeat(limit_ms=limit_ms()):
        beat_for(0.3)


def test_a_payment_never_stalls_the_loop(window: Window, counter: Counter) -> None:
    with Heartbeat(limit_ms=limit_ms()):
        for letter in "grace":
            type_text(letter)
            app().processEvents()
        settle(window)
        press(Qt.Key.Key_Return)
        settle(window)
        press(Qt.Key.Key_Return)
        press(Qt.Key.Key_F12)
        settle(window)
    assert window.pay.done.isVisible()


@pytest.fixture
def switching() -> Iterator[None]:
    before = sys.getswitchinterval()
    yield
    sys.setswitchinterval(before)


def test_the_window_gets_python_back_soon_from_a_thread_that_works_beside_it(switching: None) -> None:
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            sum(range(1_000))

    def handed_over_s(interval_s: float) -> float:
        sys.setswitchinterval(interval_s)
        began = time.perf_counter()
        for _ in range(20):
            time.sleep(0)  # as a call of Qt does: Python is let go, and wanted back
        return time.perf_counter() - began

    worker = threading.Thread(target=work)
    worker.start()
    try:
        tries = [(handed_over_s(PYTHONS_OWN_S), handed_over_s(SWITCH_S)) for _ in range(3)]
    finally:
        stop.set()
        worker.join()
    pythons_own_s, ours_s = (min(times) for times in zip(*tries, strict=True))
    assert ours_s < pythons_own_s


def test_of_readings_on_one_topic_only_the_newest_is_answered(qapp: QApplication, counter: Counter) -> None:
    tasks = Tasks()
    tasks.attach(counter.till.store)
    answers: list[int] = []
    for number in range(20):
        tasks.read(lambda _, number=number: number, answers.append, topic="search")
    pump(lambda: not tasks.busy)
    assert answers == [19]
    tasks.close()


def test_what_is_slow_outside_does_not_hold_the_ledger(qapp: QApplication, counter: Counter) -> None:
    tasks = Tasks()
    tasks.attach(counter.till.store)
    came: list[str] = []
    tasks.outside(lambda: time.sleep(0.5), lambda _: came.append("printer"))
    tasks.read(lambda _: None, lambda _: came.append("ledger"))
    pump(lambda: len(came) == 2)
    assert came == ["ledger", "printer"]
    tasks.close()


def test_qt_never_uses_up_what_all_of_python_shares(qapp: QApplication) -> None:
    tasks = Tasks()
    counts = [sys.getrefcount(value) for value in (None, True, False)]
    for _ in range(500):
        tasks.ledger_changed.emit()
        tasks.setObjectName("x")
        tasks.blockSignals(False)
    drained = [was - sys.getrefcount(value) for was, value in zip(counts, (None, True, False), strict=True)]
    assert max(drained) < 100 or min(counts) > 1 << 50, "this Python and this PySide do not count alike"
    tasks.close()
