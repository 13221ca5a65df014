"""What one seed makes happen: payments at two or more tills, and between any two steps whatever a bad month brings.

Everything is drawn from the seed, so a schedule can be played again word for word; its story says what happened.
"""

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any, Final

from sqlalchemy import select

from meterpos.errors import UserError
from meterpos.headoffice.books import Invoice, add_invoices, adjust, say_of_payments
from meterpos.headoffice.courier import answer as office_answer
from meterpos.headoffice.master import hand_over
from meterpos.headoffice.restores import begin_generation
from meterpos.ledger.journal import Entry
from meterpos.ledger.operations.enrolment import begin_again_after_restore
from meterpos.ledger.operations.tenders import LegRequest, PartRequest, ReferenceUsed, TenderRequest, UnknownMeter
from meterpos.ledger.tables import journal, streams, tenders
from meterpos.sync import wire
from meterpos.sync.courier import make_request, read_answer
from meterpos.sync.courier_file import UnusableCourier
from meterpos.sync.exchange import ExchangeResult, exchange
from meterpos.sync.framing import open_unverified
from meterpos.sync.lock import ExchangeRunning
from meterpos.sync.steps import Failure, Memory
from tests.faults.world import (
    BUSY,
    CLERK,
    Place,
    PowerCut,
    World,
    account_rows,
    answer_of,
    approval,
    seed_dice,
)

PAYMENTS_LEAST: Final = 20
FAULTS_LEAST: Final = 5
ROUNDS_MAX: Final = 400
DEPTH_MAX: Final = 2
CUT: Final = Failure("cut", "The line broke.")
AT: Final = "2026-11-20T06:41:07.123Z"
PORTAL: Final = b"<html>Please log in</html>"
AWAY: Final = Failure("unreachable", "Head office did not answer (no connection).")

LINE_FAULTS: Final = (
    "request lost", "answer lost", "duplicated", "late", "stale answer", "answer mangled", "request mangled", "portal",
    "office busy", "office cut", "unreachable", "forged",
)  # fmt: skip


class TillCut(PowerCut):
    """The power of one machine went."""

    def __init__(self, place: Place) -> None:
        super().__init__(place.name)
        self.place = place


class OfficeCut(PowerCut):
    """The power of head office went."""


class Wrong(AssertionError):
    """Something happened that no fault explains."""


@dataclass(frozen=True)
class Receipt:
    """A paper as the harness remembers it, outside the system."""

    place: str
    number: str
    entry: Entry
    was_printed: bool


@dataclass(frozen=True)
class Stick:
    """A courier file on its way, and whose it is."""

    kind: str
    of: str
    data: bytes


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
    payments: int = 0
    _copy: int = 0
    _serial: int = 0

    def __post_init__(self) -> None:
        self.random = seed_dice(self.seed)

    # --- the course

    def play(self) -> None:
        """Let everything happen, until there were enough payments and faults."""
        self._watch()
        disasters = self._disasters()
        for _ in range(ROUNDS_MAX):
            if self.payments >= PAYMENTS_LEAST and sum(self.faults.values()) >= FAULTS_LEAST and not disasters:
                return
            if disasters and self.random.random() < 0.06:
                disasters.pop(0)()
                self._someone_works()
                continue
            self._something()
        raise Wrong("the schedule did not come to its end")

    def _watch(self) -> None:
        self.world.office_store.at_moment = self._office_moment
        for place in self.world.places.values():
            place.store.at_moment = self._till_moment(place)

    def _disasters(self) -> list[Callable[[], None]]:
        """Return what else befalls this month: by the seed one of four kinds, often a second, interleaved."""
        till, office = [self.copy_till, self.restore_till], [self.copy_office, self.restore_office]
        first = ([], till, office, [self.clone_till])[self.seed % 4]
        second = self.random.choice(([], till, office, office, [self.clone_till]))
        lines = [list(first), list(second)]
        merged = []
        while any(lines):
            merged.append(self.random.choice([line for line in lines if line]).pop(0))
        return merged

    def _something(self) -> None:
        """Let one thing happen."""
        what = self.random.choices(
            (
                self.pay,
                self.reverse,
                self.change_shift,
                self.exchange,
                self.office_works,
                self.turn_clock,
                self.arrive,
                self.carry,
            ),
            weights=(44, 8, 4, 24, 10, 2, 4, 9),
        )[0]
        what()

    def interlude(self) -> None:
        """Let something else happen between two steps of somebody's exchange, or before head office's worker writes."""
        if not self.noisy or self.depth >= DEPTH_MAX or self.random.random() > 0.05:
            return
        self.depth += 1
        self.faults["interleaved"] += 1
        try:
            what = self.random.choices(
                (self.pay, self.exchange, self.office_works, self.arrive), weights=(40, 20, 20, 20)
            )[0]
            what()
        finally:
            self.depth -= 1

    def tell(self, text: str) -> None:
        """Write one line of the story."""
        self.story.append("  " * self.depth + text)

    # --- power

    def _till_moment(self, place: Place) -> Callable[[str], None]:
        def at(moment: str) -> None:
            if moment != "read" and self.noisy and self.random.random() < 0.012:
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

    def _start_again(self, place: Place) -> None:
        place.store.lose_power()
        place.memory = None

    # --- at the counter

    def some_place(self) -> Place:
        return self.world.places[self.random.choice(sorted(self.world.places))]

    def pay(self) -> None:
        """Take one payment; after a power cut the clerk looks, and presses again."""
        place = self.some_place()
        self._ensure_shift(place)
        request = self._tender(place)
        approved = approval() if self.random.random() < 0.2 else None
        try:
            self._at_counter(
                place, lambda: place.till.take(request=request, clerk=CLERK, approval=approved), request.tender_id
            )
        except ReferenceUsed:
            self.tell(f"{place.name}: a reference was used before; nothing taken")
            return
        self.payments += 1

    def _tender(self, place: Place) -> TenderRequest:
        dice = self.random
        rows = [row for row in account_rows(place.store) if row.closed_on is None]
        row = dice.choice(rows)
        amount = dice.choice((1, 500, 10_000, 100_000, 250_000))
        if dice.random() < 0.05:
            part = PartRequest(amount_minor=amount, unknown=UnknownMeter(meter_no="MTR-X", name="Somebody"))
            parts, customer = (part,), None
        else:
            same = [other for other in rows if other.customer_no == row.customer_no and other != row]
            also = same[:1] if dice.random() < 0.2 else []
            invoice = f"INV-NEW-{dice.randrange(4)}-{row.account_no}" if dice.random() < 0.1 else None
            parts = (
                PartRequest(account_no=row.account_no, amount_minor=amount, invoice_no=invoice),
                *(PartRequest(account_no=other.account_no, amount_minor=700) for other in also),
            )
            customer = row.customer_no
        total = sum(part.amount_minor for part in parts)
        return TenderRequest(
            tender_id=f"t{self._next():06d}", customer_no=customer, parts=parts, legs=self._legs(total)
        )

    def _legs(self, total: int) -> tuple[LegRequest, ...]:
        dice = self.random
        if total > 1 and dice.random() < 0.3:
            shared = dice.random() < 0.5
            reference = f"SHARED{dice.randrange(2):04d}" if shared else f"REF{self._next():07d}"
            first = dice.choice((total, total // 2))
            legs = [LegRequest(method="mpesa", amount_minor=first, reference=reference)]
            if total - first:
                legs.append(LegRequest(method="cash", amount_minor=total - first))
            return tuple(legs)
        return (LegRequest(method="cash", amount_minor=total),)

    def _next(self) -> int:
        self._serial += 1
        return self._serial

    def _ensure_shift(self, place: Place) -> None:
        from meterpos.ledger.operations.entries import stand_at_counter

        with place.store.read() as connection:
            if stand_at_counter(connection, moment=place.till.moment(), clerk=CLERK).shift is not None:
                return
        self._calmly(lambda: place.till.open_shift(float_minor=0, clerk=CLERK))

    def _calmly(self, work: Callable[[], Any]) -> Any:
        """Do what is not itself under test without a power cut."""
        noisy, self.noisy = self.noisy, False
        try:
            return work()
        finally:
            self.noisy = noisy

    def _at_counter(self, place: Place, work: Callable[[], Entry], tender_id: str) -> None:
        """Make a paper. It counts as printed once `work` has returned; a power cut in between makes the clerk look."""
        try:
            entry = work()
        except TillCut:
            self._start_again(place)
            with place.store.read() as connection:
                made = connection.execute(
                    select(tenders.c.entry_id).where(tenders.c.tender_id == tender_id)
                ).scalar_one_or_none()
            self.tell(f"{place.name}: {tender_id} was {'kept' if made else 'not kept'}; pressed again")
            entry = self._calmly(work)
            if made is not None and entry.entry_id != made:
                raise Wrong(f"{tender_id} was kept, and pressing again made another entry") from None
            self._remember(place, entry)
            if place.name in self.under_way:
                raise
            return
        self._remember(place, entry)

    def _remember(self, place: Place, entry: Entry) -> None:
        number = str(entry.content.body["number"])
        self.receipts[entry.entry_id] = Receipt(place.name, number, entry, was_printed=True)
        self.tell(f"{place.name}: {entry.content.kind} {number} (entry {entry.seq})")

    def reverse(self) -> None:
        """Reverse some receipt of this till, its own or one its twin made."""
        place = self.some_place()
        theirs = [
            one for one in self.receipts.values() if one.place == place.name and one.entry.content.kind == "tender"
        ]
        if not theirs:
            return
        self._ensure_shift(place)
        number, tender_id = self.random.choice(theirs).number, f"t{self._next():06d}"

        def work() -> Entry:
            return place.till.reverse(
                number=number, reason="wrong", refund="cash", tender_id=tender_id, clerk=CLERK, approval=approval()
            )

        try:
            self._at_counter(place, work, tender_id)
        except UserError as error:
            self.tell(f"{place.name}: {number} is not reversed: {error}")

    def change_shift(self) -> None:
        """Close the shift."""
        place = self.some_place()
        self._ensure_shift(place)
        self._calmly(lambda: place.till.close_shift(counted_minor=0, clerk=CLERK))
        self.tell(f"{place.name}: shift closed")

    def turn_clock(self) -> None:
        """Time passes; now and then a machine's clock jumps."""
        self.world.now += timedelta(minutes=self.random.randrange(1, 600))
        place = self.some_place()
        if self.random.random() < 0.5:
            place.skew = timedelta(days=self.random.choice((-400, -1, 0, 1, 30)))
            self.faults["clock jump"] += 1
            self.tell(f"{place.name}: clock off by {place.skew.days} days")

    # --- head office

    def office_works(self) -> None:
        """Head office bills, adjusts, confirms, bounces, or hands a meter over; the power may go meanwhile."""
        office, dice = self.world.office, self.random
        rows = [row for row in account_rows(office.store) if row.closed_on is None]
        row = dice.choice(rows)
        what = dice.choices(("invoice", "adjust", "confirmation", "bounce", "hand over"), weights=(5, 3, 3, 3, 3))[0]
        today = office.moment().today
        try:
            with office.write() as (conn, outgoing):
                if what == "invoice":
                    number = f"INV-NEW-{dice.randrange(4)}-{row.account_no}"
                    add_invoices(
                        conn,
                        outgoing,
                        [
                            Invoice(
                                invoice_no=number,
                                account_no=row.account_no,
                                invoice_date=today,
                                due_date=today,
                                amount_minor=50_000 + self._next(),
                            )
                        ],
                        at=office.moment().at,
                    )
                elif what == "adjust":
                    adjust(
                        conn,
                        outgoing,
                        account_no=row.account_no,
                        amount_minor=dice.choice((-700, 900)),
                        reason="put right",
                        on=today,
                    )
                elif what == "hand over":
                    others = sorted({other.customer_no for other in rows} - {row.customer_no})
                    meter = f"MTR-{row.account_no[1:].split('-')[0]}"
                    hand_over(
                        conn,
                        outgoing,
                        meter_no=meter,
                        to_customer=dice.choice(others),
                        account_no=f"{row.account_no}-{self._next()}",
                        on=today,
                    )
                else:
                    number = self._some_receipt()
                    say_of_payments(conn, outgoing, event=what, number=number, on=today)  # type: ignore[arg-type]
            self.tell(f"office: {what} {row.account_no}")
        except UserError as error:
            self.tell(f"office: no {what}: {error}")
        except OfficeCut:
            self.world.office_store.lose_power()

    def _some_receipt(self) -> str:
        numbers = [one.number for one in self.receipts.values() if one.entry.content.kind == "tender"]
        return self.random.choice(numbers) if numbers else "NONE"

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
            self._start_again(place)
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
        with place.store.read() as connection:
            signed = set(
                connection.execute(
                    select(journal.c.entry_id).join(
                        streams, (streams.c.stream == journal.c.stream) & (streams.c.through_seq >= journal.c.seq)
                    )
                ).scalars()
            )
        with self.world.office_store.read() as connection:
            missing = signed - set(connection.execute(select(journal.c.entry_id)).scalars())
        if missing:
            raise Wrong(f"{place.name} takes {len(missing)} entries for delivered that head office does not have")

    def _between_steps(self, place: Place) -> Callable[[], bool]:
        def between() -> bool:
            self.interlude()
            if self.noisy and self.random.random() < 0.02:
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
                self.second_looks += bool(open_unverified(message, purpose="pull").sealed.header["zones"])
        return answer

    def _old_answer(self, path: str, who: str) -> bytes | Failure:
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

    # --- sticks

    def carry(self) -> None:
        """Somebody with a stick does one thing: has a till write to it, head office answer, or a till read from it."""
        dice = self.random
        place = self.some_place()
        requests = [one for one in self.sticks if one.kind == "request"]
        answers = [one for one in self.sticks if one.kind == "answer"]
        if answers and dice.random() < 0.5:
            self._read_stick(place, dice.choice(answers[-6:]))
        elif requests and dice.random() < 0.7:
            self._answer_stick(dice.choice(requests[-6:]))
        else:
            self._write_stick(place)

    def _write_stick(self, place: Place) -> None:
        try:
            data, out = make_request(place.store, device_key=place.till.device_key, at=place.till.now())
        except TillCut:
            self._start_again(place)
            if place.name in self.under_way:
                raise
            return
        self.faults["courier file"] += 1
        self.tell(f"{place.name}: writes {out.entries} entries to a stick")
        self.sticks.append(Stick("request", place.name, data))

    def _answer_stick(self, stick: Stick) -> None:
        self.handling += 1
        try:
            done = office_answer(self.world.office, self._worn(stick.data))
        except UnusableCourier as error:
            self.tell(f"office: cannot use the stick of {stick.of}: {error}")
            return
        except OfficeCut:
            self.world.office_store.lose_power()
            return
        finally:
            self.handling -= 1
        self.faults["courier answered"] += 1
        self.tell(f"office: the stick of {stick.of} has {done.new} new entries, {done.rows} rows go back")
        self.sticks.append(Stick("answer", stick.of, done.data))

    def _read_stick(self, place: Place, stick: Stick) -> None:
        """Let a till read an answer: its own, an old one, another till's, or what a bad stick made of it."""
        if place.name in self.under_way:
            return
        data = self._worn(stick.data)
        till = place.till
        self.under_way.add(place.name)
        try:
            read = read_answer(data, place.store, home=place.home, device_key=till.device_key, at=till.now())
        except (UnusableCourier, ExchangeRunning) as error:
            self.tell(f"{place.name}: does not use the stick of {stick.of}: {error}")
            return
        except TillCut as cut:
            self._start_again(place)
            if cut.place is not place:
                raise
            return
        finally:
            self.under_way.discard(place.name)
        if data != stick.data:
            raise Wrong(f"{place.name} believed a damaged file")
        self.faults["courier read"] += 1
        self.tell(f"{place.name}: stick +{read.pushed} -{read.pulled} waiting {read.waiting} {read.detail}")

    def _worn(self, data: bytes) -> bytes:
        """Return what a stick gives back: mostly what was written."""
        if self.noisy and self.random.random() < 0.1:
            self.faults["stick damaged"] += 1
            return _mangled(data, self.random)
        return data

    # --- disasters

    def _new_copy(self) -> int:
        self._copy += 1
        return self._copy

    def copy_till(self) -> None:
        """Keep a copy of a till's ledger."""
        place, number = self.some_place(), self._new_copy()
        place.store.keep_copy(self.world.copy_name(number))
        self.copies.setdefault(place.name, []).append(number)
        self.tell(f"{place.name}: copy {number} is kept")

    def restore_till(self) -> None:
        """A till's disk dies; its ledger comes back from an older copy and begins a new stream."""
        self._someone_works()
        name = self.random.choice(sorted(self.copies))
        place, number = self.world.places[name], self.copies[name][0]
        place.store.go_back_to(self.world.copy_name(number))
        self._start_again(place)
        dice = self.random
        told = dice.random() < 0.8
        if told:
            with place.store.write_calmly() as connection:
                begin_again_after_restore(
                    connection,
                    stream=dice.randbytes(16),
                    label="R" + "".join(dice.choices("ABCDEFGH23456789", k=2)),
                    device_key=place.till.device_key,
                    moment=place.till.moment(),
                )
        kind = "till restore" if told else "till restore, nobody said so"
        self.faults[kind] += 1
        self.tell(f"{name}: {kind}, from copy {number}")
        self._bury()

    def clone_till(self) -> None:
        """A copy of a till's machine is switched on; both go on."""
        name = self.random.choice(sorted(set(self.world.places) & {"KSM01", "KSM02"}))
        place, twin = self.world.places[name], self.world.spares.get(name)
        if twin is None or twin.name in self.world.places:
            return
        place.store.keep_copy(self.world.copy_name(0))
        shutil.copytree(
            place.home, twin.home, dirs_exist_ok=True, ignore=shutil.ignore_patterns("ledger.db*", "*.lock")
        )
        twin.store.go_back_to(self.world.copy_name(0))
        self._start_again(twin)
        twin.store.at_moment = self._till_moment(twin)
        self.world.places[twin.name] = twin
        for one in [one for one in self.receipts.values() if one.place == name]:
            self.receipts.setdefault(one.entry.entry_id, one)
        self.faults["clone"] += 1
        self.tell(f"{name}: a copy goes on as {twin.name}")

    def copy_office(self) -> None:
        """Keep a copy of head office's database."""
        number = self._new_copy()
        self.world.office_store.keep_copy(self.world.copy_name(number))
        self.office_copies.append(number)
        self.tell(f"office: copy {number} is kept")

    def restore_office(self) -> None:
        """Head office's disk dies; it comes back from an older copy, as a new generation unless somebody forgets."""
        self._someone_works()
        number = self.office_copies[0]
        self.world.office_store.go_back_to(self.world.copy_name(number))
        self.office_came_back = True
        told = self.random.random() < 0.6
        if told:
            office = self.world.office
            with self.world.office_store.write_calmly() as conn:
                begin_generation(conn, leap=self.random.randrange(1 << 20), at=office.moment().at)
        else:
            self.forgotten = True
        kind = "server restore" if told else "server restore, nobody said so"
        self.faults[kind] += 1
        self.tell(f"office: {kind}, from copy {number}")
        self._bury()

    def _someone_works(self) -> None:
        """Let some time pass between a copy and its use."""
        for _ in range(self.random.randrange(2, 12)):
            self._something()

    def _bury(self) -> None:
        """Find the receipts that now stand on no disk."""
        standing: set[bytes] = set()
        for store in (self.world.office_store, *(place.store for place in self.world.places.values())):
            with store.read() as connection:
                standing |= set(connection.execute(select(journal.c.entry_id)).scalars())
        gone = {entry_id for entry_id in self.receipts if entry_id not in standing}
        for entry_id in gone - self.buried:
            self.tell(f"{self.receipts[entry_id].number} stands on no disk any more")
        self.buried = gone


@dataclass
class SimLine:
    """A line that loses, doubles, delays, mixes up and breaks."""

    schedule: Schedule
    place: Place

    def send(self, path: str, message: bytes) -> bytes | Failure:
        """Bring a message to head office, or not."""
        schedule, dice = self.schedule, self.schedule.random
        schedule.interlude()
        if not schedule.noisy or dice.random() > 0.22:
            return schedule.deliver(path, message, self.place.name)
        fault = dice.choice(LINE_FAULTS)
        if schedule.office_came_back and dice.random() < 0.4:
            fault = "stale answer"  # what was true before the restore is what does harm now
        schedule.faults[fault] += 1
        schedule.tell(f"{self.place.name}: {path} {fault}")
        return self._with(fault, path, message)

    def _with(self, fault: str, path: str, message: bytes) -> bytes | Failure:
        schedule, dice = self.schedule, self.schedule.random
        answer: bytes | Failure = {"unreachable": AWAY, "office busy": BUSY, "portal": PORTAL}.get(fault, CUT)
        match fault:
            case "late":
                schedule.late.append((path, message))
            case "forged":
                answer = _forged(path, message)
            case "stale answer":
                answer = schedule._old_answer(path, self.place.name)
            case "request mangled":
                answer = schedule.deliver(path, _mangled(message, dice), self.place.name)
            case "duplicated":
                answer = dice.choice(
                    (schedule.deliver(path, message, self.place.name), schedule.deliver(path, message, self.place.name))
                )
            case "answer lost":
                schedule.deliver(path, message, self.place.name)
            case "answer mangled":
                answer = schedule.deliver(path, message, self.place.name)
                answer = _mangled(answer, dice) if isinstance(answer, bytes) else answer
            case "office cut":
                if dice.random() < 0.5:
                    schedule.deliver(path, message, self.place.name)
                schedule.world.office_store.lose_power()
        return answer


def _forged(path: str, message: bytes) -> bytes:
    """Answer as somebody would who knows the protocol and not head office's key: all is delivered, nothing is new."""
    sealed = open_unverified(message, purpose=path.rpartition("/")[2]).sealed
    asked: Any = sealed.header
    if path == "/v1/recall":
        stream, after = bytes.fromhex(asked["stream"]), asked["after_seq"]
        return wire.make_recalled(
            key=b"\x66" * 32, request=wire.header_digest(message), stream=stream, after_seq=after, entries=(b"{}",)
        )
    said: dict[str, Any] = {"key": b"\x66" * 32, "generation": max(asked["generation"], 1), "at": AT}
    if path == "/v1/pull":
        after = asked["after"]
        said |= {"request": wire.header_digest(message), "after": after, "through": after + 1000}
        return wire.make_page(more=False, zones=(), rows=(), **said)
    through = asked["from_seq"] + asked["count"] - 1
    return wire.make_ack(
        batch=wire.header_digest(message),
        stream=bytes.fromhex(asked["stream"]),
        through_seq=through,
        head=bytes.fromhex(asked["head"]),
        count=0,
        sum_minor=0,
        answers=(),
        **said,
    )


def _mangled(message: bytes, dice: Random) -> bytes:
    how = dice.choice(("cut", "flipped", "longer"))
    if how == "cut":
        return message[: dice.randrange(len(message))]
    if how == "longer":
        return message + dice.randbytes(3)
    at = dice.randrange(len(message))
    return message[:at] + bytes([message[at] ^ (1 << dice.randrange(8))]) + message[at + 1 :]
