"""A pay point with an open shift."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.tills import Counter


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    counter = Counter.at(tmp_path / "home")
    counter.open_shift()
    yield counter
    counter.till.close()
