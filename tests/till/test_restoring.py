"""A till's disk dies, or is put back to an older state: it comes back in a stream of its own and loses nothing."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from meterpos.headoffice.importing import import_directory
from meterpos.headoffice.office import open_office
from meterpos.ledger.tables import journal, streams, tenders
from meterpos.settings import HeadOfficeSettings
from meterpos.till import Till, open_till
from meterpos.till.assembly import RESTORED_FILE
from meterpos.till.restoring import NoKey, restore_till
from tests.headoffice.test_exchange import pay
from tests.support.headoffice import TOWN, Server, make_office, sync


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A head office with the town, on SQLite, for tests that copy it; both databases are asked in tests/headoffice."""
    folder = tmp_path_factory.mktemp("town")
    office = make_office(folder / "office", f"sqlite:///{folder / 'office.db'}")
    import_directory(office.store, TOWN / "import")
    office.store.checkpoint()
    office.close()
    return folder


@pytest.fixture
def server(tmp_path: Path, town: Path) -> Iterator[Server]:
    """That head office, answering, a test's own."""
    shutil.copytree(town, tmp_path, dirs_exist_ok=True)
    settings = HeadOfficeSettings(
        home=tmp_path / "office", database_url=f"sqlite:///{tmp_path / 'office.db'}", utility="lake"
    )
    running = Server.start(open_office(settings))
    yield running
    running.stop()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "till"


@pytest.fixture
def backup(server: Server, home: Path, tmp_path: Path) -> Path:
    """A backup of a till with one delivered payment; the till went on, delivered a second and kept a third waiting."""
    till = server.enrol_till(home, "KSM01", ("Mamboleo",))
    till.open_shift(float_minor=0, clerk="achieng")
    pay(till, "A0000001", 100_00)
    sync(till)
    file = tmp_path / "stick.db"
    saved = till.backup(file)
    assert (saved.till_name, saved.entries) == ("KSM01", 3)
    pay(till, "A0000001", 200_00)
    sync(till)
    pay(till, "A0000001", 300_00)
    till.close()
    return file


def amounts(till: Till) -> list[int]:
    with till.store.read() as connection:
        return sorted(connection.execute(select(tenders.c.total_minor)).scalars())


def entries(till: Till) -> set[bytes]:
    with till.store.read() as connection:
        return set(connection.execute(select(journal.c.entry_id)).scalars())


def current(till: Till) -> str:
    with till.store.read() as connection:
        return str(connection.execute(select(streams.c.reason).where(streams.c.is_current)).scalar_one())


def is_sound(till: Till, server: Server) -> bool:
    result = sync(till)
    assert result.is_complete and result.agreed and not result.waiting, result
    assert [item for item in server.codes() if item not in ("closed_shift",)] == []
    return till.check(rebuild=True) == ()


def test_newer_entries_are_saved_from_the_ledger_that_is_replaced(server: Server, home: Path, backup: Path) -> None:
    done = restore_till(home, backup)
    assert (done.till_name, done.entries, done.saved, done.needs_code) == ("KSM01", 3, 2, False)
    assert done.laid_aside is not None and (done.laid_aside / "ledger.db").exists()
    till = open_till(home)
    assert amounts(till) == [100_00, 200_00, 300_00] and current(till) == "restored"
    assert is_sound(till, server) and server.net("A0000001") == till_net(till)
    till.open_shift(float_minor=0, clerk="achieng")
    number = pay(till, "A0000001", 400_00)
    assert done.label in number and number.endswith("000001")
    assert is_sound(till, server)
    till.close()


def till_net(till: Till) -> int:
    from meterpos.ledger.tables import accounts

    with till.store.read() as connection:
        net_minor = select(accounts.c.net_minor).where(accounts.c.account_no == "A0000001")
        return int(connection.execute(net_minor).scalar_one())


def test_what_only_head_office_has_comes_back_with_the_next_exchange(server: Server, home: Path, backup: Path) -> None:
    till = open_till(home)
    made = entries(till)
    till.close()
    for part in home.glob("ledger.db*"):
        part.unlink()
    done = restore_till(home, backup)
    assert (done.saved, done.laid_aside) == (0, None)
    till = open_till(home)
    assert amounts(till) == [100_00]
    assert is_sound(till, server)
    assert len(made - entries(till)) == 1 and len(entries(till) - made) == 1, "one undelivered, one opens the stream"
    assert amounts(till) == [100_00, 200_00], "the third stood on the dead disk alone"
    again = sync(till)
    assert (again.pushed, again.pulled) == (0, 0)
    till.close()


def test_a_damaged_ledger_gives_what_can_still_be_read(server: Server, home: Path, backup: Path) -> None:
    raw = bytearray((home / "ledger.db").read_bytes())
    raw[len(raw) // 2 :] = bytes(len(raw) - len(raw) // 2)
    (home / "ledger.db").write_bytes(raw)
    done = restore_till(home, backup)
    assert done.laid_aside is not None and (done.laid_aside / "ledger.db").read_bytes() == bytes(raw)
    till = open_till(home)
    assert is_sound(till, server) and {100_00, 200_00} <= set(amounts(till))
    till.close()


def test_a_restore_that_was_interrupted_is_finished_when_the_till_is_opened(
    server: Server, home: Path, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from meterpos.till import restoring

    class Cut(BaseException):
        pass

    def cut(settings: object) -> None:
        if (home / RESTORED_FILE).exists():
            raise Cut

    monkeypatch.setattr(restoring, "finish_restore", cut)
    with pytest.raises(Cut):
        restore_till(home, backup)
    monkeypatch.undo()
    till = open_till(home)
    assert current(till) == "restored" and not (home / RESTORED_FILE).exists()
    assert is_sound(till, server) and amounts(till) == [100_00, 200_00, 300_00]
    till.close()


def test_a_new_machine_needs_the_key_and_a_code(server: Server, home: Path, backup: Path, tmp_path: Path) -> None:
    from meterpos.headoffice.auth import ledger_key

    new = tmp_path / "new machine"
    with pytest.raises(NoKey, match="till unlock NAME"):
        restore_till(new, backup)
    with server.office.store.read() as conn:
        key = ledger_key(conn, till_name="KSM01", keys=server.office.keys)
    done = restore_till(new, backup, key=key)
    assert done.needs_code
    till = open_till(new)
    assert till.exchange().outcome != "complete"
    till.enrol(server=server.url, code=server.add_till("KSM01", ("Mamboleo",), again=True))
    result = till.exchange()
    assert result.is_complete and result.agreed and not result.waiting
    assert amounts(till) == [100_00, 200_00]
    till.close()
