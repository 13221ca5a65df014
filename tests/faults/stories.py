"""Schedules written by hand beside the drawn ones: short, and each about what dice seldom bring together."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from meterpos.errors import UserError
from meterpos.headoffice.books import adjust
from meterpos.headoffice.master import hand_over
from meterpos.headoffice.restores import begin_generation
from meterpos.headoffice.zones import move_customer
from meterpos.ledger.operations.enrolment import begin_again_after_restore
from meterpos.ledger.operations.tenders import LegRequest, PartRequest, TenderRequest
from meterpos.sync.steps import Failure, Memory
from tests.faults import clerk, disasters, lost, sticks
from tests.faults.line import SimLine
from tests.faults.schedule import Schedule
from tests.faults.simulate import Outcome, Simulator
from tests.faults.terms import CUT
from tests.faults.tree import broken
from tests.faults.verdict import settle
from tests.faults.world import CLERK, Place, reset

COPY: Final = 1


@dataclass
class Script:
    """A schedule in which only happens what is said."""

    schedule: Schedule
    first: Place = field(init=False)
    second: Place = field(init=False)

    def __post_init__(self) -> None:
        self.first, self.second = (self.schedule.world.places[name] for name in ("KSM01", "KSM02"))

    def pay(self, place: Place, account: str = "A0") -> str:
        """Take a payment and return its number."""
        schedule = self.schedule
        clerk.ensure_shift(schedule, place)
        tender = f"t{schedule.next_number():06d}"
        parts, legs = (
            (PartRequest(account_no=account, amount_minor=700),),
            (LegRequest(method="cash", amount_minor=700),),
        )
        request = TenderRequest(tender_id=tender, customer_no=f"AC-{int(account[1:]) // 2}", parts=parts, legs=legs)
        entry = place.till.take(request=request, clerk=CLERK, approval=None)
        schedule.payments += 1
        clerk.remember(schedule, place, entry)
        return str(entry.content.body["number"])

    def exchange(self, *places: Place) -> None:
        """Let tills exchange, over a good line."""
        for place in places:
            self.schedule.exchange_at(place)

    def adjust(self, account: str) -> None:
        """Let head office adjust an account."""
        office = self.schedule.world.office
        with office.write() as (conn, outgoing):
            adjust(conn, outgoing, account_no=account, amount_minor=900, reason="put right", on=office.moment().today)

    def keep(self, place: Place | None = None) -> None:
        """Keep a copy of a till's disk, or of head office's."""
        store = self.schedule.world.office_store if place is None else place.store
        store.keep_copy(self.schedule.world.copy_name(COPY))

    def hand_over(self, account: str, to_customer: str) -> str:
        """Let head office give an account's meter to another customer, and return the new account's number."""
        office, new = self.schedule.world.office, f"{account}-{self.schedule.next_number()}"
        with office.write() as (conn, outgoing):
            on = office.moment().today
            meter = f"MTR-{account[1:]}"
            hand_over(conn, outgoing, meter_no=meter, to_customer=to_customer, account_no=new, on=on)
        self.schedule.moved = True
        return new

    def move(self, customer: str, zone: str) -> None:
        """Let head office move a customer to another zone."""
        with self.schedule.world.office.write() as (conn, outgoing):
            move_customer(conn, outgoing, customer_no=customer, zone=zone)
        self.schedule.moved = True

    def restore(self, place: Place | None = None, *, told: bool = True) -> None:
        """Bring a disk back from the copy, and say so unless not `told`."""
        world, dice = self.schedule.world, self.schedule.random
        store = world.office_store if place is None else place.store
        store.go_back_to(world.copy_name(COPY))
        if place is None:
            self.schedule.office_came_back = True
            self.schedule.faults["server restore"] += 1
            if not told:
                self.schedule.forgotten = True
                return
            with world.office_store.write() as conn:
                begin_generation(conn, leap=dice.randrange(1 << 20), at=world.office.moment().at)
            return
        self.schedule.start_again(place)
        if not told:
            return
        with place.store.write() as connection:
            begin_again_after_restore(
                connection,
                stream=dice.randbytes(16),
                label="R2D",
                device_key=place.till.device_key,
                moment=place.till.moment(),
            )

    def over(self, place: Place, do: Callable[[str, int], bytes | Failure | None]) -> None:
        """Exchange over a line on which `do` answers for a path's n-th message; None lets it through."""
        seen: Counter[str] = Counter()

        def send(line: SimLine, path: str, message: bytes) -> bytes | Failure:
            number = seen[path]
            seen[path] += 1
            answer = do(path, number)
            return self.schedule.deliver(path, message, line.place.name) if answer is None else answer

        was, SimLine.send = SimLine.send, send  # type: ignore[method-assign]
        try:
            self.schedule.exchange_at(place)
        finally:
            SimLine.send = was  # type: ignore[method-assign]


def restored(script: Script) -> None:
    """Head office comes back, and had said things since that tills have heard."""
    script.keep()
    script.adjust("A2")
    script.pay(script.first)
    script.exchange(script.first, script.second)
    script.restore()
    script.adjust("A0")


def restored_twice(script: Script) -> None:
    """Head office comes back twice from one copy, and says other things each time."""
    script.keep()
    for account in ("A2", "A0"):
        script.restore()
        script.adjust(account)
        script.adjust(account)
        script.exchange(script.first, script.second)
    script.restore()
    script.adjust("A4")


def twins_reverse(script: Script) -> None:
    """A till and its copy each reverse one receipt, and each gives the money back."""
    number = script.pay(script.first)
    script.exchange(script.first)
    script.schedule.befall("clone_till")
    twins = [place for name, place in script.schedule.world.places.items() if name.startswith("KSM01")]
    for place in twins:
        clerk.reverse_one(script.schedule, place, number)


def late_stick(script: Script) -> None:
    """An answer by stick is read after the till heard that head office came back without what it signed for."""
    till = script.first
    script.keep()
    for _ in range(3):
        script.pay(till)
    sticks.write(script.schedule, till)
    sticks.answer(script.schedule, script.schedule.sticks[-1])
    script.restore()
    till.memory = Memory(entries=1)
    script.over(till, lambda path, number: CUT if number else None)
    sticks.read(script.schedule, till, script.schedule.sticks[-1])


def stick_from_ahead(script: Script) -> None:
    """A restored till reads an answer that goes on from where it was before."""
    till = script.first
    script.keep(till)
    script.adjust("A0")
    script.exchange(till)
    sticks.write(script.schedule, till)
    script.adjust("A2")
    sticks.answer(script.schedule, script.schedule.sticks[-1])
    script.restore(till)
    sticks.read(script.schedule, till, script.schedule.sticks[-1])


def twins_stick(script: Script) -> None:
    """A till's copy reads an answer that signs for what the till did since they parted."""
    till = script.first
    sticks.write(script.schedule, till)
    script.schedule.befall("clone_till")
    twin = script.schedule.world.places["KSM01-copy"]
    script.pay(till)
    script.pay(twin, "A2")
    script.exchange(till)
    sticks.answer(script.schedule, script.schedule.sticks[-1])
    sticks.read(script.schedule, twin, script.schedule.sticks[-1])


def restored_by_stick(script: Script) -> None:
    """A till hears by stick that head office came back."""
    till = script.first
    script.keep()
    script.adjust("A2")
    script.exchange(till)
    sticks.write(script.schedule, till)
    script.restore()
    script.adjust("A0")
    sticks.answer(script.schedule, script.schedule.sticks[-1])
    sticks.read(script.schedule, till, script.schedule.sticks[-1])


def two_at_once(script: Script) -> None:
    """A till exchanges while it exchanges."""
    till = script.first
    for _ in range(3):
        script.adjust("A0")

    def meanwhile(path: str, number: int) -> None:
        if path == "/v1/pull" and not number:
            script.schedule.exchange_at(till)

    script.over(till, meanwhile)
    script.adjust("A2")
    script.exchange(till)
    for _ in range(3):
        script.adjust("A4")


def old_yes(script: Script) -> None:
    """A batch is answered with what was signed for the one before."""
    till = script.first
    script.pay(till)
    script.exchange(till)
    script.pay(till)
    old = script.schedule.answers["/v1/push", till.name][-1]
    script.over(till, lambda path, _: old if path == "/v1/push" else None)


def dead_twice(script: Script) -> None:
    """A till's disk dies twice, and what it took since its copies stands on its stick alone."""
    till = script.first
    for _ in range(2):
        script.keep(till)
        for _ in range(2):
            script.pay(till)
            lost.grow_at(script.schedule, till)
        script.restore(till)
    disasters.bury(script.schedule)


def came_back_unsaid(script: Script) -> None:
    """A till comes back from a copy and nobody says so: it takes other payments in the places of those it lost."""
    till = script.first
    script.keep(till)
    for _ in range(3):
        script.pay(till)
    lost.grow_at(script.schedule, till)
    script.restore(till, told=False)
    script.pay(till)
    lost.grow_at(script.schedule, till)
    script.restore(till)
    disasters.bury(script.schedule)


def stick_after_return(script: Script) -> None:
    """A till comes back from a copy, and only then does head office read the stick with what the copy lacks."""
    till = script.first
    script.keep(till)
    script.pay(till)
    lost.grow_at(script.schedule, till)
    script.restore(till)
    script.exchange(till, till)
    lost.read_all(script.schedule)


def mirrored_again(script: Script) -> None:
    """Head office comes back without what it had signed for, and the till that hears of it dies before it delivers."""
    till = script.first
    script.keep()
    script.pay(till)
    script.exchange(till)
    script.pay(till)
    lost.grow_at(script.schedule, till)
    script.restore()
    till.memory = Memory(entries=1)
    script.over(till, lambda path, number: CUT if number else None)
    lost.grow_at(script.schedule, till)
    till.store.go_back_to(script.schedule.world.folder / f"{till.name}.template")
    script.schedule.start_again(till)
    disasters.bury(script.schedule)


def claimed(script: Script) -> None:
    """What is left of two payments is paper: head office claims one, a till the other. A third is only late."""
    till, schedule = script.first, script.schedule
    script.keep(till)
    for _ in range(2):
        script.pay(till)
    script.restore(till)
    disasters.bury(schedule)
    script.pay(till)
    one, other, late = schedule.receipts.values()
    lost.claim_at_office(schedule, one)
    lost.claim_at_till(schedule, other)
    lost.claim_at_office(schedule, late)
    schedule.buried.clear()
    lost_for_good = {one.entry.entry_id, other.entry.entry_id}
    script.exchange(till, script.second)
    schedule.claims = sorted({*schedule.claims, *lost_for_good})
    schedule.buried = lost_for_good


def twins_claimed(script: Script) -> None:
    """A till and its copy give one number to two receipts, and both are claimed before either comes."""
    script.schedule.befall("clone_till")
    for name, place in script.schedule.world.places.items():
        if name.startswith("KSM01"):
            script.pay(place)
    for receipt in list(script.schedule.receipts.values()):
        lost.claim_at_office(script.schedule, receipt)


def claimed_in_vain(script: Script) -> None:
    """Somebody claims a receipt whose payment is there."""
    script.pay(script.first)
    script.exchange(script.first)
    (receipt,) = script.schedule.receipts.values()
    with suppress(UserError):
        lost.claim_at_office(script.schedule, receipt)


def moved(script: Script) -> None:
    """One customer moves out of a till's zone and another into it, each with payments behind them."""
    script.pay(script.first, "A0")
    script.pay(script.second, "A2")
    script.pay(script.second, "A6")
    script.exchange(script.first, script.second, script.first)
    for customer, zone in (("AC-0", "Mamboleo"), ("AC-1", "Mamboleo"), ("AC-3", "Kondele")):
        script.move(customer, zone)
    script.schedule.moved = False


def moves_lost(script: Script) -> None:
    """Head office comes back without a hand-over and moves of customers that tills have heard of and worked with."""
    first, second = script.first, script.second
    script.pay(first, "A0")
    script.exchange(first, second)
    script.keep()
    new = script.hand_over("A4", "AC-1")
    script.move("AC-0", "Mamboleo")
    script.move("AC-3", "Kondele")
    script.exchange(first, second)
    script.pay(first, "A6")
    script.pay(second, "A1")
    script.adjust(new)
    script.exchange(second)
    script.restore()
    script.pay(second, "A0")


def hand_over_lost(script: Script) -> None:
    """Head office comes back without a hand-over that tills have heard of, and no money shows it."""
    script.keep()
    script.hand_over("A4", "AC-1")
    script.exchange(script.first, script.second)
    script.restore()


def unsaid_and_forgotten(script: Script) -> None:
    """Head office comes back without what it made of itself, and nobody says so; it has said other things since."""
    script.exchange(script.first, script.second)
    script.keep()
    for account in ("A2", "A3", "A2", "A3"):
        script.adjust(account)
    script.pay(script.first)
    script.exchange(script.first, script.second)
    script.restore(told=False)
    script.adjust("A0")
    script.exchange(script.first, script.second)


STORIES: Final = (
    dead_twice, came_back_unsaid, stick_after_return, mirrored_again, claimed, twins_claimed, claimed_in_vain, moved,
    moves_lost, hand_over_lost, unsaid_and_forgotten,
    restored, restored_twice, twins_reverse, late_stick, stick_from_ahead, twins_stick, restored_by_stick, two_at_once,
    old_yes,
)  # fmt: skip


def play(simulator: Simulator, story: Callable[[Script], None]) -> Outcome:
    """Play one story and judge it."""
    reset(simulator.world)
    schedule = Schedule(simulator.world, 0, noisy=False)
    try:
        story(Script(schedule))
        verdict = settle(schedule, whole=False)
    except Exception as error:  # noqa: BLE001 - a bug may raise anything
        return broken(schedule, error)
    return Outcome(schedule, verdict.wrong, verdict.notes)
