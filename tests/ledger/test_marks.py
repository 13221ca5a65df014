"""A mark of how far a ledger was checked: cheap to go on from, and it shows what was taken away since."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from meterpos.ledger.marks import check_since, mark_of, read_mark, write_mark
from meterpos.till.care import MARK_FILE
from meterpos.vault import write_secret
from tests.ledger.test_checks import without_triggers
from tests.support.tills import DEVICE_KEY, STREAM, Counter

SECRET = bytes(range(32))


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    """A till that took two payments and was checked, then took a third."""
    counter = Counter.at(tmp_path / "till")
    counter.open_shift()
    counter.pay()
    counter.pay("A3", 30_000)
    assert counter.till.check_since_last() == ()
    counter.pay("A2", 10_000)
    counter.pay("A2", 500)
    yield counter
    counter.till.store.close()


def tamper(counter: Counter, *sentences: str) -> None:
    with counter.till.store.write() as connection, without_triggers(connection):
        for sentence in sentences:
            assert connection.exec_driver_sql(sentence).rowcount, sentence


def found(counter: Counter) -> set[str]:
    return {problem.check for problem in counter.till.check_since_last()}


def test_a_mark_is_read_with_its_secret_alone(counter: Counter) -> None:
    with counter.till.store.read() as connection:
        mark = mark_of(connection)
    data = write_mark(mark, secret=SECRET)
    assert read_mark(data, secret=SECRET) == mark and mark[STREAM].seq == 6 and mark[STREAM].papers == 4
    assert read_mark(data, secret=bytes(32)) is None
    for at in range(len(data) - 1):
        assert read_mark(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :], secret=SECRET) is None
    assert read_mark(b"", secret=SECRET) is None


def test_what_came_since_is_checked_and_the_mark_moves_on(counter: Counter) -> None:
    assert found(counter) == set()
    with counter.till.store.read() as connection:
        mark = read_mark((counter.till.settings.home / MARK_FILE).read_bytes(), secret=counter.till.pepper)
        assert mark == mark_of(connection)


@pytest.mark.parametrize(
    ("check", "sentences"),
    [
        ("entries_hash_to_their_ids", ["UPDATE journal SET data = CAST('{}' AS BLOB) WHERE seq = 5"]),
        ("streams_are_chains_without_gaps", ["DELETE FROM journal WHERE seq = 5"]),
        ("entries_stand_in_the_facts", ["DELETE FROM facts WHERE amount_minor = -10000"]),
        ("accounts_keep_the_sums_of_their_movements", ["UPDATE accounts SET net_minor = 1 WHERE account_no = 'A2'"]),
        ("checked_entries_are_still_there", ["DELETE FROM journal WHERE seq > 2"]),
        ("checked_papers_are_still_there", ["DELETE FROM tenders WHERE counter = 1"]),
    ],
)
def test_what_was_done_to_the_ledger_is_found(counter: Counter, check: str, sentences: list[str]) -> None:
    tamper(counter, *sentences)
    before = (counter.till.settings.home / MARK_FILE).read_bytes()
    assert check in found(counter)
    assert (counter.till.settings.home / MARK_FILE).read_bytes() == before, "found again the next time"


def test_another_entry_in_the_place_of_the_last_checked_one_is_found(counter: Counter) -> None:
    tamper(counter, "UPDATE journal SET data = CAST('{}' AS BLOB) WHERE seq = 4")
    assert "checked_entries_are_still_there" in found(counter)


def test_an_older_ledger_put_in_place_of_a_newer_one_is_found(counter: Counter, tmp_path: Path) -> None:
    home = counter.till.settings.home
    counter.till.close()
    older = (home / "ledger.db").read_bytes()
    counter.pay()
    assert found(counter) == set()
    counter.till.close()
    (home / "ledger.db").write_bytes(older)
    (problem,) = counter.till.check_since_last()
    assert "meterpos till restore" in problem.sentence


def test_a_trigger_that_is_gone_is_found(counter: Counter) -> None:
    with counter.till.store.write() as connection:
        connection.exec_driver_sql("DROP TRIGGER journal_delete_refused")
    assert found(counter) == {"immutable_tables_refuse_change"}


def test_an_altered_mark_is_said_and_everything_is_checked(counter: Counter) -> None:
    (counter.till.settings.home / MARK_FILE).write_bytes(b"{}\n00\n")
    tamper(counter, "UPDATE journal SET data = CAST('{}' AS BLOB) WHERE seq = 2")
    assert {"mark_is_ours", "entries_hash_to_their_ids"} <= found(counter)


def test_another_device_key_is_found(counter: Counter) -> None:
    write_secret(counter.till.settings.home, "device", bytes(32))
    assert found(counter) == {"device_key_is_the_enrolled_one"}
    write_secret(counter.till.settings.home, "device", DEVICE_KEY)
    assert found(counter) == set()


def test_a_sound_ledger_has_nothing_to_say_of_an_empty_mark(counter: Counter) -> None:
    with counter.till.store.read() as connection:
        assert list(check_since(connection, {})) == []


def test_a_first_entry_that_cannot_be_read_is_told_as_a_problem(counter: Counter) -> None:
    tamper(counter, "UPDATE journal SET data = CAST('no entry' AS BLOB) WHERE seq = 1")
    assert "device_key_is_the_enrolled_one" in found(counter)
