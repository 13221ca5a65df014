"""The Qt binding gives back what it takes (decision record 0008)."""

import gc
import sys
from collections.abc import Callable

import pytest

from tests.ui.stand import app

CALLS = 300


def lost_references(call: Callable[[], object]) -> int:
    """Return how many references of None a few hundred calls took away."""
    call()
    gc.collect()
    before = sys.getrefcount(None)
    for _ in range(CALLS):
        call()
    gc.collect()
    return before - sys.getrefcount(None)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None is immortal from Python 3.12 on")
def test_a_call_that_returns_nothing_does_not_wear_none_out() -> None:
    from PySide6.QtWidgets import QWidget

    running = app()
    widget = QWidget()
    for call in (running.processEvents, widget.repaint, widget.parentWidget, lambda: widget.setAccessibleName("x")):
        assert lost_references(call) < CALLS // 2


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None is immortal from Python 3.12 on")
def test_the_count_would_see_a_binding_that_wears_none_out() -> None:
    import ctypes

    take_away = ctypes.pythonapi.Py_DecRef
    take_away.argtypes = [ctypes.py_object]
    try:
        assert lost_references(lambda: take_away(None)) > CALLS // 2
    finally:
        give_back = ctypes.pythonapi.Py_IncRef
        give_back.argtypes = [ctypes.py_object]
        for _ in range(CALLS + 1):
            give_back(None)
