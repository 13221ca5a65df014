"""Other colours and another language while somebody works: at once where it is seen, and never in a long piece."""

import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from PySide6.QtCore import QEventLoop
from PySide6.QtGui import QImage

from meterpos.ui import style, theme, words
from meterpos.ui.heartbeat import LIMIT_MS
from meterpos.ui.pages.made import PARTS
from meterpos.ui.preparing import ALL_DAY
from meterpos.ui.window import Window
from tests.support.tills import Counter
from tests.ui.stand import app, pump, settle

TURNS = 40
TRIES = 3
"""A machine that is taken away in the middle makes one try longer, and not all of them."""


@pytest.fixture
def whole(counter: Counter, opened: Callable[..., Window]) -> Iterator[Window]:
    """A window all of whose pages were made."""
    window = opened(counter)
    for name in ALL_DAY:
        window.page(name)
    for name, part in PARTS:
        getattr(window.page(name), part)
    window.go("plans")
    settle(window)
    yield window
    words.speak("en")
    theme.apply(app(), "light")


def longest_ms(change: Callable[[str], object], one: str, other: str, *, tries: int = TRIES) -> float:
    """Return the longest piece of a change and what follows it, the least of some tries there and back."""

    def piece(work: Callable[[], object]) -> float:
        began = time.thread_time()
        work()
        return (time.thread_time() - began) * 1000

    def turn() -> None:
        app().processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 0)

    def there_and_back() -> float:
        works = [partial(change, one), *[turn] * TURNS, partial(change, other), *[turn] * TURNS]
        return max(piece(work) for work in works)

    return min(there_and_back() for _ in range(tries))


def test_other_colours_never_hold_the_window_up(whole: Window) -> None:
    assert longest_ms(lambda name: theme.change(app(), name), "dark", "light") <= LIMIT_MS


def test_a_sheet_over_the_whole_application_is_seen_to_hold_it_up(whole: Window) -> None:
    def at_once(name: str) -> None:
        app().setStyleSheet(style.sheet(theme.PALETTES[name], theme.METRICS))

    assert longest_ms(at_once, "dark", "light", tries=1) > LIMIT_MS


def test_another_language_never_holds_the_window_up(whole: Window) -> None:
    assert longest_ms(words.speak, "sw", "en") <= LIMIT_MS


def test_a_window_whose_colours_were_changed_looks_like_one_that_began_with_them(whole: Window) -> None:
    def looks() -> list[QImage]:
        found = []
        for name in ("pay", *ALL_DAY):
            whole.go(name)
            settle(whole)
            found.append(whole.grab().toImage())
        whole.gate.ask_to_leave()
        settle(whole)
        return [*found, whole.grab().toImage()]

    app().setCursorFlashTime(0)
    theme.apply(app(), "dark")
    looks()  # on the second visit nothing is read for the first time
    whole.gate._stay()
    began = looks()
    whole.gate._stay()
    theme.change(app(), "light")
    settle(whole)
    theme.change(app(), "dark")
    assert looks() == began
    whole.gate._stay()
    theme.apply(app(), "light")
    theme.change(app(), "dark")
    assert looks() == began


def test_a_page_shown_before_its_turn_to_be_dressed_has_the_new_colours(whole: Window) -> None:
    theme.change(app(), "dark")
    whole.go("settings")
    assert whole.page("settings").styleSheet() == style.sheet(theme.DARK, theme.METRICS)
    pump(lambda: not theme.notifier().waiting)


def test_a_page_made_after_the_colours_changed_has_them(counter: Counter, opened: Callable[..., Window]) -> None:
    window = opened(counter)
    theme.change(app(), "dark")
    settle(window)
    assert window.page("settings").styleSheet() == style.sheet(theme.DARK, theme.METRICS)
    theme.apply(app(), "light")
    assert window.page("settings").styleSheet() == ""
