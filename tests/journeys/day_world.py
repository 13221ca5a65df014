"""The world of a working day: a head office with its town, a till in front of it, a printer with a roll that ends."""

import csv
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from meterpos.headoffice import master, plans
from meterpos.headoffice.importing import import_directory
from meterpos.headoffice.office import Office
from meterpos.till import Till, open_till
from tests.journeys.day_office import ServerProcess, SharedClock, settings_in
from tests.journeys.day_plan import Plan, Visit
from tests.printing.fake_printer import FakePrinter, fake_printer
from tests.support.headoffice import Server, make_office

ZONE = "Kondele"
CODE = "ABCD-EFGH-JKLM"
PEOPLE = {"achieng": ("Achieng O.", "clerk"), "wafula": ("Wafula K.", "clerk"), "otieno": ("Otieno P.", "supervisor")}
OPENED, BILLED, DUE = date(2025, 1, 1), date(2026, 11, 1), date(2026, 11, 15)
MORNING = datetime(2026, 11, 20, 4, 58, tzinfo=UTC)
PLAN_TOTAL_MINOR = 90_000_00


class World:
    """Everything around the window. The clock is the same on both sides and is turned by the day."""

    def __init__(self, folder: Path, plan: Plan, printer: FakePrinter) -> None:
        self.plan, self.printer = plan, printer
        self.clock = SharedClock(folder / "clock", MORNING)
        settings = settings_in(folder)
        self.office = make_office(settings.home, settings.database_url)
        self.office.now = self.clock
        _import_town(self.office, folder / "import", plan.visits)
        self._folder, self._port = folder, _free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self.server = Server(self.office, self.url)
        self._process = ServerProcess(folder, self._port)
        self.code = self.server.add_till("KSM01", [ZONE])
        home = folder / "till"
        home.mkdir()
        (home / "meterpos.toml").write_text(f'[till]\nprinter = "{printer.spec}"\nexchange_every_s = 5\n')
        self.till: Till = open_till(home)
        self.till.now = self.clock

    def cut_the_network(self) -> None:
        """Nobody answers at head office's address any more."""
        self._process.stop()

    def bring_the_network_back(self) -> None:
        """Head office answers again, at the same address."""
        self._process = ServerProcess(self._folder, self._port)

    def close(self) -> None:
        """Stop everything."""
        self.till.close()
        self._process.stop()
        self.office.close()


@contextmanager
def world(folder: Path, plan: Plan) -> Iterator[World]:
    """Make the world of a day, and end it."""
    with fake_printer() as printer:
        made = World(folder, plan, printer)
        try:
            yield made
        finally:
            made.close()


def _import_town(office: Office, folder: Path, visits: tuple[Visit, ...]) -> None:
    folder.mkdir()
    known = [visit for visit in visits if visit.kind != "unknown"]
    meters = [
        (visit, *of) for visit in known for of in zip(visit.accounts, visit.meters, visit.owed_minor, strict=True)
    ]
    _write(
        folder / "customers.csv",
        ("customer_no", "name", "phone", "zone", "status", "opened_on"),
        [(one.customer_no, one.name, f"07{10_000_000 + one.place}", ZONE, "active", OPENED) for one in known],
    )
    _write(
        folder / "meters.csv",
        ("meter_no", "serial_no", "utility", "status", "location"),
        [(meter, f"SN{meter}", "water", "active", "Plot") for _, _, meter, _ in meters],
    )
    _write(
        folder / "accounts.csv",
        ("account_no", "customer_no", "meter_no", "opened_on", "closed_on", "opening_balance"),
        [(account, visit.customer_no, meter, OPENED, "", "0.00") for visit, account, meter, _ in meters],
    )
    _write(
        folder / "invoices.csv",
        ("invoice_no", "account_no", "invoice_date", "due_date", "amount", "balance_brought_forward"),
        [(f"INV-{account}", account, BILLED, DUE, f"{owed // 100}.00", "0.00") for _, account, _, owed in meters],
    )
    import_directory(office.store, folder)
    with office.write() as (connection, outgoing):
        for name, (display, role) in PEOPLE.items():
            master.add_user(
                connection,
                outgoing,
                user_name=name,
                display_name=display,
                role=role,
                expires_on=None,
                code=f"{CODE}-{name}",
            )
        for visit in visits:
            if visit.kind == "plan":
                plans.add_plan(
                    connection,
                    outgoing,
                    plan_no=visit.plan_no,
                    customer_no=visit.customer_no,
                    capacity_kw="3.5",
                    total_minor=PLAN_TOTAL_MINOR,
                    on=BILLED,
                )


def _write(path: Path, header: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
