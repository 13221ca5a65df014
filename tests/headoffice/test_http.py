"""Head office over HTTP: whatever is sent gets a sentence, and nothing else happens."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from meterpos.headoffice import app
from meterpos.headoffice.checks import run_checks
from meterpos.headoffice.office import found, open_office
from meterpos.ledger.store import UnknownOutcome
from meterpos.settings import HeadOfficeSettings
from meterpos.sync.packing import PACKED_BYTES_MAX
from tests.headoffice.forged import Forged, outcomes, post
from tests.support.headoffice import Server, make_office


@pytest.fixture
def sqlite_server(tmp_path: Path, sqlite_url: str) -> object:
    running = Server.start(make_office(tmp_path / "office", sqlite_url))
    yield running
    running.stop()


def test_head_office_says_that_it_is_there(server: Server) -> None:
    answer = requests.get(f"{server.url}/health", timeout=10).json()
    assert (answer["status"], answer["utility"], answer["generation"]) == ("ok", "lake", 1)


@pytest.mark.parametrize("path", ["/v1/push", "/v1/pull", "/v1/enrol"])
@pytest.mark.parametrize("body", [b"", b"nonsense", b"\x1f\x8b\x08" + bytes(50)])
def test_head_office_refuses_what_is_no_message(sqlite_server: Server, path: str, body: bytes) -> None:
    answer = post(sqlite_server, path, body)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("The message cannot be read")


def test_head_office_refuses_what_is_too_large_without_reading_it_all(sqlite_server: Server) -> None:
    answer = post(sqlite_server, "/v1/push", bytes(PACKED_BYTES_MAX + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "size")


def test_head_office_does_not_believe_a_length(sqlite_server: Server) -> None:
    parts = urlsplit(sqlite_server.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as line:
        line.sendall(b"POST /v1/push HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nshort")
    assert requests.get(f"{sqlite_server.url}/health", timeout=10).status_code == 200


def test_head_office_answers_other_addresses_and_verbs_in_a_sentence(sqlite_server: Server) -> None:
    missing = requests.get(f"{sqlite_server.url}/nowhere", timeout=10)
    assert (missing.status_code, missing.json()["code"]) == (404, "http")
    assert requests.get(f"{sqlite_server.url}/v1/push", timeout=10).status_code == 405


def test_head_office_says_it_is_busy_when_the_commit_was_not_confirmed(
    sqlite_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    till = Forged.enrol(sqlite_server)

    def unknown(*_: object, **__: object) -> None:
        raise UnknownOutcome("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr("meterpos.headoffice.intake.receive", unknown)
        answer = post(sqlite_server, "/v1/push", till.batch())
    assert (answer.status_code, answer.json()) == (503, {"error": app._BUSY, "code": "busy"})
    assert till.push().through_seq == 1


def test_head_office_logs_no_names_and_no_phones(sqlite_server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    sqlite_server.import_town()
    till = Forged.enrol(sqlite_server)
    till.pay("SUSPENSE-KSM01", 10_00, suspense={"meter_no": "MTR-9", "name": "Wanjiru", "phone": "0700123456"})
    till.push()
    assert "KSM01 pushed 2 entries" in caplog.text
    assert "Wanjiru" not in caplog.text
    assert "0700123456" not in caplog.text


@contextmanager
def program(database_url: str, home: Path, *options: str) -> Iterator[str]:
    """Set up and serve a head office as a process of its own; yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "meterpos", "headoffice", "--database", database_url]
    environment = {"METERPOS_HEADOFFICE_HOME": str(home), "PATH": "/usr/bin:/bin"}
    if not home.exists():
        subprocess.run([*command, "init"], env=environment, check=True, capture_output=True, timeout=60)
    with subprocess.Popen(
        [*command, "serve", "--port", str(port), *options], env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        deadline = time.monotonic() + 60
        while not answers(port):
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
        process.terminate()
        assert process.wait(30) in (0, -15)


def answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/health", timeout=5).status_code == 200
    except requests.ConnectionError:
        return False


def test_head_office_serves_as_a_program_and_stops_when_told(tmp_path: Path, sqlite_url: str) -> None:
    with program(sqlite_url, tmp_path / "home"):
        pass


def test_two_worker_processes_with_the_same_batch_give_one_result(tmp_path: Path, postgres_url: str) -> None:
    home = tmp_path / "home"
    settings = HeadOfficeSettings(home=home / "utility", database_url=postgres_url, utility="utility")
    found(settings, now=datetime.now(UTC))
    office = open_office(settings)
    with program(postgres_url, home, "--workers", "2") as url:
        server = Server(office, url, None, None)  # type: ignore[arg-type]
        server.import_town()
        tills = [Forged.enrol(server, f"KSM{index:02d}") for index in range(4)]
        for till in tills:
            for _ in range(10):
                till.pay("A0000001", 1_00)
        before = server.net("A0000001")
        batches = [(till, till.batch()) for till in tills for _ in range(3)]
        with ThreadPoolExecutor(8) as pool:
            acks = list(pool.map(lambda pair: pair[0].deliver(pair[1]), batches))
        assert sum(outcomes(ack)[0] == "stored" for ack in acks) == 4
        assert server.net("A0000001") == before - 40_00
        with office.store.read() as conn:
            assert list(run_checks(conn)) == []
    office.close()
