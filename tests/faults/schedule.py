"""What one seed makes happen: payments at two or more tills, and between any two steps whatever a bad month brings.

Everything is drawn from the seed, so a schedule can be played again word for word; its story says what happened.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from meterpos.sync.exchange import ExchangeResult, exchange
from meterpos.sync.framing import open_unverified
from meterpos.sync.lock import ExchangeRunning
from meterpos.sync.steps import Failure, Memory
from tests.faults import clerk, desk, disasters, eyes, lost, sticks
from tests.faults.disks import Mark
from tests.faults.line import SimLine
from tests.faults.terms import CUT, OfficeCut, Receipt, Stick, TillCut, Wrong
from tests.faults.world import Place, World, answer_of, seed_dice

PAYMENTS_LEAST: Final = 20
FAULTS_LEAST: Final = 5
ROUNDS_MAX: Final = 400
DEPTH_MAX: Final = 2


@dataclass(frozen=True)
class Kept:
    """A moment of a course of events, to which it can go back: what the harness knew, the time, each machine's disk,
    clock and memory."""

    fields: dict[str, Any]
    now: datetime
    office: Mark
    places: dict[str, tuple[Mark, timedelta, Any]]
    mirrors: lost.Mirrors


@dataclass
class Schedule:
    """One seed's course of events."""

    world: World
    seed: int
    noisy: bool = True
    random: Random = field(init=False)
    receipts: dict[bytes, Receipt] = field(default_factory=dict)
    buried: set[bytes] = field(default_factory=set)
    """Receipts that stood on no disk any more after a disaster: nothing but their paper is left."""
    mirrored: dict[str, list[bytes]] = field(default_factory=dict)
    """The entries a till's mirror must hold, or head office."""
    claims: list[bytes] = field(default_factory=list)
    """Papers head office holds claims of, since the last disaster."""
    dug_up: dict[str, bytes] = field(default_factory=dict)
    """The sticks head office has read whole, in the calm, since the last disaster."""
    story: list[str] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    late: list[tuple[str, bytes]] = field(default_factory=list)
    answers: dict[tuple[str, str], list[bytes]] = field(default_factory=dict)
    """What was answered before, by path and till."""
    sticks: list[Stick] = field(default_factory=list)
    second_looks: int = 0
    copies: dict[str, list[int]] = field(default_factory=dict)
    office_copies: list[int] = field(default_factory=list)
    depth: int = 0
    handling: int = 0
    """How many of head office's workers are at a message."""
    under_way: set[str] = field(default_factory=set)
    forgotten: bool = False
    """Head office was restored and nobody said so."""
    office_came_back: bool = False
    moved: bool = False
    """Head office gave a meter to somebody else, or a customer to another zone."""
    payments: int = 0
    ahead: list[str] = field(default_factory=list)
    """What else will befall this month, by the names of tests.faults.disasters."""
    touched: set[str] = field(default_factory=set)
    """The tills something was done at."""
    at_rest: dict[str, Any] = field(default_factory=dict)
    """What there was to see where each till came to rest (calm.py)."""
    line_risk: float = 0.22
    """How likely something happens to a message."""
    cut_risk: float = 1.0
    """How many times as likely as in a month a till's power goes."""
    numbered: int = 0
    """How many copies of disks were kept, and things given a name of their own."""

    def __post_init__(self) -> None:
        self.random = seed_dice(self.seed)

    # --- the course

    def play(self) -> None:
        """Let everything happen, until there were enough payments and faults."""
        self.begin()
        self.go_on(payments=PAYMENTS_LEAST, faults=FAULTS_LEAST)

    def begin(self) -> None:
        """Watch the disks, and draw what this month brings."""
        self._watch()
        self.ahead = self._drawn()

    def go_on(self, *, payments: int, faults: int = 0, to_the_end: bool = True) -> None:
        """Let things happen until there were so many payments and faults, and all that is to befall (`to_the_end`)."""
        for _ in range(ROUNDS_MAX):
            if self.payments >= payments and self.fault_count >= faults and not (to_the_end and self.ahead):
                return
            if self.ahead and self.random.random() < 0.06:
                self.befall(self.ahead.pop(0))
                disasters.someone_works(self)
                continue
            self.something()
        raise Wrong("the schedule did not come to its end")

    def befall(self, name: str) -> None:
        """Let one disaster happen."""
        getattr(disasters, name)(self)

    @property
    def fault_count(self) -> int:
        """How many faults there were."""
        return sum(self.faults.values())

    # --- going back

    def keep(self) -> Kept:
        """Return this moment, between two things that happen. The stores must have been made ready."""
        world = self.world
        return Kept(
            {one.name: _copied(getattr(self, one.name)) for one in fields(self) if one.name not in ("world", "random")},
            world.now,
            world.office_store.mark(),
            {name: (place.store.mark(), place.skew, place.memory) for name, place in world.places.items()},
            lost.mirrors(world),
        )

    def go_back(self, kept: Kept) -> None:
        """Be as in that moment; nothing has happened since."""
        for name, value in kept.fields.items():
            setattr(self, name, _copied(value))
        self.world.now = kept.now
        self.world.office_store.put_back(kept.office)
        for name in [name for name in self.world.places if name not in kept.places]:
            del self.world.places[name]
        for name, (mark, skew, memory) in kept.places.items():
            place = self.world.places[name]
            place.store.put_back(mark)
            place.skew, place.memory = skew, memory
        lost.put_back(self.world, kept.mirrors)

    def throw_anew(self, name: str) -> None:
        """Let other dice fall from here on."""
        self.random = seed_dice(f"{self.seed} {name}")

    def _watch(self) -> None:
        self.world.office_store.at_moment = self._office_moment
        for place in self.world.places.values():
            place.store.at_moment = self.till_moment(place)

    def _drawn(self) -> list[str]:
        """Return what else befalls this month: by the seed one of four kinds, often a second, interleaved."""
        till, office = ["copy_till", "restore_till"], ["copy_office", "restore_office"]
        first = ([], till, office, ["clone_till"])[self.seed % 4]
        second = self.random.choice(([], till, office, office, ["clone_till"]))
        lines = [list(first), list(second)]
        merged = []
        while any(lines):
            merged.append(self.random.choice([line for line in lines if line]).pop(0))
        return merged

    def something(self) -> None:
        """Let one thing happen."""
        what = self.random.choices(
            (
                clerk.pay,
                clerk.reverse,
                clerk.change_shift,
                Schedule.exchange,
                desk.work,
                Schedule.turn_clock,
                Schedule.arrive,
                sticks.carry,
                Schedule.secure,
            ),
            weights=(44, 8, 4, 24, 10, 2, 4, 9, 12),
        )[0]
        what(self)

    def secure(self) -> None:
        """Something is done against loss: a mirror grows or is read, a receipt of what is lost is claimed."""
        self.random.choices(
            (lost.grow_mirror, lost.read_some_mirror, lost.claim_some), weights=(20, 2, 4 if self.buried else 1)
        )[0](self)

    def interlude(self) -> None:
        """Let something else happen between two steps of somebody's exchange, or before head office's worker writes."""
        if not self.noisy or self.depth >= DEPTH_MAX or self.random.random() > 0.05:
            return
        self.depth += 1
        self.faults["interleaved"] += 1
        try:
            what = self.random.choices(
                (clerk.pay, Schedule.exchange, desk.work, Schedule.arrive), weights=(40, 20, 20, 20)
            )[0]
            what(self)
        finally:
            self.depth -= 1

    def tell(self, text: str) -> None:
        """Write one line of the story."""
        self.story.append("  " * self.depth + text)

    # --- power

    def till_moment(self, place: Place) -> Callable[[str], None]:
        """Return what a till's disk tells its moments to."""

        def at(moment: str) -> None:
            if moment != "read" and self.noisy and self.random.random() < 0.012 * self.cut_risk:
                self.faults[f"till cut at {moment}"] += 1
                self.tell(f"{place.name}: the power goes at {moment}")
                raise TillCut(place)

        return at

    def _office_moment(self, moment: str) -> None:
        if moment in ("begin", "read"):
            if self.handling:
                self.interlude()
        elif self.noisy and self.random.random() < 0.02:
            self.faults[f"office cut at {moment}"] += 1
            self.tell(f"office: the power goes at {moment}")
            raise OfficeCut

    def start_again(self, place: Place) -> None:
        """Let the till's process be a new one."""
        place.store.lose_power()
        place.memory = None

    # --- at the counter

    def some_place(self) -> Place:
        """Return one of the tills."""
        name = self.random.choice(sorted(self.world.places))
        self.touched.add(name)
        return self.world.places[name]

    def next_number(self) -> int:
        """Return a number nothing else has."""
        self.numbered += 1
        return self.numbered

    def calmly(self, work: Callable[[], Any]) -> Any:
        """Do what is not itself under test without a power cut."""
        noisy, self.noisy = self.noisy, False
        try:
            return work()
        finally:
            self.noisy = noisy

    def turn_clock(self) -> None:
        """Time passes; now and then a machine's clock jumps."""
        self.world.now += timedelta(minutes=self.random.randrange(1, 600))
        place = self.some_place()
        if self.random.random() < 0.5:
            place.skew = timedelta(days=self.random.choice((-400, -1, 0, 1, 30)))
            self.faults["clock jump"] += 1
            self.tell(f"{place.name}: clock off by {place.skew.days} days")

    # --- the exchange

    def exchange(self) -> None:
        """Let some till exchange, over a line as bad as it gets."""
        self.exchange_at(self.some_place())

    def exchange_at(self, place: Place) -> ExchangeResult | None:
        """Exchange once; None when another exchange of this till is under way, or the power went."""
        memory = place.memory or Memory(
            entries=self.random.choice((1, 2, 5, 2500)), rows=self.random.choice((50, 50, 4000))
        )
        outermost = place.name not in self.under_way
        self.under_way.add(place.name)
        self.tell(f"{place.name}: exchange")
        try:
            result = exchange(
                place.store,
                home=place.home,
                device_key=place.till.device_key,
                line=SimLine(self, place),
                memory=memory,
                now=place.till.now,
                cancelled=self._between_steps(place),
            )
        except ExchangeRunning:
            return None
        except TillCut as cut:
            self.start_again(place)
            if cut.place is not place:
                raise
            return None
        finally:
            if outermost:
                self.under_way.discard(place.name)
        place.memory = result.memory
        self.tell(
            f"{place.name}: {result.outcome} +{result.pushed} -{result.pulled} waiting {result.waiting}"
            f" agreed {result.agreed} {result.detail}"
        )
        self._is_true(place, result)
        if result.outcome == "failed":
            raise Wrong(f"{place.name}: the exchange failed: {result.detail}")
        return result

    def _is_true(self, place: Place, result: ExchangeResult) -> None:
        """What a till believes to be delivered, when an exchange went through, is at head office.

        After a restore nobody spoke of, only once both agree: until then old streams were not asked about.
        """
        if not result.is_complete or self.depth or (self.forgotten and not result.agreed):
            return
        self.is_delivered(place)

    def is_delivered(self, place: Place) -> None:
        """See that head office has what a till believes it signed for. Raises: Wrong."""
        signed = eyes.column(
            place.store,
            "SELECT entry_id FROM journal JOIN streams "
            "ON streams.stream = journal.stream AND streams.through_seq >= journal.seq",
        )
        missing = set(signed).difference(eyes.entry_ids(self.world.office_store))
        if missing:
            raise Wrong(f"{place.name} takes {len(missing)} entries for delivered that head office does not have")

    def _between_steps(self, place: Place) -> Callable[[], bool]:
        def between() -> bool:
            self.interlude()
            if self.noisy and self.random.random() < 0.02 * self.cut_risk:
                self.faults["till cut between steps"] += 1
                self.tell(f"{place.name}: the power goes between two steps")
                raise TillCut(place)
            return self.noisy and self.random.random() < 0.01

        return between

    def deliver(self, path: str, message: bytes, who: str = "") -> bytes | Failure:
        """Bring a message to head office and return its answer."""
        self.handling += 1
        try:
            answer = answer_of(self.world.office, path, message)
        except OfficeCut:
            self.world.office_store.lose_power()
            return CUT
        finally:
            self.handling -= 1
        if isinstance(answer, bytes):
            self.answers.setdefault((path, who), []).append(answer)
            if path == "/v1/pull":
                asked = open_unverified(message, purpose="pull").sealed.header
                self.second_looks += bool(asked["zones"] and asked["facts"])
        return answer

    def old_answer(self, path: str, who: str) -> bytes | Failure:
        """Return an answer of some earlier day: mostly to this till and to such a question, the older the better."""
        dice = self.random
        if dice.random() < 0.8:
            old = self.answers.get((path, who), [])
        else:
            old = [answer for answers in self.answers.values() for answer in answers]
        return dice.choice(old[-4:] if dice.random() < 0.5 else old) if old else CUT

    def arrive(self) -> None:
        """A message that was held up somewhere arrives; nobody waits for its answer any more."""
        if self.late:
            path, message = self.late.pop(self.random.randrange(len(self.late)))
            self.tell(f"late {path} arrives")
            self.deliver(path, message)


def _copied(value: Any) -> Any:
    """Return a value of a schedule's so that changing one leaves the other."""
    if isinstance(value, Counter):
        return Counter(value)
    if isinstance(value, dict):
        return {key: list(one) if isinstance(one, list) else one for key, one in value.items()}
    return type(value)(value) if isinstance(value, list | set) else value
