"""What befalls disks: a till or head office comes back from an older copy, a till is copied and both go on."""

import shutil
from typing import TYPE_CHECKING

from sqlalchemy import select

from meterpos.headoffice.restores import begin_generation
from meterpos.ledger.operations.enrolment import begin_again_after_restore
from meterpos.ledger.tables import journal
from tests.faults import lost, sticks

if TYPE_CHECKING:
    from tests.faults.schedule import Schedule


def copy_till(schedule: "Schedule") -> None:
    """Keep a copy of a till's ledger."""
    place, number = schedule.some_place(), schedule.next_number()
    place.store.keep_copy(schedule.world.copy_name(number))
    schedule.copies.setdefault(place.name, []).append(number)
    schedule.tell(f"{place.name}: copy {number} is kept")


def restore_till(schedule: "Schedule") -> None:
    """A till's disk dies; its ledger comes back from an older copy and begins a new stream."""
    someone_works(schedule)
    name = schedule.random.choice(sorted(schedule.copies))
    place, number = schedule.world.places[name], schedule.copies[name][0]
    place.store.go_back_to(schedule.world.copy_name(number))
    schedule.start_again(place)
    dice = schedule.random
    told = dice.random() < 0.8
    if told:
        if dice.random() < 0.7:
            schedule.calmly(lambda: lost.take_from_mirror(schedule, place))
        with place.store.write_calmly() as connection:
            begin_again_after_restore(
                connection,
                stream=dice.randbytes(16),
                label="R" + "".join(dice.choices("ABCDEFGH23456789", k=2)),
                device_key=place.till.device_key,
                moment=place.till.moment(),
            )
    kind = "till restore" if told else "till restore, nobody said so"
    schedule.faults[kind] += 1
    schedule.tell(f"{name}: {kind}, from copy {number}")
    bury(schedule)
    if dice.random() < 0.4:
        sticks.read_old(schedule, place)


def clone_till(schedule: "Schedule") -> None:
    """A copy of a till's machine is switched on; both go on."""
    name = schedule.random.choice(sorted(set(schedule.world.places) & {"KSM01", "KSM02"}))
    place, twin = schedule.world.places[name], schedule.world.spares.get(name)
    if twin is None or twin.name in schedule.world.places:
        return
    place.store.keep_copy(schedule.world.copy_name(0))
    shutil.copytree(place.home, twin.home, dirs_exist_ok=True, ignore=shutil.ignore_patterns("ledger.db*", "*.lock"))
    twin.store.go_back_to(schedule.world.copy_name(0))
    schedule.start_again(twin)
    twin.store.at_moment = schedule.till_moment(twin)
    schedule.world.places[twin.name] = twin
    schedule.faults["clone"] += 1
    schedule.tell(f"{name}: a copy goes on as {twin.name}")


def copy_office(schedule: "Schedule") -> None:
    """Keep a copy of head office's database."""
    number = schedule.next_number()
    schedule.world.office_store.keep_copy(schedule.world.copy_name(number))
    schedule.office_copies.append(number)
    schedule.tell(f"office: copy {number} is kept")


def restore_office(schedule: "Schedule") -> None:
    """Head office's disk dies; it comes back from an older copy, as a new generation unless somebody forgets."""
    someone_works(schedule)
    number = schedule.office_copies[0]
    schedule.world.office_store.go_back_to(schedule.world.copy_name(number))
    schedule.office_came_back = True
    told = schedule.random.random() < 0.6
    if told:
        office = schedule.world.office
        with schedule.world.office_store.write_calmly() as conn:
            begin_generation(conn, leap=schedule.random.randrange(1 << 20), at=office.moment().at)
    else:
        schedule.forgotten = True
    kind = "server restore" if told else "server restore, nobody said so"
    schedule.faults[kind] += 1
    schedule.tell(f"office: {kind}, from copy {number}")
    bury(schedule)


def someone_works(schedule: "Schedule") -> None:
    """Let some time pass between a copy and its use."""
    for _ in range(schedule.random.randrange(2, 12)):
        schedule.something()


def bury(schedule: "Schedule") -> None:
    """Find the receipts that now stand on no disk."""
    standing: set[bytes] = set()
    for store in (schedule.world.office_store, *(place.store for place in schedule.world.places.values())):
        with store.read() as connection:
            standing |= set(connection.execute(select(journal.c.entry_id)).scalars())
    gone = {entry_id for entry_id in schedule.receipts if entry_id not in standing}
    for entry_id in gone - schedule.buried:
        schedule.tell(f"{schedule.receipts[entry_id].number} stands on no disk any more")
    schedule.buried = gone
    schedule.claims.clear()
    schedule.dug_up.clear()
