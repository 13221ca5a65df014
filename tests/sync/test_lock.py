"""Who may use a home, and who may have it alone."""

from pathlib import Path

import pytest

from meterpos.sync.lock import ExchangeRunning, HomeBusy, HomeUser, home_alone, only_exchange

BUSY = HomeBusy("Close it.")


def test_many_use_a_home_and_one_who_wants_it_alone_waits(tmp_path: Path) -> None:
    one, other = HomeUser(tmp_path), HomeUser(tmp_path)
    one.release()
    with pytest.raises(HomeBusy, match="Close it"), home_alone(tmp_path, BUSY):
        pass
    other.release()
    other.release()
    with home_alone(tmp_path, BUSY), pytest.raises(HomeBusy, match="being restored"):
        HomeUser(tmp_path)
    HomeUser(tmp_path).release()


def test_one_exchanges_at_a_time(tmp_path: Path) -> None:
    with only_exchange(tmp_path), pytest.raises(ExchangeRunning), only_exchange(tmp_path):
        pass
    with only_exchange(tmp_path):
        pass
