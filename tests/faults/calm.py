"""The calm after a schedule: tills exchange over a good line until nothing can be new."""

from typing import Any, Final

from meterpos.sync.exchange import ExchangeResult
from tests.faults import eyes
from tests.faults.schedule import Schedule
from tests.faults.world import ZONES, Place

ROUNDS_MAX: Final = 6
"""So often tills take their turns in the calm at most."""

View = tuple[Any, ...]


def calm_down(schedule: Schedule) -> list[str]:
    """Let tills exchange until nothing can be new, and see that they have come to rest; return what is wrong."""
    wrong: list[str] = []
    places = schedule.world.places
    for place in places.values():
        place.memory = None
    more = list(places) if schedule.forgotten else []  # old streams are asked about once it is seen that sides differ
    for name in [*places, *list(places)[:-1], *more]:
        _exchange(schedule, places[name])
    few = len(places) == len(ZONES) and not schedule.forgotten
    last = schedule.random.choice(sorted(places)) if few else ""
    for name, place in places.items():
        if last not in ("", name):
            continue
        result = _exchange(schedule, place)
        wrong += _found_wrong(schedule, name, result)
        if result.pushed or (result.pulled and not schedule.forgotten):
            wrong.append(f"{name} does not come to rest: +{result.pushed} -{result.pulled}")
    return wrong


def calm_down_where_needed(schedule: Schedule) -> list[str]:
    """Let those tills exchange that can have something to say or to hear, until none can; return what is wrong.

    A till at rest, whose disk is as it was after its last exchange, and for which head office has what it had then,
    would exchange for nothing.
    """
    wrong: list[str] = []
    places = schedule.world.places
    results: dict[str, ExchangeResult] = {}
    order = sorted(places, key=lambda name: name not in schedule.touched)
    for _ in range(ROUNDS_MAX):
        restless = [name for name in order if not _is_at_rest(schedule, places[name])]
        for name in restless:
            if not _is_at_rest(schedule, places[name]):
                results[name] = _exchange(schedule, places[name])
        if not restless:
            break
    else:
        wrong.append(f"{', '.join(restless)} do not come to rest")
    for name, result in results.items():
        wrong += _found_wrong(schedule, name, result)
    return wrong


def _exchange(schedule: Schedule, place: Place) -> ExchangeResult:
    """Exchange once, and note where the till came to rest: where there was nothing that calls for another exchange."""
    in_vain = place.memory.in_vain if place.memory is not None else {}
    result = schedule.exchange_at(place)
    assert result is not None
    if result.outcome in ("complete", "forked") and result.memory.in_vain == in_vain:
        schedule.at_rest[place.name] = _view(schedule, place)
    else:
        schedule.at_rest.pop(place.name, None)
    return result


def _is_at_rest(schedule: Schedule, place: Place) -> bool:
    return schedule.at_rest.get(place.name) == _view(schedule, place)


def _view(schedule: Schedule, place: Place) -> View:
    """Return all an exchange depends on: the till's disk, the end of its part of the feed, its digests, its streams."""
    office, zones = schedule.world.office_store, ("*", *eyes.zones_of(place.store))
    marks = eyes.marks(zones)
    end = office.look(
        f"SELECT (SELECT max(generation) FROM generations), (SELECT max(position) FROM feed WHERE zone IN ({marks}))",
        *zones,
    )
    digests = office.look(
        f"SELECT zone, count, total FROM zone_digests WHERE zone IN ({marks}) ORDER BY zone",
        *zones,
    )
    ends = office.look(
        "SELECT stream, through_seq, head FROM streams WHERE till_name = ?", zones[-1].removeprefix("till:")
    )
    return place.store.written, end, digests, sorted(ends)


def _found_wrong(schedule: Schedule, name: str, result: ExchangeResult) -> list[str]:
    """Nothing waits, and the till agrees with head office."""
    wrong = []
    if result.outcome not in ("complete", "forked") or result.waiting:
        wrong.append(f"{name} is blocked: {result.outcome}, {result.waiting} waiting, {result.detail}")
    if not result.agreed and not schedule.forgotten and result.outcome == "complete":
        wrong.append(f"{name} and head office disagree: {result.detail}")
    return wrong
