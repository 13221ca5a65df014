"""A small slice of the harnesses beside the simulator: lines, cursor, kills and orders."""

import shutil
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from meterpos.ledger import signing
from meterpos.ledger.queries.spool import Job, State
from meterpos.printing.spool import Spooler
from meterpos.sync import wire
from meterpos.till import open_till
from tests.faults import (
    calls,
    counter,
    cursor,
    far_tills,
    injected,
    kill,
    order,
    power,
    printing,
    reconnecting,
    recovery,
    rot,
    slow,
    soak,
    speed,
    web,
)
from tests.faults.crowd import Crowd
from tests.support.headoffice import Server, make_office
from tests.support.tills import STREAM, Clock, Counter


def test_a_line_that_lies_or_breaks_loses_nothing() -> None:
    with web.web() as at:
        web.lies(at)
        web.bombs(at)
        for direction in ("up", "down"):
            web.cuts(at, direction, stride=401)
        at.prove()
    assert not at.wrong
    assert at.outcomes["none: complete"] >= 1


def test_a_bad_line_delivers_a_little_with_every_request() -> None:
    with web.web() as at:
        done = slow.deliver(at, payments=60, seed=1, faster=60)
        at.calm("bad line")
        at.prove()
    assert done.breaks, "a line that never breaks proves nothing"
    assert (done.waiting, done.backwards, at.wrong) == (0, 0, [])


@pytest.mark.parametrize("as_sequence", [False, True])
def test_the_feed_misses_no_row_and_a_sequence_is_seen_to(tmp_path: Path, database_url: str, as_sequence: bool) -> None:
    seen = cursor.run(tmp_path / "office", database_url, writers=6, seconds=1.0, as_sequence=as_sequence)
    assert seen.written
    assert (seen.missed > 0) == as_sequence


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_a_killed_till_has_every_receipt_it_reported(tmp_path: Path) -> None:
    kill.prepare(tmp_path / "till")
    for seed in range(1, 20):  # on a machine with much else to do, some lives are too short for a receipt
        done = kill.run(tmp_path / "till", kills=6, seed=seed, checked_every=3)
        assert done.wrong == []
        if done.reported:
            return
    pytest.fail("no till lived long enough to report a receipt")


NEEDS_STRACE = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


@NEEDS_STRACE
def test_no_power_cut_takes_a_printed_paper_and_a_careless_till_is_seen_to_lose_some(tmp_path: Path) -> None:
    done = power.cut(power.record(tmp_path / "careful"), images=200, seed=1)
    assert (done.images, done.wrong) == (200, [])
    careless = power.cut(power.record(tmp_path / "careless", normal=True), images=200, seed=1)
    assert any("was said to be done and is gone" in sentence for sentence in careless.wrong)


def test_a_payment_a_plan_and_a_request_that_are_gone_are_seen(tmp_path: Path) -> None:
    counter.prepare(tmp_path / "till")
    till = open_till(tmp_path / "till")
    till.keep_draft(tender_id="there", data={})
    said = ["kept there", "kept gone", "done KSM01-B7K-000001", "done KSM01-B7K-P0001", "done reverse KSM02-C2C-000001"]
    found = list(power._missing(till, said))
    till.close()
    assert found == [
        "KSM01-B7K-P0001 was said to be done and is gone",
        "reverse KSM02-C2C-000001 was said to be done and is gone",
        "payment gone was begun and neither waits nor ended",
    ]


NEEDS_COMPILER = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")


@NEEDS_COMPILER
def test_a_till_killed_or_failed_by_its_disk_leaves_a_payment_refused_or_done(tmp_path: Path) -> None:
    calls.prepare(tmp_path)
    with injected.preloaded(), ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        every = pool.submit(calls.jobs, "pay", "at rest", tmp_path, calls.FAULTS).result()
        last = max(job.number for job in every if job.fault == "broken disk")
        ends = [job for job in every if job.number == last and job.fault.startswith("broken disk")]
        some = [*every[::29], *ends]  # the last call is the commit's own sync: what lies in the log may stand
        tried = [pool.submit(calls.run, job, tmp_path / "own", folder=tmp_path).result() for job in some]
    assert len(every) > 200
    assert [sentence for one in tried for sentence in one.wrong] == []
    assert {fault for one in tried for fault in one.faults} == {*calls.FAULTS}
    assert {said for one in tried for told in one.said for said in told.split()} >= {"-", "done", "(MaybeSaved)"}


def test_the_judge_of_failing_disks_sees_what_is_wrong(tmp_path: Path) -> None:
    home = tmp_path / "till"
    counter.prepare(home)
    lies = list(calls.judge(calls.Job("pay", "killed"), home, ["done KSM01-B7K-000099"], "", stood=3))
    assert lies[0] == "KSM01-B7K-000099 was said to be done and is there 0 times"
    kept = Counter(open_till(home))
    kept.till.now = Clock()
    kept.pay(tender_id="the-pay")
    kept.till.close()
    said = ["refused NotSaved: nothing was saved"]
    refused = list(calls.judge(calls.Job("pay", "no room"), home, said, "", stood=3))
    assert refused[0].startswith("something refused was kept")


@pytest.mark.parametrize("plain", [False, True])
def test_a_spoiled_file_shows_where_it_says_something_else(tmp_path: Path, plain: bool) -> None:
    sound = rot.make(tmp_path, plain=plain)
    done = rot.spoil(sound, runs=40, seed=1)
    assert (done.runs, done.wrong) == (40, [])
    if plain:
        control = rot.spoil(sound, runs=60, seed=1, only_sqlite=True)
        assert any(seen.startswith("NOT SEEN") for seen in control.seen), "what SQLite alone sees"


def test_what_a_table_and_its_index_say_differently_is_seen(tmp_path: Path) -> None:
    sound = rot.make(tmp_path, plain=True)
    content, stream = sound.files["ledger.db"], bytes(STREAM)
    places = [place for place in range(len(content)) if content.startswith(stream, place)]
    assert len(places) > 40, "in the rows of the journal and in its index"
    for place in places[:: len(places) // 20]:
        altered = content[: place + 9] + b"?" + content[place + 10 :]
        assert rot.look_at(sound, sound.home, "ledger.db", altered).startswith(("seen", "nothing had changed"))


def test_a_spoiled_till_is_brought_back_whole_and_the_judge_sees_what_is_missing(tmp_path: Path) -> None:
    prepared = recovery.make(tmp_path)
    done = recovery.recover(prepared, runs=4, seed=1)
    assert (done.runs, done.wrong) == (4, [])
    (tmp_path / "stick" / recovery.MIRROR).write_bytes(b"no mirror")
    (tmp_path / "running" / "ledger.db").write_bytes(b"nothing")
    without = recovery.recover(prepared, runs=2, seed=1)
    assert all("did not come back" in sentence for sentence in without.wrong)
    assert without.wrong


def test_no_trouble_of_a_printer_doubles_a_paper_and_one_that_is_sent_twice_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = printing.run(tmp_path / "till", rounds=9, seed=1)
    assert (done.rounds, done.wrong) == (9, [])
    assert len(done.troubles) > 4 and len(done.states) > 1

    def send_twice(self: Spooler, job: Job) -> tuple[State, str]:
        send_once(self, job)
        return send_once(self, job)

    send_once = Spooler._send
    monkeypatch.setattr(Spooler, "_send", send_twice)
    doubled = printing.run(tmp_path / "other", rounds=2, seed=1)
    assert any("times by itself" in sentence for sentence in doubled.wrong)


def test_balances_do_not_depend_on_the_order_of_arrival() -> None:
    assert [sentence for seed in range(20) for sentence in order.permute(seed)] == []


def test_one_payment_more_takes_two_round_trips_on_a_line_that_is_open(tmp_path: Path) -> None:
    waiting = speed.make(tmp_path / "speed", f"sqlite:///{tmp_path}/speed/office.db", payments=3)
    first, more = speed.far(waiting, round_trip_ms=20)
    assert (first.result.pushed, more.result.pushed, more.result.waiting) == (4, 1, 0)
    assert more.requests <= 2


def test_tills_that_come_back_at_once_are_each_told_all_of_their_own(tmp_path: Path) -> None:
    office = make_office(tmp_path / "office", f"sqlite:///{tmp_path}/office.db")
    far = far_tills.make_tills(office, tmp_path, far_tills.day_of_a_till(tmp_path / "day", 3), 2)
    after = max(wire.read_pull(one.pull, key=signing.public_of(one.key)).after for one in far)
    server = Server.start(office)
    crowd = Crowd(int(server.url.rpartition(":")[2]))
    came = crowd.come(far, limit_s=30)
    server_key = signing.public_of(office.keys.server)
    assert crowd.wrong == []
    for one in came:
        assert reconnecting.acknowledged(one, server_key) == []
        assert reconnecting.read_whole(one, after=after, server_key=server_key) == []
    with office.store.read() as conn:
        assert reconnecting.heard_all(conn, came, after=after) == []
        came[0].rows -= 1
        assert len(reconnecting.heard_all(conn, came, after=after)) == 1
    server.stop()


def test_the_judge_of_real_tills_sees_what_is_missing() -> None:
    kept, lost, altered = b"1" * 32, b"2" * 32, b"3" * 32
    till, office = {kept: b"a", altered: b"b"}, {kept: b"a", altered: b"c"}
    found = list(soak.missing([kept, lost], till, office))
    assert len(found) == 2
    assert "reported and is not in its till's journal" in found[0]
    assert "not at head office as its till made it" in found[1]
    assert not list(soak.missing([kept], {kept: b"a"}, office))
