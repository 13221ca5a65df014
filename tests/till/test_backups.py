"""Backups are made while a till works, and only a sound backup of this till takes its ledger's place."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from meterpos.sync.lock import HomeBusy
from meterpos.till.backups import CannotBackUp, NotABackup
from meterpos.till.restoring import restore_till
from meterpos.vault import write_secret
from tests.support.tills import Counter


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    """A till that took a payment after its backup was made."""
    counter = Counter.at(tmp_path / "till")
    counter.open_shift()
    counter.pay()
    saved = counter.till.backup(tmp_path / "stick.db")
    assert (saved.till_name, saved.entries) == ("KSM01", 3)
    counter.pay()
    yield counter
    counter.till.close()


@pytest.fixture
def backup(counter: Counter, tmp_path: Path) -> Path:
    return tmp_path / "stick.db"


def test_a_till_in_use_is_not_restored(counter: Counter, backup: Path) -> None:
    with pytest.raises(HomeBusy, match="Close it"):
        restore_till(counter.till.settings.home, backup)


@pytest.mark.parametrize("what", ["missing", "truncated", "flipped", "foreign", "empty", "another till's"])
def test_what_is_no_sound_backup_of_this_till_changes_nothing(
    counter: Counter, backup: Path, tmp_path: Path, what: str
) -> None:
    raw = backup.read_bytes()
    bad = tmp_path / "bad.db"
    home = counter.till.settings.home
    middle = len(raw) // 2
    flipped = raw[:middle] + bytes([raw[middle] ^ 1]) + raw[middle + 1 :]
    if what in ("foreign", "another till's"):
        elsewhere = tmp_path / "other"
        if what == "another till's":
            assert counter.till.database_key is not None
            write_secret(elsewhere, "ledger", counter.till.database_key)
        other = Counter.at(elsewhere)
        with other.till.store.write() as connection:
            connection.exec_driver_sql("UPDATE till_identity SET till_name = 'KSM02'")
        other.till.backup(bad)
        other.till.close()
    elif what != "missing":
        bad.write_bytes({"truncated": raw[: middle - 100], "flipped": flipped, "empty": b""}[what])
    before = counter.print_of_ledger()
    counter.till.close()
    with pytest.raises(Exception, match=r"(Choose|Use) another|Check the name|Restore|restore a backup") as refused:
        restore_till(home, bad)
    assert type(refused.value).__name__ in ("NotABackup", "UnreadableDatabase"), refused.value
    assert counter.print_of_ledger() == before
    assert not list(home.glob("*restor*"))


def test_a_backup_never_takes_the_place_of_a_file(counter: Counter, backup: Path) -> None:
    with pytest.raises(CannotBackUp, match="there already"):
        counter.till.backup(backup)


def test_a_copy_that_lacks_what_was_copied_is_no_backup(
    counter: Counter, backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counter.till.store.__class__, "copy_to", lambda self, path: shutil.copyfile(backup, path))
    with pytest.raises(CannotBackUp, match="1 of them are gone"):
        counter.till.backup(tmp_path / "new.db")
    assert not list(tmp_path.glob("new.db*"))


def test_a_backup_is_made_while_somebody_writes(counter: Counter, tmp_path: Path) -> None:
    with counter.till.store.write():
        assert counter.till.backup(tmp_path / "new.db").entries == 4
    assert sorted(path.name for path in tmp_path.glob("new*")) == ["new.db"]


def test_a_ledger_of_nobody_is_no_backup(tmp_path: Path) -> None:
    from meterpos.till import open_till

    till = open_till(tmp_path / "new")
    with pytest.raises(NotABackup, match="no enrolled till"):
        till.backup(tmp_path / "new.db")
    till.close()
