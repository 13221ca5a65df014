"""The window brings the mirror up to date after the ledger changed, and says once that its medium is missing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from meterpos.sync.mirror import file_of
from meterpos.ui.window import Window
from tests.ui.stand import ready_counter, settle
from tests.ui.test_checking import said


def test_a_payment_is_mirrored_and_a_missing_stick_is_said_once(
    tmp_path: Path, opened: Callable[..., Window], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METERPOS_TILL_MIRROR", str(tmp_path / "stick"))
    counter = ready_counter(tmp_path / "till")
    window = opened(counter)
    window.mirroring.now()
    settle(window)
    assert "Put the stick back" in said(window)
    window.notice.hide()
    window.mirroring.now()
    settle(window)
    assert said(window) == ""
    (tmp_path / "stick").mkdir()
    window.tasks.ledger_changed.emit()
    assert window.mirroring._soon.isActive()
    window.mirroring.now()
    window.mirroring.now()
    settle(window)
    assert file_of(tmp_path / "stick", "KSM01").exists()
    counter.till.close()
