"""Without a mouse and without sight: every control has a name, and Tab reaches each of them and comes back."""

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QAbstractSlider, QComboBox, QLineEdit, QWidget

from meterpos.ui.pages.made import PAGES
from meterpos.ui.window import Window
from tests.support.tills import Counter
from tests.ui import looking, stand
from tests.ui.stand import press, settle

CONTROLS: tuple[type[QWidget], ...] = (QAbstractButton, QLineEdit, QAbstractItemView, QComboBox, QAbstractSlider)
EVERY = ("pay", *(name for name in PAGES if name != "enrol"))
TABS_MAX = 150


@pytest.fixture
def busy(counter: Counter, opened: Callable[..., Window]) -> Window:
    """A window with something in every list."""
    counter.pay("A1", 100_000)
    stand.stock_plans(counter)
    return opened(counter)


def controls(window: Window) -> list[QWidget]:
    """Return what can have the keyboard now."""
    found = [widget for kind in CONTROLS for widget in looking.visible(window, kind)]
    return [widget for widget in found if widget.isEnabled() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus]


def test_every_control_has_a_name_for_a_screen_reader(busy: Window) -> None:
    nameless = []
    for name in EVERY:
        busy.go(name)
        settle(busy)
        nameless += [f"{name}: {type(one).__name__}" for one in controls(busy) if not one.accessibleName().strip()]
    assert nameless == []


def test_tab_reaches_every_control_of_every_page_and_comes_back(busy: Window) -> None:
    left: dict[str, list[str]] = {}
    for name in EVERY:
        busy.go(name)
        settle(busy)
        seen = walked()
        assert seen[-1] is seen[0], f"{name}: Tab does not come back"
        left[name] = [one.accessibleName() for one in controls(busy) if one not in seen and not _is_a_segment(one)]
    assert {name: these for name, these in left.items() if these} == {}


def walked() -> list[Any]:
    """Press Tab until the keyboard is where it began, and return where it was."""
    start = stand.app().focusWidget()
    assert start is not None, "the page does not take the keyboard"
    seen: list[Any] = [start]
    while len(seen) < TABS_MAX:
        press(Qt.Key.Key_Tab)
        seen.append(stand.app().focusWidget())
        if seen[-1] is start:
            break
    return seen


def _is_a_segment(widget: QWidget) -> bool:
    """Tell whether the arrows reach it from its neighbour, as among radio buttons."""
    return isinstance(widget, QAbstractButton) and widget.autoExclusive() and not widget.isChecked()
