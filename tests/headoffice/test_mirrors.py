"""A till's mirror grows on a second medium, and brings back what its dead disk took: at the till, at head office."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from meterpos.headoffice.backups import back_up, restore
from meterpos.headoffice.mirrors import read_mirror
from meterpos.ledger.queries.receipts import find_receipt
from meterpos.ledger.tables import tenders
from meterpos.sync import courier_file
from meterpos.sync.courier_file import UnusableCourier
from meterpos.sync.mirror import MirrorMissing, file_of, take_back
from meterpos.till import Till, open_till
from meterpos.till.restoring import restore_till
from meterpos.vault import read_secret
from tests.headoffice.test_backups import again
from tests.headoffice.test_exchange import counter, pay, town
from tests.support.headoffice import Server, office, server, sync

__all__ = ["office", "server", "town"]


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    (tmp_path / "stick").mkdir()
    return tmp_path / "stick"


@pytest.fixture
def till(town: Server, tmp_path: Path, stick: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Till]:
    """A till with a mirror, an open shift and nothing waiting."""
    monkeypatch.setenv("METERPOS_TILL_MIRROR", str(stick))
    till = counter(town, tmp_path / "till")
    sync(till)
    till.backup(tmp_path / "backup.db")
    yield till
    till.close()


def test_a_dead_tills_mirror_is_delivered_at_head_office(town: Server, till: Till, stick: Path) -> None:
    before = town.net("A0000001")
    for amount in (100_00, 200_00):
        pay(till, "A0000001", amount)
        assert till.mirror() == 1
    assert till.mirror() == 0
    data = file_of(stick, "KSM01").read_bytes()
    assert b"KSM01-" not in data and b"achieng" not in data
    done = read_mirror(town.office, data)
    assert (done.till_name, done.entries, done.new, done.is_torn) == ("KSM01", 2, 2, False)
    assert town.net("A0000001") == before - 300_00
    assert read_mirror(town.office, data).new == 0
    with town.office.store.read() as conn:
        from meterpos.headoffice.checks import run_checks

        assert list(run_checks(conn)) == []
    result = sync(till)
    assert result.agreed and not result.waiting, "should the till live after all, nothing is doubled"
    assert town.net("A0000001") == before - 300_00 and town.codes() == []


def test_a_restored_till_takes_what_no_other_disk_has_from_its_mirror(town: Server, till: Till, tmp_path: Path) -> None:
    pay(till, "A0000001", 100_00)
    till.mirror()
    till.close()
    for part in (tmp_path / "till").glob("ledger.db*"):
        part.unlink()
    assert restore_till(tmp_path / "till", tmp_path / "backup.db").saved == 1
    again = open_till(tmp_path / "till")
    result = sync(again)
    assert result.agreed and not result.waiting and again.check(rebuild=True) == ()
    assert town.codes() == []
    again.close()


def test_what_lies_beyond_a_gap_follows_once_head_office_has_given_back_what_was_between(
    town: Server, till: Till, tmp_path: Path
) -> None:
    pay(till, "A0000001", 100_00)
    sync(till)
    pay(till, "A0000001", 200_00)
    (tmp_path / "stick" / "KSM01.mirror").unlink(missing_ok=True)
    assert till.mirror() == 1, "the first payment is signed for, and not in the mirror"
    till.close()
    for part in (tmp_path / "till").glob("ledger.db*"):
        part.unlink()
    assert restore_till(tmp_path / "till", tmp_path / "backup.db").saved == 0
    again = open_till(tmp_path / "till")
    assert sync(again).is_complete
    assert again.mirror() >= 1
    result = sync(again)
    assert result.agreed and not result.waiting and again.check(rebuild=True) == ()
    assert town.codes() == []
    with again.store.read() as connection:
        assert len(connection.execute(select(tenders.c.number)).all()) == 2
    again.close()


def test_a_mirror_of_another_till_of_that_name_is_laid_aside_and_can_be_read(
    town: Server, till: Till, stick: Path, tmp_path: Path
) -> None:
    pay(till, "A0000001", 100_00)
    till.mirror()
    data = file_of(stick, "KSM01").read_bytes()
    till.close()
    anew = open_till(tmp_path / "other machine")
    code = town.add_till("KSM01", ("Kondele",), again=True)
    anew.enrol(server=town.url, code=code)
    anew.mirror()
    assert file_of(stick, "KSM01").read_bytes() != data
    (aside,) = stick.glob("KSM01.mirror.*")
    assert read_mirror(town.office, aside.read_bytes()).new == 1
    anew.close()


def test_a_torn_end_is_read_as_far_as_it_goes_and_begun_anew(town: Server, till: Till, stick: Path) -> None:
    file = file_of(stick, "KSM01")
    for amount in (100_00, 200_00):
        pay(till, "A0000001", amount)
        till.mirror()
    whole = file.read_bytes()
    for torn in (whole[:-5], whole[:-60] + bytes(60)):
        done = read_mirror(town.office, torn)
        assert (done.entries, done.is_torn) == (1, True)
    file.write_bytes(whole[:-5])
    assert till.mirror() == 2, "head office has signed for neither at the till's door"
    anew = file.read_bytes()
    assert courier_file.read_header(anew).wrapped != courier_file.read_header(whole).wrapped
    assert read_mirror(town.office, anew).is_torn is False


def test_a_mirror_grown_large_is_begun_anew_once_all_is_delivered(
    town: Server, till: Till, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("meterpos.sync.mirror.ANEW_ABOVE_BYTES", 100)
    pay(till, "A0000001", 100_00)
    till.mirror()
    size = file_of(stick, "KSM01").stat().st_size
    assert till.mirror() == 0 and file_of(stick, "KSM01").stat().st_size == size, "something waits"
    sync(till)
    till.mirror()
    assert file_of(stick, "KSM01").stat().st_size < size


def test_a_stick_that_was_taken_out_stops_nothing(till: Till, stick: Path) -> None:
    shutil.rmtree(stick)
    pay(till, "A0000001", 100_00)
    with pytest.raises(MirrorMissing, match="Put the stick back"):
        till.mirror()
    stick.write_text("not a folder any more")
    with pytest.raises(MirrorMissing):
        till.mirror()
    stick.unlink()
    stick.mkdir()
    assert till.mirror() == 1


def test_what_is_no_mirror_of_this_head_office_changes_nothing(town: Server, till: Till, stick: Path) -> None:
    pay(till, "A0000001", 100_00)
    till.mirror()
    data = file_of(stick, "KSM01").read_bytes()
    till.courier_out(stick / "request")
    with pytest.raises(UnusableCourier, match="no till's mirror"):
        read_mirror(town.office, (stick / "request").read_bytes())
    with pytest.raises(UnusableCourier, match="never enrolled here"):
        read_mirror(town.office, data.replace(b'"till":"KSM01"', b'"till":"KSM09"'))
    key = read_secret(till.settings.home, "mirror")
    assert key is not None
    with pytest.raises(UnusableCourier, match="is no mirror"):
        take_back(stick / "request", till.store, key=key, signer=bytes(32))
    assert take_back(file_of(stick, "KSM01"), till.store, key=key, signer=bytes(32)) == 0, "another's signature"


def back_from(till: Till, backup: Path) -> Till:
    """Put a till's ledger back by hand, so that it does not know that it was restored."""
    home = till.settings.home
    till.close()
    for part in home.glob("ledger.db*"):
        part.unlink()
    shutil.copy(backup, home / "ledger.db")
    return open_till(home)


def test_a_till_that_came_back_unsaid_keeps_its_own_mirror_beside_that_of_the_entries_it_lost(
    town: Server, till: Till, stick: Path, tmp_path: Path
) -> None:
    for amount in (100_00, 200_00, 300_00):
        pay(till, "A0000001", amount)
    till.mirror()
    till = back_from(till, tmp_path / "backup.db")
    number = pay(till, "A0000001", 400_00)
    assert till.mirror() == 1, "at that place the mirror has another entry, and goes on beyond it"
    assert till.mirror() == 0
    (aside,) = stick.glob("KSM01.mirror.*")
    assert read_mirror(town.office, file_of(stick, "KSM01").read_bytes()).new == 1
    with town.office.store.read() as conn:
        assert conn.execute(select(tenders.c.number)).scalars().all() == [number]
    assert read_mirror(town.office, aside.read_bytes()).new == 3, "a branch of its own, and counted"
    till.close()


def test_a_till_that_came_back_unsaid_and_worked_no_further_takes_its_entries_from_the_mirror(
    town: Server, till: Till, stick: Path, tmp_path: Path
) -> None:
    pay(till, "A0000001", 100_00)
    till.mirror()
    pay(till, "A0000001", 200_00)
    till.mirror()
    till = back_from(till, tmp_path / "backup.db")
    assert till.mirror() == 2
    assert list(stick.glob("KSM01.mirror.*")) == []
    result = sync(till)
    assert result.agreed and not result.waiting and town.codes() == []
    till.close()


def test_what_head_office_lost_in_a_restore_is_mirrored_again(
    town: Server, till: Till, stick: Path, tmp_path: Path
) -> None:
    back_up(town.office.store, tmp_path / "office.db")
    pay(till, "A0000001", 100_00)
    sync(till)
    pay(till, "A0000001", 200_00)
    assert till.mirror() == 1
    town.stop()
    restore(town.office.settings, tmp_path / "office.db", leap=0, at=town.office.now())
    running = again(town)
    with till.store.write() as connection:
        connection.exec_driver_sql("UPDATE till_identity SET server_url = ?", (running.url,))
        connection.exec_driver_sql("UPDATE streams SET through_seq = through_seq - 1")
    assert till.mirror() == 2, "begun anew, from where head office ends now"
    assert read_mirror(running.office, file_of(stick, "KSM01").read_bytes()).new == 2
    running.stop()


def test_what_a_stick_brings_after_the_till_came_back_is_taken_into_its_journal(
    town: Server, till: Till, stick: Path, tmp_path: Path
) -> None:
    number = pay(till, "A0000001", 100_00)
    till.mirror()
    data = file_of(stick, "KSM01").read_bytes()
    till.close()
    for part in (*(tmp_path / "till").glob("ledger.db*"), file_of(stick, "KSM01")):
        part.unlink()
    assert restore_till(tmp_path / "till", tmp_path / "backup.db").saved == 0, "its stick is on the way to head office"
    again = open_till(tmp_path / "till")
    assert sync(again).agreed and sync(again).agreed
    assert read_mirror(town.office, data).new == 1
    for _ in range(2):
        result = sync(again)
        assert result.agreed and not result.waiting
    with again.store.read() as connection:
        assert find_receipt(connection, number).number == number, "so it can be printed again here"
    assert again.check(rebuild=True) == () and town.codes() == []
    again.close()
