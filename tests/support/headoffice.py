"""A real head office for tests: its database, its keys, and, where asked for, its server on loopback.

Import the fixtures `office` and `server` where they are wanted; both run once on SQLite and once on PostgreSQL.
"""

import secrets
import shutil
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import select

from meterpos.headoffice import auth, exceptions
from meterpos.headoffice.app import create_app
from meterpos.headoffice.importing import import_directory
from meterpos.headoffice.office import Office, found, open_office
from meterpos.ledger import balances
from meterpos.ledger.tables import accounts
from meterpos.settings import HeadOfficeSettings
from meterpos.sync.enrolment import enrol
from meterpos.sync.exchange import ExchangeResult, exchange
from meterpos.till import Till, open_till
from meterpos.vault import read_secret

TOWN = Path(__file__).parent.parent / "data" / "town"
STARTS_WITHIN_S = 20


def make_office(home: Path, database_url: str, *, utility: str = "lake") -> Office:
    """Set up and open a head office."""
    settings = HeadOfficeSettings(home=home, database_url=database_url, utility=utility)
    found(settings, now=datetime.now(UTC))
    return open_office(settings)


@contextmanager
def opened_copy(ready: Path, home: Path) -> Iterator[Office]:
    """Copy the home of a head office whose database is books.db in it, and open the copy."""
    shutil.copytree(ready, home)
    opened = open_office(HeadOfficeSettings(home=home, database_url=f"sqlite:///{home / 'books.db'}", utility="lake"))
    yield opened
    opened.close()


@dataclass
class Server:
    """A head office that answers on loopback, and what its staff does."""

    office: Office
    url: str
    _server: uvicorn.Server | None = field(default=None, repr=False)
    _thread: threading.Thread | None = field(default=None, repr=False)

    @classmethod
    def start(cls, office: Office, *, app: FastAPI | None = None, below: str = "") -> "Server":
        """Serve this office from a thread, on a free port; or an app that holds it ``below`` an address."""
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app or create_app(office), log_level="error", access_log=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + STARTS_WITHIN_S
        while not server.started:
            assert time.monotonic() < deadline and thread.is_alive(), "head office did not start"
            time.sleep(0.005)
        return cls(office, f"http://127.0.0.1:{listener.getsockname()[1]}{below}", server, thread)

    def stop(self) -> None:
        """Finish what is under way and stop; the office is closed."""
        assert self._server is not None and self._thread is not None, "another process serves this office"
        self._server.should_exit = True
        self._thread.join(STARTS_WITHIN_S)
        assert not self._thread.is_alive(), "head office did not stop"

    def import_town(self) -> None:
        """Import the town of 60 customers in zones Kondele, Mamboleo, Migosi and Nyalenda."""
        import_directory(self.office.store, TOWN / "import")

    def add_till(self, name: str, zones: Sequence[str], *, again: bool = False) -> str:
        """Make a till known and return its one-time code."""
        code = auth.make_till_code(secrets.token_bytes(8), keys=self.office.keys)
        with self.office.write() as (conn, outgoing):
            auth.add_till(
                conn,
                outgoing,
                till_name=name,
                title=f"{name} Market",
                zones=zones,
                code=code,
                at=self.office.moment().at,
                again=again,
            )
        return code

    def enrol_till(self, home: Path, name: str = "KSM01", zones: Sequence[str] = ("Kondele",)) -> Till:
        """Add a till, enrol it in `home`, and let it have its first exchange."""
        till = open_till(home)
        key = read_secret(home, "ledger")
        enrol(
            till.store,
            home=home,
            server=self.url,
            code=self.add_till(name, zones),
            database_key=key,
            moment=till.moment(),
        )
        result = sync(till)
        assert result.is_complete, result
        return till

    def codes(self) -> list[str]:
        """Return the codes of the open exceptions, in order."""
        with self.office.store.read() as conn:
            return sorted(item.code for item in exceptions.listed(conn))

    def net(self, account_no: str) -> int:
        """Return what head office says an account owes, after making sure that its kept sums are right."""
        with self.office.store.read() as conn:
            assert balances.find_differences(conn, None) == ()
            net_minor = select(accounts.c.net_minor).where(accounts.c.account_no == account_no)
            return int(conn.execute(net_minor).scalar_one())


def sync(till: Till) -> ExchangeResult:
    """Exchange once."""
    return exchange(till.store, home=till.settings.home, device_key=till.device_key)


@pytest.fixture
def office(tmp_path: Path, database_url: str) -> Iterator[Office]:
    """An empty head office, on SQLite and on PostgreSQL."""
    made = make_office(tmp_path / "office", database_url)
    yield made
    made.close()


@pytest.fixture
def server(office: Office) -> Iterator[Server]:
    """An empty head office that answers, on SQLite and on PostgreSQL."""
    running = Server.start(office)
    yield running
    running.stop()
