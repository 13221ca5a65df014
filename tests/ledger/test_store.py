"""Opening, reading and writing a ledger's database."""

import shutil
import signal
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, MetaData, String, Table, insert, inspect, select

from meterpos.ledger import upgrade as history
from meterpos.ledger.store import (
    DiskFull,
    DiskTrouble,
    LogNotMoved,
    Store,
    UnknownOutcome,
    UnreadableDatabase,
    WrongKey,
)
from meterpos.ledger.tables import metadata, settings, streams, triggers
from meterpos.ledger.upgrade import NewerDatabase, upgrade

KEY = bytes(range(32))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(f"sqlite:///{tmp_path / 'ledger.db'}", key=KEY)
    upgrade(store)
    return store


def keys(store: Store) -> list[str]:
    with store.read() as connection:
        return list(connection.execute(select(settings.c.key)).scalars())


def put(store: Store, key: str) -> None:
    with store.write() as connection:
        connection.execute(insert(settings), {"key": key, "value": 1})


def test_a_write_block_is_all_or_nothing(store: Store) -> None:
    put(store, "a")
    with pytest.raises(ZeroDivisionError), store.write() as connection:
        connection.execute(insert(settings), {"key": "b", "value": 1})
        raise ZeroDivisionError
    assert keys(store) == ["a"]


def test_a_read_block_sees_one_state(store: Store) -> None:
    with store.read() as connection:
        before = connection.execute(select(settings.c.key)).all()
        put(store, "later")
        assert connection.execute(select(settings.c.key)).all() == before
    assert keys(store) == ["later"]


def test_a_read_block_cannot_write(store: Store) -> None:
    with pytest.raises(Exception, match="readonly"), store.read() as connection:
        connection.execute(insert(settings), {"key": "a", "value": 1})


def test_writers_take_turns(store: Store) -> None:
    threads = [threading.Thread(target=put, args=(store, f"{n:02d}")) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(keys(store)) == [f"{n:02d}" for n in range(20)]


def test_the_file_cannot_be_read_without_its_key(store: Store, tmp_path: Path) -> None:
    put(store, "Grace Akinyi Otieno")
    store.checkpoint()
    store.close()
    assert b"Grace" not in (tmp_path / "ledger.db").read_bytes()
    other = Store(f"sqlite:///{tmp_path / 'ledger.db'}", key=bytes(32))
    with pytest.raises(WrongKey, match="this machine's key"), other.read():
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are POSIX")
def test_a_log_the_disk_does_not_take_stays_and_is_told(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    import resource

    for number in range(40):
        put(store, f"{number:02d}" + "x" * 4_000)
    before = keys(store)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (store.path.stat().st_size, hard))
    try:
        with pytest.raises(LogNotMoved, match="keep both files"):
            store.checkpoint()
        with caplog.at_level("WARNING"):
            store.checkpoint_before_leaving()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)
    assert "keep both files" in caplog.text
    store.close()
    assert keys(Store(str(store.url), key=KEY)) == before


def test_a_file_that_is_no_ledger_is_named_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    file.write_bytes(b"hello, this is not a database" * 300)
    with pytest.raises(UnreadableDatabase, match="restore a backup"):
        upgrade(Store(f"sqlite:///{file}"))
    assert file.read_bytes().startswith(b"hello")


@pytest.mark.parametrize("kind", ["value", "schema"])
def test_text_that_is_none_any_more_is_told_as_damage(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "ledger.db"
    words = MetaData()
    table = Table("somebodys_words", words, Column("word", String, primary_key=True))
    plain = Store(f"sqlite:///{path}")
    with plain.write() as connection:
        words.create_all(connection)
        connection.execute(insert(table), {"word": "a word of the customer"})
    plain.checkpoint()
    plain.close()
    for file in (path, path.with_name("ledger.db-wal")):
        if file.exists():
            old = b"a word of" if kind == "value" else b"somebodys_words"
            file.write_bytes(file.read_bytes().replace(old, b"\xdb\xc6" + old[2:]))
    with pytest.raises(UnreadableDatabase), Store(f"sqlite:///{path}").read() as connection:
        connection.exec_driver_sql("SELECT * FROM sqlite_master").all()
        connection.execute(select(table)).all()


def test_a_newer_database_is_refused_unharmed(database_url: str) -> None:
    store = Store(database_url)
    upgrade(store)
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE ledger_version SET version_num = '9999'")
    with pytest.raises(NewerDatabase, match="later version"):
        upgrade(store)
    with store.read() as connection:
        assert history.version(connection, version_table="ledger_version") == "9999"
        assert triggers.present(connection) == triggers.EXPECTED
    store.close()


def test_a_history_that_says_two_things_is_told_as_damage_and_left_alone(database_url: str) -> None:
    store = Store(database_url)
    upgrade(store)
    with store.write() as connection:
        connection.exec_driver_sql("INSERT INTO ledger_version VALUES ('0002')")
    with pytest.raises(UnreadableDatabase, match="damaged: ledger_version"):
        upgrade(store)
    store.close()


def test_upgrading_twice_changes_nothing(database_url: str) -> None:
    store = Store(database_url)
    upgrade(store)
    upgrade(store)
    with store.read() as connection:
        assert history.version(connection, version_table="ledger_version") == history.HEAD
    store.close()


NEXT_STEP = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "9999", "{before}", None, None


def upgrade() -> None:
    op.create_table("of_the_next_version", sa.Column("id", sa.Integer, primary_key=True))
"""


def test_a_copy_of_the_ledger_as_it_was_is_kept_before_its_tables_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, before = bytes(range(32)), history.HEAD
    old = Store(f"sqlite:///{tmp_path / 'ledger.db'}", key=key)
    upgrade(old)
    assert not list(tmp_path.glob("*.before-*")), "a new ledger has nothing to keep"
    folder = tmp_path / "migrations"
    shutil.copytree(history._FOLDER, folder)
    (folder / "versions" / "9999_next.py").write_text(NEXT_STEP.format(before=before))
    monkeypatch.setattr(history, "HEAD", "9999")
    monkeypatch.setattr(history, "_FOLDER", folder)
    (tmp_path / f"ledger.db.before-{before}.part").write_bytes(b"of an upgrade that was interrupted")
    upgrade(old)
    old.close()
    kept = Store(f"sqlite:///{tmp_path / f'ledger.db.before-{before}'}", key=key)
    with kept.read() as connection:
        assert history.version(connection, version_table=history.VERSION_TABLE) == before
        assert not inspect(connection).has_table("of_the_next_version")
    kept.close()
    assert not list(tmp_path.glob("*.part"))


def test_the_named_head_is_the_newest_step_in_the_folder() -> None:
    steps = sorted(file.name for file in Path(history.__file__).parent.glob("migrations/versions/[0-9]*.py"))
    assert steps[-1].startswith(history.HEAD)


def test_instants_come_back_aware_and_in_utc(store: Store) -> None:
    at = datetime(2026, 11, 20, 6, 41, 7, 123000, tzinfo=UTC)
    row = {"stream": b"s", "till_name": "t", "device_id": "d", "label": "B7K", "reason": "new", "opened_at": at}
    with store.write() as connection:
        connection.execute(insert(streams), {**row, "is_current": True, "head": b""})
    with store.read() as connection:
        assert connection.execute(select(streams.c.opened_at)).scalar_one() == at
    with pytest.raises(Exception, match="time zone"), store.write() as connection:
        naive = {**row, "stream": b"u", "opened_at": at.replace(tzinfo=None)}
        connection.execute(insert(streams), {**naive, "is_current": True, "head": b""})


def test_a_full_disk_is_a_sentence_and_nothing_is_saved(store: Store) -> None:
    put(store, "a")
    with store.write() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
    with pytest.raises(DiskFull, match="disk is full"), store.write() as connection:
        table = Table("filler", MetaData(), Column("text", String))
        table.create(connection)
        connection.execute(insert(table), [{"text": "x" * 4000} for _ in range(4000)])
    assert keys(store) == ["a"]


def test_a_disk_that_cannot_be_used_is_a_sentence(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'gone' / 'ledger.db'}", key=KEY)
    with pytest.raises(DiskTrouble, match="Check the disk"), store.write():
        pass
    with pytest.raises(DiskTrouble, match="Check the disk"), store.read():
        pass


def test_a_commit_that_fails_is_called_unknown(store: Store) -> None:
    with pytest.raises(UnknownOutcome), store.write() as connection:
        connection.execute(insert(settings), {"key": "a", "value": 1})
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("BEGIN")
        connection.exec_driver_sql("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        connection.exec_driver_sql(
            "CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)"
        )
        connection.exec_driver_sql("INSERT INTO child VALUES (1)")
    assert keys(store) == ["a"]


def test_another_process_is_noticed(store: Store, tmp_path: Path) -> None:
    other = Store(f"sqlite:///{tmp_path / 'ledger.db'}", key=KEY)
    before = store.data_version()
    put(store, "mine")
    assert store.data_version() == before
    put(other, "theirs")
    assert store.data_version() != before


def test_the_history_makes_the_tables(database_url: str) -> None:
    store = Store(database_url)
    upgrade(store)
    with store.read() as connection:
        elsewhere = {
            index.name
            for table in metadata.tables.values()
            for index in table.indexes
            if index.info.get("only", store.dialect) != store.dialect
        }
        opts = {
            "compare_type": True,
            "version_table": "ledger_version",
            "include_object": lambda _, name, *__: name not in elsewhere,
        }
        context = MigrationContext.configure(connection, opts=opts)
        found = [one for one in compare_metadata(context, metadata) if "comment" not in str(one[0])]
        made = inspect(connection)
        indexes = {index["name"] for table in metadata.tables for index in made.get_indexes(table)}
        declared = {index.name for table in metadata.tables.values() for index in table.indexes}
        rowless = {
            name for name, table in metadata.tables.items() if table.dialect_options["sqlite"]["with_rowid"] is False
        }
        assert rowless == {"facts", "movements"}
        if store.dialect == "sqlite":
            for name in rowless:
                made_by = connection.exec_driver_sql(
                    f"SELECT sql FROM sqlite_master WHERE name = '{name}'"
                ).scalar_one()
                assert "WITHOUT ROWID" in made_by
    store.close()
    assert found == []
    assert indexes == declared - elsewhere


@pytest.mark.parametrize(("asked", "cost"), [("", "1.1"), ("?options=-c%20random_page_cost%3D3", "3")])
def test_postgresql_is_told_what_a_page_costs_unless_the_url_tells(postgres_url: str, asked: str, cost: str) -> None:
    store = Store(postgres_url + asked)
    try:
        with store.read() as connection:
            assert connection.exec_driver_sql("SHOW random_page_cost").scalar() == cost
    finally:
        store.close()
