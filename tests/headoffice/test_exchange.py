"""A real till in front of a real head office: what one knows, the other learns, and both agree to the cent."""

import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from meterpos.headoffice import auth, books, master
from meterpos.ledger import signing
from meterpos.ledger.balances import find_differences
from meterpos.ledger.operations.tenders import LegRequest, PartRequest, TenderRequest, UnknownMeter
from meterpos.ledger.queries.settings import utility_settings
from meterpos.ledger.tables import accounts, customers, devices, facts, movements, tenders, users
from meterpos.sync.client import Line
from meterpos.sync.exchange import exchange
from meterpos.sync.steps import Failure
from meterpos.till import Till, new_tender_id, open_till
from tests.headoffice.forged import APPROVED, Forged, enrol, enrol_request, post
from tests.support.headoffice import Server, sync
from tests.sync.lines import Cutter

DAY = date(2026, 11, 20)


@pytest.fixture
def town(server: Server) -> Server:
    """Head office with the town imported."""
    server.import_town()
    return server


def counter(town: Server, home: Path, name: str = "KSM01", zones: tuple[str, ...] = ("Mamboleo",)) -> Till:
    """Return an enrolled till with an open shift."""
    till = town.enrol_till(home, name, zones)
    till.open_shift(float_minor=0, clerk="achieng")
    return till


def pay(till: Till, account_no: str, amount_minor: int, **options: Any) -> str:
    """Take one payment and return its receipt number."""
    with till.store.read() as conn:
        customer_no = conn.execute(
            select(accounts.c.customer_no).where(accounts.c.account_no == account_no)
        ).scalar_one_or_none()
    request = TenderRequest(
        tender_id=new_tender_id(),
        customer_no=customer_no,
        parts=(
            PartRequest(
                account_no=account_no,
                amount_minor=amount_minor,
                invoice_no=options.get("invoice"),
                unknown=options.get("unknown"),
            ),
        ),
        legs=(
            LegRequest(
                method=options.get("method", "cash"), amount_minor=amount_minor, reference=options.get("reference")
            ),
        ),
    )
    return str(till.take(request=request, clerk="achieng").content.body["number"])


def net(till: Till, account_no: str) -> int:
    """Return what the till says an account owes."""
    with till.store.read() as conn:
        assert find_differences(conn, None) == ()
        return int(conn.execute(select(accounts.c.net_minor).where(accounts.c.account_no == account_no)).scalar_one())


def agree(till: Till) -> None:
    """Exchange, and make sure that it was complete and that both sides agree."""
    result = sync(till)
    assert (result.outcome, result.agreed, result.waiting) == ("complete", True, 0), result


def test_a_till_learns_the_customers_of_its_zones_and_no_others(town: Server, tmp_path: Path) -> None:
    till = town.enrol_till(tmp_path / "till", zones=("Mamboleo", "Migosi"))
    with till.store.read() as conn, town.office.store.read() as office:
        here = conn.execute(select(customers.c.zone, customers.c.customer_no, customers.c.balance_minor)).all()
        there = office.execute(select(customers.c.zone, customers.c.customer_no, customers.c.balance_minor)).all()
        moved_here = conn.execute(select(movements)).all()
        moved_there = office.execute(select(movements)).all()
    expected = {tuple(row) for row in there if row.zone in ("Mamboleo", "Migosi")}
    assert {tuple(row) for row in here} == expected
    served = {row.account_no for row in moved_here}
    assert {tuple(row) for row in moved_here} == {tuple(row) for row in moved_there if row.account_no in served}
    agree(till)


def test_a_payment_at_a_till_reaches_head_office_and_comes_back(town: Server, tmp_path: Path) -> None:
    till = counter(town, tmp_path / "till")
    before = town.net("A0000001")
    number = pay(till, "A0000001", 1_000)
    agree(till)
    assert town.net("A0000001") == net(till, "A0000001") == before - 1_000
    assert town.codes() == []
    with till.store.read() as conn:
        fact = conn.execute(select(facts).where(facts.c.number == number)).one()
    assert (fact.decision, fact.generation) == ("account", 1)
    assert fact.position > 0


def test_two_tills_take_money_for_one_meter_and_both_learn_of_both(town: Server, tmp_path: Path) -> None:
    one, two = counter(town, tmp_path / "one"), counter(town, tmp_path / "two", "KSM02")
    before = town.net("A0000001")
    pay(one, "A0000001", 1_000)
    pay(two, "A0000001", 2_000)
    agree(one)
    agree(two)
    agree(one)
    assert town.net("A0000001") == net(one, "A0000001") == net(two, "A0000001") == before - 3_000


def test_a_reference_used_at_two_tills_goes_to_suspense_at_the_second(town: Server, tmp_path: Path) -> None:
    one, two = counter(town, tmp_path / "one"), counter(town, tmp_path / "two", "KSM02")
    before = town.net("A0000001")
    pay(one, "A0000001", 1_000, method="mpesa", reference="SKJ3XY71AB")
    pay(two, "A0000001", 1_000, method="mpesa", reference="skj3 xy71ab")
    agree(one)
    agree(two)
    agree(one)
    assert town.codes() == ["duplicate_reference"]
    assert town.net("A0000001") == net(one, "A0000001") == net(two, "A0000001") == before - 1_000
    assert net(two, "SUSPENSE-KSM02") == town.net("SUSPENSE-KSM02") == -1_000


def test_money_for_an_unknown_meter_is_placed_by_head_office_and_the_till_learns_where(
    town: Server, tmp_path: Path
) -> None:
    till = counter(town, tmp_path / "till")
    unknown = UnknownMeter(meter_no="MTR-9", name="Wanjiru", phone="0700")
    pay(till, "", 1_000, unknown=unknown)
    agree(till)
    assert town.codes() == ["unknown_meter"]
    before = town.net("A0000001")
    with town.office.write() as (conn, outgoing):
        books.transfer(
            conn,
            outgoing,
            from_account="SUSPENSE-KSM01",
            to_account="A0000001",
            amount_minor=1_000,
            reason="found",
            on=DAY,
        )
    agree(till)
    assert net(till, "A0000001") == before - 1_000
    assert net(till, "SUSPENSE-KSM01") == 0


def test_an_invoice_made_at_head_office_reaches_the_till_and_takes_its_naming(town: Server, tmp_path: Path) -> None:
    till = counter(town, tmp_path / "till")
    pay(till, "A0000001", 1_000, invoice="INV-2026-1")
    agree(till)
    with town.office.write() as (conn, outgoing):
        invoice = books.Invoice(
            invoice_no="INV-2026-1", account_no="A0000001", invoice_date=DAY, due_date=DAY, amount_minor=5_000
        )
        books.add_invoices(conn, outgoing, [invoice], at=town.office.moment().at)
    before = net(till, "A0000001")
    agree(till)
    assert net(till, "A0000001") == before + 5_000 == town.net("A0000001")


def test_a_meter_handed_over_is_the_new_customers_at_the_till_too(town: Server, tmp_path: Path) -> None:
    till = counter(town, tmp_path / "till")
    old = town.net("A0000001")
    with town.office.write() as (conn, outgoing):
        master.hand_over(conn, outgoing, meter_no="MTR-000001", to_customer=neighbour(town), account_no="A-NEW", on=DAY)
    agree(till)
    with till.store.read() as conn:
        rows = conn.execute(
            select(accounts.c.account_no, accounts.c.closed_on).where(accounts.c.meter_no == "MTR-000001")
        )
        assert {row.account_no: row.closed_on for row in rows} == {"A0000001": DAY, "A-NEW": None}
    assert net(till, "A0000001") == old
    assert net(till, "A-NEW") == 0


def neighbour(town: Server) -> str:
    """Return another customer of A0000001's zone."""
    with town.office.store.read() as conn:
        query = select(customers.c.customer_no).where(customers.c.zone == "Mamboleo").order_by(customers.c.customer_no)
        return next(number for number in conn.execute(query).scalars() if number != "AC-10001")


def test_a_reversal_at_the_till_takes_the_payment_back_everywhere(town: Server, tmp_path: Path) -> None:
    till = counter(town, tmp_path / "till")
    before = town.net("A0000001")
    number = pay(till, "A0000001", 1_000, method="mpesa", reference="SKJ3XY71AB")
    agree(till)
    till.reverse(
        number=number,
        reason="wrong meter",
        refund="none",
        tender_id=new_tender_id(),
        clerk="achieng",
        approval=APPROVED,
    )
    agree(till)
    assert town.net("A0000001") == net(till, "A0000001") == before
    assert town.codes() == []


def test_a_cheque_counts_at_the_till_once_head_office_cleared_it_and_no_more_once_it_bounced(
    town: Server, tmp_path: Path
) -> None:
    till = counter(town, tmp_path / "till")
    before = town.net("A0000001")
    number = pay(till, "A0000001", 1_000, method="cheque", reference="104482")
    agree(till)
    assert net(till, "A0000001") == before
    say(town, "clearing", number)
    agree(till)
    assert net(till, "A0000001") == before - 1_000
    say(town, "bounce", number)
    agree(till)
    assert net(till, "A0000001") == before == town.net("A0000001")
    with pytest.raises(books.AlreadySaid):
        say(town, "clearing", number)


def say(town: Server, event: Any, number: str) -> None:
    with town.office.write() as (conn, outgoing):
        books.say_of_payments(conn, outgoing, event=event, number=number, on=DAY)


def test_settings_users_and_devices_reach_the_till(town: Server, tmp_path: Path) -> None:
    till = town.enrol_till(tmp_path / "till")
    with town.office.write() as (conn, outgoing):
        master.set_setting(conn, outgoing, key="utility_name", text="LAKE WATER COMPANY")
        master.set_setting(conn, outgoing, key="receipt_head", text="Kisumu|0800 720 111")
        master.add_user(
            conn,
            outgoing,
            user_name="achieng",
            display_name="Achieng O.",
            role="clerk",
            expires_on=None,
            code="ABCD-EFGH-IJKL",
        )
    agree(till)
    with till.store.read() as conn:
        settings = utility_settings(conn)
        known = conn.execute(select(users.c.user_name, users.c.role)).all()
        keys = conn.execute(select(devices.c.till_name)).scalars().all()
    assert (settings.utility_name, settings.receipt_head) == ("LAKE WATER COMPANY", ("Kisumu", "0800 720 111"))
    assert [tuple(row) for row in known] == [("achieng", "clerk")]
    assert keys == ["KSM01"]
    till.set_pin(user_name="achieng", code="abcd efgh ijkl", pin="4711")
    till.sign_in(user_name="achieng", pin="4711")


def test_a_copied_till_is_noticed_and_nothing_of_it_is_lost(town: Server, tmp_path: Path) -> None:
    till = counter(town, tmp_path / "till")
    agree(till)
    till.close()
    shutil.copytree(tmp_path / "till", tmp_path / "copy")
    till, copy = open_till(tmp_path / "till"), open_till(tmp_path / "copy")
    before = town.net("A0000001")
    pay(till, "A0000001", 1_000)
    pay(copy, "A0000001", 2_000)
    agree(till)
    result = sync(copy)
    assert result.waiting == 0
    assert town.net("A0000001") == before - 3_000
    assert town.codes() == ["fork"]
    agree(till)


def test_a_lost_answer_is_asked_for_again_and_nothing_is_doubled(town: Server, tmp_path: Path) -> None:
    till = counter(town, tmp_path / "till")
    before = town.net("A0000001")
    pay(till, "A0000001", 1_000)

    class Deaf:
        """A line that loses the answer to the first batch."""

        def __init__(self) -> None:
            self.line = Line(town.url)
            self.lost = False

        def send(self, path: str, message: bytes) -> Any:
            answer = self.line.send(path, message)
            if path.endswith("push") and not self.lost:
                self.lost = True
                return Failure("cut", "The line broke.")
            return answer

    deaf = Deaf()
    result = exchange(till.store, home=till.settings.home, device_key=till.device_key, line=deaf)
    assert (result.outcome, deaf.lost) == ("complete", True)
    deaf.line.close()
    agree(till)
    assert town.net("A0000001") == before - 1_000
    with town.office.store.read() as conn:
        assert len(conn.execute(select(tenders)).all()) == 1


# --- enrolment


def test_a_code_is_good_once_but_its_answer_may_be_asked_for_again(server: Server) -> None:
    code, key = server.add_till("KSM01", ["Kondele"]), signing.generate_key()
    first = enrol(server, code, key)
    again = enrol(server, code, key)
    assert (first.device, first.till, first.zones) == (again.device, "KSM01", ("Kondele",))
    other = post(server, "/v1/enrol", enrol_request(code, signing.generate_key()))
    assert (other.status_code, other.json()["code"]) == (403, "code")
    assert "used before" in other.json()["error"]


def test_a_code_that_was_never_given_or_has_expired_is_refused(server: Server) -> None:
    code = auth.make_till_code(bytes(8), keys=server.office.keys)
    refused = post(server, "/v1/enrol", enrol_request(code, signing.generate_key()))
    assert "not known" in refused.json()["error"]
    old = server.add_till("KSM01", ["Kondele"])
    server.office.now = lambda: datetime.now(UTC) + timedelta(days=8)
    refused = post(server, "/v1/enrol", enrol_request(old, signing.generate_key()))
    assert "expired" in refused.json()["error"]


def test_a_key_belongs_to_one_till(server: Server) -> None:
    key = signing.generate_key()
    enrol(server, server.add_till("KSM01", ["Kondele"]), key)
    refused = post(server, "/v1/enrol", enrol_request(server.add_till("KSM02", ["Kondele"]), key))
    assert "belongs to a till already" in refused.json()["error"]


def test_a_revoked_tills_code_is_not_known_any_more(server: Server) -> None:
    code = server.add_till("KSM01", ["Kondele"])
    with server.office.write() as (conn, outgoing):
        auth.revoke_till(conn, outgoing, till_name="KSM01")
    refused = post(server, "/v1/enrol", enrol_request(code, signing.generate_key()))
    assert refused.status_code == 403


# --- pages


def test_pages_together_are_the_snapshot_however_small_they_are(town: Server) -> None:
    till = Forged.enrol(town)
    whole = till.page(limit=10_000)
    assert not whole.more
    rows, after = [], 0
    while True:
        page = till.page(after, limit=37)
        rows += page.rows
        after = page.through
        if not page.more:
            break
    assert tuple(rows) == whole.rows
    assert page.through == whole.through
    assert page.digests == whole.digests
    assert set(whole.digests) == {"*", "till:KSM01", "Mamboleo"}


def test_a_page_of_one_zone_is_that_zones(town: Server) -> None:
    till = Forged.enrol(town)
    page = till.page(zones=["Mamboleo"], limit=10_000)
    assert {row.zone for row in page.rows} == {"Mamboleo"}
    refused = till.pull(zones=["Kondele"])
    assert (refused.status_code, refused.json()["code"]) == (403, "zone")


def test_a_till_of_another_generation_is_told_which_it_is_and_gets_no_rows(town: Server) -> None:
    till = Forged.enrol(town)
    page = till.page(5, generation=7)
    assert (page.generation, page.rows, page.through, page.more) == (1, (), 5, False)


def test_a_till_that_goes_on_differing_is_an_exception_once(town: Server) -> None:
    till = Forged.enrol(town)
    for _ in range(2):
        till.page(differs=["Mamboleo"])
    assert town.codes() == ["digest_mismatch"]


def test_a_fact_of_an_account_the_till_does_not_serve_comes_back_to_it_all_the_same(town: Server) -> None:
    till = Forged.enrol(town, zones=("Kondele",))
    paid = till.pay("A0000001", 1_000)
    till.push()
    rows = [row for row in till.page(limit=10_000).rows if row.key.startswith(paid.short_id)]
    assert [(row.zone, row.kind) for row in rows] == [("till:KSM01", "fact")]
    other = Forged.enrol(town, "KSM02", zones=("Mamboleo",))
    rows = [row for row in other.page(limit=10_000).rows if row.key.startswith(paid.short_id)]
    assert [row.zone for row in rows] == ["Mamboleo"]


@pytest.mark.parametrize(("idle_s", "opened"), [(60.0, 1), (-1.0, 6)])
def test_the_connection_stays_open_between_exchanges_unless_it_was_idle_too_long(
    town: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, idle_s: float, opened: int
) -> None:
    monkeypatch.setattr("meterpos.sync.client.IDLE_S", idle_s)
    with Cutter(town.url, [], "up") as counted:
        till = Server(town.office, counted.url).enrol_till(tmp_path / "till", zones=("Kondele",))
        before = counted.connections
        for _ in range(3):
            result = till.exchange()
            assert result.is_complete, result
        assert counted.connections - before == opened, "a push and a pull each"
        till.close()
