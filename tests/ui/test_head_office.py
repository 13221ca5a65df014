"""The window in front of a real head office on loopback."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt

from meterpos.ledger.queries.people import users
from meterpos.till import open_till
from meterpos.ui.window import Window
from tests.support.headoffice import Server, make_office
from tests.ui.stand import press, pump, settle, type_text


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A head office with the town, answering."""
    office = make_office(tmp_path / "office", f"sqlite:///{tmp_path}/office.db")
    made = Server.start(office)
    made.import_town()
    yield made
    made.stop()
    office.close()


class Fresh:
    """A till nobody has enrolled."""

    def __init__(self, home: Path) -> None:
        self.till = open_till(home)


def test_a_first_start_enrols_and_the_first_exchange_fills_the_search(
    tmp_path: Path, server: Server, opened: Callable[..., Window]
) -> None:
    fresh = Fresh(tmp_path / "till")
    window = opened(fresh)
    enrol: Any = window.page("enrol")
    code = server.add_till("KSM01", ["Kondele", "Migosi"])
    type_text(server.url)
    press(Qt.Key.Key_Return)
    type_text(code)
    press(Qt.Key.Key_Return)
    pump(lambda: window.desk.standing.status.enrolled or enrol.problem.text(), timeout_ms=20_000)  # type: ignore[union-attr]
    assert enrol.problem.text() == ""
    settle(window)
    assert window.page("guide").isVisible(), "next the printer is chosen"
    press(Qt.Key.Key_Escape)
    settle(window)
    assert window.page("shift").isVisible(), "then the clerk opens a shift"
    assert window.top.title.text() == "KSM01 Market"
    window.exchanging._stopped = False
    window.exchanging.now()
    pump(lambda: not window.exchanging.running, timeout_ms=20_000)
    settle(window)
    assert window.desk.online
    assert window.top.link.text().startswith("Online")
    window.go("pay")
    type_text("a")
    settle(window)
    assert window.pay.search.hits.rows()
    with fresh.till.store.read() as connection:
        assert isinstance(users(connection), tuple)
    window.go("sync")
    settle(window)
    assert window.page("sync").history.rows()[0].outcome == "complete"  # type: ignore[attr-defined]
    fresh.till.close()
