"""Two pay points in front of one head office, on SQLite and on PostgreSQL; the town's zones Kondele and Mamboleo."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from meterpos.till import Till
from tests.support.headoffice import Server, office, server

__all__ = ["office", "server"]

ZONES = ("Mamboleo", "Kondele")
CLERK = "achieng"
OpenTill = Callable[..., Till]


@pytest.fixture
def town(server: Server) -> Server:
    """A head office with the town in it."""
    server.import_town()
    return server


@pytest.fixture
def open_pay_point(town: Server, tmp_path: Path) -> Iterator[OpenTill]:
    """Make an enrolled till with an open shift and a file for a printer."""
    opened: list[Till] = []

    def make(name: str = "KSM01", *, printer: str | None = None, shift: bool = True) -> Till:
        home = tmp_path / name
        home.mkdir()
        where = printer or f"file:{(tmp_path / f'{name}.bin').as_posix()}"
        (home / "meterpos.toml").write_text(f"[till]\nprinter = '{where}'\n")
        till = town.enrol_till(home, name, ZONES)
        if shift:
            till.open_shift(float_minor=500_000, clerk=CLERK)
        opened.append(till)
        return till

    yield make
    for till in opened:
        till.close()
