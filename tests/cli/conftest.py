"""A till that commands can be run at."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from meterpos.ledger.operations.people import code_hash
from meterpos.ledger.tables import users
from meterpos.till import open_till as open_a_till
from tests.cli.commands import TillCommands, file
from tests.support.tills import Counter

CODES = {"achieng": "CODE-ACHIENG", "otieno": "CODE-OTIENO"}


@pytest.fixture(scope="session")
def enrolled_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of an enrolled till with Grace and James, and codes for its two users; tests work on copies."""
    counter = Counter.at(tmp_path_factory.mktemp("enrolled") / "till")
    with counter.till.store.write() as connection:
        for user, code in CODES.items():
            hashed = code_hash(user, code)
            connection.execute(update(users).where(users.c.user_name == user).values(code_hash=hashed))
    counter.till.close()
    return counter.till.settings.home


@pytest.fixture
def counter(tmp_path: Path, enrolled_home: Path) -> Iterator[Counter]:
    """That till, a test's own."""
    home = tmp_path / "till"
    shutil.copytree(enrolled_home, home)
    counter = Counter(open_a_till(home))
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
