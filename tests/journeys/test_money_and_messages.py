"""From a bill to money in the bank: told by SMS, paid at a counter and by paybill, matched, put right, agreed on."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import requests

from meterpos.headoffice import app, checks, exceptions, master
from meterpos.headoffice.billing import lists
from meterpos.headoffice.matching import callbacks, desk, taking
from meterpos.headoffice.matching.money import Taken
from meterpos.headoffice.matching.statements import parse_statement
from meterpos.headoffice.sms import outbox, sending, setup
from meterpos.headoffice.sms.gateways import gateway_of
from meterpos.headoffice.tables import money_in
from meterpos.ledger.operations.tenders import LegRequest, PartRequest, TenderRequest, UnknownMeter
from meterpos.till import Till, new_tender_id
from tests.journeys.conftest import CLERK, ZONES
from tests.journeys.words import net, number_of, tender
from tests.support.books import small_books
from tests.support.gateway import KEY, LocalGateway, local_gateway
from tests.support.headoffice import Server, sync

GRACE = "+254712345678"
ACCOUNTS = ("A1", "A2", "A3")


@pytest.fixture
def gateway() -> Iterator[LocalGateway]:
    with local_gateway() as local:
        yield local


class Town:
    """Head office, its till, its gateway and M-Pesa, as people use them."""

    def __init__(self, server: Server, gateway: LocalGateway, folder: Path) -> None:
        self.server, self.gateway, self.folder = server, gateway, folder
        office = server.office
        small_books(office, folder / "files")
        with office.write() as (conn, outgoing):
            master.set_setting(conn, outgoing, key="paybill", text="522522")
            setup.set_up(
                conn, at=office.moment().at, kind="africastalking", url=gateway.url, username="lake", per_minute=600
            )
        setup.keep_key(office.settings.home, KEY)
        self.till: Till = server.enrol_till(folder / "KSM01", "KSM01", ZONES)
        self.till.open_shift(float_minor=0, clerk=CLERK)

    def bill(self, **shillings: int) -> None:
        file = self.folder / "bills.csv"
        rows = "".join(f"{account},WATER,{amount}.00\n" for account, amount in shillings.items())
        file.write_text("account_no,kind,amount\n" + rows)
        today = self.server.office.moment().today
        done = lists.create_bills(
            self.server.office.store, file, run_id=None, invoice=True, on=today, due_on=None, now=self.server.office.now
        )
        assert done.invoices == len(shillings)

    def take(self, account_no: str, shillings: int, method: str = "cash", reference: str | None = None) -> str:
        asked = tender(self.till, account_no, shillings * 100, method=method, reference=reference)
        entry = self.till.take(request=replace(asked, tender_id=new_tender_id(), sms_to="0712345678"), clerk=CLERK)
        return number_of(entry)

    def told_by_mpesa(self, code: str, shillings: int, account: str) -> int:
        url = f"{self.server.url}/v1/c2b/{callbacks.secret(self.server.office.settings.home)}/confirmation"
        said = {
            "TransID": code,
            "TransTime": f"{self.today:%Y%m%d}094107",
            "TransAmount": f"{shillings}.00",
            "BusinessShortCode": "522522",
            "BillRefNumber": account,
            "FirstName": "GRACE",
        }
        return requests.post(url, data=json.dumps(said), timeout=10).status_code

    def match(self, *rows: tuple[str, int, str]) -> Taken:
        head = "Receipt No.,Completion Time,Transaction Status,Paid In,A/C No.\n"
        lines = "".join(f"{code},{self.today} 10:00:00,Completed,{paid}.00,{account}\n" for code, paid, account in rows)
        statement = parse_statement((head + lines).encode(), name="statement.csv")
        office = self.server.office
        with office.write() as (conn, outgoing):
            return taking.take_statement(conn, outgoing, statement, at=office.moment().at, today=self.today)

    def place(self, number: str, account_no: str) -> None:
        office = self.server.office
        with office.write() as (conn, outgoing):
            desk.place(
                conn, outgoing, number=number, to_account=account_no, reason="payer called", on=self.today,
                at=office.moment().at,
            )  # fmt: skip

    def messages(self) -> list[str]:
        """Let the server do what it does by itself, and return what the gateway was asked to send since."""
        before = len(self.gateway.asked)
        app.match_now(self.server.office)
        with self.server.office.store.read() as conn:
            way = gateway_of(setup.required(conn), key=KEY)
        sending.work(self.server.office, gateway=way)
        return sorted(f"{asked['to']} {asked['message']}" for asked in self.gateway.asked[before:])

    @property
    def today(self) -> date:
        return self.server.office.moment().today

    def agree(self, **shillings: int) -> None:
        """Till and head office say the same of every account, to the cent; everything holds; nothing is open."""
        for _ in range(2):
            result = sync(self.till)
            assert (result.is_complete, result.waiting, result.agreed) == (True, 0, True)
        expected = {account: amount * 100 for account, amount in shillings.items()}
        assert {account: self.server.net(account) for account in ACCOUNTS} == expected
        assert {account: net(self.till, account) for account in ACCOUNTS} == expected
        with self.server.office.store.read() as conn:
            assert list(checks.run_checks(conn)) == []


@pytest.fixture
def town(server: Server, gateway: LocalGateway, tmp_path: Path) -> Iterator[Town]:
    made = Town(server, gateway, tmp_path)
    yield made
    made.till.close()


def test_a_month_of_money_is_billed_told_paid_matched_and_agreed_on(town: Town) -> None:
    town.bill(A1=2000, A2=800, A3=500)
    told = town.messages()
    assert len(told) == 5 and "for meter MTR-001: KES 2,000.00" in told[0] and "Paybill 522522" in told[0]
    town.agree(A1=2000, A2=800, A3=500)

    # At the counter: cash, and an M-Pesa code the clerk sees.
    town.take("A1", 500)
    town.take("A2", 800, "mpesa", "SKJ3XY7AAA")
    assert town.messages() == [], "nothing is told before it has come"
    town.agree(A1=1500, A2=0, A3=500)
    told = town.messages()
    assert [message[:13] for message in told] == [GRACE] * 2 + ["+254722000111"] * 2
    assert sum("we received KES 500.00" in message for message in told) == 2

    # By paybill: to a meter, to the till's own code, to nobody known; told twice, and by one without the secret.
    assert town.told_by_mpesa("SKJ3XY7BBB", 700, "mtr 001") == 200
    assert town.told_by_mpesa("SKJ3XY7BBB", 700, "mtr 001") == 200
    assert town.told_by_mpesa("SKJ3XY7AAA", 800, "MTR-002") == 200
    assert town.told_by_mpesa("SKJ3XY7CCC", 300, "MTR-999") == 200
    assert requests.post(f"{town.server.url}/v1/c2b/guess/confirmation", data=b"{}", timeout=10).status_code == 401
    assert town.server.codes() == ["forged_callback", "unknown_reference"]
    assert len(town.messages()) == 2, "the paybill payment of the meter"
    town.agree(A1=800, A2=0, A3=500)

    # The statement: what is known, what no callback told, what no payment names.
    done = town.match(
        ("SKJ3XY7AAA", 800, "MTR-002"), ("SKJ3XY7BBB", 700, "MTR 001"), ("SKJ3XY7CCC", 300, "MTR-999"),
        ("SKJ3XY7DDD", 100, "MTR-003"), ("SKJ3XY7EEE", 50, ""),
    )  # fmt: skip
    assert (done.posted, done.waiting, done.wrong_amount) == (1, 1, 0)
    assert town.server.codes() == ["forged_callback", "unknown_reference", "unmatched_money"]

    # What was open is put right by facts: placed by hand, and by the payment that comes after its money.
    town.place("SKJ3XY7CCC", "A3")
    town.take("A1", 50, "mpesa", "SKJ3XY7EEE")
    town.agree(A1=750, A2=0, A3=100)
    town.messages()
    assert town.server.codes() == ["forged_callback"]
    office = town.server.office
    with office.write() as (conn, _):
        (item,) = exceptions.listed(conn)
        exceptions.resolve(conn, item.exception_id, by="wanjiru", resolution="blocked", at=office.moment().at)
    town.agree(A1=750, A2=0, A3=100)
    with office.store.read() as conn:
        assert set(outbox.counted(conn)) == {"sent"}
        assert outbox.counted(conn)["sent"] == len(town.gateway.asked)


def test_a_code_paid_by_paybill_and_shown_at_the_counter_counts_once_and_the_receipt_stands(town: Town) -> None:
    town.bill(A1=2000)
    town.agree(A1=2000, A2=0, A3=0)
    assert town.told_by_mpesa("SKJ3XY7AAA", 600, "MTR-001") == 200
    receipt = town.take("A1", 600, "mpesa", "SKJ3XY7AAA")
    sync(town.till)
    assert town.server.codes() == ["duplicate_reference"]
    told = town.messages()
    assert sum("we received KES 600.00" in message for message in told) == 2
    assert not any("taken back" in message for message in told), "nobody lost anything"
    assert town.server.codes() == []
    town.agree(A1=1400, A2=0, A3=0)
    assert town.server.net("SUSPENSE-KSM01") == 0
    with town.server.office.store.read() as conn:
        (row,) = conn.execute(money_in.select())
    assert (row.outcome, row.number) == ("confirmed", receipt)
    town.messages()
    assert town.match(("SKJ3XY7AAA", 600, "MTR-001")).known == 1
    town.agree(A1=1400, A2=0, A3=0)

    # A third use of the code is one too many, also at a till that has not heard of it.
    other = town.server.enrol_till(town.folder / "KSM02", "KSM02", ("Mamboleo",))
    other.open_shift(float_minor=0, clerk=CLERK)
    part = PartRequest(amount_minor=600_00, unknown=UnknownMeter(meter_no="MTR-001", name="Stranger"))
    leg = LegRequest(method="mpesa", amount_minor=600_00, reference="SKJ3XY7AAA")
    asked = TenderRequest(tender_id=new_tender_id(), customer_no=None, parts=(part,), legs=(leg,))
    other.take(request=asked, clerk=CLERK)
    sync(other)
    other.close()
    assert town.messages() == [] and town.server.codes() == ["duplicate_reference", "unknown_meter"]
    office = town.server.office
    with office.write() as (conn, _):
        for item in exceptions.listed(conn):
            exceptions.resolve(conn, item.exception_id, by="wanjiru", resolution="seen", at=office.moment().at)

    # Somebody else's code is for a person to decide.
    assert town.told_by_mpesa("SKJ3XY7BBB", 300, "MTR-003") == 200
    town.take("A1", 300, "mpesa", "SKJ3XY7BBB")
    sync(town.till)
    town.messages()
    assert town.server.codes() == ["duplicate_reference"]
    town.agree(A1=1400, A2=0, A3=-300)
