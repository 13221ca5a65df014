"""Fixtures for every room: real SQLite files, a real PostgreSQL, no display, no network beyond this machine."""

import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.support import mariadb
from tests.support.mariadb import MariaDatabases
from tests.support.postgres import Databases, server_url

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# Tests never touch the keyring of the person who runs them; the 0600 key file stands in, as on a bare machine.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"

settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

RUN_FOLDER = "METERPOS_TEST_RUN_FOLDER"
RUN_OWNER = "METERPOS_TEST_RUN_OWNER"
LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")


class NetworkUsed(Exception):
    """A test reached for the network beyond this machine."""


def pytest_configure(config: pytest.Config) -> None:
    """Give the run, with all its workers, one folder and one owner."""
    if not hasattr(config, "workerinput"):
        os.environ[RUN_FOLDER] = tempfile.mkdtemp(prefix="meterpos-tests-")
        os.environ[RUN_OWNER] = str(os.getpid())


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the run's folder, unless a server lives there: its supervisor removes it."""
    if not hasattr(config, "workerinput"):
        folder = Path(os.environ.pop(RUN_FOLDER))
        if not any(folder.iterdir()):
            folder.rmdir()


@pytest.fixture(scope="session", autouse=True)
def cheap_pins() -> Iterator[None]:
    """Let PINs cost little to check: hundreds of tests sign somebody in, and production takes 64 MiB each time."""
    from argon2 import PasswordHasher

    from meterpos.ledger.operations import people

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(people, "_production_hasher", people._hasher, raising=False)
        patch.setattr(people, "_hasher", lambda: PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        yield


@pytest.fixture(scope="session")
def postgres_databases() -> Iterator[Databases]:
    """Makes databases on the run's PostgreSQL server (or the one METERPOS_TEST_POSTGRES names)."""
    url = os.environ.get("METERPOS_TEST_POSTGRES") or server_url(
        Path(os.environ[RUN_FOLDER]), int(os.environ[RUN_OWNER])
    )
    databases = Databases(url)
    yield databases
    databases.drop_all()


@pytest.fixture
def postgres_url(postgres_databases: Databases) -> Iterator[str]:
    """The URL of an empty PostgreSQL database of the test's own."""
    url = postgres_databases.new()
    yield url
    postgres_databases.drop(url)


@pytest.fixture(scope="module")
def postgres_module_url(postgres_databases: Databases) -> Iterator[str]:
    """The URL of an empty PostgreSQL database that the tests of one module share."""
    url = postgres_databases.new()
    yield url
    postgres_databases.drop(url)


@pytest.fixture(scope="session")
def mariadb_databases() -> MariaDatabases:
    """Makes databases on the run's MariaDB server."""
    if mariadb.program() is None:
        pytest.skip(mariadb.WHY_NOT)
    return MariaDatabases(mariadb.server_socket(Path(os.environ[RUN_FOLDER]), int(os.environ[RUN_OWNER])))


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of an SQLite file, not made yet, of the test's own."""
    return f"sqlite:///{(tmp_path / 'meterpos.db').as_posix()}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database of the test's own, once on SQLite and once on PostgreSQL."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    url: str = request.getfixturevalue(name)
    return url


@pytest.fixture(autouse=True)
def home_of_the_test(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the settings and data of the person who runs it."""
    for name in [name for name in os.environ if name.startswith("METERPOS_")]:
        if not name.startswith("METERPOS_TEST_"):
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("METERPOS_HOME", str(home / "till"))
    monkeypatch.setenv("METERPOS_HEADOFFICE_HOME", str(home / "headoffice"))


@pytest.fixture(autouse=True, scope="session")
def network_of_this_machine_only() -> Iterator[None]:
    """Fail, aloud, a test that looks up or connects to another machine."""
    with pytest.MonkeyPatch.context() as patch:
        real_connect, real_lookup = socket.socket.connect, socket.getaddrinfo

        def connect(self: socket.socket, address: Any) -> None:
            if self.family in (socket.AF_INET, socket.AF_INET6):
                _refuse_beyond_loopback(address[0])
            return real_connect(self, address)

        def lookup(host: Any, *rest: Any, **options: Any) -> Any:
            _refuse_beyond_loopback(host)
            return real_lookup(host, *rest, **options)

        patch.setattr(socket.socket, "connect", connect)
        patch.setattr(socket, "getaddrinfo", lookup)
        yield


def _refuse_beyond_loopback(host: Any) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if name and not str(name).startswith(LOOPBACK):
        raise NetworkUsed(f"a test reached for {name}")
