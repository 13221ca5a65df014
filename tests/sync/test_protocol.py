"""The till's side of the exchange, against a head office in memory, honest and not."""

from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterpos.ledger import signing
from meterpos.ledger.feedrows import STREAM_GREW
from meterpos.sync import pulling, pushing, talk, wire
from meterpos.sync.steps import Cursor, Failure, Memory, Timed
from meterpos.sync.talk import common_place
from tests.sync.peer import DEVICE, SERVER_KEY, TILL_KEY, Answer, Office, Stream, Till, sent, stored, told, wire_key

CUT = Failure("cut", "The line broke.")


def failing(office: Office, *failures: Failure, path: str = talk.PUSH_PATH) -> Callable[[str, bytes], Answer]:
    """Return a line on which the first requests of this path fail, one way after another."""
    rest = list(failures)

    def send(where: str, message: bytes) -> Answer:
        if where == path and rest:
            return rest.pop(0)
        return office.send(where, message)

    return send


# --- going well


def test_the_till_delivers_what_waits_and_gets_what_is_new_in_two_round_trips() -> None:
    till, office = Till(), Office()
    till.stream.make(3)
    office.say("i:1")
    course = till.meet(office.send)
    assert (course.result, course.pushed, course.pulled, course.agreed) == ("complete", 3, 1, True)
    assert told(till, office)
    assert len(office.answered) == 2
    assert till.cursor == Cursor(1, 1)


def test_the_till_asks_what_head_office_holds_even_when_nothing_waits() -> None:
    till, office = Till(), Office()
    course = till.meet(office.send)
    assert course.finished
    assert (course.pushed, course.pulled, sent(till, talk.PUSH_PATH)) == (0, 0, 1)


def test_the_till_sends_batches_that_grow_while_they_arrive() -> None:
    till, office = Till(memory=Memory(entries=2)), Office()
    till.stream.make(30)
    till.meet(office.send)
    pushes = [message for message in office.answered if isinstance(message, wire.Push)]
    assert [len(push.entries) for push in pushes] == [2, 4, 8, 16]
    assert till.memory.entries == 32


def test_the_till_never_sends_more_than_a_batch_may_hold() -> None:
    till, office = Till(memory=Memory(entries=wire.ENTRIES_MAX)), Office()
    till.stream.make(wire.ENTRIES_MAX + 1)
    till.meet(office.send)
    assert told(till, office)
    assert till.memory.entries == wire.ENTRIES_MAX


def test_the_till_halves_a_batch_that_is_too_large_to_send(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pushing, "BATCH_PACKED_BYTES_MAX", 600)
    till, office = Till(), Office()
    for number in range(64):
        till.stream.make(1, text=f"{number * 7919:x}" * 9)
    course = till.meet(office.send)
    assert course.result == "complete"
    assert told(till, office)
    assert sent(till, talk.PUSH_PATH) > 1


def test_the_till_sends_an_entry_too_large_for_a_batch_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pushing, "BATCH_PACKED_BYTES_MAX", 1)
    till, office = Till(), Office()
    till.stream.make(2)
    assert till.meet(office.send).result == "complete"
    assert told(till, office)


def test_the_till_pulls_page_after_page() -> None:
    till, office = Till(memory=Memory(rows=50)), Office()
    for number in range(400):
        office.say(f"i:{number}")
    course = till.meet(office.send)
    assert (course.pulled, course.agreed) == (400, True)
    assert till.memory.rows == 400
    assert sent(till, talk.PULL_PATH) == 4


def test_an_exchange_that_does_not_end_stops_and_goes_on_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulling, "PAGES_MAX", 1)
    till, office = Till(memory=Memory(rows=50)), Office()
    for number in range(120):
        office.say(f"i:{number}")
    assert till.meet(office.send).result == "interrupted"
    assert till.meet(office.send).result == "complete"
    assert len(till.rows) == 120


def test_older_streams_go_first_and_are_not_asked_again() -> None:
    old = Stream(b"o" * 16)
    till, office = Till(streams=[old, Stream(b"n" * 16)]), Office()
    old.make(2)
    till.stream.make(2)
    till.meet(office.send)
    assert told(till, office)
    assert [push.stream[:1] for push in office.answered if isinstance(push, wire.Push)] == [b"o", b"n"]
    office.answered.clear()
    till.meet(office.send)
    assert [push.stream[:1] for push in office.answered if isinstance(push, wire.Push)] == [b"n"]


def test_the_till_counts_exceptions_and_knows_that_it_is_held() -> None:
    till, office = Till(), Office(held=True)
    till.stream.make(1, text="odd")
    till.stream.make(1)
    course = till.meet(office.send)
    assert (course.exceptions, course.held, course.result) == (1, True, "complete")


# --- a line that fails


@given(st.lists(st.integers(1, 12), max_size=30))
def test_whatever_step_the_till_dies_after_nothing_is_lost_or_doubled(lives: list[int]) -> None:
    till, office = Till(memory=Memory(entries=2, rows=50)), Office()
    till.stream.make(9)
    for number in range(120):
        office.say(f"i:{number}")
    for steps_max in lives:
        till.meet(office.send, steps_max=steps_max)
    assert till.meet(office.send).result == "complete"
    assert told(till, office)
    assert till.rows == {(row.zone, row.key): row for row in office.rows}


def test_an_answer_that_was_lost_is_asked_for_again_and_nothing_is_doubled() -> None:
    till, office = Till(), Office()
    till.stream.make(4)
    lost = count()

    def send(path: str, message: bytes) -> Answer:
        answer = office.send(path, message)
        return CUT if next(lost) == 0 else answer

    course = till.meet(send)
    assert (course.result, course.pushed, sent(till, talk.PUSH_PATH)) == ("complete", 4, 2)
    assert told(till, office)


def test_a_batch_is_halved_each_time_the_line_breaks() -> None:
    till, office = Till(memory=Memory(entries=16)), Office()
    till.stream.make(16)
    till.meet(failing(office, CUT, Failure("too_large", "Too much.")))
    first = next(message for message in office.answered if isinstance(message, wire.Push))
    assert len(first.entries) == 4
    assert told(till, office)


def test_a_page_is_halved_each_time_the_line_breaks() -> None:
    till, office = Till(memory=Memory(rows=800)), Office()
    assert till.meet(failing(office, CUT, CUT, path=talk.PULL_PATH)).result == "complete"
    assert till.memory.rows == 200


def timed(office: Office, seconds: Callable[[int], float]) -> Callable[[str, bytes], Answer]:
    """Return a line that says how long an answer took, by how many rows or entries were in it."""

    def send(path: str, message: bytes) -> Answer:
        answer = office.send(path, message)
        assert isinstance(answer, bytes)
        told = Timed(answer)
        told.seconds = seconds(len(answer) if path == talk.PULL_PATH else len(message))
        return told

    return send


def test_over_a_narrow_line_batches_and_pages_become_as_small_as_it_bears() -> None:
    till, office = Till(), Office()
    till.stream.make(2_600)
    for number in range(1_200):
        office.say(f"i:{number}")
    course = till.meet(timed(office, lambda _: 25.0))
    assert (course.result, course.pushed, course.pulled) == ("complete", 2_600, 1_200)
    assert (till.memory.entries, till.memory.rows) == (50, 50)
    assert told(till, office)


def test_over_a_wide_line_the_second_batch_is_as_large_as_may_be() -> None:
    till, office = Till(), Office()
    till.stream.make(10_002)
    till.meet(timed(office, lambda _: 0.3))
    pushes = [len(message.entries) for message in office.answered if isinstance(message, wire.Push)]
    assert pushes == [2_000, 5_000, 3_002]
    assert told(till, office)


def test_the_till_remembers_when_it_is_to_come_again() -> None:
    till, office = Till(), Office()
    course = till.meet(failing(office, Failure("busy", "Busy.", come_again_s=40)))
    assert (course.result, course.come_again_s) == ("busy", 40)


def test_the_till_gives_up_after_so_many_broken_lines() -> None:
    till, office = Till(), Office()
    till.stream.make(100)
    course = till.meet(failing(office, *[CUT] * 100))
    assert (course.result, course.detail, course.finished) == ("interrupted", "The line broke.", True)
    assert sent(till, talk.PUSH_PATH) == talk.FAILURES_MAX + 1


@pytest.mark.parametrize(
    ("failure", "result"),
    [
        (Failure("unreachable", "No connection."), "unreachable"),
        (Failure("busy", "Busy."), "busy"),
        (Failure("refused", "No."), "refused"),
        (Failure("refused", "This till was revoked.", "revoked"), "revoked"),
        (Failure("refused", "Update.", "protocol"), "outdated"),
        (Failure("strange", "A login page."), "strange"),
    ],
)
def test_what_a_smaller_batch_cannot_help_stops_the_exchange_at_once(failure: Failure, result: str) -> None:
    till, office = Till(), Office()
    till.stream.make(2)
    course = till.meet(failing(office, failure))
    assert (course.result, course.detail, sent(till, talk.PUSH_PATH)) == (result, failure.sentence, 1)


def test_a_revoked_till_delivers_and_learns_no_more() -> None:
    till, office = Till(), Office(held=True)
    till.stream.make(2)
    course = till.meet(failing(office, Failure("refused", "Revoked.", "revoked"), path=talk.PULL_PATH))
    assert (course.result, course.pushed, course.held) == ("revoked", 2, True)


# --- head office was restored


def test_after_a_restore_the_till_lets_go_pulls_again_and_offers_again() -> None:
    old = Stream(b"o" * 16)
    till, office = Till(streams=[old, Stream(b"n" * 16)]), Office()
    old.make(4)
    till.stream.make(4)
    for number in range(6):
        office.say(f"i:{number}")
    till.meet(office.send)
    office.restore(generation=7, rows_through=3, entries=2)
    office.say("i:new")
    till.stream.make(1)
    course = till.meet(office.send)
    assert (course.result, course.agreed, course.pushed) == ("complete", True, 2 + 3)
    assert told(till, office)
    assert till.cursor == Cursor(7, 4)
    assert till.rows == {(row.zone, row.key): row for row in office.rows}


def test_a_restore_that_shows_only_while_pulling_sends_the_till_back_to_pushing() -> None:
    till, office = Till(), Office()
    till.stream.make(4)
    office.say("i:0")
    till.meet(office.send)
    asked = count()

    def send(path: str, message: bytes) -> Answer:
        if path == talk.PULL_PATH and next(asked) == 0:
            office.restore(generation=2, rows_through=0, entries=1)
        return office.send(path, message)

    course = till.meet(send)
    assert (course.result, course.agreed) == ("complete", True)
    assert told(till, office)
    assert till.cursor == Cursor(2, 0)


def test_a_restore_nobody_told_of_is_seen_in_the_acknowledgement() -> None:
    old = Stream(b"o" * 16)
    till, office = Till(streams=[old, Stream(b"n" * 16)]), Office()
    old.make(3)
    till.stream.make(5)
    till.meet(office.send)
    office.forget(rows_through=0, entries=1)
    course = till.meet(office.send)
    assert (course.result, course.pushed) == ("complete", 4 + 2)
    assert told(till, office)


def test_a_server_that_is_restored_all_the_time_is_not_followed_for_ever() -> None:
    till, office = Till(), Office()

    def send(path: str, message: bytes) -> Answer:
        office.restore(generation=office.generation + 1, rows_through=0, entries=0)
        return office.send(path, message)

    assert till.meet(send).result == "strange"


@pytest.mark.parametrize(
    ("cursor", "generation", "keep"),
    [
        (Cursor(1, 50), 1, 50),
        (Cursor(1, 50), 2, 30),
        (Cursor(1, 20), 2, 20),
        (Cursor(1, 50), 3, 10),
        (Cursor(2, 50), 3, 10),
        (Cursor(4, 50), 3, 0),
        (Cursor(1, 50), 8, 0),
    ],
)
def test_what_two_generations_have_in_common_follows_from_the_lineage(
    cursor: Cursor, generation: int, keep: int
) -> None:
    lineage = [
        wire.Lineage(generation=8, parent=9, parent_through=5),
        wire.Lineage(generation=9, parent=8, parent_through=5),
        wire.Lineage(generation=3, parent=2, parent_through=10),
        wire.Lineage(generation=2, parent=1, parent_through=30),
    ]
    assert common_place(cursor, generation=generation, lineage=lineage) == keep


# --- digests


def test_a_zone_that_differs_is_looked_at_once_more_and_healed() -> None:
    till, office = Till(memory=Memory(rows=50)), Office()
    for number in range(120):
        office.say(f"i:{number}")
    till.meet(office.send)
    del till.rows["Kondele", "i:7"]
    course = till.meet(office.send)
    assert (course.result, course.agreed) == ("complete", True)
    assert ("Kondele", "i:7") in till.rows
    assert not till.memory.in_vain


def test_a_digest_that_only_drifted_is_summed_anew_and_nothing_is_pulled() -> None:
    till, office = Till(stale_digest=True), Office()
    office.say("i:1")
    course = till.meet(office.send)
    assert (course.agreed, sent(till, talk.PULL_PATH)) == (True, 1)


def test_a_zone_that_stays_different_is_told_to_both_sides_and_not_pulled_each_time() -> None:
    till, office = Till(deaf_to=frozenset({"i:1"})), Office()
    office.say("i:1")
    first = till.meet(office.send)
    assert (first.result, first.agreed, sent(till, talk.PULL_PATH)) == ("complete", False, 2)
    assert "Kondele" in first.detail
    second = till.meet(office.send)
    assert (second.agreed, sent(till, talk.PULL_PATH)) == (False, 3)
    last = office.answered[-1]
    assert isinstance(last, wire.Pull)
    assert last.differs == ("Kondele",)


def test_a_zone_looked_at_in_vain_is_looked_at_again_once_it_differs_otherwise() -> None:
    till, office = Till(deaf_to=frozenset({"i:1"})), Office()
    office.say("i:1")
    till.meet(office.send)
    till.cursor = Cursor(1, 9)
    office.say("i:2", data=b'{"late":1}')
    assert till.meet(office.send).agreed is False
    assert ("Kondele", "i:2") in till.rows


def test_what_a_second_look_does_not_name_is_let_go_and_everything_offered_anew() -> None:
    till, office = Till(), Office()
    office.say("i:1")
    ghost = wire.FeedRow(position=1, zone="Kondele", kind="fact", key="i:ghost", version=1, data=b'{"g":1}')
    till.rows["Kondele", "i:ghost"] = ghost
    course = till.meet(office.send)
    assert (course.result, course.agreed, sent(till, talk.PULL_PATH)) == ("complete", True, 3)
    assert till.rows.keys() == {("Kondele", "i:1")}
    assert sent(till, talk.PUSH_PATH) == 2, "what head office forgot, it may have forgotten of entries too"
    assert [row.key for one in office.witnesses for row in one.rows] == ["i:ghost"]


def test_a_restored_head_office_is_asked_for_all_but_the_facts_and_what_it_does_not_name_goes() -> None:
    till, office = Till(), Office()
    office.say("A0", kind="account")
    office.say("i:1")
    till.meet(office.send)
    office.say("A0-7", kind="account")
    till.meet(office.send)
    office.restore(generation=7, rows_through=2, entries=0)
    course = till.meet(office.send)
    assert (course.result, course.agreed) == ("complete", True)
    assert till.rows.keys() == {("Kondele", "A0"), ("Kondele", "i:1")}
    looks = [one for one in office.answered if isinstance(one, wire.Pull) and one.zones]
    assert [(one.zones, one.facts) for one in looks] == [(("*", "Kondele"), False)]
    till.meet(office.send)
    assert len(looks) == 1 and not till.in_doubt, "and once is enough"


def test_a_stick_that_brought_head_office_more_of_an_earlier_stream_is_answered_by_asking_for_it() -> None:
    earlier, later = Stream(bytes(16)), Stream(bytes([1]) * 16)
    earlier.make(3)
    later.make(1)
    till, office = Till(streams=[earlier, later]), Office()
    till.meet(office.send)
    office.streams[earlier.name] = whole = list(earlier.entries)
    del earlier.entries[2:]
    earlier.through_seq, earlier.head = 2, whole[1].entry_id
    till.meet(office.send)
    assert len(earlier.entries) == 2, "nobody asks about what is quiet"
    office.say(earlier.name.hex(), zone="*", kind=STREAM_GREW)
    assert till.meet(office.send).agreed
    assert earlier.entries == whole


def test_a_till_that_heard_of_facts_alone_since_the_backup_does_not_look() -> None:
    till, office = Till(), Office()
    office.say("A0", kind="account")
    till.meet(office.send)
    office.say("i:1")
    till.meet(office.send)
    office.restore(generation=7, rows_through=1, entries=0)
    assert till.meet(office.send).agreed
    assert not [one for one in office.answered if isinstance(one, wire.Pull) and one.zones]


def test_a_till_lets_nothing_go_while_head_office_does_not_hear_what_it_lost() -> None:
    till, office = Till(), Office()
    office.say("A0", kind="account")
    office.say("i:1")
    till.meet(office.send)
    office.restore(generation=7, rows_through=0, entries=0)

    def refusing(path: str, message: bytes) -> Answer:
        refused = Failure("refused", "Head office said: no.", "")
        return refused if path == talk.WITNESS_PATH else office.send(path, message)

    till.rows["Kondele", "A9"] = wire.FeedRow(
        position=0, zone="Kondele", kind="account", key="A9", version=1, data=b"{}"
    )
    assert till.meet(refusing).result == "complete"
    assert till.in_doubt and ("Kondele", "A9") in till.rows
    till.meet(office.send)
    assert not till.in_doubt and till.rows == {}


def test_a_head_office_that_forgets_each_time_is_not_asked_without_end() -> None:
    till, office = Till(), Office()
    office.say("i:1")

    def forgetful(path: str, message: bytes) -> Answer:
        if path == talk.PUSH_PATH:
            ghost = wire.FeedRow(position=1, zone="Kondele", kind="fact", key="i:ghost", version=1, data=b'{"g":1}')
            till.rows["Kondele", "i:ghost"] = ghost
        return office.send(path, message)

    assert till.meet(forgetful).result == "complete"
    assert sent(till, talk.PUSH_PATH) == 3


@pytest.mark.parametrize("beyond", [False, True])
def test_a_batch_that_cannot_be_joined_to_another_branch_makes_the_till_offer_everything(beyond: bool) -> None:
    till, office = Till(), Office()
    till.stream.make(6)
    till.meet(office.send)
    copy = Stream(bytes(16))
    copy.make(4 if not beyond else 9, text="copy")
    mine = till.stream.entries
    office.streams[bytes(16)] = copy.entries
    till.stream.make(2)

    def send(path: str, message: bytes) -> Answer:
        if path == talk.PUSH_PATH:
            push = wire.read_push(message, key=wire_key())
            if push.from_seq == 1:
                office.streams[bytes(16)] = mine
        return office.send(path, message)

    assert till.meet(send).result == "forked"
    assert till.stream.through_seq == 8
    office.streams[bytes(16)] = mine
    assert till.meet(office.send).result == "complete"


@pytest.mark.parametrize("reason", ["restored", "endless"])
def test_a_second_look_that_cannot_end_leaves_it_to_the_next_exchange(
    reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    till, office = Till(memory=Memory(rows=50)), Office()
    for number in range(60):
        office.say(f"i:{number}")
    till.meet(office.send)
    del till.rows["Kondele", "i:7"]
    if reason == "endless":
        monkeypatch.setattr(pulling, "PAGES_MAX", 1)
        till.memory = Memory(rows=50)

    def send(path: str, message: bytes) -> Answer:
        if path == talk.PULL_PATH and reason == "restored":
            pull = wire.read_pull(message, key=wire_key())
            if pull.zones:
                office.restore(generation=5, rows_through=60, entries=10)
        return office.send(path, message)

    assert till.meet(send).result == "interrupted"
    monkeypatch.undo()
    assert till.meet(office.send).agreed


def test_two_disagreements_tell_the_first() -> None:
    till, office = Till(wrong_sum=True), Office()
    till.stream.make(1)
    till.rows["Kondele", "i:ghost"] = wire.FeedRow(
        position=1, zone="Kondele", kind="fact", key="i:ghost", version=1, data=b'{"g":1}'
    )
    course = till.meet(office.send)
    assert "receipts" in course.detail


def test_the_helpers_speak_of_one_device() -> None:
    """The peer is honest: it refuses what another device signed."""
    office = Office()
    message = wire.make_pull(key=SERVER_KEY, device=DEVICE, generation=1, after=0, limit=1, software="", nonce=bytes(8))
    with pytest.raises(wire.WireError, match="signature"):
        office.send(talk.PULL_PATH, message)
    assert stored(1).outcome == "stored"


# --- the end of an earlier stream, lost by a restore of the till


def restored(*, kept: int, made: int, entry_limit: int = 5_000) -> tuple[Till, Office, list[bytes]]:
    """Return a till that delivered all, lost the newest entries of its stream and began another; and what it made."""
    office = Office()
    before = Stream(bytes(16))
    before.make(made)
    office.streams[before.name] = list(before.entries)
    whole = [entry.entry_id for entry in before.entries]
    del before.entries[kept:]
    before.through_seq, before.generation = kept, None
    before.head = before.entries[-1].entry_id if kept else bytes(32)
    office.entry_limit = entry_limit
    return Till(streams=[before, Stream(b"\1" * 16)]), office, whole


@pytest.mark.parametrize(("kept", "limit"), [(3, 5_000), (3, 2), (0, 5_000), (8, 5_000)])
def test_a_restored_till_takes_back_the_end_of_its_earlier_stream(kept: int, limit: int) -> None:
    till, office, whole = restored(kept=kept, made=8, entry_limit=limit)
    course = till.meet(office.send)
    assert (course.result, course.agreed) == ("complete", True)
    assert [entry.entry_id for entry in till.streams[0].entries] == whole
    assert till.streams[0].through_seq == 8
    assert sent(till, talk.RECALL_PATH) == -(-(8 - kept) // limit)
    till.taken.clear()
    till.meet(office.send)
    assert sent(till, talk.RECALL_PATH) == 0, "and does not ask again"


def test_a_till_whose_earlier_stream_went_on_elsewhere_takes_nothing() -> None:
    till, office, _ = restored(kept=0, made=0)
    till.streams[0].make(3, text="mine")
    theirs = Stream(bytes(16))
    theirs.make(5, text="theirs")
    office.streams[theirs.name] = theirs.entries
    course = till.meet(office.send)
    assert course.result == "complete"
    assert (len(till.streams[0].entries), sent(till, talk.RECALL_PATH)) == (3, 1)


def test_an_end_that_did_not_come_is_asked_for_again() -> None:
    till, office, whole = restored(kept=2, made=9)
    till.memory = Memory(entries=4)
    course = till.meet(failing(office, *[CUT] * 7, path=talk.RECALL_PATH))
    assert course.result == "interrupted" and len(till.streams[0].entries) == 2
    course = till.meet(failing(office, CUT, path=talk.RECALL_PATH))
    assert course.result == "complete"
    assert [entry.entry_id for entry in till.streams[0].entries] == whole


def test_entries_that_head_office_did_not_sign_are_not_kept() -> None:
    till, office, _ = restored(kept=2, made=9)

    def forged(path: str, message: bytes) -> Answer:
        if path != talk.RECALL_PATH:
            return office.send(path, message)
        asked = wire.read_recall(message, key=signing.public_of(TILL_KEY))
        return wire.make_recalled(
            key=bytes(32), request=asked.digest, stream=asked.stream, after_seq=asked.after_seq, entries=[b"{}"]
        )

    course = till.meet(forged)
    assert course.result == "strange" and len(till.streams[0].entries) == 2


def test_a_head_office_that_never_comes_to_an_end_of_a_stream_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pushing, "PAGES_MAX", 2)
    till, office, _ = restored(kept=2, made=9, entry_limit=1)
    course = till.meet(office.send)
    assert course.finished and len(till.streams[0].entries) == 4
