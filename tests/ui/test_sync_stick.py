"""What waits goes to head office on a stick, and its answer comes back, from the sync page."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from meterpos.headoffice.courier import answer
from meterpos.ui import words
from meterpos.ui.window import Window
from tests.support.headoffice import Server, make_office
from tests.support.tills import Counter
from tests.ui.stand import settle


class Enrolled:
    """A till of a head office that answers by stick alone."""

    def __init__(self, home: Path, server: Server) -> None:
        self.till = server.enrol_till(home, "KSM01", ("Kondele",))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server.start(make_office(tmp_path / "office", f"sqlite:///{tmp_path}/office.db"))
    yield made
    made.stop()


def test_a_day_goes_out_and_its_answer_comes_back(
    tmp_path: Path, server: Server, opened: Callable[..., Window]
) -> None:
    counter = Enrolled(tmp_path / "till", server)
    counter.till.open_shift(float_minor=0, clerk="achieng")
    window = opened(counter)
    window.go("sync")
    settle(window)
    page: Any = window.page("sync")
    asked: list[str] = []

    def where(name: str, then: Callable[[str], object]) -> None:
        asked.append(name)
        then(str(tmp_path / "stick.courier"))

    page.stick.ask_where = where
    QTest.keyClick(window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    settle(window)
    assert asked[0].startswith("KSM01-20") and asked[0].endswith(".courier")
    assert page.result.text().startswith("1 entry is on the stick as stick.courier.")
    (tmp_path / "stick.courier").write_bytes(answer(server.office, (tmp_path / "stick.courier").read_bytes()).data)
    QTest.keyClick(window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    settle(window)
    assert asked[1] == "" and page.result.text().startswith("Head office has signed for 1 more")
    assert page.history.rows()[0].outcome == "complete"
    page.stick.read.click()
    settle(window)
    assert "was read before" in page.result.text()
    counter.till.close()


def test_a_file_that_is_none_is_said_to_be_in_the_language_spoken(
    counter: Counter, window: Window, tmp_path: Path
) -> None:
    (tmp_path / "picture.png").write_bytes(b"PNG")
    window.go("sync")
    page: Any = window.page("sync")
    page.stick.ask_where = lambda name, then: then(str(tmp_path / "picture.png"))
    words.speak("sw")
    page.stick.read.click()
    settle(window)
    assert page.result.text() == "Hii si faili ya kubeba ya meterpos. Chagua faili nyingine."
    assert page.stick.save.isEnabled() and page.stick.read.isEnabled()
    words.speak("en")


@pytest.mark.parametrize(("name", "mode"), [("a.courier", "AcceptSave"), ("", "AcceptOpen")])
def test_the_dialog_hands_on_the_file(counter: Counter, window: Window, tmp_path: Path, name: str, mode: str) -> None:
    window.go("sync")
    stick: Any = window.page("sync").stick  # type: ignore[attr-defined]
    heard: list[str] = []
    stick._ask_where(name, heard.append)
    dialog = stick.findChild(QFileDialog)
    assert dialog.acceptMode() == getattr(QFileDialog.AcceptMode, mode)
    dialog.fileSelected.emit(str(tmp_path / "x"))
    dialog.close()
    assert heard == [str(tmp_path / "x")]
