"""The window checks the till's ledger: what came at start, everything once a day between shifts."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QLabel
from sqlalchemy import update

from meterpos.ledger.tables import accounts
from meterpos.till.care import MARK_FILE, WHOLE_FILE
from meterpos.ui.window import Window
from tests.support.tills import Counter
from tests.ui.stand import ready_counter, settle


def said(window: Window) -> str:
    return " ".join(label.text() for label in window.notice.findChildren(QLabel)) if window.notice.isVisible() else ""


def test_a_sound_ledger_is_checked_without_a_word(counter: Counter, window: Window) -> None:
    window.checking.since_last()
    settle(window)
    assert said(window) == ""
    assert (counter.till.settings.home / MARK_FILE).exists()


def test_what_a_check_finds_is_told(counter: Counter, window: Window) -> None:
    with counter.till.store.write() as connection:
        connection.execute(update(accounts).where(accounts.c.account_no == "A1").values(net_minor=1))
    window.checking.since_last()
    settle(window)
    assert "A1 keeps a net of 0.01" in said(window) and "tell head office" in said(window)


def test_everything_is_checked_once_a_day_while_no_shift_is_open(
    tmp_path: Path, opened: Callable[..., Window], counter: Counter, window: Window
) -> None:
    window.checking.whole_if_due()
    settle(window)
    assert not (counter.till.settings.home / WHOLE_FILE).exists(), "a shift is open"
    closed = ready_counter(tmp_path / "closed", shift=False)
    other = opened(closed)
    for hours, expected in ((0, 0), (1, 0), (20, 20)):
        closed.clock.turn(hours=hours)
        other.checking.whole_if_due()
        settle(other)
        checked = closed.till.checked_whole_at()
        assert checked is not None
        assert (closed.clock() - checked).total_seconds() == (hours - expected) * 3600
    closed.till.close()
