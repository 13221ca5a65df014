"""What is asked over HTTP with a token: each role what it may, nobody more, and never too often."""

import csv
import io
import json
import logging
import secrets
import sys
import time
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from meterpos.headoffice import access, exceptions, logs
from meterpos.headoffice.app import create_app
from meterpos.headoffice.exceptions import Opening
from meterpos.headoffice.limits import BUCKETS_MAX, Limit
from meterpos.headoffice.office import Office
from meterpos.headoffice.watch import FAILED_PER_MINUTE, QUIET, Limits
from tests.cli.commands import run
from tests.headoffice.forged import Forged
from tests.support.headoffice import Server, make_office

ROLES = access.ROLES
TIMEOUT_S = 20


@pytest.fixture(scope="module")
def sqlite_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The town's head office on SQLite, asked by every test and changed by none."""
    home = tmp_path_factory.mktemp("office")
    running = Server.start(make_office(home, f"sqlite:///{home / 'office.db'}"))
    running.import_town()
    yield running
    running.stop()


def token(office: Office, role: access.Role, *, name: str = "", days: int | None = None) -> str:
    random = secrets.token_bytes(access.ID_BYTES + access.SECRET_BYTES)
    with office.store.write() as conn:
        at = office.moment().at
        shown, _ = access.add_token(conn, name=name or random.hex(), role=role, random=random, at=at, days=days)
    return shown


def ask(server: Server, path: str, shown: str = "", **options: object) -> requests.Response:
    headers = {"Authorization": f"Bearer {shown}"} if shown else {}
    return requests.get(f"{server.url}{path}", headers=headers, timeout=TIMEOUT_S, **options)  # type: ignore[arg-type]


# --- tokens -----------------------------------------------------------------------------------------------------------

PATHS = {
    "/v1/office/reports/aging": {"auditor", "manager", "integration"},
    "/v1/office/lists/balances": {"auditor", "manager", "integration"},
    "/v1/office/exceptions": {"auditor", "manager"},
    "/v1/office/fleet": {"auditor", "manager", "monitor"},
}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_what_it_may_and_nothing_else(sqlite_town: Server, role: access.Role) -> None:
    shown = token(sqlite_town.office, role)
    for path, roles in PATHS.items():
        answer = ask(sqlite_town, path, shown)
        assert answer.status_code == (200 if role in roles else 403), path
        if role not in roles:
            assert answer.json()["code"] == "token"


@pytest.mark.parametrize("shown", ["", "nonsense", "mp_x_y", "mp__", "Ünsinn"])
def test_a_wrong_token_opens_nothing_and_is_told_so(sqlite_town: Server, shown: str) -> None:
    answer = ask(sqlite_town, "/v1/office/fleet", shown.encode("ascii", "replace").decode())
    assert (answer.status_code, answer.json()["code"]) == (401, "token")


def test_a_right_number_with_a_wrong_secret_is_not_known(sqlite_town: Server) -> None:
    number = token(sqlite_town.office, "auditor").split("_")[1]
    assert (
        ask(sqlite_town, "/v1/office/fleet", f"mp_{number}_{'a' * 32}").json()["error"].startswith("This token is not")
    )


def test_an_expired_or_revoked_token_opens_nothing(sqlite_town: Server) -> None:
    office = sqlite_town.office
    expired, revoked = token(office, "auditor", name="old", days=1), token(office, "auditor", name="lost")
    at = office.moment().at + timedelta(days=2)
    with office.store.write() as conn:
        with pytest.raises(access.Refused, match="not in force any more"):
            access.holder_of(conn, f"Bearer {expired}", scope="fleet", at=at)
        access.revoke_token(conn, name="lost", at=office.moment().at)
        with pytest.raises(access.NoSuchToken):
            access.revoke_token(conn, name="lost", at=office.moment().at)
    answer = ask(sqlite_town, "/v1/office/fleet", revoked)
    assert (answer.status_code, "not in force" in answer.json()["error"]) == (401, True)


def test_tokens_are_made_listed_and_revoked_by_command_and_never_shown_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METERPOS_HEADOFFICE_HOME", str(tmp_path / "office"))
    assert run("headoffice", "init").code == 0
    made = run("headoffice", "token", "add", "Grafana", "--role", "monitor", "--days", "30", "--json").answer
    assert made["token"].startswith(f"mp_{made['id']}_")
    assert run("headoffice", "token", "add", "Grafana", "--role", "auditor").code == 1
    assert run("headoffice", "token", "add", " ", "--role", "auditor").code == 1
    listed = run("headoffice", "token", "list")
    assert "Grafana" in listed.out and "in force" in listed.out
    assert made["token"].rpartition("_")[2] not in listed.out + (tmp_path / "office").joinpath(
        "utility", "headoffice.db"
    ).read_bytes().decode("latin-1")
    assert run("headoffice", "token", "revoke", "Grafana").code == 0
    assert run("headoffice", "token", "list", "--json").answer["tokens"][0]["in_force"] is False
    assert run("headoffice", "token", "revoke", "Grafana").code == 1
    assert "revoked" in run("headoffice", "token", "list").out
    assert "until it is revoked" in run("headoffice", "token", "add", "Grafana", "--role", "monitor").out


# --- what is asked ----------------------------------------------------------------------------------------------------


def test_reports_and_lists_come_as_files(sqlite_town: Server) -> None:
    shown = token(sqlite_town.office, "integration")
    period = {"from": "2026-10-01", "to": "2026-11-20"}
    balance = ask(sqlite_town, "/v1/office/reports/trial-balance", shown, params=period)
    *_, total = csv.DictReader(io.StringIO(balance.text))
    assert total["debit"] == total["credit"] != "0.00"
    book = ask(sqlite_town, "/v1/office/reports/financial", shown, params={**period, "format": "xlsx"})
    assert zipfile.is_zipfile(io.BytesIO(book.content))
    for name in ("balances", "invoices", "aging"):
        listed = ask(sqlite_town, f"/v1/office/lists/{name}", shown, params={"as_of": "2026-11-20"})
        assert len(listed.text.splitlines()) > 50


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/office/reports/aging?from=2026-11-20&to=2026-11-01", 400),
        ("/v1/office/reports/nonsense", 422),
        ("/v1/office/reports/aging?to=yesterday", 422),
        ("/v1/office/lists/customers", 422),
        ("/v1/office/exceptions/NOTHING1", 400),
    ],
)
def test_what_cannot_be_read_is_told_in_a_sentence(sqlite_town: Server, path: str, status: int) -> None:
    answer = ask(sqlite_town, path, token(sqlite_town.office, "manager"))
    assert (answer.status_code, set(answer.json())) == (status, {"error", "code"})


def test_an_item_is_resolved_by_whoever_may_in_their_name(server: Server) -> None:
    manager, auditor = (token(server.office, role, name=role) for role in ("manager", "auditor"))
    with server.office.store.write() as conn:
        opening = Opening(code="clock_suspect", subject="KSM01", till_name="KSM01")
        exceptions.open_all(conn, [opening], at=server.office.moment().at - timedelta(days=3, seconds=1))
    (item,) = ask(server, "/v1/office/exceptions", auditor).json()["exceptions"]
    assert (item["age_days"], item["owner"]) == (3, "support")
    address = f"{server.url}/v1/office/exceptions/{item['id']}/resolve"

    def resolve(shown: str, body: bytes) -> requests.Response:
        return requests.post(address, data=body, headers={"Authorization": f"Bearer {shown}"}, timeout=TIMEOUT_S)

    gift = json.dumps({"to": "achieng", "note": "on Friday"}).encode()
    given_at = address.replace("/resolve", "/assign")
    for shown, body, status in ((auditor, gift, 403), (manager, b'{"to": 1}', 400), (manager, gift, 200)):
        headers = {"Authorization": f"Bearer {shown}"}
        assert requests.post(given_at, data=body, headers=headers, timeout=TIMEOUT_S).status_code == status
    (mine,) = ask(server, "/v1/office/exceptions?owner=achieng", auditor).json()["exceptions"]
    assert (mine["assigned_to"], mine["assigned_by"], mine["note"]) == ("achieng", "manager", "on Friday")
    assert ask(server, "/v1/office/exceptions?owner=manager", auditor).json()["exceptions"] == []

    said = json.dumps({"resolution": "The clock was set."}).encode()
    assert resolve(auditor, said).status_code == 403
    for wrong in (b"", b"[]", b'{"resolution": ""}', b'{"resolution": "x", "by": "y"}', b"\xff", b"[" * 5_000):
        assert resolve(manager, wrong).status_code == 400
    assert (resolve(manager, bytes(9_000)).status_code, resolve(manager, said).json()["resolved_by"]) == (
        413,
        "manager",
    )
    assert ask(server, f"/v1/office/exceptions/{item['id']}", auditor).json()["resolution"] == "The clock was set."
    assert ask(server, "/v1/office/exceptions", auditor).json() == {"exceptions": []}
    assert len(ask(server, "/v1/office/exceptions?everything=true", auditor).json()["exceptions"]) == 1


def test_every_address_is_described_with_an_example(sqlite_town: Server) -> None:
    told = ask(sqlite_town, "/openapi.json").json()
    assert {"/metrics", "/health", "/v1/push", *(path.replace("aging", "{kind}") for path in list(PATHS)[:1])} <= set(
        told["paths"]
    )
    for name in ("Item", "Complaint", "Fleet"):
        assert told["components"]["schemas"][name]["examples"]
    posted = told["paths"]["/v1/office/exceptions/{number}/resolve"]["post"]["requestBody"]["content"]
    assert posted["application/json"]["schema"]["examples"]


# --- figures, limits, logs --------------------------------------------------------------------------------------------


def test_figures_for_prometheus_are_told_to_this_machine_and_to_monitors(server: Server) -> None:
    Forged.enrol(server).push()
    with server.office.store.write() as conn:
        exceptions.open_all(conn, [Opening(code="fork", subject="x")], at=server.office.moment().at)
    ask(server, "/health")
    told = ask(server, "/metrics")
    assert told.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert 'meterpos_tills{status="enrolled"} 1' in told.text
    assert 'meterpos_exceptions_open{code="fork"} 1' in told.text
    assert "meterpos_entries 1\n" in told.text
    assert 'meterpos_http_requests_total{method="POST",path="/v1/push",status="200"' in told.text
    assert 'meterpos_http_request_seconds_bucket{path="/health"' in told.text
    through_a_proxy = {"X-Forwarded-For": "203.0.113.9"}
    far = requests.get(f"{server.url}/metrics", headers=through_a_proxy, timeout=TIMEOUT_S)
    assert far.status_code == 401
    shown = token(server.office, "monitor")
    headers = {**through_a_proxy, "Authorization": f"Bearer {shown}"}
    assert requests.get(f"{server.url}/metrics", headers=headers, timeout=TIMEOUT_S).status_code == 200


def test_whoever_guesses_tokens_waits_and_who_has_one_elsewhere_does_not(sqlite_town: Server) -> None:
    good = token(sqlite_town.office, "auditor")
    guesser, other = ({"X-Forwarded-For": address} for address in ("203.0.113.7", "203.0.113.8"))
    address = f"{sqlite_town.url}/v1/office/fleet"
    with requests.Session() as line:
        answers = [line.get(address, headers=guesser, timeout=TIMEOUT_S) for _ in range(FAILED_PER_MINUTE)]
        while answers[-1].status_code == 401 and len(answers) < 20 * FAILED_PER_MINUTE:  # it refills meanwhile
            answers.append(line.get(address, headers=guesser, timeout=TIMEOUT_S))
        assert {answer.status_code for answer in answers[:FAILED_PER_MINUTE]} == {401}
        assert answers[-1].status_code == 429
        assert (answers[-1].json()["code"], int(answers[-1].headers["Retry-After"]) >= 1) == ("too_many", True)
        shown = {**other, "Authorization": f"Bearer {good}"}
        assert line.get(address, headers=shown, timeout=TIMEOUT_S).status_code == 200


def test_limits_are_of_the_addresses_that_could_be_guessed_at() -> None:
    limits = Limits()
    assert limits.of("/v1/enrol") == (limits.enrol,)
    assert limits.of("/v1/c2b/secret/confirmation") == limits.of("/v1/sms/secret/report") == (limits.failed,)
    assert limits.of("/v1/office/fleet") == limits.of("/metrics") == (limits.office, limits.failed)
    assert limits.of("/v1/push") == limits.of("/health") == ()
    assert "/v1/push" in QUIET


def test_a_limit_refills_with_time_and_holds_no_more_addresses_than_fit() -> None:
    limit = Limit(60)
    for _ in range(60):
        limit.take("a", now_s=0.0)
    assert limit.wait_s("a", now_s=0.0) == pytest.approx(1.0)
    assert limit.wait_s("b", now_s=0.0) == 0.0
    assert limit.wait_s("a", now_s=1.0) == 0.0
    for place in range(BUCKETS_MAX + 10):
        limit.take(f"x{place}", now_s=2.0)
    assert len(limit._left) <= BUCKETS_MAX
    limit.take("late", now_s=1_000.0)
    assert len(limit._left) <= BUCKETS_MAX


def test_a_log_line_is_an_object_without_what_somebody_sent() -> None:
    try:
        raise ValueError("Wanjiru 0700123456")
    except ValueError:
        record = logging.LogRecord(
            "x", logging.ERROR, "f", 1, "till %s called +254700123456", ("KSM01",), sys.exc_info()
        )
    record.status = 500
    said = json.loads(logs.JsonLines().format(record))
    assert (said["event"], said["error"], said["status"], said["level"]) == (
        "till KSM01 called …",
        "ValueError",
        500,
        "error",
    )
    assert "Wanjiru" not in json.dumps(said)
    plain = json.loads(
        logs.JsonLines().format(logging.LogRecord("x", logging.INFO, "f", 1, "12345678 entries", (), None))
    )
    assert plain["event"] == "12345678 entries"


def test_requests_are_written_down_by_address_without_its_secrets(
    sqlite_town: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    requests.post(f"{sqlite_town.url}/v1/c2b/my-secret/confirmation", data=b"{}", timeout=TIMEOUT_S)
    ask(sqlite_town, "/nowhere/0700123456")
    until = time.monotonic() + TIMEOUT_S
    while "answered GET" not in caplog.text and time.monotonic() < until:  # written once the answer is out
        time.sleep(0.01)
    assert "answered POST /v1/c2b/{secret}/confirmation with 401" in caplog.text
    assert "answered GET other with 404" in caplog.text
    assert "my-secret" not in caplog.text and "0700123456" not in caplog.text


def test_an_app_can_be_made_with_other_limits(tmp_path: Path, sqlite_url: str) -> None:
    office = make_office(tmp_path / "office", sqlite_url)
    assert create_app(office, limits=Limits(enrol=Limit(1))).state.requests.counts == {}
    office.close()
