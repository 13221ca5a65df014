"""A small slice of the harnesses beside the simulator: lines, cursor, kills and orders."""

import sys
from pathlib import Path

import pytest

from tests.faults import cursor, kill, order, web


def test_a_line_that_lies_or_breaks_loses_nothing() -> None:
    with web.web() as at:
        web.lies(at)
        web.bombs(at)
        for direction in ("up", "down"):
            web.cuts(at, direction, stride=401)
        at.prove()
    assert not at.wrong
    assert at.outcomes["none: complete"] >= 1


@pytest.mark.parametrize("as_sequence", [False, True])
def test_the_feed_misses_no_row_and_a_sequence_is_seen_to(tmp_path: Path, database_url: str, as_sequence: bool) -> None:
    seen = cursor.run(tmp_path / "office", database_url, writers=6, seconds=1.0, as_sequence=as_sequence)
    assert seen.written
    assert (seen.missed > 0) == as_sequence


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_a_killed_till_has_every_receipt_it_reported(tmp_path: Path) -> None:
    kill.prepare(tmp_path / "till")
    done = kill.run(tmp_path / "till", kills=6, seed=1, checked_every=3)
    assert done.wrong == []
    assert done.reported


def test_balances_do_not_depend_on_the_order_of_arrival() -> None:
    assert [sentence for seed in range(20) for sentence in order.permute(seed)] == []
