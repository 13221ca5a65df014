"""A month in the life of a utility: readings, bills, messages, payments at tills and by paybill, matching, the books.

    python -m tests.journeys.month [--customers 20000] [--tills 12] [--database URL] [--json]

Head office's staff types its commands, customers pay at real tills, M-Pesa and the SMS gateway are real HTTP. At the
end everything is compared with everything, to the cent.
"""

import argparse
import csv
import io
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

from sqlalchemy import select

from demo.names import ZONES
from demo.town import write_town
from meterpos.headoffice.office import open_office
from meterpos.ledger.journal import Entry
from meterpos.ledger.money import parse_amount
from meterpos.ledger.tables import accounts
from meterpos.settings import load_headoffice_settings
from meterpos.till import Till
from tests.cli.commands import Done, file, run
from tests.journeys import month_books
from tests.journeys.conftest import CLERK
from tests.journeys.words import number_of, pay, prove_the_promise
from tests.support.gateway import LocalGateway, local_gateway
from tests.support.headoffice import Server, sync

TARIFFS: Final = (
    "tariff,starts_on,ends_on,item,upto,price,name",
    "water,2020-01-01,,block,6,55,",
    "water,2020-01-01,,block,,72.505,",
    "water,2020-01-01,,standing,,50,",
    "water,2020-01-01,,levy-percent,,7.5,Sewer",
    "power,2020-01-01,,block,,20.97,",
    "power,2020-01-01,,standing,,100,",
)
STATEMENT: Final = (
    "Receipt No.,Completion Time,Initiation Time,Details,Transaction Status,Paid In,Withdrawn,Balance,"
    "Balance Confirmed,Reason Type,Other Party Info,Linked Transaction ID,A/C No."
)
PAYBILL: Final = "522522"
EXCEPTIONS: Final = ("duplicate_reference", "unknown_reference", "unmatched_payment", "wrong_amount")
CHEQUES_BOUNCED: Final = 2
PAID_OF: Final = 6
"""One customer in so many pays at a till."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A payment a till took."""

    number: str
    account_no: str
    amount_minor: int
    method: str
    reference: str | None


@dataclass
class Month:
    """One utility, its staff, its tills and what happened so far."""

    folder: Path
    url: str
    customers: int
    tills: int
    rng: Random = field(default_factory=lambda: Random(7))
    open: dict[str, Till] = field(default_factory=dict)
    taken: list[Taken] = field(default_factory=list)
    paybill: list[Taken] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    today: date = field(init=False)
    server: Server = field(init=False)
    gateway: LocalGateway = field(init=False)

    def live(self) -> None:
        """Live through the month. Fails where anything differs."""
        with ExitStack() as held:
            with self._step("founding and import"):
                self._found(held)
            self.gateway = held.enter_context(local_gateway())
            with self._step("readings, tariffs and the bill run"):
                self._bill()
            with self._step("messages of the invoices"):
                self._send_messages()
            with self._step("tills enrolled and loaded"):
                self._enrol(held)
            with self._step("payments at the tills"):
                self._pay_at_tills()
            with self._step("payments by paybill"):
                self._pay_by_paybill()
            with self._step("statements matched"):
                self._match()
            with self._step("exceptions resolved"):
                self._resolve()
            with self._step("tills closed and brought up to date"):
                self._close()
            with self._step("reports and books compared"):
                month_books.compare(self)
                for till in self.open.values():
                    prove_the_promise(self.server, till)

    # --- the commands of head office

    def office(self, *arguments: str) -> Done:
        """Run a command of head office that must succeed."""
        done = run("headoffice", "--database", self.url, *arguments)
        assert done.code == 0, f"{' '.join(arguments)}: {done.code} {done.told}"
        return done

    def ask(self, *arguments: str) -> Any:
        """Run one with --json and return its answer."""
        return json.loads(self.office(*arguments, "--json").raw)

    def listed(self, *arguments: str) -> list[dict[str, str]]:
        """Run one with --format csv and return its rows."""
        return list(csv.DictReader(io.StringIO(self.office(*arguments, "--format", "csv").out)))

    # --- the month

    def _found(self, held: ExitStack) -> None:
        self.office("init")
        made = open_office(load_headoffice_settings(database=self.url, utility=None))
        self.today = made.moment().today
        write_town(self.folder / "town", customers=self.customers, months=2, as_of=self.today)
        self.office("import", str(self.folder / "town"))
        self.office("setting", "set", "paybill", PAYBILL)
        self.server = Server.start(made)
        held.callback(made.close)
        held.callback(self.server.stop)

    def _bill(self) -> None:
        """Read every active meter at the turn of the month and now, and bill what was used."""
        rows = [row for row in self._town("meters") if row["status"] == "active"]
        before = self.today.replace(day=1) - timedelta(days=1)
        lines = ["meter_no,read_on,reading"]
        for row in rows:
            start = self.rng.randrange(5_000)
            lines.append(f"{row['meter_no']},{before},{start}")
            lines.append(f"{row['meter_no']},{self.today},{start + self.rng.randrange(1, 40)}")
        self.office("readings", "import", file(self.folder, "readings.csv", lines))
        self.office("tariff", "import", file(self.folder, "tariffs.csv", TARIFFS))
        period = ("bill", "run", "--period", f"{self.today:%Y-%m}")
        billed = self.ask(*period)
        assert billed["errors"] == 0, billed
        again = self.ask(*period)
        assert (again["new_bills"], again["new_invoices"]) == (0, 0), "a period is billed once"
        self.counts["invoices"] = billed["invoices"]

    def _send_messages(self) -> None:
        """Remind whoever owes in one zone, once; the dry run says how many that are."""
        self.office("sms", "setup", "--gateway", "http", "--url", self.gateway.url, "--rate", "6000")
        bulk = ("sms", "bulk", "--kind", "reminder", "--least", "1", "--zone", ZONES[0])
        meant = self.ask(*bulk, "--dry-run")
        queued = self.ask(*bulk, "--yes")
        assert queued["queued"] == meant["messages"] > 0, (meant, queued)
        assert self.ask(*bulk, "--yes")["queued"] == 0, "nobody is told twice"
        self._send_all()
        self.counts["messages"] = len(self.gateway.asked)
        assert len(self.gateway.asked) == queued["queued"]

    def _send_all(self) -> None:
        self.office("sms", "send", "--limit", "1000000")

    def _enrol(self, held: ExitStack) -> None:
        """Enrol the tills, each for some of the zones; the zones of a market are served by more than one."""
        for number in range(self.tills):
            name = f"KSM{number + 1:02d}"
            zones = [ZONES[number % len(ZONES)], ZONES[(number + 3) % len(ZONES)]]
            till = self.server.enrol_till(self.folder / name, name, zones)
            held.callback(till.close)
            till.open_shift(float_minor=500_000, clerk=CLERK)
            self.open[name] = till

    def _pay_at_tills(self) -> None:
        """Take payments in cash, by M-Pesa and by cheque; one M-Pesa code is shown at two tills."""
        shared = self._code()
        for place, till in enumerate(self.open.values()):
            for count, account_no in enumerate(self._payers(till)):
                method = ("cash", "mpesa", "cash", "cheque")[count % 4]
                reference = None if method == "cash" else self._code() if method == "mpesa" else self._cheque()
                if place < 2 and count == 1:
                    reference = shared
                entry = pay(till, account_no, self._amount(), method=method, reference=reference)
                self._note(entry, account_no, method, reference)
            self._sync(till)
        self.counts["payments at tills"] = len(self.taken)

    def _pay_by_paybill(self) -> None:
        """M-Pesa tells of payments; one is for a meter nobody has, and one is told twice."""
        import requests

        address = f"{self.server.url}{self.ask('payments', 'callback')['confirmation_path']}"
        meters = [row["meter_no"] for row in self._town("meters") if row["status"] == "active"]
        chosen = self.rng.sample(meters, max(len(meters) // 40, 3))
        for count, meter_no in enumerate([*chosen, "NOBODY-1"]):
            told = {
                "TransactionType": "Pay Bill",
                "TransID": self._code(),
                "TransTime": f"{self.today:%Y%m%d}094107",
                "TransAmount": f"{self._amount() / 100:.2f}",
                "BusinessShortCode": PAYBILL,
                "BillRefNumber": meter_no,
                "MSISDN": "2547****678",
                "FirstName": "GRACE",
            }
            for _ in range(2 if count == 0 else 1):
                answer = requests.post(address, json=told, timeout=30)
                assert answer.json()["ResultCode"] == "0", answer.text
            amount_minor = parse_amount(told["TransAmount"])
            self.paybill.append(Taken(told["TransID"], meter_no, amount_minor, "paybill", told["TransID"]))
        self.counts["payments by paybill"] = len(self.paybill)

    def _match(self) -> None:
        """Match the statements of M-Pesa and of the bank: one code is not on them, one amount differs, two bounce."""
        mpesa = [one for one in self.taken if one.method == "mpesa"]
        once = {one.reference: one for one in reversed(mpesa)}
        (twice,) = (code for code, count in Counter(one.reference for one in mpesa).items() if count > 1)
        others = [one for code, one in once.items() if code != twice]
        absent, wrong, *right = others
        meter_no = self._some_meter()
        lines = [STATEMENT]
        lines += [self._line(one.reference, one.amount_minor) for one in (*right, once[twice])]
        lines += [self._line(wrong.reference, wrong.amount_minor + 100)]
        lines += [self._line(one.reference, one.amount_minor, one.account_no) for one in self.paybill]
        lines += [self._line(self._code(), self._amount(), meter_no, on=self.today + timedelta(days=1))]
        self.ask("match", file(self.folder, "mpesa.csv", lines))
        cheques = [one for one in self.taken if one.method == "cheque"]
        paid = [f"{self.today},CHQ DEPOSIT,{one.reference},,{one.amount_minor / 100:.2f},0" for one in cheques]
        back = [
            f"{self.today},UNPAID CHQ {one.reference} REFER TO DRAWER,,{one.amount_minor / 100:.2f},,0"
            for one in cheques[:CHEQUES_BOUNCED]
        ]
        header = "Date,Description,Reference,Debit,Credit,Balance"
        self.ask("match", file(self.folder, "bank.csv", [header, *paid, *back]))
        assert self.ask("match", str(self.folder / "mpesa.csv"))["confirmed"] == 0, "a statement matches once"
        self.counts["on statements"] = len(lines) - 1 + len(paid) + len(back)
        self._absent, self._wrong, self._twice = absent, wrong, str(twice)

    def _resolve(self) -> None:
        """Put right what does not fit, by facts, until nothing is open."""
        found = Counter(item["code"] for item in self._items())
        self.counts["exceptions"] = sum(found.values())
        assert found == {"duplicate_reference": 1, "unknown_reference": 1, "unmatched_payment": 1, "wrong_amount": 1}, (
            found
        )
        second = [one for one in self.taken if one.reference == self._twice][1]
        self.office("payments", "bounce", second.number, "--reason", "the code was shown at another till")
        self.office("payments", "bounce", self._absent.number, "--reason", "M-Pesa knows nothing of it")
        self.office(
            "payments", "place", self.paybill[-1].number, "--to", self._some_meter(), "--reason", "the payer called"
        )
        for item in self._items():
            words = ("--by", "wanjiru", "--resolution", f"looked into: {item['code']}")
            self.office("exceptions", "resolve", item["id"], *words)
        assert self._items() == []

    def _close(self) -> None:
        """Every till counts its drawer, closes, and hears of all that happened elsewhere."""
        for till in self.open.values():
            counted = month_books.drawer(till)
            till.close_shift(counted_minor=counted, clerk=CLERK)
            self._sync(till)
        for till in self.open.values():
            self._sync(till)

    # --- small things

    def _items(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.ask("exceptions", "list")["exceptions"]
        return items

    def _sync(self, till: Till) -> None:
        result = sync(till)
        assert (result.outcome, result.agreed, result.waiting) == ("complete", True, 0), result

    def _payers(self, till: Till) -> Sequence[str]:
        """Return accounts of the till's whose customers come today."""
        query = select(accounts.c.account_no).where(accounts.c.kind == "meter", accounts.c.closed_on.is_(None))
        with till.store.read() as conn:
            known = list(conn.execute(query.order_by(accounts.c.account_no)).scalars())
        return self.rng.sample(known, max(self.customers // self.tills // PAID_OF, 8))

    def _note(self, entry: Entry, account_no: str, method: str, reference: str | None) -> None:
        amount_minor = sum(part["amount"] for part in entry.content.body["parts"])
        self.taken.append(Taken(number_of(entry), account_no, amount_minor, method, reference))

    def _amount(self) -> int:
        return self.rng.randrange(1, 60) * 5_000

    def _code(self) -> str:
        return "SK" + "".join(self.rng.choices("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", k=8))

    def _cheque(self) -> str:
        return f"{len(self.taken) + 100_001:06d}"

    def _some_meter(self) -> str:
        return next(row["meter_no"] for row in self._town("meters") if row["status"] == "active")

    def _line(self, reference: str | None, amount_minor: int, account: str = "", *, on: date | None = None) -> str:
        at = f"{on or self.today:%d-%m-%Y} 09:41:07"
        return (
            f"{reference},{at},{at},Pay Bill,Completed,{amount_minor / 100:.2f},,0,true,Pay Utility,"
            f"2547****678 - GRACE,,{account}"
        )

    def _town(self, name: str) -> Iterator[dict[str, str]]:
        with (self.folder / "town" / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
            yield from csv.DictReader(lines)

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - began


def main() -> int:
    """Live through a month and say what happened."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--tills", type=int, default=12)
    parser.add_argument("--database", help="the URL of an empty PostgreSQL database; else SQLite")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    with tempfile.TemporaryDirectory(prefix="meterpos-month-") as folder:
        os.environ["METERPOS_HEADOFFICE_HOME"] = str(Path(folder) / "office")
        url = options.database or f"sqlite:///{folder}/office.db"
        month = Month(Path(folder), url, options.customers, options.tills)
        month.live()
    told = {"counts": month.counts, "seconds": {name: round(took, 1) for name, took in month.seconds.items()}}
    print(json.dumps(told) if options.json else "\n".join(f"{name}: {value}" for name, value in _lines(told)))
    return 0


def _lines(told: dict[str, dict[str, Any]]) -> Iterator[tuple[str, Any]]:
    yield from told["counts"].items()
    yield from ((f"{name}, seconds", took) for name, took in told["seconds"].items())


if __name__ == "__main__":
    sys.exit(main())
