"""What head office checks when it starts: what came since the last check, and that what was checked then is there."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from meterpos.headoffice import exceptions, marks
from meterpos.headoffice.checking import MARK_FILE, check_at_start, check_now, whole_is_due
from meterpos.headoffice.marks import Mark
from meterpos.till import Till
from tests.headoffice.test_exchange import counter, pay, town
from tests.support.headoffice import Server, office, server, sync

__all__ = ["office", "server", "town"]

SECRET = b"s" * 32


@pytest.fixture
def till(town: Server, tmp_path: Path) -> Till:
    """A till that delivered one payment before head office was checked, and one since."""
    till = counter(town, tmp_path / "till")
    pay(till, "A0000001", 100_00)
    sync(till)
    check_now(town.office)
    pay(till, "A0000001", 200_00)
    sync(till)
    till.close()
    return till


def mark_in(town: Server) -> Mark:
    kept = marks.read_mark((town.office.settings.home / MARK_FILE).read_bytes(), secret=town.office.keys.box)
    assert kept is not None
    return kept


def items(town: Server) -> list[str]:
    with town.office.store.read() as conn:
        return [item.subject for item in exceptions.listed(conn, code="ledger_check")]


def spoil(town: Server, *sentences: str) -> None:
    """Do what nobody may, as somebody with the database's file could."""
    with town.office.store.write() as conn:
        tables = {sentence.split()[2 if sentence.startswith("DELETE") else 1] for sentence in sentences}
        for table in sorted(tables & {"journal", "facts", "tenders"}):
            if conn.dialect.name == "postgresql":
                conn.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
            else:
                for verb in ("update", "delete"):
                    conn.execute(text(f"DROP TRIGGER {table}_{verb}_refused"))
        for sentence in sentences:
            conn.execute(text(sentence))


def test_what_came_since_is_checked_and_the_mark_moves_on(town: Server, till: Till) -> None:
    before = mark_in(town)
    check_at_start(town.office)
    after = mark_in(town)
    ((stream, place),) = after.streams.items()
    assert place.entries == before.streams[stream].entries + 1 and after.position > before.position
    assert items(town) == []


def test_without_a_mark_the_whole_check_is_waited_for(town: Server) -> None:
    check_at_start(town.office)
    assert not (town.office.settings.home / MARK_FILE).exists()
    assert whole_is_due(town.office)
    check_now(town.office)
    assert not whole_is_due(town.office)
    now = town.office.now
    town.office.now = lambda: now() + timedelta(hours=25)
    assert whole_is_due(town.office)


def test_a_mark_of_another_secret_is_told(town: Server, till: Till) -> None:
    (town.office.settings.home / MARK_FILE).write_bytes(marks.write_mark(mark_in(town), secret=SECRET))
    check_at_start(town.office)
    assert items(town) == ["mark_is_ours"]


LAST = "(SELECT max(seq) FROM journal)"
GONE = f"DELETE FROM journal WHERE seq = {LAST} - 1"


@pytest.mark.parametrize(
    ("sentences", "found"),
    [
        ((f"UPDATE journal SET kind = 'x', data = x'79' WHERE seq = {LAST}",), "entries_hash_to_their_ids"),
        (("UPDATE facts SET text = 'other' WHERE amount_minor = -20000",), "entries_stand_in_the_facts"),
        (("UPDATE accounts SET net_minor = net_minor + 1 WHERE account_no = 'A0000001'",),
         "accounts_keep_the_sums_of_their_movements"),
        ((GONE,), "checked_entries_are_still_there"),
        ((f"UPDATE journal SET data = x'7a' WHERE seq = {LAST} - 1",), "checked_entries_are_still_there"),
        (("DELETE FROM tenders WHERE total_minor > 0",), "checked_entries_are_still_there"),
        (("UPDATE streams SET through_seq = 0",), "checked_entries_are_still_there"),
        (("DELETE FROM streams WHERE through_seq > 0",), "checked_entries_are_still_there"),
        (("UPDATE counters SET value = 1 WHERE name = 'feed'",), "checked_entries_are_still_there"),
    ],
)  # fmt: skip
def test_what_does_not_hold_is_found_and_found_again(
    town: Server, till: Till, sentences: tuple[str, ...], found: str
) -> None:
    before = mark_in(town)
    if town.office.store.dialect == "postgresql":
        sentences = tuple(sentence.replace("x'7", "'\\x7") for sentence in sentences)
    spoil(town, *sentences)
    for _ in range(2):
        check_at_start(town.office)
        assert found in items(town)
        assert mark_in(town) == before, "what is found leaves the mark where it was"


def test_what_was_kept_aside_and_what_stands_beside_the_chain_is_in_order(
    town: Server, till: Till, tmp_path: Path
) -> None:
    other = counter(town, tmp_path / "other", "KSM02")
    with town.office.store.write() as conn:
        conn.execute(text("UPDATE devices SET revoked = true WHERE till_name = 'KSM02'"))
    pay(other, "A0000001", 300_00)
    sync(other)
    other.close()
    check_at_start(town.office)
    assert items(town) == []


def test_a_mark_is_read_as_it_was_written(till: Till, town: Server) -> None:
    mark = mark_in(town)
    written = marks.write_mark(mark, secret=SECRET)
    assert marks.read_mark(written, secret=SECRET) == mark
    assert all(
        marks.read_mark(written[:at] + bytes([written[at] ^ 1]) + written[at + 1 :], secret=SECRET) is None
        for at in range(0, len(written) - 1, 7)
    )
