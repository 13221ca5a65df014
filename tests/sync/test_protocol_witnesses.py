"""The till's side of an exchange: telling head office what a restore took from it."""

import pytest

from meterpos.sync import talk, wire
from meterpos.sync.steps import Course, Failure, Memory
from tests.sync.peer import TILL_KEY, Answer, Office, Till, signing


def after_a_restore(*, told: bool = True) -> tuple[Till, Office]:
    """A till that heard of ten facts, of which head office has kept three."""
    till, office = Till(), Office()
    for number in range(10):
        office.say(f"i:{number}")
    till.meet(office.send)
    if told:
        office.restore(generation=7, rows_through=3, entries=0)
    else:
        office.forget(rows_through=3, entries=0)
        for number in range(20):
            office.say(f"new:{number}")
    return till, office


def said(office: Office) -> list[tuple[int, list[str]]]:
    return [(one.generation, [row.key for row in one.rows]) for one in office.witnesses]


def test_what_a_restore_took_is_told_once_under_the_generation_in_which_it_was_heard() -> None:
    till, office = after_a_restore()
    office.say("i:5")
    course = till.meet(office.send)
    assert (course.result, course.agreed) == ("complete", True)
    assert said(office) == [(1, ["i:3", "i:4", "i:6", "i:7", "i:8", "i:9"])]
    till.meet(office.send)
    assert len(office.witnesses) == 1


def test_nothing_is_told_where_nothing_was_lost() -> None:
    till, office = Till(), Office()
    office.say("i:0")
    till.meet(office.send)
    office.restore(generation=7, rows_through=1, entries=0)
    till.meet(office.send)
    assert office.witnesses == []


def test_more_than_one_message_holds_is_told_in_several() -> None:
    till, office = after_a_restore()
    till.memory = Memory(rows=4)
    till.meet(office.send)
    assert [len(keys) for _, keys in said(office)] == [4, 3]


@pytest.mark.parametrize("told", [True, False], ids=["told", "untold"])
def test_what_head_office_does_not_take_now_keeps_the_exchange_from_nothing_and_is_told_later(told: bool) -> None:
    till, office = after_a_restore(told=told)

    def refusing(path: str, message: bytes) -> Answer:
        refused = Failure("refused", "Head office said: no.", "")
        return refused if path == talk.WITNESS_PATH else office.send(path, message)

    course = till.meet(refusing)
    assert course.result == "complete" and course.finished
    till.meet(office.send)
    assert [keys for _, keys in said(office)] == [[f"i:{number}" for number in range(3, 10)]]


def test_what_a_second_look_does_not_show_any_more_is_told_though_nobody_spoke_of_a_restore() -> None:
    till, office = after_a_restore(told=False)
    course = till.meet(office.send)
    assert (course.result, course.agreed) == ("complete", True), "what head office does not name is let go"
    assert said(office) == [(1, [f"i:{number}" for number in range(3, 10)])]
    till.meet(office.send)
    assert len(office.witnesses) == 1


def forged(till: Till, office: Office) -> Course:
    def send(path: str, message: bytes) -> Answer:
        if path != talk.WITNESS_PATH:
            return office.send(path, message)
        return office.hear(wire.read_witness(message, key=signing.public_of(TILL_KEY)), batch="another")

    return till.meet(send)


def test_an_answer_that_is_not_head_offices_is_not_taken_for_one() -> None:
    till, office = after_a_restore()
    assert forged(till, office).result == "strange"
    assert till.lost, "so it is told again"
