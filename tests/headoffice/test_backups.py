"""Head office is copied while tills exchange, and comes back from the copy as a new generation that loses nothing."""

from pathlib import Path

import pytest
from sqlalchemy import text

from meterpos.headoffice import backups, feed
from meterpos.headoffice.backups import CannotBackUp, NotABackup, back_up, own_up, restore
from meterpos.headoffice.checks import rebuilt_differences, run_checks
from meterpos.headoffice.office import Office, open_office
from meterpos.settings import HeadOfficeSettings
from meterpos.sync.lock import HomeBusy
from meterpos.till import Till
from tests.headoffice.test_exchange import counter, pay, town
from tests.support.headoffice import Server, office, server, sync

__all__ = ["office", "server", "town"]

AT = {"at": "2026-11-20T06:41:07.123Z"}


def again(town: Server) -> Server:
    """Serve the same head office, opened anew."""
    return Server.start(open_office(town.office.settings))


def sound(office: Office) -> bool:
    with office.store.read() as conn:
        return list(run_checks(conn)) == [] and rebuilt_differences(office.store, folder=office.settings.home) == ()


def meets(till: Till, running: Server) -> None:
    """The till finds head office at its new address, exchanges, and both agree with nothing waiting."""
    with till.store.write() as connection:
        connection.exec_driver_sql("UPDATE till_identity SET server_url = ?", (running.url,))
    result = sync(till)
    assert result.is_complete and result.agreed and not result.waiting, result


def test_what_came_after_a_backup_is_offered_again(town: Server, tmp_path: Path) -> None:
    till = counter(town, tmp_path / "till")
    pay(till, "A0000001", 100_00)
    sync(till)
    saved = back_up(town.office.store, tmp_path / "office-backup.db")
    assert (saved.entries, saved.generation) == (3, 1)
    pay(till, "A0000001", 200_00)
    sync(till)
    owed = town.net("A0000001")
    with pytest.raises(HomeBusy, match="stop its server"):
        restore(town.office.settings, tmp_path / "office-backup.db", leap=0, at=town.office.now())
    town.stop()
    done = restore(town.office.settings, tmp_path / "office-backup.db", leap=7, at=town.office.now())
    assert (done.generation, done.parent, done.parent_position, done.entries) == (9, 1, saved.position, 3)
    assert done.problems == () and done.laid_aside is not None and done.laid_aside.exists()
    running = again(town)
    assert running.net("A0000001") == owed + 200_00
    meets(till, running)
    assert running.net("A0000001") == owed and sound(running.office)
    assert running.codes() == []
    number = pay(till, "A0000001", 300_00)
    meets(till, running)
    assert number and running.net("A0000001") == owed - 300_00
    till.close()
    running.stop()
    assert backups.look_at(done.laid_aside).entries == 4, "what a restore replaced is a backup itself"


def test_a_backup_of_either_database_is_restored_into_the_other(town: Server, tmp_path: Path) -> None:
    till = counter(town, tmp_path / "till")
    pay(till, "A0000001", 100_00)
    sync(till)
    owed = town.net("A0000001")
    back_up(town.office.store, tmp_path / "backup.db")
    other = HeadOfficeSettings(
        home=town.office.settings.home, database_url=f"sqlite:///{tmp_path / 'elsewhere.db'}", utility="lake"
    )
    town.stop()
    assert restore(other, tmp_path / "backup.db", leap=0, at=town.office.now()).laid_aside is None
    running = Server.start(open_office(other))
    assert running.net("A0000001") == owed
    meets(till, running)
    till.close()
    running.stop()


def test_nobody_said_at_the_time_that_it_was_restored(town: Server, tmp_path: Path) -> None:
    till = counter(town, tmp_path / "till")
    pay(till, "A0000001", 100_00)
    sync(till)
    owed = town.net("A0000001")
    done = own_up(town.office.store, leap=5, at=town.office.now())
    assert (done.generation, done.parent, done.parent_position) == (7, 1, 0)
    result = sync(till)
    assert result.is_complete and result.agreed and result.pulled > 100, "everything is fetched again"
    assert town.net("A0000001") == owed
    till.close()


def test_a_backup_never_takes_the_place_of_a_file_and_leaves_none_behind(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "backup.db"
    back_up(office.store, file)
    with pytest.raises(CannotBackUp, match="there already"):
        back_up(office.store, file)
    assert [path.name for path in tmp_path.glob("backup*")] == ["backup.db"]


def test_what_is_no_backup_changes_nothing(office: Office, tmp_path: Path) -> None:
    back_up(office.store, tmp_path / "good.db")
    raw = (tmp_path / "good.db").read_bytes()
    (tmp_path / "empty.db").write_bytes(b"")
    (tmp_path / "half.db").write_bytes(raw[: len(raw) // 2])
    office.close()
    for name in ("missing.db", "empty.db", "half.db"):
        with pytest.raises(Exception, match=r"no backup|no file|damaged|cannot be") as refused:
            restore(office.settings, tmp_path / name, leap=0, at=office.now())
        assert isinstance(refused.value, NotABackup) or type(refused.value).__name__ == "UnreadableDatabase"
    opened = open_office(office.settings)
    with opened.store.read() as conn:
        assert feed.generation(conn) == 1
    opened.close()
    assert not list(office.settings.home.glob("restor*"))


def test_a_backup_that_does_not_hold_together_is_used_and_said(office: Office, tmp_path: Path) -> None:
    with office.write() as (_, outgoing):
        outgoing.send("setting", "currency")
    with office.store.write() as conn:
        conn.execute(text("UPDATE counters SET value = value - 1 WHERE name = 'feed'"))
    back_up(office.store, tmp_path / "backup.db")
    office.close()
    (problem,) = restore(office.settings, tmp_path / "backup.db", leap=0, at=office.now()).problems
    assert "counter stands at" in problem


def test_rows_that_count_up_go_on_counting(office: Office, tmp_path: Path) -> None:
    sentence = "INSERT INTO exchanges (started_at, finished_at, outcome, pushed, pulled) VALUES (:at, :at, 'c', 0, 0)"
    with office.store.write() as conn:
        for _ in range(3):
            conn.execute(text(sentence), AT)
    back_up(office.store, tmp_path / "backup.db")
    office.close()
    restore(office.settings, tmp_path / "backup.db", leap=0, at=office.now())
    opened = open_office(office.settings)
    with opened.store.write() as conn:
        conn.execute(text(sentence), AT)
        assert conn.execute(text("SELECT max(exchange_id) FROM exchanges")).scalar_one() == 4
    opened.close()


def test_a_copy_that_cannot_be_read_back_is_no_backup(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = backups.look_at

    def look(file: Path, *, name: Path | None = None) -> backups.Saved:
        with file.open("r+b") as stream:
            stream.truncate(9_000)
        return whole(file, name=name)

    monkeypatch.setattr(backups, "look_at", look)
    with pytest.raises((CannotBackUp, NotABackup)):
        back_up(office.store, tmp_path / "backup.db")
    assert not list(tmp_path.glob("backup*"))
