"""Head office over HTTP: whatever is sent gets a sentence, and nothing else happens."""

import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from meterpos.headoffice import app
from meterpos.ledger.store import UnknownOutcome
from meterpos.sync.packing import PACKED_BYTES_MAX
from tests.headoffice.forged import Forged, post
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


def test_head_office_serves_as_a_program_and_stops_when_told(tmp_path: Path, sqlite_url: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "meterpos", "headoffice", "--database", sqlite_url]
    environment = {"METERPOS_HEADOFFICE_HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin"}
    subprocess.run([*command, "init"], env=environment, check=True, capture_output=True, timeout=60)
    with subprocess.Popen(
        [*command, "serve", "--port", str(port)], env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        deadline = time.monotonic() + 60
        while True:
            try:
                answer = requests.get(f"http://127.0.0.1:{port}/health", timeout=5)
                break
            except requests.ConnectionError:
                assert time.monotonic() < deadline and process.poll() is None
                time.sleep(0.05)
        assert answer.status_code == 200
        process.terminate()
        assert process.wait(30) in (0, -15)
