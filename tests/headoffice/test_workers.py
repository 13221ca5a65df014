"""Several utilities served by several processes on PostgreSQL: real processes, one of them killed, all told to stop."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from meterpos.headoffice.checks import run_checks
from meterpos.headoffice.matching import callbacks
from meterpos.headoffice.office import Office
from tests.headoffice.forged import Forged
from tests.support.headoffice import Server, make_office
from tests.support.postgres import Databases

NAMES = ("lake", "hill")
WORKERS = 2
TILLS, PAYMENTS, TOLD = 2, 10, 6
STARTS_WITHIN_S = 60
TRIES_MAX = 60
pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="asks /proc for a process's children")


@dataclass
class Served:
    """Head offices of a machine, and the program that serves them."""

    process: "subprocess.Popen[bytes]"
    servers: tuple[Server, ...]

    def workers(self) -> list[int]:
        """Return the processes that answer; the one that only tidies up after dead ones is not among them."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(child) for child in children if b"resource_tracker" not in _command(child)]

    def nets(self, account_no: str) -> list[int]:
        """Return what an account owes in each utility."""
        return [server.net(account_no) for server in self.servers]


def _command(pid: str) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b"resource_tracker"


@pytest.fixture
def served(tmp_path: Path, postgres_databases: Databases) -> Iterator[Served]:
    offices = [_utility(tmp_path / name, postgres_databases.new()) for name in NAMES]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "meterpos", "headoffice", "serve", "--all", "--workers", str(WORKERS)]
    environment = {"METERPOS_HEADOFFICE_HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    process = subprocess.Popen([*command, "--port", str(port)], env=environment, stderr=subprocess.DEVNULL)
    found = Served(
        process, tuple(Server(office, f"http://127.0.0.1:{port}/{office.settings.utility}") for office in offices)
    )
    try:
        _await(lambda: _answers(found.servers[0]) and len(found.workers()) == WORKERS)
        for server in found.servers:
            server.import_town()
        yield found
    finally:
        process.kill() if process.poll() is None else None
        process.wait()
        for office in offices:
            office.close()


def _utility(home: Path, url: str) -> Office:
    office = make_office(home, url, utility=home.name)
    (home / "meterpos.toml").write_text(f'[headoffice]\ndatabase = "{url}"\n')
    return office


def _answers(server: Server) -> bool:
    with contextlib.suppress(requests.ConnectionError):
        return requests.get(f"{server.url}/health", timeout=5).status_code == 200
    return False


def _await(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_S
    while not done():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.02)


def deliver(till: Forged) -> int:
    """Deliver what a till holds, again and again until it is answered: as a till does whose line broke."""
    for _ in range(TRIES_MAX):
        with contextlib.suppress(requests.ConnectionError):
            return int(till.push().through_seq)
        time.sleep(0.05)
    raise AssertionError("nobody answers")


def tell(server: Server, number: int) -> int:
    """Tell of a payment by paybill as M-Pesa does, again until it is answered; return the last status."""
    url = f"{server.url}/v1/c2b/{callbacks.secret(server.office.settings.home)}/confirmation"
    body = {
        "TransID": f"SKJ3XY{number:04d}",
        "TransTime": "20261118094107",
        "TransAmount": "1.00",
        "BusinessShortCode": "522522",
        "BillRefNumber": "A0000001",
    }
    for _ in range(TRIES_MAX):
        with contextlib.suppress(requests.ConnectionError):
            return requests.post(url, json=body, timeout=30).status_code
        time.sleep(0.05)
    raise AssertionError("nobody answers")


def test_several_workers_serve_several_utilities_and_one_that_is_killed_loses_nothing(served: Served) -> None:
    before = served.nets("A0000001")
    tills = [Forged.enrol(server, f"KSM{index:02d}") for server in served.servers for index in range(TILLS)]
    for till in tills:
        for _ in range(PAYMENTS):
            till.pay("A0000001", 1_00)
    victim = served.workers()[0]
    with ThreadPoolExecutor(8) as aside:
        # each batch and each callback twice: what reaches two workers at once is one
        pushed = [aside.submit(deliver, till) for till in tills for _ in range(2)]
        told = [aside.submit(tell, server, n) for n in range(TOLD) for server in served.servers for _ in range(2)]
        pushed[0].result()
        os.kill(victim, signal.SIGKILL)
        assert [one.result() for one in pushed] == [PAYMENTS + 1] * 2 * len(tills)
        assert {one.result() for one in told} == {200}
    _await(lambda: victim not in served.workers() and len(served.workers()) == WORKERS)
    paid = (TILLS * PAYMENTS + TOLD) * 1_00
    assert served.nets("A0000001") == [net - paid for net in before]
    for server in served.servers:
        with server.office.store.read() as conn:
            assert list(run_checks(conn)) == []
    workers = served.workers()
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(30) in (0, -signal.SIGTERM)
    assert [pid for pid in workers if Path(f"/proc/{pid}").exists()] == []
