"""A real till on a real encrypted ledger, with a few customers and a clock the test turns."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from sqlalchemy import insert

from meterpos.ledger import search_index, signing
from meterpos.ledger.balances import recalculate
from meterpos.ledger.journal import Approval, Entry, head
from meterpos.ledger.operations.enrolment import open_stream
from meterpos.ledger.operations.feed import sum_digests_anew
from meterpos.ledger.operations.tenders import LegRequest, PartRequest, TenderRequest
from meterpos.ledger.posting import post
from meterpos.ledger.queries.identity import Identity
from meterpos.ledger.rules.facts import Fact, invoice_id, opening_id
from meterpos.ledger.tables import (
    accounts,
    customers,
    facts,
    journal,
    meters,
    movements,
    plans,
    spool,
    tenders,
    users,
)
from meterpos.till import Till, new_tender_id, open_till
from meterpos.vault import box_public_of, write_secret

DEVICE_KEY = bytes(range(32))
STREAM = bytes(range(16))
BOX_PRIVATE = bytes(range(1, 33))
GRACE, JAMES = "AC-10482", "AC-10077"
CLERK = "achieng"


@dataclass
class Clock:
    """A clock that stands still until it is turned."""

    at: datetime = datetime(2026, 11, 20, 6, 41, 7, 123000, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def turn(self, **by: int) -> None:
        """Turn the clock forward, or back."""
        self.at += timedelta(**by)


@dataclass
class Counter:
    """A pay point in a test: the till, its clock, and sentences a clerk would say."""

    till: Till
    clock: Clock = field(default_factory=Clock)

    @classmethod
    def at(cls, home: Path, *, printer: str | None = None) -> Self:
        """Open an enrolled till in ``home`` with Grace (three meters) and James (one), and no shift open."""
        if printer is not None:
            home.mkdir(parents=True, exist_ok=True)
            (home / "meterpos.toml").write_text(f'[till]\nprinter = "{printer}"\n')
        write_secret(home, "device", DEVICE_KEY)
        clock = Clock()
        till = open_till(home)
        till.now = clock
        counter = cls(till, clock)
        enrol(counter)
        stock(counter)
        return counter

    def open_shift(self, float_minor: int = 500_000, clerk: str = CLERK) -> Entry:
        """Open a shift."""
        return self.till.open_shift(float_minor=float_minor, clerk=clerk)

    def pay(self, account_no: str = "A1", amount_minor: int = 250_000, **options: Any) -> Entry:
        """Take one payment on one account, in cash unless told otherwise."""
        return self.till.take(request=request(account_no, amount_minor, **options), clerk=CLERK)

    def approval(self) -> Approval:
        """Return a supervisor's approval."""
        return Approval(by="otieno", how="pin", nonce="00")

    def reverse(self, number: str, **options: Any) -> Entry:
        """Reverse a receipt, cash given back, approved by the supervisor."""
        given: dict[str, Any] = {
            "reason": "wrong customer",
            "refund": "cash",
            "tender_id": new_tender_id(),
            "clerk": CLERK,
            "approval": self.approval(),
        }
        return self.till.reverse(number=number, **(given | options))

    def correct(self, number: str, to_meter: str = "MTR-112", **options: Any) -> Entry:
        """Move a receipt to the right meter, approved by the supervisor."""
        given: dict[str, Any] = {
            "to_meter": to_meter,
            "reason": "wrong meter",
            "tender_id": new_tender_id(),
            "clerk": CLERK,
            "approval": self.approval(),
        }
        return self.till.correct(number=number, **(given | options))

    def net(self, account_no: str) -> int:
        """Return what the account's row says it owes."""
        with self.till.store.read() as connection:
            row = connection.execute(accounts.select().where(accounts.c.account_no == account_no)).one()
            return int(row.net_minor)

    def print_of_ledger(self) -> tuple[Any, ...]:
        """Return a fingerprint of everything a refused act must not change."""
        with self.till.store.read() as connection:
            counts = tuple(
                connection.exec_driver_sql(f"SELECT count(*) FROM {table.name}").scalar_one()
                for table in (journal, facts, movements, tenders, spool)
            )
            return counts + head(connection, STREAM)


def request(account_no: str = "A1", amount_minor: int = 250_000, **options: Any) -> TenderRequest:
    """Return a tender of one part and one leg; ``options`` replace its fields."""
    part = PartRequest(
        account_no=account_no,
        amount_minor=amount_minor,
        invoice_no=options.pop("invoice_no", None),
        closed=options.pop("closed", False),
        unknown=options.pop("unknown", None),
    )
    leg = LegRequest(
        method=options.pop("method", "cash"), amount_minor=amount_minor, reference=options.pop("reference", None)
    )
    fields: dict[str, Any] = {"tender_id": new_tender_id(), "customer_no": GRACE, "parts": (part,), "legs": (leg,)}
    return TenderRequest(**(fields | options))


def enrol(counter: Counter) -> None:
    """Make the ledger the till KSM01 of a head office that is not there."""
    with counter.till.store.write() as connection:
        open_stream(
            connection,
            identity=Identity(
                till_name="KSM01",
                title="Kisumu Market",
                device_id="device-1",
                stream=STREAM,
                label="B7K",
                server_url="http://127.0.0.1:9",
                server_key=bytes(32),
                box_key=box_public_of(BOX_PRIVATE),
                zones=("Kondele",),
                certificate=b"",
                generation=1,
                position=0,
                as_of=None,
            ),
            reason="new",
            public_key=signing.public_of(DEVICE_KEY),
            wrapped_database_key=b"",
            moment=counter.till.moment(),
        )


def stock(counter: Counter) -> None:
    """Fill in the customers of the reference screen, as if head office had sent them."""
    people = [(GRACE, "Grace Akinyi Otieno", "0712345678"), (JAMES, "James Otieno", "0722118904")]
    places = [
        ("A1", GRACE, "MTR-001", "water", "House, Kondele Rd"),
        ("A2", GRACE, "MTR-045", "power", "Shop, Oginga St"),
        ("A3", GRACE, "MTR-078", "water", "Rental, Migosi"),
        ("A4", JAMES, "MTR-112", "water", "House, Kondele Rd"),
    ]
    with counter.till.store.write() as connection:
        connection.execute(
            insert(customers),
            [{"customer_no": no, "name": name, "phone": phone, "zone": "Kondele"} for no, name, phone in people],
        )
        connection.execute(
            insert(meters),
            [
                {"meter_no": meter, "utility": utility, "status": "active", "location": place}
                for _, _, meter, utility, place in places
            ],
        )
        connection.execute(
            insert(accounts),
            [
                {"account_no": no, "kind": "meter", "customer_no": who, "meter_no": meter, "zone": "Kondele"}
                for no, who, meter, _, _ in places
            ],
        )
        connection.execute(
            insert(users),
            [
                {"user_name": CLERK, "display_name": "Achieng O.", "role": "clerk", "revoked": False},
                {"user_name": "otieno", "display_name": "Otieno P.", "role": "supervisor", "revoked": False},
            ],
        )
        search_index.refresh(connection, customer_nos=[GRACE, JAMES])
    post_facts(
        counter,
        [
            invoice("INV-2026-00456", "A1", 230_000, on=date(2026, 11, 10)),
            invoice("INV-2026-00390", "A3", 250_000, on=date(2026, 9, 25)),
            invoice("INV-2026-00421", "A3", 260_000, on=date(2026, 10, 25)),
            invoice("INV-2026-00500", "A4", 120_000, on=date(2026, 11, 10)),
        ],
    )


def invoice(number: str, account_no: str, amount_minor: int, *, on: date, position: int | None = 1) -> Fact:
    """Return an invoice due a fortnight after its date."""
    return Fact(
        fact_id=invoice_id(number),
        kind="invoice",
        account_no=account_no,
        stands_on=account_no,
        number=number,
        fact_date=on,
        due_date=on + timedelta(days=14),
        amount_minor=amount_minor,
        brought_forward_minor=0,
        position=position,
        generation=1,
        decision="account",
    )


def add_plan(
    counter: Counter,
    plan_no: str = "PL-0042",
    *,
    customer_no: str = GRACE,
    total_minor: int = 500_000,
    capacity_kw: str = "5",
) -> None:
    """Make an instalment plan known, as if head office had sent it."""
    row = {
        "account_no": plan_no,
        "kind": "plan",
        "customer_no": customer_no,
        "zone": "Kondele",
        "opened_on": date(2026, 7, 1),
    }
    with counter.till.store.write() as connection:
        connection.execute(insert(accounts), row)
        agreed = {"account_no": plan_no, "capacity_kw": capacity_kw, "total_minor": total_minor}
        connection.execute(insert(plans), {**agreed, "plan_no": plan_no})
    total = Fact(
        fact_id=opening_id(plan_no),
        kind="opening",
        account_no=plan_no,
        stands_on=plan_no,
        number=plan_no,
        fact_date=date(2026, 7, 1),
        due_date=date(2026, 7, 1),
        amount_minor=total_minor,
        position=1,
        generation=1,
        decision="account",
    )
    post_facts(counter, [total])


def post_facts(counter: Counter, new: Sequence[Fact]) -> None:
    """Post facts as the feed would."""
    with counter.till.store.write() as connection:
        recalculate(connection, post(connection, new).accounts)
        sum_digests_anew(connection)
