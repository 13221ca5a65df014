"""A stocked till with an open window."""

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from meterpos.ui.window import Window
from tests.support.tills import Counter
from tests.ui import stand


@pytest.fixture(scope="package", autouse=True)
def frozen() -> Iterator[None]:
    """What thousands of tests left behind is set aside: looking through it after each window took a second."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Windows of earlier tests die on the thread they lived on."""
    gc.disable()
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
    gc.disable()


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    """A till with a shift open, and a printer that writes to a file."""
    made = stand.ready_counter(tmp_path / "till", printer=f"file:{tmp_path}/paper.bin")
    yield made
    made.till.close()


@pytest.fixture
def window(counter: Counter, qapp: QApplication) -> Iterator[Window]:
    """The window at that till."""
    opened = stand.open_window(counter)
    yield opened
    stand.settle(opened)
    opened.close()
    opened.deleteLater()


@pytest.fixture
def opened(qapp: QApplication) -> Iterator[Callable[..., Window]]:
    """Open windows on other tills, closed at the end."""
    made: list[Window] = []

    def open_one(counter: Counter, **options: object) -> Window:
        made.append(stand.open_window(counter, **options))  # type: ignore[arg-type]
        return made[-1]

    yield open_one
    for one in made:
        stand.settle(one)
        one.close()
        one.deleteLater()
