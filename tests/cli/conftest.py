"""A till that commands can be run at."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from meterpos.ledger.operations.people import code_hash
from meterpos.ledger.tables import users
from tests.cli.commands import TillCommands, file
from tests.support.tills import Counter

CODES = {"achieng": "CODE-ACHIENG", "otieno": "CODE-OTIENO"}


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    """An enrolled till with Grace and James, and codes for its two users."""
    counter = Counter.at(tmp_path / "till")
    with counter.till.store.write() as connection:
        for user, code in CODES.items():
            connection.execute(update(users).where(users.c.user_name == user).values(code_hash=code_hash(user, code)))
    yield counter
    counter.till.store.close()


@pytest.fixture
def till(counter: Counter) -> TillCommands:
    """The commands of that till."""
    return TillCommands(counter.till.settings.home)


@pytest.fixture
def open_till(till: TillCommands) -> TillCommands:
    """The commands of that till, in a shift."""
    till.do("shift", "open", "--float", "5000")
    return till


@pytest.fixture
def pin(tmp_path: Path, till: TillCommands) -> str:
    """The PIN file of the supervisor, who has set it."""
    path = file(tmp_path, "otieno.pin", "4711\n")
    till.do("set-pin", "otieno", "--code", CODES["otieno"], "--pin-file", path)
    return path
