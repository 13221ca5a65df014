"""Head office asked more than once about one receipt: one item on the desk, and the money goes back once at most."""

from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from meterpos.errors import UserError
from meterpos.headoffice import exceptions
from meterpos.headoffice.courier import answer
from meterpos.headoffice.exceptions import Item, UnknownException
from meterpos.till import Till
from tests.headoffice.test_putting_right import PAID, ask, everybody, nets, resolve_all, reverse, take, tills
from tests.support.headoffice import Server, sync

__all__ = ["tills"]

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

ZONES = ("Kondele", "Mamboleo", "Migosi", "Nyalenda")


def asked(server: Server) -> Item:
    with server.office.store.read() as conn:
        (item,) = exceptions.listed(conn, code="put_right_request")
    return item


def test_several_who_ask_are_one_item_that_names_them_all(
    server: Server, tills: tuple[Till, Till], tmp_path: Path
) -> None:
    first, second = tills
    third = server.enrol_till(tmp_path / "KSM03", "KSM03", ZONES)
    third.open_shift(float_minor=0, clerk="otieno")
    before = server.net(PAID)
    number = take(first)
    everybody(first, second, third)
    for _ in range(2):
        ask(second, number)
    sync(second)
    ask(third, number, "MTR-000003")
    sync(third)
    item = asked(server)
    assert (item.subject, item.till_name) == (number, "KSM02")
    assert [(one["till"], one["asked"]["what"]) for one in item.details["also"]] == [
        ("KSM02", "reverse"),
        ("KSM03", "correct"),
    ]
    reverse(server, number)
    everybody(first, second, third)
    assert server.codes() == [] and nets(server, first, second, third) == {(before, server.net("A0000003"))}
    third.close()


@on_sqlite
def test_a_request_that_comes_after_its_answer_opens_nothing(server: Server, tills: tuple[Till, Till]) -> None:
    first, second = tills
    number = take(first)
    everybody(first, second)
    ask(second, number)
    reverse(server, number)
    everybody(second)
    assert server.codes() == []


@on_sqlite
def test_a_request_delivered_twice_is_one_item_and_stays_answered(
    server: Server, tills: tuple[Till, Till], tmp_path: Path
) -> None:
    first, second = tills
    number = take(first)
    everybody(first, second)
    ask(second, number)
    second.courier_out(tmp_path / "stick")
    for _ in range(2):
        answer(server.office, (tmp_path / "stick").read_bytes())
        assert "also" not in asked(server).details
    sync(second)
    assert "also" not in asked(server).details
    resolve_all(server)
    answer(server.office, (tmp_path / "stick").read_bytes())
    assert server.codes() == []


def test_two_people_who_take_a_receipt_back_at_once_do_it_once(server: Server, tills: tuple[Till, Till]) -> None:
    first, second = tills
    before = nets(server)
    number = take(first)
    everybody(first, second)
    ask(second, number)
    everybody(second)
    assert sorted(at_once(lambda: reverse(server, number))) == ["AlreadySaid", "done"]
    everybody(first, second)
    assert nets(server, first, second) == before and server.codes() == []


def test_an_item_is_resolved_by_one_of_two_people(server: Server, tills: tuple[Till, Till]) -> None:
    first, second = tills
    number = take(first)
    everybody(first, second)
    ask(second, number)
    sync(second)
    item = asked(server)

    def resolve() -> None:
        with server.office.write() as (conn, _):
            exceptions.resolve(conn, item.exception_id, by="wanjiru", resolution="no", at=server.office.moment().at)

    assert sorted(at_once(resolve)) == [UnknownException.__name__, "done"]


def at_once(act: Callable[[], object]) -> list[str]:
    """Let two people do the same at once, and return what each was told."""
    told: list[str] = []

    def person() -> None:
        try:
            act()
        except UserError as error:
            told.append(type(error).__name__)
        else:
            told.append("done")

    people = [Thread(target=person) for _ in range(2)]
    for one in people:
        one.start()
    for one in people:
        one.join(60)
    return told
