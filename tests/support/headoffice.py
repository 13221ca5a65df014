"""A real head office for tests: its database, its keys, and, where asked for, its server on loopback."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from meterpos.headoffice.office import Office, found, open_office
from meterpos.settings import HeadOfficeSettings

TOWN = Path(__file__).parent.parent / "data" / "town"


def make_office(home: Path, database_url: str) -> Office:
    """Set up and open a head office."""
    settings = HeadOfficeSettings(home=home, database_url=database_url, utility="lake")
    found(settings, now=datetime.now(UTC))
    return open_office(settings)


@pytest.fixture
def office(tmp_path: Path, database_url: str) -> Iterator[Office]:
    """An empty head office, on SQLite and on PostgreSQL."""
    made = make_office(tmp_path / "office", database_url)
    yield made
    made.close()
