"""Messages to customers: said once, in their language, to whom agreed, with values frozen when they were queued."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, update

from meterpos.headoffice import books, master, putting_right
from meterpos.headoffice.billing import lifetimes
from meterpos.headoffice.office import Office
from meterpos.headoffice.restores import begin_generation
from meterpos.headoffice.sms import bulk, drafting, outbox, sending, setup, templates
from meterpos.headoffice.sms.bulk import Selection, UnusableBulk
from meterpos.headoffice.sms.length import measure
from meterpos.headoffice.sms.outbox import Message, UnknownMessage
from meterpos.headoffice.sms.phones import international, masked
from meterpos.headoffice.sms.setup import NotSetUp, UnusableGateway
from meterpos.headoffice.sms.templates import FIELDS, WORDS, BadTemplate, UnknownKind
from meterpos.headoffice.tables import sms
from meterpos.ledger.queries.settings import utility_settings
from meterpos.ledger.rules.facts import Fact, payment_id
from meterpos.ledger.tables import customers
from tests.support.books import issue, small_books
from tests.support.headoffice import make_office, opened_copy

GRACE, OTIENO, MAMA = "+254712345678", "+254722000111", "+254733000333"


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a head office with two customers, whose gateway is the log, for tests that copy it."""
    home = tmp_path_factory.mktemp("sms") / "home"
    made = prepared(make_office(home, f"sqlite:///{home / 'books.db'}"), home.with_name("files"))
    made.close()
    return home


def prepared(office: Office, files: Path) -> Office:
    small_books(office, files)
    choose(office)
    return office


@pytest.fixture
def desk(ready: Path, tmp_path: Path) -> Iterator[Office]:
    """A head office of the test's own with two customers, whose gateway is the log."""
    with opened_copy(ready, tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def both(office: Office, tmp_path: Path) -> Office:
    """The same on SQLite and on PostgreSQL."""
    return prepared(office, tmp_path / "files")


def choose(office: Office, **options: object) -> None:
    with office.write() as (conn, outgoing):
        setup.set_up(conn, at=office.moment().at, **{"kind": "log", "part_cost_minor": 80, **options})  # type: ignore[arg-type]
        master.set_setting(conn, outgoing, key="paybill", text="522522")


def pay(office: Office, number: str, account_no: str, amount_minor: int) -> None:
    made = Fact(
        fact_id=payment_id(f"PB-{number}"),
        kind="payment",
        account_no=account_no,
        stands_on=account_no,
        number=number,
        fact_date=office.moment().today,
        amount_minor=-amount_minor,
        method="mpesa",
        reference=number,
        decision="account",
    )
    with office.write() as (conn, outgoing):
        books.post_facts(conn, outgoing, [made])


def messages(office: Office) -> list[Message]:
    sending.gather_all(office)
    with office.store.read() as conn:
        return sorted(outbox.listed(conn), key=lambda one: (one.kind, one.phone))


def run_bulk(office: Office, *, dry_run: bool = False, **options: object) -> bulk.Bulk:
    asked = {"kind": "reminder", "name": "november", "selection": Selection(), **options}
    with office.write() as (conn, _):
        moment = office.moment()
        return bulk.send_bulk(conn, at=moment.at, today=moment.today, dry_run=dry_run, **asked)  # type: ignore[arg-type]


# --- length


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ("GSM-7", 0, 1)),
        ("a" * 160, ("GSM-7", 160, 1)),
        ("a" * 161, ("GSM-7", 161, 2)),
        ("a" * 306, ("GSM-7", 306, 2)),
        ("a" * 307, ("GSM-7", 307, 3)),
        ("€" * 80, ("GSM-7", 160, 1)),
        ("a" * 152 + "€" + "a" * 10, ("GSM-7", 164, 2)),
        ("a" * 152 + "€" + "a" * 152, ("GSM-7", 306, 3)),
        ("ŵ" * 70, ("UCS-2", 70, 1)),
        ("ŵ" * 71, ("UCS-2", 71, 2)),
        ("😀" * 35, ("UCS-2", 70, 1)),
        ("😀" * 66, ("UCS-2", 132, 2)),
        ("😀" * 67, ("UCS-2", 134, 3)),
    ],
)
def test_a_text_is_counted_in_parts_as_a_network_does(text: str, expected: tuple[str, int, int]) -> None:
    length = measure(text)
    assert (length.encoding, length.units, length.parts) == expected


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="abc€^ŵ😀 ", max_size=400), st.sampled_from("a€ŵ"))
def test_a_longer_text_never_takes_fewer_parts(text: str, letter: str) -> None:
    assert measure(text + letter).parts >= measure(text).parts


# --- phones


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0712 345 678", GRACE),
        ("712345678", GRACE),
        ("+254 712-345-678", GRACE),
        ("00254712345678", GRACE),
        ("254712345678", GRACE),
        ("+447911123456", "+447911123456"),
        ("", None),
        ("none", None),
        ("07", None),
        ("+1234567890123456", None),
    ],
)
def test_a_phone_is_written_one_way(text: str, expected: str | None) -> None:
    assert international(text) == expected


def test_a_phone_in_a_log_is_not_a_phone() -> None:
    assert masked(GRACE) == "+2547…678"


# --- templates


def test_every_kind_has_words_in_both_languages_that_name_only_its_fields() -> None:
    for (kind, language), text in WORDS.items():
        templates.check(text, fields=FIELDS[kind])
        assert (kind, "en") in WORDS and (kind, "sw") in WORDS
        filled = templates.render(text, dict.fromkeys(FIELDS[kind], "KES 1,234.00"))
        assert measure(filled).encoding == "GSM-7", (kind, language)


def test_an_apostrophe_in_a_name_does_not_make_a_message_dearer() -> None:
    said = templates.render(
        "Dear {customer_name} – pay…  {paybill_instructions}", {"customer_name": "Ng’ang’a", "paybill_instructions": ""}
    )
    assert said == "Dear Ng'ang'a - pay..." and measure(said).encoding == "GSM-7"


@pytest.mark.parametrize(
    "text",
    [
        "Dear {customer}",
        "{customer_name.__class__}",
        "{customer_name!r}",
        "{customer_name:>9}",
        "{}",
        "{0}",
        "{customer_name",
        "  ",
        "a" * 700,
        "{invoice_number}",
    ],
)
def test_a_template_with_an_unknown_field_is_refused(text: str) -> None:
    with pytest.raises(BadTemplate):
        templates.check(text, fields=FIELDS["payment"])


def test_a_utility_sets_words_and_takes_them_back(desk: Office) -> None:
    with desk.store.write() as conn:
        templates.set_template(conn, kind="payment", language="en", text="Got {paid_amount}")
        templates.set_template(conn, kind="payment", language="en", text="Took {paid_amount} {total_balance}")
        assert templates.in_force(conn)["payment", "en"] == "Took {paid_amount} {total_balance}"
        with pytest.raises(BadTemplate, match="There is no field"):
            templates.set_template(conn, kind="payment", language="en", text="{invoice_number}")
        with pytest.raises(UnknownKind, match="no words for 'payment' in 'fr'"):
            templates.set_template(conn, kind="payment", language="fr", text="x")
        templates.reset_template(conn, kind="payment", language="en")
        assert templates.in_force(conn) == dict(WORDS)


# --- the gateway


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"kind": "pigeon"}, "no gateway"),
        ({"kind": "http", "url": "http://far.example/send"}, "https://"),
        ({"kind": "http", "url": "https://me:secret@far.example/send"}, "No password"),
        ({"kind": "africastalking"}, "--username"),
        ({"sender": "<script>"}, "sender"),
        ({"country": "KE"}, "country"),
        ({"per_minute": 0}, "between 1 and 6000"),
        ({"hours": (20, 7)}, "the earlier first"),
    ],
)
def test_a_gateway_that_cannot_be_is_refused(desk: Office, options: dict[str, object], match: str) -> None:
    with pytest.raises(UnusableGateway, match=match):
        choose(desk, **options)


@pytest.mark.parametrize("text", ["", "two words", "ключ", "x" * 500])
def test_a_key_that_cannot_be_one_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UnusableGateway):
        setup.keep_key(tmp_path, text)


def test_nothing_is_said_before_a_gateway_is_chosen(tmp_path: Path, sqlite_url: str) -> None:
    office = make_office(tmp_path / "home", sqlite_url)
    small_books(office, tmp_path / "files")
    issue(office, "INV-1", "A1", 100_00)
    assert messages(office) == [] and sending.work(office) == sending.Sent()
    with pytest.raises(NotSetUp, match="sms setup"):
        run_bulk(office)
    choose(office)
    assert messages(office) == [], "what was before is never told"
    issue(office, "INV-2", "A1", 100_00)
    choose(office, per_minute=5)
    assert len(messages(office)) == 2
    office.close()


# --- from facts


def test_an_invoice_is_told_to_the_customer_and_to_contacts_who_agreed(desk: Office) -> None:
    issue(desk, "INV-1", "A1", 2300_00)
    issue(desk, "INV-2", "A2", 700_00)
    of_first = [one for one in messages(desk) if one.account_no == "A1"]
    assert [one.phone for one in of_first] == [GRACE, OTIENO]
    today = f"{desk.moment().today:%d/%m/%Y}"
    due = f"{desk.moment().today + timedelta(days=14):%d/%m/%Y}"
    assert of_first[0].text == (
        f"Dear Grace Akinyi, invoice INV-1 of {today} for meter MTR-001: KES 2,300.00, due {due}. "
        "Balance KES 2,300.00. Paybill 522522, account MTR-001."
    )
    assert (of_first[0].encoding, of_first[0].parts, of_first[0].state) == ("GSM-7", 1, "queued")


def test_a_customer_without_a_phone_does_not_stop_the_contacts_and_is_spoken_to_in_swahili(desk: Office) -> None:
    issue(desk, "INV-3", "A3", 50_00)
    (one,) = messages(desk)
    assert (one.phone, one.language) == (MAMA, "sw")
    assert one.text.startswith("Ndugu Juma Baraka, ankara INV-3 ya ")


def test_payments_and_what_takes_them_back_are_told(both: Office) -> None:
    issue(both, "INV-1", "A1", 100_00)
    pay(both, "SKJ3XY71AB", "A1", 250_00)
    told = [one.text for one in messages(both) if one.kind == "payment" and one.phone == GRACE]
    assert len(told) == 1 and "we received KES 250.00" in told[0] and "credit KES 150.00" in told[0]
    with both.write() as (conn, outgoing):
        moment = both.moment()
        putting_right.reverse_receipt(conn, outgoing, number="SKJ3XY71AB", reason="x", on=moment.today, at=moment.at)
    taken = [one.text for one in messages(both) if one.kind == "reversal" and one.phone == GRACE]
    assert len(taken) == 1 and "the payment of KES 250.00 for meter MTR-001 was taken back" in taken[0]


def connect(office: Office, kind: lifetimes.SupplyKind, *, meter_no: str = "MTR-001", days_ago: int = 0) -> None:
    moment = office.moment()
    day = moment.today - timedelta(days=days_ago)
    with office.write() as (conn, outgoing):
        lifetimes.set_connected(conn, outgoing, meter_no=meter_no, kind=kind, reason="x", on=day, at=moment.at)


def test_who_is_disconnected_and_connected_again_hears_of_it_once(both: Office) -> None:
    issue(both, "INV-1", "A1", 2300_00)
    for _ in range(2):
        connect(both, "disconnected")
    connect(both, "reconnected")
    said = {(one.kind, one.phone): one.text for one in messages(both) if one.kind.endswith("connected")}
    assert sorted(said) == [(kind, phone) for kind in ("disconnected", "reconnected") for phone in (GRACE, OTIENO)]
    today = f"{both.moment().today:%d/%m/%Y}"
    assert said["disconnected", GRACE] == (
        f"Dear Grace Akinyi, the supply of meter MTR-001 was disconnected on {today}. Balance KES 2,300.00. "
        "Pay to be connected again. Paybill 522522, account MTR-001."
    )
    assert "is connected again" in said["reconnected", OTIENO]
    connect(both, "disconnected")
    assert sum(one.kind == "disconnected" for one in messages(both)) == 4, "another time is another fact"
    connect(both, "disconnected", meter_no="MTR-003")
    (swahili,) = [one.text for one in messages(both) if one.phone == MAMA]
    assert swahili.startswith("Ndugu Juma Baraka, huduma ya mita MTR-003 imekatwa")


def test_a_disconnection_is_not_told_where_that_is_not_wanted_or_no_news(desk: Office, tmp_path: Path) -> None:
    connect(desk, "disconnected", days_ago=40)
    assert messages(desk) == []
    with desk.write() as (conn, outgoing):
        master.set_setting(conn, outgoing, key="sms_supply", text="no")
    connect(desk, "reconnected")
    assert messages(desk) == []
    silent = make_office(tmp_path / "silent", f"sqlite:///{tmp_path / 'silent.db'}")
    small_books(silent, tmp_path / "files")
    connect(silent, "disconnected")
    assert messages(silent) == []
    silent.close()


def test_a_balance_is_that_of_the_posting_also_when_messages_are_made_later(desk: Office) -> None:
    issue(desk, "INV-1", "A1", 1000_00)
    pay(desk, "SKJ3XY71AB", "A1", 300_00)
    pay(desk, "SKJ3XY71AC", "A1", 900_00)
    told = {one.subject: one.text for one in messages(desk) if one.phone == GRACE}
    assert "Balance KES 1,000.00." in told["inv:INV-1 A1"]
    assert "Balance KES 700.00, credit KES 0.00." in told["pay:SKJ3XY71AB A1"]
    assert "Balance KES 0.00, credit KES 200.00." in told["pay:SKJ3XY71AC A1"]


def test_what_was_queued_is_frozen(desk: Office) -> None:
    issue(desk, "INV-1", "A1", 100_00)
    before = [one.text for one in messages(desk)]
    with desk.store.write() as conn:
        templates.set_template(conn, kind="invoice", language="en", text="Pay!")
        conn.execute(update(customers).values(name="Somebody Else"))
    assert [one.text for one in messages(desk)] == before


def test_a_fact_is_told_once_also_when_it_is_sent_down_again(desk: Office) -> None:
    issue(desk, "INV-1", "A1", 100_00)
    before = messages(desk)
    with desk.store.write() as conn:
        conn.execute(update(drafting.counters).where(drafting.counters.c.name == setup.CURSOR).values(value=0))
    assert messages(desk) == before


def test_a_fact_is_told_once_by_two_workers(both: Office) -> None:
    for number in range(12):
        issue(both, f"INV-{number}", "A1", 100_00)
    start, failed = threading.Barrier(2), []

    def worker() -> None:
        start.wait()
        try:
            sending.work(both, limit=30)
        except Exception as error:  # noqa: BLE001 - told below
            failed.append(error)

    threads = [threading.Thread(target=worker) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with both.store.read() as conn:
        assert outbox.counted(conn) == {"sent": 24}
        assert {one.tries for one in outbox.listed(conn)} == {1}


def test_a_database_that_is_told_twice_refuses(desk: Office) -> None:
    issue(desk, "INV-1", "A1", 100_00)
    one = messages(desk)[0]
    with desk.store.read() as conn:
        row = dict(conn.execute(sms.select().where(sms.c.sms_id == one.sms_id)).one()._mapping)
    with pytest.raises(Exception, match=r"(?i)unique"), desk.store.write() as conn:
        conn.execute(insert(sms), {**row, "sms_id": "ANOTHER"})


def test_old_facts_are_no_news(desk: Office) -> None:
    issue(desk, "INV-1", "A1", 100_00, on=desk.moment().today - timedelta(days=60))
    assert messages(desk) == []


def test_many_facts_are_gathered_a_page_at_a_time(desk: Office) -> None:
    for number in range(5):
        issue(desk, f"INV-{number}", "A1", 100_00)
    moment = desk.moment()
    counts = []
    while True:
        with desk.store.write() as conn:
            found = drafting.gather(conn, at=moment.at, today=moment.today, limit=2)
        counts.append(found.queued)
        if not found.more:
            break
    assert sum(counts) == 10 and len(counts) > 2


# --- bulk


def test_a_reminder_says_the_total_once_or_each_meter(both: Office) -> None:
    issue(both, "INV-1", "A1", 100_00)
    issue(both, "INV-2", "A2", 200_00)
    seen = run_bulk(both, dry_run=True)
    assert (seen.customers, seen.messages, seen.parts, seen.cost_minor, seen.queued) == (2, 3, 3, 240, 0)
    assert seen.samples[0].text == (
        "Dear Grace Akinyi, you owe KES 300.00 in all for MTR-001, MTR-002. Please pay. "
        "Paybill 522522, account the meter's number."
    )
    owing = Selection(balance_least_minor=1)
    each = run_bulk(both, per_meter=True, selection=owing)
    assert (each.customers, each.messages, each.queued) == (1, 4, 4)
    assert "meter MTR-001 owes KES 100.00" in each.samples[0].text
    assert run_bulk(both, per_meter=True, selection=owing).queued == 0, "the same bulk again"
    assert run_bulk(both, name="december", selection=owing).queued == 2


def test_a_selection_is_by_zone_customer_status_debt_and_lateness(desk: Office) -> None:
    issue(desk, "INV-1", "A1", 100_00, on=desk.moment().today - timedelta(days=50))
    issue(desk, "INV-3", "A3", 100_00)
    assert run_bulk(desk, dry_run=True, selection=Selection(zones=("Nowhere",))).customers == 0
    assert run_bulk(desk, dry_run=True, selection=Selection(customer_nos=("AC-2",))).customers == 1
    assert run_bulk(desk, dry_run=True, selection=Selection(meter_status="disconnected")).customers == 0
    assert run_bulk(desk, dry_run=True, selection=Selection(balance_least_minor=100_01)).customers == 0
    late = run_bulk(desk, kind="disconnection", selection=Selection(overdue_days=30), dry_run=True)
    assert late.customers == 1 and "KES 100.00 is overdue for MTR-001" in late.samples[0].text
    assert run_bulk(desk, dry_run=True, selection=Selection(overdue_days=40)).customers == 0
    with pytest.raises(UnusableBulk, match="no customer AC-9"):
        run_bulk(desk, selection=Selection(customer_nos=("AC-1", "AC-9")))


def test_a_notice_has_words_of_its_own(desk: Office) -> None:
    done = run_bulk(desk, kind="notice", text="No water on {meter_number} tomorrow, {customer_name}.")
    assert done.queued == 3 and done.samples[0].text == "No water on MTR-001, MTR-002 tomorrow, Grace Akinyi."
    with pytest.raises(BadTemplate, match=r"There is no field \{meter_balance\}"):
        run_bulk(desk, kind="notice", text="{meter_balance}")
    with pytest.raises(UnusableBulk, match="needs its words"):
        run_bulk(desk, kind="notice")
    with pytest.raises(UnusableBulk, match="no kind"):
        run_bulk(desk, kind="poem")
    with pytest.raises(UnusableBulk, match="name"):
        run_bulk(desk, name=" ")


def test_whom_no_phone_reaches_is_named(desk: Office) -> None:
    with desk.store.write() as conn:
        conn.execute(update(customers).where(customers.c.customer_no == "AC-1").values(phone="none"))
    assert run_bulk(desk, dry_run=True).unreached == []
    with desk.store.write() as conn:
        conn.exec_driver_sql("DELETE FROM contacts")
    assert run_bulk(desk, dry_run=True).unreached == ["AC-1", "AC-2"]


# --- who wants none


def test_who_opted_out_gets_nothing_not_even_what_waits(desk: Office) -> None:
    issue(desk, "INV-1", "A1", 100_00)
    messages(desk)
    with desk.store.write() as conn:
        outbox.opt_out(conn, GRACE, why="asked for it", at=desk.moment().at)
    issue(desk, "INV-2", "A1", 100_00)
    assert [(one.phone, one.state) for one in messages(desk)] == [
        (GRACE, "cancelled"),
        (OTIENO, "queued"),
        (OTIENO, "queued"),
    ]
    assert run_bulk(desk, dry_run=True).unwanted == 1
    with desk.store.write() as conn:
        assert outbox.opt_in(conn, GRACE) and not outbox.opt_in(conn, GRACE)
    assert run_bulk(desk, dry_run=True).unwanted == 0


def test_only_what_failed_is_sent_again(desk: Office) -> None:
    issue(desk, "INV-1", "A1", 100_00)
    one = messages(desk)[0]
    with desk.store.write() as conn:
        with pytest.raises(UnknownMessage, match="It is queued"):
            outbox.send_again(conn, [one.sms_id], at=desk.moment().at)
        with pytest.raises(UnknownMessage, match="no such message"):
            outbox.send_again(conn, ["NOPE"], at=desk.moment().at)
        conn.execute(update(sms).where(sms.c.sms_id == one.sms_id).values(state="failed"))
        assert outbox.send_again(conn, [one.sms_id], at=desk.moment().at) == 1


def test_after_a_restore_nothing_is_told_that_may_have_been_told(desk: Office) -> None:
    issue(desk, "INV-1", "A1", 100_00)
    messages(desk)
    issue(desk, "INV-2", "A1", 100_00)
    later = desk.moment().at + timedelta(days=2)
    with desk.store.write() as conn:
        begin_generation(conn, leap=1, at=later)
    desk.now = lambda: later
    assert {one.state for one in messages(desk)} == {"unsure"} and len(messages(desk)) == 2
    issue(desk, "INV-3", "A1", 100_00)
    assert len(messages(desk)) == 4


def test_tills_hear_of_the_paybill_number(desk: Office) -> None:
    with desk.store.read() as conn:
        assert utility_settings(conn).paybill == "522522"
    with desk.write() as (conn, outgoing), pytest.raises(master.UnusableSetting, match="10 digits"):
        master.set_setting(conn, outgoing, key="paybill", text="five")
