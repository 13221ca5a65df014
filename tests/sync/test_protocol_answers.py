"""What a till makes of answers that are not to be believed, that sign for less or more, or speak of another journal."""

import pytest

from meterpos.ledger import signing
from meterpos.sync import deliveries, talk, wire
from meterpos.sync.steps import Cursor, Memory
from tests.sync.peer import SERVER_KEY, TILL_KEY, Answer, Office, Stream, Till, sent, told, wire_key

# --- answers not to believe


@pytest.mark.parametrize("path", [talk.PUSH_PATH, talk.PULL_PATH])
def test_a_login_page_is_not_an_acknowledgement(path: str) -> None:
    till, office = Till(), Office()
    till.stream.make(2)

    def send(where: str, message: bytes) -> Answer:
        return b"<html>Welcome to Cafe Wifi</html>" if where == path else office.send(where, message)

    course = till.meet(send)
    assert course.result == "strange"
    assert till.stream.through_seq == (0 if path == talk.PUSH_PATH else 2)
    assert till.cursor == Cursor(1, 0)


@pytest.mark.parametrize("path", [talk.PUSH_PATH, talk.PULL_PATH])
def test_an_older_answer_shown_again_is_not_believed(path: str) -> None:
    till, office = Till(), Office()
    till.stream.make(1)
    kept: dict[str, Answer] = {}

    def record(where: str, message: bytes) -> Answer:
        kept[where] = office.send(where, message)
        return kept[where]

    till.meet(record)
    till.stream.make(1)
    course = till.meet(lambda where, message: kept[where] if where == path else office.send(where, message))
    assert course.result == "strange"
    assert till.stream.through_seq == (1 if path == talk.PUSH_PATH else 2)


def test_an_answer_of_a_newer_protocol_asks_for_the_update(monkeypatch: pytest.MonkeyPatch) -> None:
    till = Till()

    def send(path: str, message: bytes) -> Answer:
        with monkeypatch.context() as newer:
            newer.setattr(deliveries, "PROTOCOL", 2)
            return wire.make_ack(
                key=SERVER_KEY, batch=wire.header_digest(message), generation=1, stream=bytes(16), through_seq=0,
                head=bytes(32), at="2026-11-20T06:41:07.123Z", count=0, sum_minor=0, answers=[],
            )  # fmt: skip

    assert till.meet(send).result == "outdated"


def test_a_page_that_begins_elsewhere_is_refused() -> None:
    till, office = Till(cursor=Cursor(1, 5)), Office(last_position=9)

    def send(path: str, message: bytes) -> Answer:
        if path == talk.PUSH_PATH:
            return office.send(path, message)
        pull = wire.read_pull(message, key=wire_key())
        return office.pull(pull, after=7)

    assert till.meet(send).result == "strange"
    assert till.cursor == Cursor(1, 5)


# --- an acknowledgement for less, or for more


def test_head_office_may_take_a_batch_in_parts() -> None:
    till, office = Till(), Office(entry_limit=3)
    till.stream.make(8)
    course = till.meet(office.send)
    assert (course.result, course.pushed) == ("complete", 8)
    assert told(till, office)


def test_head_office_may_hold_more_than_the_till_knew() -> None:
    till, office = Till(), Office()
    till.stream.make(6)
    till.meet(office.send)
    till.stream.through_seq, till.stream.head = 2, till.stream.entries[1].entry_id
    course = till.meet(office.send)
    assert (course.result, course.pushed) == ("complete", 4)
    assert told(till, office)


def test_a_server_that_takes_nothing_is_not_asked_for_ever() -> None:
    till, office = Till(), Office(entry_limit=0)
    till.stream.make(2)
    course = till.meet(office.send)
    assert (course.result, course.pushed, sent(till, talk.PUSH_PATH)) == ("strange", 0, 1)


def test_a_server_that_forgets_again_and_again_is_not_asked_for_ever() -> None:
    till, office = Till(memory=Memory(entries=2)), Office()
    till.stream.make(60)
    till.meet(office.send)

    def send(path: str, message: bytes) -> Answer:
        office.forget(rows_through=0, entries=max(len(office.streams[bytes(16)]) - 3, 0))
        return office.send(path, message)

    assert till.meet(send).result == "strange"


# --- forks


def test_another_journal_at_head_office_is_told_and_does_not_stop_the_feed() -> None:
    till, office = Till(), Office()
    till.stream.make(3)
    copy = Stream(bytes(16))
    copy.make(3, text="copy")
    office.streams[bytes(16)] = copy.entries
    office.say("i:1")
    course = till.meet(office.send)
    assert (course.result, course.agreed, course.pulled) == ("forked", False, 1)
    assert till.stream.through_seq == 0


def test_a_till_that_lost_its_tail_says_that_it_was_restored() -> None:
    till, office = Till(), Office()
    till.stream.make(5)
    till.meet(office.send)
    del till.stream.entries[3:]
    till.stream.through_seq, till.stream.head = 2, till.stream.entries[1].entry_id
    assert till.meet(office.send).result == "forked"
    assert (till.stream.through_seq, till.stream.head) == (3, till.stream.entries[2].entry_id)


def test_an_old_stream_whose_end_was_lost_in_a_restore_is_delivered_as_far_as_it_goes() -> None:
    till, office = Till(), Office()
    till.stream.make(5)
    till.meet(office.send)
    del till.stream.entries[3:]
    till.stream.through_seq, till.stream.head = 2, till.stream.entries[1].entry_id
    till.streams.append(Stream(bytes([1]) * 16))
    till.stream.make(1)

    def keeps_it(path: str, message: bytes) -> Answer:
        if path != talk.RECALL_PATH:
            return office.send(path, message)
        return office.recall(wire.read_recall(message, key=signing.public_of(TILL_KEY)), entries=[])

    assert till.meet(keeps_it).result == "complete"
    old = till.streams[0]
    assert (old.through_seq, old.head) == (3, old.entries[2].entry_id)
    office.restore(generation=2, rows_through=0, entries=5)
    assert till.meet(keeps_it).result == "complete"
    assert (old.through_seq, old.generation) == (3, 2)


def test_sums_that_differ_are_told_and_the_till_goes_on() -> None:
    till, office = Till(wrong_sum=True), Office()
    till.stream.make(2)
    course = till.meet(office.send)
    assert (course.result, course.agreed, told(till, office)) == ("complete", False, True)
    assert "receipts" in course.detail
