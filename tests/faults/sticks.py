"""Courier files on sticks: written, answered, read, worn, in any order and between exchanges over the network."""

from typing import TYPE_CHECKING

from meterpos.headoffice import feed
from meterpos.headoffice.courier import answer as office_answer
from meterpos.ledger.queries.identity import identity
from meterpos.sync.courier import make_request, read_answer
from meterpos.sync.courier_file import UnusableCourier
from meterpos.sync.lock import ExchangeRunning
from tests.faults.line import mangled
from tests.faults.terms import OfficeCut, Stick, TillCut, Wrong
from tests.faults.world import Place

if TYPE_CHECKING:
    from tests.faults.schedule import Schedule


def carry(schedule: "Schedule") -> None:
    """Somebody with a stick does one thing: has a till write to it, head office answer, or a till read from it."""
    dice = schedule.random
    place = schedule.some_place()
    requests = [one for one in schedule.sticks if one.kind == "request"]
    answers = [one for one in schedule.sticks if one.kind == "answer"]
    if answers and dice.random() < 0.5:
        read(schedule, place, dice.choice(answers[-6:]))
    elif requests and dice.random() < 0.7:
        answer(schedule, dice.choice(requests[-6:]))
    else:
        write(schedule, place)


def read_old(schedule: "Schedule", place: Place) -> None:
    """Let a till that came back read an answer from before, should one lie about."""
    old = [one for one in schedule.sticks if one.kind == "answer" and one.of == place.name]
    if old:
        read(schedule, place, schedule.random.choice(old))


def write(schedule: "Schedule", place: Place) -> None:
    """Let a till write what waits to a stick."""
    try:
        data, out = make_request(place.store, device_key=place.till.device_key, at=place.till.now())
    except TillCut:
        schedule.start_again(place)
        if place.name in schedule.under_way:
            raise
        return
    schedule.faults["courier file"] += 1
    schedule.tell(f"{place.name}: writes {out.entries} entries to a stick")
    schedule.sticks.append(Stick("request", place.name, data))


def answer(schedule: "Schedule", stick: Stick) -> None:
    """Let head office read a stick and answer on it."""
    schedule.handling += 1
    try:
        done = office_answer(schedule.world.office, _worn(schedule, stick.data))
    except UnusableCourier as error:
        schedule.tell(f"office: cannot use the stick of {stick.of}: {error}")
        return
    except OfficeCut:
        schedule.world.office_store.lose_power()
        return
    finally:
        schedule.handling -= 1
    schedule.faults["courier answered"] += 1
    schedule.tell(f"office: the stick of {stick.of} has {done.new} new entries, {done.rows} rows go back")
    schedule.sticks.append(Stick("answer", stick.of, done.data))


def read(schedule: "Schedule", place: Place, stick: Stick) -> None:
    """Let a till read an answer: its own, an old one, another till's, or what a bad stick made of it."""
    if place.name in schedule.under_way:
        return
    data = _worn(schedule, stick.data)
    till = place.till
    has_heard = _knows_the_generation(schedule, place)
    schedule.under_way.add(place.name)
    try:
        read = read_answer(data, place.store, home=place.home, device_key=till.device_key, at=till.now())
    except (UnusableCourier, ExchangeRunning) as error:
        schedule.tell(f"{place.name}: does not use the stick of {stick.of}: {error}")
        return
    except TillCut as cut:
        schedule.start_again(place)
        if cut.place is not place:
            raise
        return
    finally:
        schedule.under_way.discard(place.name)
    if data != stick.data:
        raise Wrong(f"{place.name} believed a damaged file")
    schedule.faults["courier read"] += 1
    schedule.tell(f"{place.name}: stick +{read.pushed} -{read.pulled} waiting {read.waiting} {read.detail}")
    if has_heard and not (schedule.forgotten or schedule.depth):
        schedule.is_delivered(place)


def _worn(schedule: "Schedule", data: bytes) -> bytes:
    """Return what a stick gives back: mostly what was written."""
    if schedule.noisy and schedule.random.random() < 0.1:
        schedule.faults["stick damaged"] += 1
        return mangled(data, schedule.random)
    return data


def _knows_the_generation(schedule: "Schedule", place: Place) -> bool:
    """Tell whether a till has heard of every restore of head office."""
    with place.store.read() as connection, schedule.world.office_store.read() as conn:
        return identity(connection).generation == feed.generation(conn)
