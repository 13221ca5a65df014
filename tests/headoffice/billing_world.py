"""A utility of four meters that bills: what its staff types, with files as they bring them."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from meterpos.headoffice.office import Office, open_office
from meterpos.headoffice.tables import bills, metadata
from meterpos.settings import load_headoffice_settings
from tests.cli.commands import Staff, file

FILES = {
    "customers.csv": (
        "customer_no,name,phone,zone,status,opened_on",
        "C1,Grace Akinyi Otieno,0712000001,Kondele,active,2024-01-05",
        "C2,Njeri Barasa,0712000002,Kondele,active,2024-01-05",
        "C3,Otieno Ouma,0712000003,Migosi,active,2024-01-05",
    ),
    "meters.csv": (
        "meter_no,serial_no,utility,status,location",
        "M1,SN1,water,active,Plot 1",
        "M2,SN2,power,active,Plot 1",
        "M3,SN3,water,active,Plot 2",
        "M4,SN4,water,disconnected,Plot 3",
    ),
    "accounts.csv": (
        "account_no,customer_no,meter_no,opened_on,closed_on,opening_balance",
        "A1,C1,M1,2024-01-05,,1000.00",
        "A2,C1,M2,2024-01-05,,0",
        "A3,C2,M3,2024-01-05,,-200.00",
        "A4,C3,M4,2024-01-05,,0",
    ),
}
TARIFF_COLUMNS = "tariff,starts_on,ends_on,item,upto,price,name"
WATER = (
    "water,2024-01-01,,block,6,55,",
    "water,2024-01-01,,block,20,72.505,",
    "water,2024-01-01,,block,,90.25,",
    "water,2024-01-01,,standing,,50,",
    "water,2024-01-01,,minimum,,300,",
    "water,2024-01-01,,levy-percent,,7.5,Sewer",
    "water,2024-01-01,,levy-unit,,0.335,Regulator",
    "water,2024-01-01,,levy-fixed,,5,Fund",
)
POWER = ("power,2024-01-01,,block,,20.97,",)
OCTOBER = ("M1,2024-10-28,100", "M2,2024-10-28,5000", "M3,2024-10-29,0")
NOVEMBER = ("M1,2024-11-18,123.001", "M2,2024-11-18,5010", "M3,2024-11-19,1")
DAY = ("--on", "2024-11-20")


@dataclass(frozen=True)
class Billing(Staff):
    """The commands of a utility that bills, and where its files are."""

    folder: Path

    def readings(self, *lines: str, columns: str = "meter_no,read_on,reading") -> str:
        """Write a file of readings."""
        return file(self.folder, "readings.csv", (columns, *lines))

    def tariffs(self, *lines: str) -> str:
        """Write a file of tariffs."""
        return file(self.folder, "tariffs.csv", (TARIFF_COLUMNS, *lines))

    def bills(self, *lines: str, columns: str = "account_no,kind,amount") -> str:
        """Write a file of bills."""
        return file(self.folder, "bills.csv", (columns, *lines))

    def run_month(self, period: str = "2024-11", *more: str) -> Any:
        """Run a month's bills."""
        return self.ask("bill", "run", "--period", period, *(more or DAY))

    def billed(self) -> list[tuple[str, str, int, str | None]]:
        """Return account, kind, amount and invoice of every bill, in the order they were made."""
        office = self.office()
        with office.store.read() as conn:
            query = select(bills.c.account_no, bills.c.kind, bills.c.amount_minor, bills.c.invoice_no)
            found = [tuple(row) for row in conn.execute(query.order_by(bills.c.bill_no))]
        office.close()
        return found

    def count(self, table: str) -> int:
        """Return how many rows one of head office's tables has."""
        office = self.office()
        with office.store.read() as conn:
            found = conn.execute(select(func.count()).select_from(metadata.tables[table])).scalar_one()
        office.close()
        return int(found)

    def office(self) -> Office:
        """Open it; the caller closes."""
        return open_office(load_headoffice_settings(database=self.database_url, utility=None))

    def nets(self) -> dict[str, str]:
        """Return what each account owes."""
        rows = self.do("balances", "--format", "csv").out.splitlines()[1:]
        return {row.split(",")[0]: row.split(",")[3] for row in rows}


def bare_billing(url: str, folder: Path) -> Billing:
    """Set up the utility with its customers, meters and accounts; METERPOS_HEADOFFICE_HOME must be set."""
    billing = Billing(url, folder)
    billing.do("init")
    for name, lines in FILES.items():
        file(folder, name, lines)
    billing.do("import", str(folder))
    return billing


def found_billing(url: str, folder: Path) -> Billing:
    """Set up the utility with its tariffs and a first month's readings."""
    billing = bare_billing(url, folder)
    billing.do("tariff", "import", billing.tariffs(*WATER, *POWER))
    billing.do("readings", "import", billing.readings(*OCTOBER))
    return billing


@pytest.fixture
def billing(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Billing:
    """The utility, on both databases."""
    monkeypatch.setenv("METERPOS_HEADOFFICE_HOME", str(tmp_path / "home"))
    return found_billing(database_url, tmp_path)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The utility on SQLite, for tests that copy it."""
    folder = tmp_path_factory.mktemp("kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("METERPOS_HEADOFFICE_HOME", str(folder / "home"))
        found_billing(f"sqlite:///{(folder / 'home' / 'lake.db').as_posix()}", folder)
    return folder


@pytest.fixture
def small(kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Billing:
    """A utility of the test's own, on SQLite."""
    shutil.copytree(kept / "home", tmp_path / "home")
    monkeypatch.setenv("METERPOS_HEADOFFICE_HOME", str(tmp_path / "home"))
    return Billing(f"sqlite:///{(tmp_path / 'home' / 'lake.db').as_posix()}", tmp_path)


@pytest.fixture
def still(kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Billing:
    """The kept utility itself, for what is refused and so changes nothing."""
    monkeypatch.setenv("METERPOS_HEADOFFICE_HOME", str(kept / "home"))
    return Billing(f"sqlite:///{(kept / 'home' / 'lake.db').as_posix()}", tmp_path)
