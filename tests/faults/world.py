"""One head office and its tills in one process: production code on real SQLite files, fed with a simulated clock, dice,
line and power supply.

What is simulated is only what enters at the doors: what the clock says, which random bytes come, what a line brings,
and when the power goes. A stopped process is an exception that no code of ours catches: `PowerCut`.
"""

import hashlib
import secrets as real_secrets
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, Final

from sqlalchemy import insert, select

from meterpos.headoffice import auth
from meterpos.headoffice import courier as office_courier
from meterpos.headoffice.books import Invoice, add_invoices
from meterpos.headoffice.master import add_user, open_account
from meterpos.headoffice.office import Office, found, open_office
from meterpos.headoffice.problems import Problem, of_wire
from meterpos.headoffice.routes import exchange as routes
from meterpos.ledger import search_index
from meterpos.ledger.journal import Approval
from meterpos.ledger.store import Store
from meterpos.ledger.tables import accounts, customers, meters
from meterpos.ledger.upgrade import upgrade
from meterpos.settings import HeadOfficeSettings, TillSettings
from meterpos.sync import courier, enrolment, exchange, mirror
from meterpos.sync.steps import Failure
from meterpos.sync.wire import WireError
from meterpos.till import Till
from meterpos.vault import write_secret
from tests.faults.disks import SimStore

START: Final = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
CLERK: Final = "achieng"
SUPERVISOR: Final = "otieno"
ZONES: Final = {"KSM01": ("Kondele",), "KSM02": ("Kondele", "Mamboleo")}
NOWHERE: Final = "http://127.0.0.1:9"
THROWING: Final = (exchange, enrolment, courier, office_courier, mirror)
"""The modules that throw dice."""
ASKING_AHEAD: Final = exchange._Ahead
BUSY: Final = Failure("busy", "Head office is in trouble (answer 503). The till tries again later.")


@dataclass
class Dice:
    """Random bytes and choices out of one seed, in the place of the module `secrets`."""

    random: Random

    def token_bytes(self, size: int) -> bytes:
        return self.random.randbytes(size)

    def token_hex(self, size: int) -> str:
        return self.random.randbytes(size).hex()

    def choice(self, items: Any) -> Any:
        return self.random.choice(items)


@dataclass
class Place:
    """One machine with a till on it: its disk, its clock, and what its process remembers between exchanges."""

    name: str
    till: Till
    store: SimStore
    skew: timedelta = timedelta()
    memory: Any = None

    @property
    def home(self) -> Path:
        return self.till.settings.home


@dataclass
class World:
    """Everything there is: the machines, the time, and the folder the disks lie in."""

    folder: Path
    office: Office
    office_store: SimStore
    places: dict[str, Place] = field(default_factory=dict)
    spares: dict[str, Place] = field(default_factory=dict)
    """Machines switched off, on which a copy of a till may go on."""
    now: datetime = START
    scratch: Store = field(init=False)
    """An empty ledger, in which others are worked out anew and rolled back."""

    def __post_init__(self) -> None:
        self.scratch = Store(f"sqlite:///{self.folder / 'scratch.db'}")
        upgrade(self.scratch)

    def clock_of(self, place: Place) -> Callable[[], datetime]:
        """Return what the clock of a machine says."""
        return lambda: self.now + place.skew

    @property
    def stores(self) -> list[SimStore]:
        """Every disk, of machines switched off too."""
        places = {place.name: place for place in (*self.places.values(), *self.spares.values())}
        return [self.office_store, *(place.store for place in places.values())]

    def copy_name(self, number: int) -> Path:
        return self.folder / f"copy-{number}.db"


class AheadAtOnce:
    """A question asked while a page is written, in one thread: it is asked first, so that a seed tells one story."""

    def __init__(self, line: Any, step: Any) -> None:
        self.step = step
        self._answer = line.send(step.path, step.message)

    def settle(self) -> None:
        """Let the answer be."""

    def wait(self) -> bytes | Failure:
        """Return the answer."""
        return self._answer


# --- the office's side of a line


def answer_of(office: Office, path: str, message: bytes) -> bytes | Failure:
    """Let head office answer a message as its routes do; a no becomes what `client.Line` makes of it."""
    work = {
        "/v1/push": routes.take_push,
        "/v1/pull": routes._pull,
        "/v1/enrol": routes._enrol,
        "/v1/recall": routes._recall,
        "/v1/witness": routes.take_witness,
    }[path]
    try:
        return work(office, message)
    except (WireError, Problem) as error:
        problem = of_wire(error) if isinstance(error, WireError) else error
        if problem.status == 413:
            return Failure("too_large", str(problem))
        if problem.status >= 500:
            return BUSY
        return Failure("refused", f"Head office said: {problem}", problem.code)


@dataclass
class Direct:
    """A line without faults."""

    office: Office

    def send(self, path: str, message: bytes) -> bytes | Failure:
        return answer_of(self.office, path, message)


# --- making a world


def scratch() -> Path:
    """Return a new folder for disks, in memory where the system has such a place."""
    in_memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="meterpos-faults-", dir=in_memory if in_memory.is_dir() else None))


def seed_dice(seed: int | str) -> Random:
    """Make production's dice repeatable; return the dice of the harness itself, which are others."""
    dice = Dice(Random(f"dice {seed}"))
    stand_in = SimpleNamespace(token_bytes=dice.token_bytes, token_hex=dice.token_hex, choice=dice.choice)
    for module in THROWING:
        module.secrets = stand_in  # type: ignore[attr-defined]
    exchange._Ahead = AheadAtOnce  # type: ignore[assignment, misc]
    return Random(f"schedule {seed}")


def give_back_dice() -> None:
    """Let production throw its own dice again, and ask ahead in a thread."""
    exchange._Ahead = ASKING_AHEAD  # type: ignore[misc]
    for module in THROWING:
        module.secrets = real_secrets  # type: ignore[attr-defined]


def build_world(folder: Path) -> World:
    """Make a head office with ten accounts in two zones, and two enrolled tills with open shifts."""
    seed_dice(0)
    settings = HeadOfficeSettings(
        home=folder / "office", database_url=f"sqlite:///{folder / 'office.db'}", utility="lake"
    )
    found(settings, now=START)
    write_secret(settings.home, auth.SERVER_KEY, bytes(range(32)))
    office = open_office(settings)
    office.store.close()
    store = SimStore(settings.database_url)
    office.store = store
    world = World(folder, office, store)
    office.now = lambda: world.now
    _fill(office)
    for index, (name, zones) in enumerate(ZONES.items()):
        _enrol(world, name, zones, key=bytes([index + 1]) * 32)
    return world


def keep_template(world: World) -> None:
    """Keep every disk as it is now, for `reset`."""
    for name, place in world.places.items():
        place.store.keep_copy(world.folder / f"{name}.template")
    world.office_store.keep_copy(world.folder / "office.template")
    for name in list(world.places):
        spare = open_place(world, f"{name}-copy")
        world.spares[name] = world.places.pop(spare.name)


def reset(world: World) -> None:
    """Put every disk back as `keep_template` found it. Engines are kept: what they compiled is still good."""
    world.now = START + timedelta(hours=1)
    shutil.rmtree(world.folder / "sticks", ignore_errors=True)
    for store in world.stores:
        store.let_go()
    for spare in world.spares.values():
        spare.store.close()
        world.places.pop(spare.name, None)
        spare.skew, spare.memory = timedelta(), None
    for name, place in world.places.items():
        place.store.at_moment = None
        place.store.go_back_to(world.folder / f"{name}.template")
        place.skew, place.memory = timedelta(), None
    world.office_store.at_moment = None
    world.office_store.go_back_to(world.folder / "office.template")


def make_ready(world: World) -> None:
    """Let every disk be one that is put back in no time."""
    for name, spare in world.spares.items():
        spare.store.go_back_to(world.folder / f"{name}.template")
    for store in world.stores:
        store.keep_ready()


def _fill(office: Office) -> None:
    with office.write() as (conn, outgoing):
        for user, role in ((CLERK, "clerk"), (SUPERVISOR, "supervisor")):
            add_user(
                conn,
                outgoing,
                user_name=user,
                display_name=user.title(),
                role=role,
                code="AAAA-BBBB-CCCC",
                expires_on=None,
            )
        for number in range(10):
            zone = "Kondele" if number < 6 else "Mamboleo"
            customer, meter = f"AC-{number // 2}", f"MTR-{number}"
            if number % 2 == 0:
                conn.execute(
                    insert(customers),
                    {"customer_no": customer, "name": f"Customer {number}", "phone": "", "zone": zone},
                )
                outgoing.send("customer", customer, zone=zone)
            conn.execute(insert(meters), {"meter_no": meter, "utility": "water", "status": "active", "location": ""})
            open_account(
                conn,
                outgoing,
                account_no=f"A{number}",
                customer_no=customer,
                meter_no=meter,
                opened_on=date(2026, 1, 1),
                opening_minor=number % 3 * 10_000,
            )
        add_invoices(
            conn,
            outgoing,
            [
                Invoice(
                    invoice_no=f"INV-{number}",
                    account_no=f"A{number}",
                    invoice_date=date(2026, 10, 1 + number),
                    due_date=date(2026, 10, 15 + number),
                    amount_minor=100_000 + number,
                )
                for number in range(10)
            ],
            at=START,
        )


def _enrol(world: World, name: str, zones: tuple[str, ...], *, key: bytes) -> None:
    place = open_place(world, name, fresh=True)
    code = auth.make_till_code(key[:8], keys=world.office.keys)
    with world.office.write() as (conn, outgoing):
        auth.add_till(conn, outgoing, till_name=name, title=name, zones=zones, code=code, at=world.now)
    plain = enrolment.wire.read_code(code)[0]
    write_secret(place.home, enrolment.PENDING_KEY, hashlib.sha256(plain.encode()).digest() + key)
    enrolment.enrol(
        place.store,
        home=place.home,
        server=NOWHERE,
        code=code,
        database_key=None,
        moment=place.till.moment(),
        line=Direct(world.office),
    )
    place.till.open_shift(float_minor=0, clerk=CLERK)
    result = exchange.exchange(
        place.store, home=place.home, device_key=key, line=Direct(world.office), now=place.till.now
    )
    assert result.is_complete and result.agreed, result


def open_place(world: World, name: str, *, fresh: bool = False) -> Place:
    """Put a machine with a till into the world."""
    home = world.folder / name
    home.mkdir(exist_ok=True)
    store = SimStore(f"sqlite:///{home / 'ledger.db'}")
    if fresh:
        upgrade(store)
        with store.write() as connection:
            search_index.ensure(connection)
    till = Till(settings=TillSettings(home=home, plain_sqlite=True), store=store, pepper=bytes(32), database_key=None)
    place = Place(name, till, store)
    till.now = world.clock_of(place)
    world.places[name] = place
    return place


def approval() -> Approval:
    """Return a supervisor's approval."""
    return Approval(by=SUPERVISOR, how="pin", nonce="00")


def account_rows(store: Store) -> list[Any]:
    """Return the meter accounts that can be found in a ledger, by their customers."""
    with store.read() as connection:
        return list(connection.execute(_accounts))


_accounts: Final = (
    select(accounts.c.account_no, accounts.c.customer_no, accounts.c.closed_on)
    .join(customers, customers.c.customer_no == accounts.c.customer_no)
    .where(accounts.c.kind == "meter")
    .order_by(accounts.c.account_no)
)
