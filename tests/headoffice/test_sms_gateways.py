"""Sending: every answer a gateway can give, over real HTTP, and what becomes of the message."""

import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from sqlalchemy.dialects import sqlite

from meterpos.headoffice import app, exceptions
from meterpos.headoffice.office import Office, open_office
from meterpos.headoffice.sms import outbox, reports, sending, setup
from meterpos.headoffice.sms.gateways import AfricasTalking, Gateway, Log, PlainHttp, gateway_of
from meterpos.headoffice.sms.outbox import Draft, Message
from tests.support.gateway import KEY, Answer, LocalGateway, accepted, local_gateway
from tests.support.headoffice import Server, make_office, opened_copy

GRACE = "+254712345678"


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty head office, for tests that copy it."""
    home = tmp_path_factory.mktemp("gateways") / "home"
    make_office(home, f"sqlite:///{home / 'books.db'}").close()
    return home


@pytest.fixture
def desk(ready: Path, tmp_path: Path) -> Iterator[Office]:
    """A head office of the test's own."""
    with opened_copy(ready, tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def gateway() -> Iterator[LocalGateway]:
    with local_gateway() as local:
        yield local


def connect(
    office: Office, gateway: LocalGateway, kind: str = "africastalking", *, timeout_s: float = 10.0, **options: object
) -> Gateway:
    """Choose this gateway and return the way to it."""
    with office.write() as (conn, _):
        setup.set_up(conn, at=office.moment().at, kind=kind, url=gateway.url, username="lake", sender="LAKE", **options)  # type: ignore[arg-type]
        chosen = setup.required(conn)
    setup.keep_key(office.settings.home, KEY)
    return gateway_of(chosen, key=setup.kept_key(office.settings.home), timeout_s=timeout_s)


def queue(office: Office, *subjects: str, phone: str = GRACE) -> None:
    drafts = [
        Draft(kind="notice", subject=one, phone=phone, customer_no=None, account_no=None, language="en", text="Habari")
        for one in subjects
    ]
    with office.store.write() as conn:
        outbox.queue(conn, drafts, at=office.moment().at)


def the_message(office: Office) -> Message:
    with office.store.read() as conn:
        (one,) = outbox.listed(conn)
    return one


def later(office: Office, wait: timedelta) -> None:
    now = office.moment().at + wait
    office.now = lambda: now


def codes(office: Office) -> list[str]:
    with office.store.read() as conn:
        return [item.code for item in exceptions.listed(conn)]


def test_a_message_goes_as_africas_talking_wants_it(desk: Office, gateway: LocalGateway) -> None:
    way = connect(desk, gateway)
    queue(desk, "one")
    assert sending.work(desk, gateway=way).accepted == 1
    assert gateway.asked == [{"username": "lake", "to": GRACE, "message": "Habari", "from": "LAKE"}]
    headers = {name.lower(): value for name, value in gateway.headers[0].items()}
    assert (headers["apikey"], headers["accept"]) == (KEY, "application/json")
    sent = the_message(desk)
    assert (sent.state, sent.cost_minor, sent.detail) == ("sent", 80, "101 Success")


@pytest.mark.parametrize(
    ("answer", "state", "desk_codes"),
    [
        (accepted(1, code=100, status="Processed"), "sent", []),
        (accepted(1, code=102, status="Queued"), "sent", []),
        (accepted(1, code=401, status="RiskHold"), "queued", ["sms_gateway"]),
        (accepted(1, code=402, status="InvalidSenderId"), "queued", ["sms_gateway"]),
        (accepted(1, code=403, status="InvalidPhoneNumber"), "failed", []),
        (accepted(1, code=404, status="UnsupportedNumberType"), "failed", []),
        (accepted(1, code=405, status="InsufficientBalance"), "queued", ["sms_gateway"]),
        (accepted(1, code=406, status="UserInBlacklist"), "failed", []),
        (accepted(1, code=407, status="CouldNotRoute"), "queued", []),
        (accepted(1, code=409, status="DoNotDisturbRejection"), "queued", []),
        ((409, accepted(1, code=409, status="DoNotDisturbRejection")[1]), "queued", []),
        (accepted(1, code=500, status="InternalServerError"), "queued", []),
        (accepted(1, code=501, status="GatewayError"), "queued", []),
        (accepted(1, code=502, status="RejectedByGateway"), "queued", []),
        ((201, '{"SMSMessageData": {"Message": "InvalidSenderId", "Recipients": []}}'), "queued", ["sms_gateway"]),
        ((201, "not json"), "unsure", []),
        ((201, "[]"), "unsure", []),
        ((400, "Request is missing required form field 'to'"), "failed", []),
        ((401, "The supplied authentication is invalid"), "queued", ["sms_gateway"]),
        ((429, "slow down"), "queued", []),
        ((500, "oops"), "queued", []),
        ((503, ""), "queued", []),
    ],
)
def test_every_answer_has_its_end(
    desk: Office, gateway: LocalGateway, answer: Answer, state: str, desk_codes: list[str]
) -> None:
    way = connect(desk, gateway)
    gateway.answer = lambda _: answer
    queue(desk, "one")
    sending.work(desk, gateway=way)
    assert (the_message(desk).state, codes(desk), len(gateway.asked)) == (state, desk_codes, 1)
    with desk.store.read() as conn:
        wants_none = "UserInBlacklist" in answer[1]
        assert bool(outbox.opted_out(conn, [GRACE])) is wants_none


@pytest.mark.parametrize(
    ("status", "body", "state"),
    [
        (200, '{"id": "abc"}', "sent"),
        (202, "thanks", "sent"),
        (409, "", "sent"),
        (410, "", "failed"),
        (422, "no such phone", "failed"),
        (402, "pay first", "queued"),
        (500, "", "queued"),
    ],
)
def test_any_http_gateway_will_do(desk: Office, gateway: LocalGateway, status: int, body: str, state: str) -> None:
    way = connect(desk, gateway, "http")
    gateway.answer = lambda _: (status, body)
    queue(desk, "one")
    sending.work(desk, gateway=way)
    one = the_message(desk)
    assert one.state == state
    assert gateway.asked == [{"id": one.sms_id, "to": GRACE, "text": "Habari", "from": "LAKE"}]
    headers = {name.lower(): value for name, value in gateway.headers[0].items()}
    assert (headers["authorization"], headers["idempotency-key"]) == (f"Bearer {KEY}", one.sms_id)


@pytest.mark.parametrize("cost", ["free", "KES", None, "KES 0.8.0", "KES -1"])
def test_an_odd_cost_or_number_is_none(desk: Office, gateway: LocalGateway, cost: str | None) -> None:
    way = connect(desk, gateway)
    one = {"statusCode": 101, "status": "Success", "cost": cost, "messageId": "None"}
    gateway.answer = lambda _: (201, json.dumps({"SMSMessageData": {"Message": "", "Recipients": [one]}}))
    queue(desk, "one")
    assert sending.work(desk, gateway=way).accepted == 1
    assert (the_message(desk).state, the_message(desk).cost_minor) == ("sent", None)


def test_a_line_that_breaks_in_the_middle_leaves_it_unsure(desk: Office) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        broken = LocalGateway(url=f"http://127.0.0.1:{listener.getsockname()[1]}/")
        way = connect(desk, broken)
        queue(desk, "one")

        def hang_up() -> None:
            line, _ = listener.accept()
            line.recv(10_000)
            line.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        assert sending.work(desk, gateway=way).unsure == 1
        thread.join()
    assert "the line broke" in the_message(desk).detail


def test_a_gateway_that_is_not_there_is_tried_again_longer_each_time(desk: Office, gateway: LocalGateway) -> None:
    gateway.url = "http://127.0.0.1:9/"
    way = connect(desk, gateway)
    queue(desk, "one")
    assert sending.work(desk, gateway=way).later == 1
    assert sending.work(desk, gateway=way).later == 0, "not before its time"
    for _ in range(sending.TRIES_MAX):
        later(desk, sending.LONGEST_WAIT)
        sending.work(desk, gateway=way)
    assert the_message(desk).state == "failed" and "given up after 8 tries: no connection" in the_message(desk).detail
    assert [sending.wait_after(tries).total_seconds() / 60 for tries in (1, 2, 3, 9, 99)] == [1, 2, 4, 256, 360]


def test_a_gateway_says_when_to_come_again(desk: Office, gateway: LocalGateway) -> None:
    way = connect(desk, gateway)
    gateway.answer, gateway.more = (lambda _: (429, "slow")), {"Retry-After": "600"}
    queue(desk, "one")
    sending.work(desk, gateway=way)
    later(desk, timedelta(seconds=599))
    assert sending.work(desk, gateway=way).later == 0
    later(desk, timedelta(seconds=2))
    assert sending.work(desk, gateway=way).later == 1


def test_what_nobody_knows_the_end_of_is_not_sent_twice(desk: Office, gateway: LocalGateway) -> None:
    way = connect(desk, gateway, timeout_s=0.3)
    gateway.silent_s = 0.6
    queue(desk, "one")
    assert sending.work(desk, gateway=way).unsure == 1
    gateway.silent_s = 0
    way = connect(desk, gateway)
    later(desk, timedelta(days=1))
    assert sending.work(desk, gateway=way).accepted == 0 and len(gateway.asked) == 1
    with desk.store.write() as conn:
        outbox.send_again(conn, [the_message(desk).sms_id], at=desk.moment().at)
    assert sending.work(desk, gateway=way).accepted == 1


def test_what_is_due_is_found_without_reading_what_was_sent(desk: Office) -> None:
    asked = str(sending._DUE.compile(dialect=sqlite.dialect()))
    with desk.store.read() as conn:
        plan = [row[3] for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", (1,) * asked.count("?"))]
    assert any("ix_sms_due" in line for line in plan), plan


def test_a_message_whose_sender_died_is_unsure(desk: Office, gateway: LocalGateway) -> None:
    connect(desk, gateway)
    queue(desk, "one")
    with desk.store.write() as conn:
        sending._take(conn, 1, at=desk.moment().at)
    later(desk, sending.HELD_FOR)
    assert sending.work(desk, gateway=Log()).accepted == 0
    assert (the_message(desk).state, the_message(desk).detail) == (
        "unsure",
        "the program ended while it was being sent",
    )


def test_a_message_too_old_to_be_news_is_given_up(desk: Office, gateway: LocalGateway) -> None:
    way = connect(desk, gateway)
    gateway.answer = lambda _: (500, "oops")
    queue(desk, "one")
    sending.work(desk, gateway=way)
    later(desk, sending.KEPT_FOR)
    sending.work(desk, gateway=way)
    assert the_message(desk).state == "failed" and "three days" in the_message(desk).detail


def test_no_more_go_in_a_minute_than_agreed(desk: Office) -> None:
    with desk.write() as (conn, _):
        setup.set_up(conn, at=desk.moment().at, kind="log", per_minute=2)
    queue(desk, "one", "two", "three")
    start = desk.moment().at
    desk.now = lambda: start
    done = sending.work(desk)
    assert (done.accepted, done.slowed) == (2, True)
    later(desk, timedelta(seconds=59))
    assert sending.work(desk).accepted == 0
    later(desk, timedelta(seconds=2))
    assert sending.work(desk).accepted == 1


def test_at_night_only_what_somebody_waits_for_goes(desk: Office) -> None:
    with desk.write() as (conn, _):
        setup.set_up(conn, at=desk.moment().at, kind="log", hours=(7, 20))
    queue(desk, "one")
    paid = Draft(
        kind="payment", subject="p", phone=GRACE, customer_no=None, account_no=None, language="en", text="Asante"
    )
    with desk.store.write() as conn:
        outbox.queue(conn, [paid], at=desk.moment().at)
    evening = desk.moment().local.replace(hour=20, minute=0) + timedelta(days=1)
    desk.now = lambda: evening
    assert sending.work(desk).accepted == 1
    morning = evening + timedelta(hours=11)
    desk.now = lambda: morning
    assert sending.work(desk).accepted == 1


def test_one_stop_stops_the_round_and_is_settled_when_it_goes_again(desk: Office, gateway: LocalGateway) -> None:
    way = connect(desk, gateway)
    gateway.answer = lambda _: accepted(1, code=405, status="InsufficientBalance")
    queue(desk, "one", "two", "three")
    done = sending.work(desk, gateway=way)
    assert (done.stopped, len(gateway.asked), codes(desk)) == ("405 InsufficientBalance", 1, ["sms_gateway"])
    gateway.answer = accepted
    later(desk, timedelta(minutes=2))
    assert sending.work(desk, gateway=way).accepted == 3
    assert codes(desk) == []


def test_a_slow_gateway_is_asked_side_by_side(desk: Office, gateway: LocalGateway) -> None:
    way = connect(desk, gateway)
    gateway.silent_s = 0.05
    queue(desk, *(f"number {count}" for count in range(17)))
    began = time.monotonic()
    assert sending.work(desk, gateway=way).accepted == 17
    assert time.monotonic() - began < 17 * 0.05, "one after the other"
    assert len({asked["to"] for asked in gateway.asked}) == 1 and len(gateway.asked) == 17


@pytest.mark.parametrize("kind", ["africastalking", "http"])
def test_a_key_is_in_no_log_and_in_no_message(
    desk: Office, gateway: LocalGateway, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    way = connect(desk, gateway, kind)
    gateway.answer = lambda _: (401, f"your key {KEY} is wrong")
    queue(desk, "one")
    sending.work(desk, gateway=way)
    assert "your key … is wrong" in the_message(desk).detail
    told = caplog.text + repr(way) + repr(the_message(desk))
    assert KEY not in told and GRACE not in caplog.text
    assert isinstance(way, (AfricasTalking, PlainHttp))


def test_a_server_sends_by_itself_and_goes_on_when_a_round_fails(
    desk: Office, gateway: LocalGateway, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    connect(desk, gateway)
    queue(desk, *(f"number {count}" for count in range(3)))
    failed = []

    def fails_once(office: Office) -> bool:
        failed.append(office)
        if len(failed) == 1:
            raise OSError("the disk was away")
        return False

    monkeypatch.setattr(app, "FOLLOW_UP_EVERY_S", 0.01)
    monkeypatch.setattr(app, "MESSAGES_AT_ONCE", 2)
    monkeypatch.setattr(app, "match_now", fails_once)
    running = Server.start(open_office(desk.settings))
    deadline = time.monotonic() + 20
    while len(gateway.asked) < 3 or len(failed) < 2:
        assert time.monotonic() < deadline, "the server sends nothing"
        time.sleep(0.01)
    running.stop()
    with desk.store.read() as conn:
        assert outbox.counted(conn) == {"sent": 3}
    assert "the next one will do" in caplog.text


# --- what became of it


def report(server: Server, secret: str, what: str = "report", **fields: str) -> requests.Response:
    return requests.post(f"{server.url}/v1/sms/{secret}/{what}", data=fields, timeout=10)


@pytest.fixture
def told(desk: Office, gateway: LocalGateway) -> Iterator[Server]:
    """A server one of whose messages was accepted as ATXid_1."""
    way = connect(desk, gateway)
    queue(desk, "one")
    sending.work(desk, gateway=way)
    office = open_office(desk.settings)
    running = Server.start(office)
    yield running
    running.stop()


def test_a_report_says_how_it_ended_and_twice_is_once(desk: Office, told: Server) -> None:
    secret = setup.callback_secret(desk.settings.home)
    assert report(told, secret, id="ATXid_1", status="Buffered").json() == {"done": "noted"}
    assert the_message(desk).state == "sent"
    assert report(told, secret, id="ATXid_1", status="Success").status_code == 200
    first = the_message(desk)
    assert (first.state, first.detail) == ("delivered", "reported: Success")
    assert report(told, secret, id="ATXid_1", status="Success").status_code == 200
    assert report(told, secret, id="ATXid_1", status="Failed", failureReason="DeliveryFailure").status_code == 200
    assert the_message(desk) == first


def test_accepted_and_then_failed_is_failed(desk: Office, told: Server) -> None:
    secret = setup.callback_secret(desk.settings.home)
    sent = json.dumps({"id": "ATXid_1", "status": "Failed", "failureReason": "UserInBlackList"})
    answer = requests.post(f"{told.url}/v1/sms/{secret}/report", data=sent, timeout=10)
    assert answer.status_code == 200
    assert (the_message(desk).state, the_message(desk).detail) == ("failed", "reported: Failed UserInBlackList")
    with desk.store.read() as conn:
        assert outbox.opted_out(conn, [GRACE]) == {GRACE}


def test_a_report_without_the_secret_or_of_nothing_changes_nothing(desk: Office, told: Server) -> None:
    secret = setup.callback_secret(desk.settings.home)
    assert report(told, "guessed", id="ATXid_1", status="Success").status_code == 401
    assert report(told, secret, id="ATXid_9", status="Success").status_code == 404
    assert report(told, secret, id="ATXid_1").status_code == 400
    assert requests.post(f"{told.url}/v1/sms/{secret}/report", data=b"\xff{", timeout=10).status_code == 400
    assert requests.post(f"{told.url}/v1/sms/{secret}/report", data=b"x" * 9000, timeout=10).status_code == 413
    assert the_message(desk).state == "sent"


@pytest.mark.parametrize("number", ["\ud800", "\0", "a\0b"])
def test_a_report_in_letters_no_database_takes_is_of_nothing(desk: Office, told: Server, number: str) -> None:
    secret = setup.callback_secret(desk.settings.home)
    answer = requests.post(
        f"{told.url}/v1/sms/{secret}/report", data=json.dumps({"id": number, "status": "Failed"}).encode(), timeout=10
    )
    assert answer.status_code in (400, 404)


def test_who_opted_out_at_the_gateway_gets_no_more(desk: Office, told: Server) -> None:
    secret = setup.callback_secret(desk.settings.home)
    assert report(told, secret, "opt-out", senderId="LAKE").status_code == 400
    assert report(told, secret, "opt-out", senderId="LAKE", phoneNumber="nobody").json() == {"done": "nothing"}
    for _ in range(2):
        assert report(told, secret, "opt-out", senderId="LAKE", phoneNumber=GRACE).json() == {"done": "stopped"}
    with desk.store.read() as conn:
        assert outbox.opted_out(conn, [GRACE]) == {GRACE}


def test_a_message_held_back_at_night_fails_and_opts_nobody_out(desk: Office, told: Server) -> None:
    secret = setup.callback_secret(desk.settings.home)
    report(told, secret, id="ATXid_1", status="Failed", failureReason="DoNotDisturbRejection")
    assert the_message(desk).state == "failed"
    with desk.store.read() as conn:
        assert outbox.opted_out(conn, [GRACE]) == set()


def test_a_customer_who_writes_stop_gets_no_more(desk: Office, told: Server) -> None:
    secret = setup.callback_secret(desk.settings.home)
    for text, done in (("Acha", "stopped"), ("hello", "nothing"), ("ANZA", "started"), ("stop ", "stopped")):
        answer = report(told, secret, "incoming", **{"from": GRACE, "text": text})
        assert answer.json() == {"done": done}
    with desk.store.write() as conn:
        assert outbox.opted_out(conn, [GRACE]) == {GRACE}
        assert reports.take_answer(conn, phone="?", text="stop", country="254", at=desk.moment().at) == "nothing"
