"""What head office does when more tills come at once than it can work on."""

import asyncio
import contextlib
import selectors
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from meterpos.headoffice import admission
from meterpos.headoffice.admission import Gate, NoRoom
from meterpos.headoffice.app import create_app
from meterpos.headoffice.office import Office
from tests.support.headoffice import Server, sync


@dataclass
class Crowd:
    """Messages at a gate with a clock of its own; each is worked on until it is told to be done."""

    now_s: float = 0.0
    served: list[str] = field(default_factory=list)
    told: dict[str, int] = field(default_factory=dict)
    gate: Gate = field(init=False)
    _ends: dict[str, asyncio.Event] = field(default_factory=dict)
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.gate = Gate(at_once=1, clock=lambda: self.now_s, dice=lambda: 0.5)

    async def come(self, *names: str, begun: bool = False) -> None:
        """Let messages come, one after another."""
        for name in names:
            self._ends[name] = asyncio.Event()
            self._tasks[name] = asyncio.create_task(self._one(name, begun=begun))
            await _settle()

    async def _one(self, name: str, *, begun: bool) -> None:
        try:
            async with self.gate.turn(begun=begun):
                self.served.append(name)
                await self._ends[name].wait()
        except NoRoom as full:
            self.told[name] = full.wait_s

    async def end(self, name: str, *, after_s: float) -> None:
        """Let the work on one message end."""
        self.now_s += after_s
        self._ends[name].set()
        await _settle()

    async def leave(self, name: str) -> None:
        """Let its sender go away."""
        self._tasks[name].cancel()
        await _settle()


class NoTime(asyncio.SelectorEventLoop):
    """A loop that does not wait: where nothing is to be done, it is later."""

    def __init__(self) -> None:
        self.now_s = 0.0
        super().__init__(_NoWait(self))

    def time(self) -> float:
        """Return how late it is."""
        return self.now_s


class _NoWait(selectors.DefaultSelector):
    def __init__(self, loop: NoTime) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        self._loop.now_s += 0 if ready else timeout or 0
        return ready


async def _settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def play(story: Callable[[Crowd], Coroutine[Any, Any, None]]) -> Crowd:
    """Play a story and return the crowd at its end."""

    async def whole() -> Crowd:
        crowd = Crowd()
        await story(crowd)
        for task in crowd._tasks.values():
            task.cancel()
        await _settle()
        return crowd

    return asyncio.run(whole())


def test_a_message_that_finds_room_is_worked_on_at_once() -> None:
    async def story(crowd: Crowd) -> None:
        await crowd.come("first")

    assert play(story).served == ["first"]


def test_one_that_finds_none_waits_for_its_turn() -> None:
    async def story(crowd: Crowd) -> None:
        await crowd.come("first", "second", "third")
        await crowd.end("first", after_s=0.01)

    assert play(story).served == ["first", "second"]


def test_whose_exchange_has_begun_goes_first() -> None:
    async def story(crowd: Crowd) -> None:
        await crowd.come("first", "new")
        await crowd.come("page", begun=True)
        await crowd.end("first", after_s=0.01)

    assert play(story).served == ["first", "page"]


def test_what_a_till_delivers_does_not_wait_for_all_that_others_fetch() -> None:
    async def story(crowd: Crowd) -> None:
        await crowd.come("first")
        await crowd.come("page", "another page", begun=True)
        await crowd.come("new")
        await crowd.come("a third page", begun=True)
        for name in ("first", "page", "new"):
            await crowd.end(name, after_s=0.01)

    assert play(story).served == ["first", "page", "new", "another page"]


def test_nobody_waits_for_longer_than_a_moment() -> None:
    async def story(crowd: Crowd) -> None:
        await crowd.come("first")
        await crowd.end("first", after_s=0.25)
        await crowd.come("second", "third", "fourth", "fifth")

    crowd = play(story)
    assert crowd.served == ["first", "second"]
    assert list(crowd.told) == ["fifth"]


def test_those_who_are_told_to_come_again_come_one_after_another() -> None:
    async def story(crowd: Crowd) -> None:
        await crowd.come("first")
        await crowd.end("first", after_s=2.0)
        await crowd.come("second", *map(str, range(20)))

    told = list(play(story).told.values())
    assert len(told) == 20
    assert told == sorted(told)
    assert 8 < told[-1] - told[0] < 20, "about half as far from each other as one takes"


def test_a_till_costs_all_messages_of_its_exchange() -> None:
    async def story(crowd: Crowd) -> None:
        await crowd.come("push")
        await crowd.end("push", after_s=2.0)
        await crowd.come("pull", begun=True)
        await crowd.end("pull", after_s=2.0)
        await crowd.come("second", *map(str, range(10)))

    told = list(play(story).told.values())
    assert told[-1] - told[0] >= 8


def test_what_was_long_ago_is_forgotten() -> None:
    async def story(crowd: Crowd) -> None:
        await crowd.come("first")
        await crowd.end("first", after_s=50.0)
        crowd.now_s += 600
        await crowd.come("second", *map(str, range(20)))

    assert max(play(story).told.values()) < 10


def test_who_would_be_much_later_is_told_to_ask_again_before() -> None:
    async def story(crowd: Crowd) -> None:
        crowd.gate.dice = Random(1).random
        await crowd.come("first")
        await crowd.end("first", after_s=500.0)
        await crowd.come("second", *map(str, range(20)))

    told = list(play(story).told.values())
    assert all(admission.HORIZON_S * 0.4 <= wait_s <= admission.HORIZON_S for wait_s in told)
    assert len(set(told)) > 10, "each at a time of its own"


def test_who_waited_longer_than_was_to_be_expected_is_told_to_come_again() -> None:
    loop = NoTime()
    gate = Gate(at_once=1, clock=loop.time, dice=lambda: 0.5)

    async def come(seconds: float) -> float:
        """Return how late it was when the message was answered."""
        with contextlib.suppress(NoRoom):
            async with gate.turn(begun=False):
                await asyncio.sleep(seconds)
        return loop.time()

    async def story() -> list[float]:
        return await asyncio.gather(come(60), come(1))

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        first, second = runner.run(story())
    assert first == 60
    assert second == pytest.approx(admission.PATIENCE_S * admission.OVERTIME)


def test_who_left_the_line_is_passed_over() -> None:
    async def story(crowd: Crowd) -> None:
        await crowd.come("first", "second", "third")
        await crowd.leave("second")
        await crowd.end("first", after_s=0.01)

    assert play(story).served == ["first", "third"]


def test_who_leaves_as_it_is_called_gives_its_turn_on() -> None:
    async def story(crowd: Crowd) -> None:
        await crowd.come("first", "second", "third")
        crowd._ends["first"].set()
        while len(crowd.gate._new) == 2:
            await asyncio.sleep(0)
        await crowd.leave("second")

    assert play(story).served == ["first", "third"]


@given(st.lists(st.tuples(st.sampled_from(["come", "begun", "end", "leave"]), st.integers(0, 11)), max_size=40))
def test_however_they_come_and_go_the_gate_neither_overfills_nor_keeps_a_place(moves: list[tuple[str, int]]) -> None:
    async def story(crowd: Crowd) -> None:
        for number, (move, which) in enumerate(moves):
            names = list(crowd._tasks)
            if move in ("come", "begun") or not names:
                await crowd.come(str(number), begun=move == "begun")
            elif move == "end":
                await crowd.end(names[which % len(names)], after_s=0.1)
            else:
                await crowd.leave(names[which % len(names)])
            assert crowd.gate._at_work <= 1
        for name in crowd._tasks:
            await crowd.end(name, after_s=0.1)
        for _ in crowd._tasks:
            await _settle()
        assert crowd.gate._at_work == 0

    play(story)


def test_five_hundred_tills_at_once_are_served_as_fast_as_the_work_goes_and_none_waits_long() -> None:
    loop, dice = NoTime(), Random(1)
    gate = Gate(clock=loop.time, dice=dice.random)
    answered_s, worked_s = list[float](), list[float]()

    async def answer(*, begun: bool) -> int:
        """Let one message come; return when it is to come again, 0 where it was taken."""
        try:
            async with gate.turn(begun=begun):
                worked_s.append((0.09 if begun else 0.24) * dice.uniform(0.1, 1.9))
                await asyncio.sleep(worked_s[-1])
        except NoRoom as full:
            return full.wait_s
        return 0

    async def till(number: int) -> None:
        await asyncio.sleep(number / 250)
        for begun in (False, True):
            again_s = 1
            while again_s:
                came_s = loop.time()
                again_s = await answer(begun=begun)
                answered_s.append(loop.time() - came_s)
                await asyncio.sleep(again_s + dice.random() if again_s else 0)

    async def all_of_them() -> None:
        await asyncio.gather(*map(till, range(500)))

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(all_of_them())
    assert len(worked_s) == 1_000
    assert loop.now_s < 1.2 * sum(worked_s) / gate.at_once
    assert max(answered_s) < 2
    assert len(answered_s) < 4 * 1_000


def test_a_till_is_told_when_to_come_again_and_loses_nothing(office: Office, tmp_path: Path) -> None:
    app, crowded = create_app(office), Gate(at_once=1, dice=lambda: 0.5)
    server = Server.start(office, app=app)
    server.import_town()
    till = server.enrol_till(tmp_path / "till")
    till.open_shift(float_minor=0, clerk="achieng")
    crowded._at_work, crowded._spent_s, crowded._faded_at_s = 1, 10.0, crowded.clock()
    app.state.gate = crowded
    answer = requests.post(f"{server.url}/v1/push", data=b"x", timeout=10)
    told = answer.headers
    assert (answer.status_code, told["Connection"]) == (503, "close")
    assert 3 < int(told["Retry-After"]) < 8
    result = sync(till)
    assert (result.outcome, result.waiting) == ("busy", 1)
    assert 3 < result.come_again_s < 16
    app.state.gate = Gate()
    assert sync(till).is_complete
    till.close()
    server.stop()
