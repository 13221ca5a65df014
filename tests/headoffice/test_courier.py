"""The exchange by stick: the same deliveries and acknowledgements, mixed with the network, and no file half used."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from meterpos.headoffice import auth
from meterpos.headoffice.backups import own_up
from meterpos.headoffice.courier import answer, pages_for
from meterpos.ledger.tables import accounts, streams
from meterpos.sync import courier_file
from meterpos.sync.courier_file import MAGIC, UnusableCourier
from meterpos.till import Till
from tests.headoffice.test_exchange import counter, pay, town
from tests.support.headoffice import Server, office, server, sync

__all__ = ["office", "server", "town"]

STATE = (
    "SELECT (SELECT count(*) FROM facts), (SELECT sum(through_seq) FROM streams), (SELECT position FROM till_identity)"
)


class Stick:
    """A stick that is carried between one till and head office."""

    def __init__(self, town: Server, folder: Path) -> None:
        self.town = town
        self.folder = folder
        folder.mkdir()

    def out(self, till: Till, name: str = "out") -> Path:
        till.courier_out(self.folder / name)
        return self.folder / name

    def answered(self, request: Path, name: str = "back") -> Path:
        (self.folder / name).write_bytes(answer(self.town.office, request.read_bytes()).data)
        return self.folder / name


@pytest.fixture
def stick(town: Server, tmp_path: Path) -> Stick:
    return Stick(town, tmp_path / "stick")


def state(till: Till) -> tuple[object, ...]:
    with till.store.read() as connection:
        return tuple(connection.exec_driver_sql(STATE).one())


def sums(till: Till) -> dict[str, int]:
    with till.store.read() as connection:
        return {row.account_no: row.net_minor for row in connection.execute(select(accounts))}


def test_a_day_goes_up_and_comes_back_by_stick(town: Server, stick: Stick, tmp_path: Path) -> None:
    till = counter(town, tmp_path / "till")
    pay(till, "A0000001", 100_00)
    pay(till, "A0000001", 200_00, method="mpesa", reference="SKJ3XY71AB")
    out = till.courier_out(stick.folder / "out")
    assert (out.entries, out.batches) == (3, 1)
    done = answer(town.office, (stick.folder / "out").read_bytes())
    assert (done.till_name, done.entries, done.new, done.exceptions) == ("KSM01", 3, 3, 0)
    (stick.folder / "back").write_bytes(done.data)
    read = till.courier_in(stick.folder / "back")
    assert (read.pushed, read.waiting, read.agreed, read.detail) == (3, 0, True, "")
    assert read.pulled and till.check(rebuild=True) == ()
    assert sums(till)["A0000001"] == town.net("A0000001")
    assert b"Akinyi" not in done.data and b"KSM01-" not in (stick.folder / "out").read_bytes()
    again = sync(till)
    assert (again.pushed, again.pulled, again.agreed) == (0, 0, True)
    till.close()


def test_every_file_may_be_read_twice_and_in_any_order(town: Server, stick: Stick, tmp_path: Path) -> None:
    till = counter(town, tmp_path / "till")
    pay(till, "A0000001", 100_00)
    first = stick.out(till, "first")
    pay(till, "A0000001", 200_00)
    second = stick.out(till, "second")
    back_1 = stick.answered(first, "back 1")
    back_2 = stick.answered(second, "back 2")
    assert answer(town.office, second.read_bytes()).new == 0
    read = till.courier_in(back_2)
    assert (read.pushed, read.waiting, read.agreed) == (3, 0, True)
    before = state(till)
    for file in (back_2, back_1):
        read = till.courier_in(file)
        assert (read.pushed, read.pulled, read.was_new) == (0, 0, False)
        assert "read before" in read.detail
    assert state(till) == before
    till.close()


def test_stick_and_network_are_mixed_freely(town: Server, stick: Stick, tmp_path: Path) -> None:
    till = counter(town, tmp_path / "till")
    pay(till, "A0000001", 100_00)
    request = stick.out(till)
    pay(till, "A0000001", 200_00)
    assert sync(till).pushed == 3, "the network was faster"
    back = stick.answered(request)
    pay(till, "A0000001", 300_00)
    read = till.courier_in(back)
    assert (read.pushed, read.waiting) == (0, 1), "an older answer says nothing of what head office holds now"
    result = sync(till)
    assert (result.pushed, result.agreed, result.waiting) == (1, True, 0)
    assert sums(till)["A0000001"] == town.net("A0000001")
    till.close()


def test_an_answer_to_the_latest_request_may_say_that_less_is_held(town: Server, stick: Stick, tmp_path: Path) -> None:
    till = counter(town, tmp_path / "till")
    pay(till, "A0000001", 100_00)
    sync(till)
    with till.store.write() as connection:  # as if head office had signed for more, and lost it
        connection.execute(streams.update().values(through_seq=2, head=bytes(32)))
    read = till.courier_in(stick.answered(stick.out(till)))
    assert read.waiting == 0 and read.agreed
    till.close()


def test_a_restored_head_office_is_followed_by_stick(town: Server, stick: Stick, tmp_path: Path) -> None:
    till = counter(town, tmp_path / "till")
    pay(till, "A0000001", 100_00)
    old = stick.answered(stick.out(till), "old")
    till.courier_in(old)
    stale = stick.answered(stick.out(till), "stale")
    own_up(town.office.store, leap=3, at=town.office.now())
    read = till.courier_in(stick.answered(stick.out(till), "new"))
    assert (read.generation, read.agreed, read.waiting) == (5, True, 0)
    assert read.pulled > 100
    before = state(till)
    with pytest.raises(UnusableCourier, match="older than what this till has heard"):
        till.courier_in(stale)
    assert state(till) == before
    assert sync(till).agreed
    till.close()


def test_news_go_out_to_a_till_that_sent_nothing(town: Server, stick: Stick, tmp_path: Path) -> None:
    till = counter(town, tmp_path / "till")
    with pytest.raises(UnusableCourier, match="has not sent a courier file yet"):
        pages_for(town.office, till_name="KSM01")
    till.courier_in(stick.answered(stick.out(till)))
    with town.office.write() as (_, outgoing):
        outgoing.send("account", "A0000001", zone="Mamboleo")
    news = stick.folder / "news"
    news.write_bytes(pages_for(town.office, till_name="KSM01").data)
    read = till.courier_in(news)
    assert (read.pushed, read.agreed) == (0, True) and read.pulled
    with pytest.raises(UnusableCourier, match="no enrolled till KSM09"):
        pages_for(town.office, till_name="KSM09")
    till.close()


def test_a_revoked_till_delivers_and_is_told_nothing(town: Server, stick: Stick, tmp_path: Path) -> None:
    till = counter(town, tmp_path / "till")
    pay(till, "A0000001", 100_00)
    with town.office.write() as (conn, outgoing):
        auth.revoke_till(conn, outgoing, till_name="KSM01")
    done = answer(town.office, stick.out(till).read_bytes())
    assert (done.held, done.new, done.rows) == (True, 2, 0)
    with pytest.raises(UnusableCourier, match="was revoked"):
        pages_for(town.office, till_name="KSM01")
    assert "revoked_device" in town.codes()
    till.close()


def test_a_restored_till_takes_its_end_back_by_stick(town: Server, stick: Stick, tmp_path: Path) -> None:
    from meterpos.till import open_till
    from meterpos.till.restoring import restore_till

    till = counter(town, tmp_path / "till")
    till.backup(tmp_path / "backup.db")
    pay(till, "A0000001", 100_00)
    sync(till)
    till.close()
    for part in (tmp_path / "till").glob("ledger.db*"):
        part.unlink()
    restore_till(tmp_path / "till", tmp_path / "backup.db")
    till = open_till(tmp_path / "till")
    read = till.courier_in(stick.answered(stick.out(till)))
    assert (read.recalled, read.agreed, read.waiting) == (1, True, 0)
    assert till.check(rebuild=True) == ()
    till.close()


def _shorter(data: bytes) -> bytes:
    return data[: len(data) * 2 // 3]


def _flipped(data: bytes) -> bytes:
    return data[:-100] + bytes([data[-100] ^ 1]) + data[-99:]


def _without_a_frame(data: bytes) -> bytes:
    start = len(MAGIC) + len(courier_file.read_header(data).line)
    length = int.from_bytes(data[start : start + 4], "big")
    return data[:start] + data[start + 4 + length :]


SPOILT: list[tuple[Callable[[bytes], bytes], str]] = [
    (_shorter, "damaged or was not copied whole"),
    (_flipped, "damaged or was not copied whole"),
    (_without_a_frame, "damaged or was not copied whole"),
    (lambda data: data + b"x", "damaged or was not copied whole"),
    (lambda data: data[:60], "damaged or was not copied whole"),
    (lambda data: b"", "not a meterpos courier file"),
    (lambda data: b"%PDF-1.7 ...", "not a meterpos courier file"),
    (lambda data: data.replace(b"courier 1", b"courier 9", 1), "newer version of meterpos"),
]


def test_a_file_that_is_not_whole_changes_nothing_on_either_side(town: Server, stick: Stick, tmp_path: Path) -> None:
    till = counter(town, tmp_path / "till")
    pay(till, "A0000001", 100_00)
    request = stick.out(till)
    with town.office.store.read() as conn:
        held = conn.exec_driver_sql("SELECT count(*) FROM journal").scalar_one()
    for spoil, said in SPOILT:
        with pytest.raises(UnusableCourier, match=said):
            answer(town.office, spoil(request.read_bytes()))
    with town.office.store.read() as conn:
        assert conn.exec_driver_sql("SELECT count(*) FROM journal").scalar_one() == held
    back = stick.answered(request).read_bytes()
    before = state(till)
    for spoil, said in SPOILT:
        (stick.folder / "spoilt").write_bytes(spoil(back))
        with pytest.raises(UnusableCourier, match=said):
            till.courier_in(stick.folder / "spoilt")
    assert state(till) == before
    till.close()


def test_a_file_in_the_wrong_place_is_said_to_be(town: Server, stick: Stick, tmp_path: Path) -> None:
    till, other = counter(town, tmp_path / "till"), counter(town, tmp_path / "other", "KSM02")
    request = stick.out(till)
    back = stick.answered(request)
    before = state(other)
    with pytest.raises(UnusableCourier, match="is for till KSM01, this is KSM02"):
        other.courier_in(back)
    with pytest.raises(UnusableCourier, match="goes to head office"):
        till.courier_in(request)
    with pytest.raises(UnusableCourier, match="take it there"):
        answer(town.office, back.read_bytes())
    renamed = back.read_bytes().replace(b'"till":"KSM01"', b'"till":"KSM02"')
    (stick.folder / "renamed").write_bytes(renamed)
    with pytest.raises(UnusableCourier, match="cannot be opened"):
        other.courier_in(stick.folder / "renamed")
    with pytest.raises(UnusableCourier, match="not known here"):
        answer(town.office, request.read_bytes().replace(b'"till":"KSM01"', b'"till":"KSM09"'))
    with pytest.raises(UnusableCourier, match="cannot be read"):
        till.courier_in(stick.folder / "missing")
    assert state(other) == before
    till.close()
    other.close()
