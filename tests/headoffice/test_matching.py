"""Money that came in: matched by reference and amount, posted where it belongs, or an item of the desk."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import insert, update

from meterpos.headoffice import app, books, checks, exceptions, master, putting_right
from meterpos.headoffice.books import NothingToMove, UnknownPayment
from meterpos.headoffice.matching import callbacks, desk, taking
from meterpos.headoffice.matching.callbacks import UnusableCallback, read_callback
from meterpos.headoffice.matching.money import Money, Taken
from meterpos.headoffice.matching.places import place_of
from meterpos.headoffice.matching.standing import standing
from meterpos.headoffice.matching.statements import parse_statement
from meterpos.headoffice.matching.waiting import waiting
from meterpos.headoffice.office import Office, open_office
from meterpos.headoffice.tables import money_in
from meterpos.ledger.queries.accounts import resolve
from meterpos.ledger.rules.facts import Fact
from meterpos.ledger.tables import tenders
from tests.headoffice.test_statements import DAY, bank, mpesa
from tests.support.books import issue, small_books
from tests.support.headoffice import Server, make_office, opened_copy


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a head office with two customers, for tests that copy it."""
    home = tmp_path_factory.mktemp("matching") / "home"
    made = make_office(home, f"sqlite:///{home / 'books.db'}")
    small_books(made, home.with_name("files"))
    made.close()
    return home


@pytest.fixture
def books_of(ready: Path, tmp_path: Path) -> Iterator[Office]:
    """A head office of the test's own with two customers."""
    with opened_copy(ready, tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def both(office: Office, tmp_path: Path) -> Office:
    """The same on SQLite and on PostgreSQL."""
    small_books(office, tmp_path / "files")
    return office


def paid(  # as a till delivers it, with the paper it stands on
    office: Office, number: str, account_no: str, amount_minor: int, reference: str, method: str = "mpesa", **more: Any
) -> None:
    """Post a payment as if a till had delivered it."""
    made = Fact(
        fact_id=f"till:{number}.{account_no}",
        kind="payment",
        account_no=account_no,
        stands_on=account_no,
        number=number,
        fact_date=DAY,
        amount_minor=-amount_minor,
        method=method,
        reference=reference,
        decision="account",
        entry_id=number.encode(),
        counts=method != "cheque",
        **more,
    )
    with office.write() as (conn, outgoing):
        books.post_facts(conn, outgoing, [made])
        conn.execute(insert(tenders), paper(made))


def paper(fact: Fact) -> dict[str, Any]:
    return {
        "entry_id": f"{fact.number}{fact.account_no}".encode(),
        "stream": b"s",
        "seq": 1,
        "kind": "tender",
        "tender_id": fact.fact_id,
        "number": fact.number,
        "counter": 1,
        "shift": 1,
        "business_date": fact.fact_date,
        "at": datetime(2026, 11, 18, tzinfo=UTC),
        "clerk": "achieng",
        "customer_name": "Grace",
        "meters": "",
        "methods": fact.method,
        "total_minor": -fact.amount_minor,
        "cash_minor": 0,
    }


def match(office: Office, data: bytes) -> Taken:
    statement = parse_statement(data, name="statement.csv")
    moment = office.moment()
    with office.write() as (conn, outgoing):
        return taking.take_statement(conn, outgoing, statement, at=moment.at, today=moment.today)


def counts(done: Taken) -> dict[str, int]:
    values = {name: getattr(done, name) for name in Taken.__dataclass_fields__}
    return {name: value for name, value in values.items() if isinstance(value, int) and value}


def told(office: Office, reference: str, amount_minor: int, account_ref: str, *, on: date = DAY) -> Taken:
    """Take in what a callback tells."""
    money = Money(
        method="mpesa", reference=reference, amount_minor=amount_minor, paid_on=on, account_ref=account_ref, payer="G"
    )
    moment = office.moment()
    with office.write() as (conn, outgoing):
        return taking.take_in(conn, outgoing, [money], source="callback", at=moment.at, today=moment.today)


def place(office: Office, number: str, to: str) -> desk.Placed:
    moment = office.moment()
    with office.write() as (conn, outgoing):
        return desk.place(
            conn, outgoing, number=number, to_account=to, reason="payer called", on=moment.today, at=moment.at
        )


def net(office: Office, account_no: str) -> int:
    with office.store.read() as conn:
        return resolve(conn, account_no).net_minor


def codes(office: Office) -> list[str]:
    with office.store.read() as conn:
        assert list(checks.run_checks(conn)) == []
        return sorted(item.code for item in exceptions.listed(conn))


# --- matching


def test_a_statement_confirms_what_it_shows_once(books_of: Office) -> None:
    paid(books_of, "R-1", "A1", 1000_00, "SKJ3XY71AB")
    paid(books_of, "R-1", "A2", 500_00, "SKJ3XY71AB")
    data = mpesa("skj3 xy71ab,18-11-2026 09:41:07,Completed,1500.00,,,")
    assert counts(match(books_of, data)) == {"confirmed": 1}
    assert counts(match(books_of, data)) == {"known": 1}
    with books_of.store.read() as conn:
        there = standing(conn, "mpesa", ["SKJ3XY71AB"])["SKJ3XY71AB"]
    assert [one.said for one in there] == [True, True]
    assert codes(books_of) == []


def test_another_amount_confirms_nothing_and_is_looked_at(books_of: Office) -> None:
    paid(books_of, "R-1", "A1", 1000_00, "SKJ3XY71AB")
    data = mpesa("SKJ3XY71AB,18-11-2026 09:41:07,Completed,100.00,,,MTR-001")
    assert counts(match(books_of, data)) == {"wrong_amount": 1}
    with books_of.store.read() as conn:
        (item,) = exceptions.listed(conn)
    assert item.details == {
        "came_in_minor": 10000,
        "paid_minor": 100000,
        "difference_minor": -90000,
        "receipts": ["R-1"],
    }
    with pytest.raises(UnknownPayment, match="still pays R-1"):
        place(books_of, "SKJ3XY71AB", "A1")
    with books_of.write() as (conn, outgoing):
        moment = books_of.moment()
        putting_right.reverse_receipt(conn, outgoing, number="R-1", reason="forged", on=moment.today, at=moment.at)
    assert place(books_of, "SKJ3XY71AB", "A1").number == "PB-SKJ3XY71AB"
    assert (net(books_of, "A1"), codes(books_of)) == (-10000, [])


def test_money_no_payment_names_waits_for_a_till_that_was_offline(books_of: Office) -> None:
    data = mpesa("SKJ3XY71AB,18-11-2026 09:41:07,Completed,1000.00,,,")
    assert counts(match(books_of, data)) == {"waiting": 1}
    assert codes(books_of) == ["unmatched_money"]
    app.match_now(books_of)
    paid(books_of, "R-1", "A1", 1000_00, "SKJ3XY71AB")
    app.match_now(books_of)
    assert codes(books_of) == []
    with books_of.store.read() as conn:
        assert not desk.has_arrivals(conn)


def test_the_rest_of_a_code_that_comes_later_makes_the_amount_right(books_of: Office) -> None:
    paid(books_of, "R-1", "A1", 600_00, "SKJ3XY71AB")
    data = mpesa("SKJ3XY71AB,18-11-2026 09:41:07,Completed,1000.00,,,")
    assert counts(match(books_of, data)) == {"wrong_amount": 1}
    assert app.match_now(books_of) is False
    paid(books_of, "R-2", "A2", 400_00, "SKJ3XY71AB")
    assert app.match_now(books_of) is True
    assert codes(books_of) == []


def test_paybill_money_is_posted_to_its_meter_whoever_tells_first(books_of: Office) -> None:
    assert counts(told(books_of, "SKJ3XY71AB", 700_00, "mtr 001")) == {"posted": 1}
    assert counts(told(books_of, "SKJ3XY71AB", 700_00, "mtr 001")) == {"known": 1}
    rows = (
        "SKJ3XY71AB,18-11-2026 09:41:07,Completed,700.00,,,MTR 001",
        "SKJ3XY71AC,18-11-2026 09:42:07,Completed,50,,,A3",
    )
    assert counts(match(books_of, mpesa(*rows))) == {"confirmed": 1, "known": 1, "posted": 1}
    assert (net(books_of, "A1"), net(books_of, "A3"), codes(books_of)) == (-70000, -5000, [])
    assert counts(match(books_of, mpesa(*rows))) == {"known": 2}


def test_two_who_tell_of_one_payment_at_once_post_it_once(both: Office) -> None:
    start, done = threading.Barrier(3), []

    def tell() -> None:
        start.wait()
        done.append(counts(told(both, "SKJ3XY71AB", 700_00, "MTR-001")))

    threads = [threading.Thread(target=tell) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done, key=str) == [{"known": 1}, {"known": 1}, {"posted": 1}]
    assert (net(both, "A1"), codes(both)) == (-70000, [])


def test_paybill_money_for_nobody_known_waits_in_suspense_and_is_placed(books_of: Office) -> None:
    assert counts(told(books_of, "SKJ3XY71AB", 700_00, "MTR-999")) == {"in_suspense": 1}
    assert codes(books_of) == ["unknown_reference"]
    assert net(books_of, "SUSPENSE-PAYBILL") == -70000
    done = place(books_of, "skj3xy71ab", "A2")
    assert (done.number, done.amount_minor) == ("TRF-000001", 70000)
    assert (net(books_of, "A2"), net(books_of, "SUSPENSE-PAYBILL"), codes(books_of)) == (-70000, 0, [])
    with pytest.raises(books.AlreadySaid, match="moved already"):
        place(books_of, "PB-SKJ3XY71AB", "A3")
    with pytest.raises(UnknownPayment, match="No money in suspense"):
        place(books_of, "NOTHING", "A3")


def test_a_callback_for_what_a_till_took_confirms_it(books_of: Office) -> None:
    paid(books_of, "R-1", "A1", 700_00, "SKJ3XY71AB")
    assert counts(told(books_of, "SKJ3XY71AB", 700_00, "MTR-002")) == {"confirmed": 1}
    assert (net(books_of, "A1"), net(books_of, "A2"), codes(books_of)) == (-70000, 0, [])


def test_a_reference_that_comes_with_another_amount_is_looked_at(books_of: Office) -> None:
    told(books_of, "SKJ3XY71AB", 700_00, "MTR-001")
    assert told(books_of, "SKJ3XY71AB", 900_00, "MTR-001").altered == ["SKJ3XY71AB"]
    assert (net(books_of, "A1"), codes(books_of)) == (-70000, ["doubled_money"])


def test_a_reference_twice_on_a_statement_counts_once(books_of: Office) -> None:
    row = "SKJ3XY71AB,18-11-2026 09:41:07,Completed,700.00,,,MTR-001"
    assert counts(match(books_of, mpesa(row, row))) == {"posted": 1, "doubled": 1}
    assert (net(books_of, "A1"), codes(books_of)) == (-70000, ["doubled_money"])


def test_what_a_whole_day_of_a_statement_does_not_show_is_looked_at(books_of: Office) -> None:
    paid(books_of, "R-1", "A1", 1000_00, "SKJ3XY7FAK")
    told(books_of, "SKJ3XY7FRG", 700_00, "MTR-001")
    told(books_of, "SKJ3XY7NEW", 700_00, "MTR-001", on=DAY + timedelta(days=1))
    done = match(
        books_of,
        mpesa(
            "SKJ3XY71AA,18-11-2026 00:00:07,Completed,1.00,,,MTR-001",
            "SKJ3XY71AB,19-11-2026 09:41:07,Completed,1.00,,,MTR-001",
        ),
    )
    assert (done.unseen_payments, done.unseen_callbacks) == (1, 1)
    assert codes(books_of) == ["callback_not_on_statement", "unmatched_payment"]
    late = mpesa(
        "SKJ3XY7FAK,18-11-2026 23:59:07,Completed,1000.00,,,",
        "SKJ3XY7FRG,18-11-2026 23:59:08,Completed,700.00,,,MTR-001",
    )
    match(books_of, late)
    assert codes(books_of) == []


def test_money_that_went_back_bounces_its_payment_once(books_of: Office) -> None:
    told(books_of, "SKJ3XY71AB", 700_00, "MTR-001")
    back = mpesa(
        "SKJ3XY71AD,18-11-2026 09:41:07,Completed,,-700.00,SKJ3XY71AB,",
        "SKJ3XY71AE,18-11-2026 09:41:07,Completed,,-50.00,SKJ3XY7XXX,",
        "SKJ3XY71AF,18-11-2026 09:41:07,Completed,,-20.00,,",
    )
    charge = mpesa("SKJ3XY71AB,18-11-2026 09:41:07,Completed,,-700.00,,")
    assert counts(match(books_of, charge)) == {}, "what M-Pesa charges has the payment's own number"
    assert counts(match(books_of, back)) == {"taken_back": 1, "not_found": 1}
    assert (net(books_of, "A1"), codes(books_of)) == (0, ["money_taken_back"])
    assert counts(match(books_of, back)) == {"not_found": 1}
    assert net(books_of, "A1") == 0


def test_a_bank_statement_clears_and_bounces_cheques_and_confirms_transfers(both: Office) -> None:
    paid(both, "R-1", "A1", 1000_00, "104482", "cheque")
    paid(both, "R-2", "A2", 500_00, "UTR88123", "bank")
    paid(both, "R-3", "A3", 300_00, "104483", "cheque")
    assert net(both, "A1") == 0
    done = match(
        both,
        bank(
            "2026-11-18,CHQ DEPOSIT,104482,,1000.00,0",
            "2026-11-18,EFT UTR-88123 JUMA,,,500.00,0",
            "2026-11-18,LEDGER FEE,,30.00,,0",
            "2026-11-18,CASH DEPOSIT,SLIP77,,40.00,0",
        ),
    )
    assert counts(done) == {"confirmed": 2, "waiting": 1}
    assert (net(both, "A1"), net(both, "A2"), codes(both)) == (-100000, -50000, ["unmatched_money"])
    unpaid = bank("2026-11-20,UNPAID CHQ 104482 REFER TO DRAWER,,1000.00,,0", "2026-11-20,UNPAID,104483,300.00,,0")
    assert counts(match(both, unpaid)) == {"taken_back": 2}
    assert (net(both, "A1"), net(both, "A3")) == (0, 0)
    assert place(both, "SLIP77", "A3").number == "BK-SLIP77"
    assert (net(both, "A3"), codes(both)) == (-4000, [])


def test_a_description_names_a_payment_once(books_of: Office) -> None:
    paid(books_of, "R-1", "A1", 500_00, "UTR88123", "bank")
    done = match(
        books_of, bank("2026-11-18,EFT UTR-88123 JUMA,X1,,500.00,0", "2026-11-18,EFT UTR-88123 AGAIN,X2,,500.00,0")
    )
    assert counts(done) == {"confirmed": 1, "waiting": 1}
    assert codes(books_of) == ["unmatched_money"]


def test_what_came_in_and_went_out_on_one_statement_is_posted_and_bounced(books_of: Office) -> None:
    done = match(
        books_of,
        mpesa(
            "SKJ3XY71AB,18-11-2026 09:41:07,Completed,700.00,,,MTR-001",
            "SKJ3XY71AD,18-11-2026 10:41:07,Completed,,-700.00,SKJ3XY71AB,",
        ),
    )
    assert counts(done) == {"posted": 1, "taken_back": 1}
    assert (net(books_of, "A1"), codes(books_of)) == (0, [])


def test_what_is_open_is_listed_oldest_first(books_of: Office) -> None:
    paid(books_of, "R-1", "A1", 500_00, "SKJ3XY7AAA")
    paid(books_of, "R-2", "A2", 700_00, "104482", "cheque")
    paid(books_of, "R-3", "A2", 700_00, "SKJ3XY7BBB")
    told(books_of, "SKJ3XY7DDD", 50_00, "MTR-001")
    match(
        books_of,
        mpesa(
            "SKJ3XY7BBB,17-11-2026 09:41:07,Completed,1.00,,,",
            "SKJ3XY7CCC,19-11-2026 09:41:07,Completed,20.00,,,",
            "SKJ3XY7AAA,19-11-2026 09:41:07,Completed,500.00,,,",
        ),
    )
    with books_of.store.read() as conn:
        found = waiting(conn)
        assert [one.reference for one in waiting(conn, method="cheque")] == ["104482"]
        assert len(waiting(conn, limit=2)) == 2
    assert [(one.state, one.reference, one.amount_minor) for one in found] == [
        ("wrong amount", "SKJ3XY7BBB", 100),
        ("unconfirmed", "SKJ3XY7DDD", 5000),
        ("pending", "104482", 70000),
        ("unconfirmed", "SKJ3XY7BBB", 70000),
        ("no payment", "SKJ3XY7CCC", 2000),
    ]


def test_an_account_reference_is_a_meter_an_account_an_invoice_or_a_customer(books_of: Office) -> None:
    issue(books_of, "INV-1", "A2", 100_00)
    with books_of.store.read() as conn:
        found = {text: place_of(conn, text) for text in ("mtr001", "MTR/002", "a3", "inv-1", "AC-2", "AC-1", "", "zzz")}
    assert {text: place and (place.account_no, place.invoice_no) for text, place in found.items()} == {
        "mtr001": ("A1", None),
        "MTR/002": ("A2", None),
        "a3": ("A3", None),
        "inv-1": ("A2", "INV-1"),
        "AC-2": ("A3", None),
        "AC-1": None,
        "": None,
        "zzz": None,
    }


def test_a_reason_is_needed_to_place_money(books_of: Office) -> None:
    match(books_of, mpesa("SKJ3XY71AB,18-11-2026 09:41:07,Completed,1000.00,,,"))
    moment = books_of.moment()
    with pytest.raises(NothingToMove), books_of.write() as (conn, outgoing):
        desk.place(conn, outgoing, number="SKJ3XY71AB", to_account="A1", reason=" ", on=moment.today, at=moment.at)
    assert net(books_of, "A1") == 0


# --- callbacks


def said(**changes: object) -> dict[str, object]:
    return {
        "TransactionType": "Pay Bill",
        "TransID": "SKJ3XY71AB",
        "TransTime": "20261118094107",
        "TransAmount": "700.00",
        "BusinessShortCode": "522522",
        "BillRefNumber": "MTR-001",
        "MSISDN": "2547****678",
        "FirstName": "GRACE",
        **changes,
    }


def test_a_callback_names_its_payer_whole_where_it_is_told() -> None:
    body = json.dumps(said(MiddleName="ACHIENG", LastName="OTIENO")).encode()
    assert read_callback(body, paybill="522522").money.payer == "GRACE ACHIENG OTIENO"


@pytest.mark.parametrize("amount", ['"700.00"', "700.00", "700", '"700"', "700.0"])
def test_an_amount_never_passes_through_a_float(amount: str) -> None:
    body = json.dumps(said(TransAmount="@")).replace('"@"', amount).encode()
    assert read_callback(body, paybill="522522").money.amount_minor == 70000


@pytest.mark.parametrize(
    ("body", "match"),
    [
        (b"{", "not JSON"),
        (b"[]", "not a JSON object"),
        (json.dumps(said(TransID="x")).encode(), "TransID"),
        (json.dumps(said(TransAmount="0")).encode(), "above zero"),
        (json.dumps(said(TransAmount="-5")).encode(), "TransAmount"),
        (json.dumps(said(TransAmount=None)).encode(), "TransAmount"),
        (json.dumps(said(TransTime="today")).encode(), "TransTime"),
        (json.dumps(said(BusinessShortCode="1")).encode(), "not the paybill"),
    ],
)
def test_what_is_no_payment_is_refused(body: bytes, match: str) -> None:
    with pytest.raises(UnusableCallback, match=match):
        read_callback(body, paybill="522522")


@pytest.fixture
def line(books_of: Office) -> Iterator[tuple[Server, str]]:
    """A server that M-Pesa can tell payments to, and the address."""
    with books_of.write() as (conn, outgoing):
        master.set_setting(conn, outgoing, key="paybill", text="522522")
    running = Server.start(open_office(books_of.settings))
    yield running, f"{running.url}/v1/c2b/{callbacks.secret(books_of.settings.home)}"
    running.stop()


def post(url: str, content: object, **headers: str) -> requests.Response:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return requests.post(url, data=data, headers=headers, timeout=10)


def test_a_payment_by_paybill_is_told_and_told_again(books_of: Office, line: tuple[Server, str]) -> None:
    _, url = line
    assert post(f"{url}/validation", said()).json() == {"ResultCode": "0", "ResultDesc": "Accepted"}
    assert post(f"{url}/validation", said(BillRefNumber="MTR-999")).json()["ResultCode"] == "C2B00012"
    assert post(f"{url}/validation", said(TransAmount="0")).json()["ResultCode"] == "C2B00013"
    assert net(books_of, "A1") == 0, "asking keeps nothing"
    assert post(f"{url}/confirmation", said()).json() == {"ResultCode": "0", "ResultDesc": "Accepted"}
    again = post(f"{url}/confirmation", said())
    assert (again.status_code, again.json()["ResultDesc"]) == (200, "Recorded before; nothing was changed.")
    altered = post(f"{url}/confirmation", said(TransAmount="7000.00"))
    assert (altered.status_code, altered.json()["code"]) == (409, "altered")
    assert (net(books_of, "A1"), codes(books_of)) == (-70000, ["doubled_money"])


def test_who_does_not_know_the_secret_changes_nothing_and_is_noted_once(
    books_of: Office, line: tuple[Server, str]
) -> None:
    server, url = line
    for _ in range(2):
        refused = post(f"{server.url}/v1/c2b/guessed/confirmation", said())
        assert (refused.status_code, refused.json()["code"]) == (401, "secret")
    unsigned = post(f"{server.url}/v1/c2b/confirmation", said())
    assert (unsigned.status_code, unsigned.json()["code"]) == (401, "signature")
    assert post(f"{url}/confirmation", b"x" * 9000).status_code == 413
    assert post(f"{url}/confirmation", said(BusinessShortCode="111111")).status_code == 400
    assert post(f"{url}/confirmation", said(TransTime="20991118094107")).status_code == 400
    assert (net(books_of, "A1"), codes(books_of)) == (0, ["forged_callback"])


def test_a_signed_payment_is_taken_once_and_not_sent_again_later(books_of: Office, line: tuple[Server, str]) -> None:
    server, _ = line
    home, at = books_of.settings.home, books_of.moment().at
    body = json.dumps(said()).encode()
    good = callbacks.sign(home, body, at=at)
    url = f"{server.url}/v1/c2b/confirmation"
    assert post(url, body, **{"X-Meterpos-Signature": good}).status_code == 200
    old = callbacks.sign(home, body, at=at - timedelta(minutes=6))
    replayed = post(url, body, **{"X-Meterpos-Signature": old})
    assert (replayed.status_code, "sent again" in replayed.json()["error"]) == (401, True)
    assert post(url, body + b" ", **{"X-Meterpos-Signature": good}).status_code == 401
    assert net(books_of, "A1") == -70000


# --- the invariant


def test_what_counts_as_paid_is_what_was_received(both: Office) -> None:
    paid(both, "R-1", "A1", 1000_00, "104482", "cheque")
    paid(both, "R-2", "A1", 500_00, "SKJ3XY71AB")
    told(both, "SKJ3XY71AC", 700_00, "MTR-001")
    told(both, "SKJ3XY71AD", 50_00, "NOBODY")
    match(both, bank("2026-11-18,CHQ,104482,,1000.00,0", "2026-11-20,UNPAID,104482,1000.00,,0"))
    with both.write() as (conn, outgoing):
        moment = both.moment()
        putting_right.reverse_receipt(conn, outgoing, number="R-2", reason="x", on=moment.today, at=moment.at)
    assert codes(both) == ["unknown_reference"]
    with both.store.write() as conn:
        conn.execute(update(money_in).where(money_in.c.reference == "SKJ3XY71AC").values(amount_minor=699_00))
    with both.store.read() as conn:
        (problem,) = checks.run_checks(conn)
    assert problem.check == "payments_are_what_was_received"
    assert "Payments of 750.00 count" in problem.sentence and problem.sentence.endswith("749.00: 1.00 difference.")
