"""Head office takes in whatever a till delivers, once, and decides what depends on order."""

import threading
from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import func, select

from meterpos.headoffice import auth, books, checks, exceptions, intake, master
from meterpos.headoffice.tables import side_entries
from meterpos.ledger.journal import FIRST_PREV
from meterpos.ledger.tables import facts, journal, streams, tenders
from meterpos.sync import wire
from tests.headoffice.forged import APPROVED, Forged, enrol, outcomes, post, tomorrow
from tests.support.headoffice import Server

DAY = date(2026, 11, 20)


@pytest.fixture
def town(server: Server) -> Server:
    """Head office with the town imported; every test ends with all checks passed."""
    server.import_town()
    return server


@pytest.fixture(autouse=True)
def everything_holds(server: Server) -> Iterator[None]:
    """After each test, what must always hold, holds."""
    yield
    with server.office.store.read() as conn:
        assert list(checks.run_checks(conn)) == []


def count(server: Server, query: object) -> int:
    with server.office.store.read() as conn:
        return int(conn.execute(query).scalar_one())  # type: ignore[call-overload]


def entries_kept(server: Server) -> int:
    return count(server, select(func.count()).select_from(journal))


def stands(server: Server, number: str) -> list[tuple[str, str | None]]:
    """Return where the payments of a receipt stand, and the decision."""
    with server.office.store.read() as conn:
        query = select(facts.c.stands_on, facts.c.decision).where(facts.c.number == number).order_by(facts.c.fact_id)
        return [(row[0], row[1]) for row in conn.execute(query)]


def number_of(entry: object) -> str:
    return str(entry.content.body["number"])  # type: ignore[attr-defined]


# --- the chain


def test_head_office_signs_for_what_it_stored(town: Server) -> None:
    till = Forged.enrol(town)
    till.pay("A0000001", 10_00)
    ack = till.push()
    assert (ack.through_seq, ack.head) == (2, till.head)
    assert (ack.count, ack.sum_minor) == (1, 10_00)
    assert outcomes(ack) == ["stored", "stored"]
    assert not ack.held


def test_head_office_has_the_same_batch_a_second_time(town: Server) -> None:
    till = Forged.enrol(town)
    till.pay("A0000001", 10_00)
    till.push()
    before = town.net("A0000001")
    ack = till.push()
    assert outcomes(ack) == ["had", "had"]
    assert (ack.through_seq, ack.count) == (2, 1)
    assert town.net("A0000001") == before
    assert town.codes() == []


def test_head_office_says_how_far_it_holds_a_stream_when_nothing_is_sent(town: Server) -> None:
    till = Forged.enrol(town)
    assert till.push(0, 0).through_seq == 0
    till.pay("A0000001", 10_00)
    till.push()
    ack = till.push(2)
    assert (ack.through_seq, ack.head, ack.answers) == (2, till.head, ())
    assert till.push(1, 1).through_seq == 2


def test_head_office_takes_the_rest_of_a_batch_it_has_half_of(town: Server) -> None:
    till = Forged.enrol(town)
    till.pay("A0000001", 10_00)
    till.push(0, 1)
    till.pay("A0000001", 20_00)
    ack = till.push()
    assert outcomes(ack) == ["had", "stored", "stored"]
    assert ack.sum_minor == 30_00


def test_head_office_posts_what_comes_after_a_gap_and_signs_for_what_came_before(town: Server) -> None:
    till = Forged.enrol(town)
    till.push()
    till.pay("A0000001", 10_00)
    till.pay("A0000001", 20_00)
    till.pay("A0000001", 30_00)
    before = town.net("A0000001")
    ack = till.push(2)
    assert (ack.through_seq, ack.head) == (1, till.entries[0].entry_id)
    assert town.codes() == ["chain_gap"]
    assert town.net("A0000001") == before - 50_00
    filled = till.push(1, 2)
    assert (filled.through_seq, filled.head, filled.sum_minor) == (4, till.head, 60_00)
    assert town.codes() == []
    assert town.net("A0000001") == before - 60_00


def test_head_office_asks_for_everything_when_a_till_insists_on_another_history(town: Server) -> None:
    till = Forged.enrol(town)
    till.push()
    till.pay("A0000001", 10_00)
    till.pay("A0000001", 20_00)
    till.push(2)
    again = till.push(2)
    assert (again.through_seq, again.head) == (0, FIRST_PREV)
    assert till.push().through_seq == 3


def test_head_office_asks_for_everything_of_a_branch_whose_beginning_it_does_not_know(town: Server) -> None:
    till = Forged.enrol(town)
    till.pay("A0000001", 10_00)
    till.push()
    other = copy_of(till, through=0)
    other.write("locked", {})
    other.pay("A0000002", 5_00)
    ack = other.push(1)
    assert (ack.through_seq, ack.head) == (0, FIRST_PREV)
    whole = other.push()
    assert (whole.through_seq, whole.head, whole.sum_minor) == (2, other.head, 5_00)
    assert "fork" in town.codes()


def copy_of(till: Forged, *, through: int) -> Forged:
    return Forged(
        till.server, till.name, till.key, till.certificate, till.stream, till.entries[:through], papers=till.papers
    )


def test_head_office_keeps_both_branches_of_a_copied_till(town: Server) -> None:
    till = Forged.enrol(town)
    till.push()
    copy = copy_of(till, through=1)
    till.pay("A0000001", 10_00)
    copy.pay("A0000002", 20_00)
    copy.papers += 10
    copy.pay("A0000002", 5_00)
    first, second = town.net("A0000001"), town.net("A0000002")
    assert till.push(1).through_seq == 2
    ack = copy.push(1)
    assert (ack.through_seq, ack.head, ack.count, ack.sum_minor) == (3, copy.head, 2, 25_00)
    assert town.codes() == ["fork"]
    assert (town.net("A0000001"), town.net("A0000002")) == (first - 10_00, second - 25_00)
    copy.pay("A0000002", 1_00)
    assert copy.push(3).sum_minor == 26_00
    till.pay("A0000001", 1_00)
    back = till.push(2)
    assert (back.through_seq, back.head, back.sum_minor) == (3, till.head, 11_00)
    assert copy.push(4).head == copy.head


def test_head_office_finds_the_branch_of_what_waited_after_a_gap(town: Server) -> None:
    till = Forged.enrol(town)
    till.push()
    copy = copy_of(till, through=1)
    till.pay("A0000001", 10_00)
    copy.pay("A0000002", 20_00)
    copy.pay("A0000002", 5_00)
    copy.push(2)
    till.push(1)
    assert town.codes() == ["chain_gap"]
    ack = copy.push(1, 2)
    assert (ack.through_seq, ack.head) == (2, copy.entries[1].entry_id)
    assert count(town, select(func.count()).where(side_entries.c.why == "fork")) == 2
    assert "fork" in town.codes()


def test_head_office_keeps_unread_a_batch_that_does_not_end_where_it_says(town: Server) -> None:
    till = Forged.enrol(town)
    till.pay("A0000001", 10_00)
    before = town.net("A0000001")
    ack = till.push(head=bytes(range(32)))
    assert outcomes(ack) == ["chain_broken", "chain_broken"]
    assert (ack.through_seq, entries_kept(town)) == (0, 2)
    assert town.codes() == ["chain_broken"]
    assert town.net("A0000001") == before


def test_head_office_keeps_unread_what_one_till_says_of_anothers_journal(town: Server) -> None:
    till, other = Forged.enrol(town), Forged.enrol(town, "KSM02")
    till.push()
    other.stream = till.stream
    other.entries = till.entries[:]
    other.pay("A0000001", 10_00)
    ack = other.push(1)
    assert outcomes(ack) == ["foreign_stream"]
    assert ack.head == till.head
    assert town.codes() == ["foreign_stream"]


# --- entries


def test_head_office_keeps_entries_it_cannot_read_and_goes_on(town: Server) -> None:
    till = Forged.enrol(town)
    till.append(b'{"not":"an entry"}')
    till.write("tomorrows_kind", {})
    till.write("tender", {"number": "x"})
    till.pay("A0000001", 10_00)
    before = town.net("A0000001")
    ack = till.push()
    assert outcomes(ack) == ["stored", "unreadable", "unknown_kind", "unpostable", "stored"]
    assert [answer.outcome for answer in ack.answers][1:4] == ["quarantined"] * 3
    assert (ack.through_seq, ack.count) == (5, 1)
    assert town.net("A0000001") == before - 10_00
    assert town.codes() == ["unknown_kind", "unpostable", "unreadable"]


def test_head_office_notices_a_clock_ahead_of_its_own_once_a_day(town: Server) -> None:
    till = Forged.enrol(town)
    till.pay("A0000001", 10_00, at=tomorrow())
    till.pay("A0000001", 10_00, at=tomorrow())
    assert outcomes(till.push())[1:] == ["clock_suspect", "clock_suspect"]
    assert town.codes() == ["clock_suspect"]


def test_head_office_notices_what_was_recorded_in_a_closed_shift(town: Server) -> None:
    till = Forged.enrol(town)
    till.write("shift_opened", {"float": 0})
    till.write("shift_closed", {"expected": 0, "counted": 0})
    till.pay("A0000001", 10_00)
    assert outcomes(till.push())[3:] == ["closed_shift"]
    till.pay("A0000001", 10_00)
    assert outcomes(till.push(4)) == ["closed_shift"]
    assert town.codes() == ["closed_shift", "closed_shift"]


def test_head_office_hears_what_customers_told_clerks(town: Server) -> None:
    till = Forged.enrol(town)
    till.write("report", {"customer_no": "AC-10001", "field": "phone", "old": "1", "new": "2"}, shift=None)
    assert outcomes(till.push())[1:] == ["stored"]
    assert town.codes() == ["customer_report"]


# --- payments


def test_head_office_puts_money_for_an_unknown_account_into_suspense(town: Server) -> None:
    till = Forged.enrol(town)
    paid = till.pay("A9999999", 10_00)
    elsewhere = till.pay("SUSPENSE-KSM99", 5_00)
    assert outcomes(till.push())[1:] == ["unknown_account", "unknown_account"]
    assert stands(town, number_of(paid)) == [("SUSPENSE-KSM01", "suspense")]
    assert stands(town, number_of(elsewhere)) == [("SUSPENSE-KSM01", "suspense")]
    assert town.net("SUSPENSE-KSM01") == -15_00


def test_head_office_keeps_money_for_an_unknown_meter_until_it_is_placed(town: Server) -> None:
    till = Forged.enrol(town)
    till.pay("SUSPENSE-KSM01", 10_00, suspense={"meter_no": "MTR-9", "name": "Wanjiru", "phone": "0700"})
    assert outcomes(till.push())[1:] == ["unknown_meter"]
    before = town.net("A0000001")
    with town.office.write() as (conn, outgoing):
        books.transfer(
            conn,
            outgoing,
            from_account="SUSPENSE-KSM01",
            to_account="A0000001",
            amount_minor=10_00,
            reason="meter found",
            on=DAY,
        )
    assert (town.net("SUSPENSE-KSM01"), town.net("A0000001")) == (0, before - 10_00)


def test_head_office_lets_one_payment_use_a_reference(town: Server) -> None:
    till, other = Forged.enrol(town), Forged.enrol(town, "KSM02")
    first = till.pay("A0000001", 10_00, method="mpesa", reference="SKJ3XY71AB")
    second = other.pay("A0000002", 10_00, method="mpesa", reference="SKJ3XY71AB")
    other_method = other.pay("A0000002", 10_00, method="bank", reference="SKJ3XY71AB")
    till.push()
    assert outcomes(other.push())[1:] == ["duplicate_reference", "stored"]
    assert stands(town, number_of(first)) == [("A0000001", "account")]
    assert stands(town, number_of(second)) == [("SUSPENSE-KSM02", "suspense")]
    assert stands(town, number_of(other_method)) == [("A0000002", "account")]


def test_head_office_decides_a_reference_used_twice_in_one_batch(town: Server) -> None:
    till = Forged.enrol(town)
    till.pay("A0000001", 10_00, method="cheque", reference="104482", counts=False)
    twice = till.pay("A0000001", 10_00, method="cheque", reference="104482", counts=False)
    assert outcomes(till.push())[1:] == ["stored", "duplicate_reference"]
    assert stands(town, number_of(twice)) == [("SUSPENSE-KSM01", "suspense")]


def test_head_office_knows_references_of_imported_payments(town: Server) -> None:
    till = Forged.enrol(town)
    till.pay("A0000001", 10_00, method="mpesa", reference="MP0010000002")
    assert outcomes(till.push())[1:] == ["duplicate_reference"]


def test_head_office_lets_the_rest_of_a_reference_be_used_with_approval(town: Server) -> None:
    till = Forged.enrol(town)
    till.pay("A0000001", 10_00, method="bank", reference="FT1")
    till.pay("A0000002", 10_00, method="bank", reference="FT1", approval=APPROVED)
    assert outcomes(till.push())[1:] == ["stored", "stored"]


@pytest.mark.parametrize("together", [True, False])
def test_head_office_lets_a_reference_be_used_again_once_its_payment_was_reversed(town: Server, together: bool) -> None:
    till = Forged.enrol(town)
    wrong = till.pay("A0000001", 10_00, method="mpesa", reference="SKJ3XY71AB")
    if not together:
        till.push()
    till.reverse(wrong)
    if not together:
        till.push(2)
    right = till.pay("A0000002", 10_00, method="mpesa", reference="SKJ3XY71AB")
    again = till.pay("A0000002", 10_00, method="mpesa", reference="SKJ3XY71AB")
    till.push(1 if together else 3)
    assert stands(town, number_of(right)) == [("A0000002", "account")]
    assert stands(town, number_of(again)) == [("SUSPENSE-KSM01", "suspense")]


def test_head_office_says_that_a_paid_account_was_closed(town: Server) -> None:
    till = Forged.enrol(town)
    with town.office.write() as (conn, outgoing):
        master.close_account(conn, outgoing, account_no="A0000001", closed_on=DAY)
    unknowing = till.pay("A0000001", 10_00)
    till.pay("A0000001", 5_00, position=10_000_000)
    assert outcomes(till.push())[1:] == ["account_closed", "stored"]
    assert stands(town, number_of(unknowing)) == [("A0000001", "account")]


def test_head_office_says_that_a_paid_meter_had_moved(town: Server) -> None:
    till = Forged.enrol(town)
    with town.office.write() as (conn, outgoing):
        master.hand_over(conn, outgoing, meter_no="MTR-000001", to_customer="AC-10002", account_no="A-NEW", on=DAY)
    till.pay("A0000001", 10_00)
    assert outcomes(till.push())[1:] == ["meter_moved"]
    with town.office.store.read() as conn:
        (item,) = exceptions.listed(conn)
    assert item.details["now"] == "A-NEW"


def test_head_office_says_that_a_payment_names_another_accounts_invoice(town: Server) -> None:
    till = Forged.enrol(town)
    till.pay("A0000001", 10_00, invoice="INV-0000012")
    till.pay("A0000001", 10_00, invoice="INV-0000011")
    assert outcomes(till.push())[1:] == ["invoice_of_another_account", "stored"]


def test_head_office_says_so_too_when_that_invoice_comes_later(town: Server) -> None:
    till = Forged.enrol(town)
    till.pay("A0000001", 10_00, invoice="INV-NEW-1")
    till.pay("A0000001", 10_00, invoice="INV-NEW-2")
    till.push()
    assert town.codes() == []
    issue(town, "INV-NEW-1", "A0000002")
    issue(town, "INV-NEW-2", "A0000001")
    issue(town, "INV-NEW-3", "A0000001")
    assert town.codes() == ["invoice_of_another_account"]


def issue(server: Server, number: str, account_no: str) -> None:
    with server.office.write() as (conn, outgoing):
        invoice = books.Invoice(
            invoice_no=number, account_no=account_no, invoice_date=DAY, due_date=DAY, amount_minor=10_00
        )
        books.add_invoices(conn, outgoing, [invoice], at=server.office.moment().at)


def test_head_office_holds_what_is_paid_beyond_a_plan_as_credit(town: Server, tmp_path_factory: object) -> None:
    folder = tmp_path_factory.mktemp("plans")  # type: ignore[attr-defined]
    (folder / "plans.csv").write_text(
        "plan_no,customer_no,capacity_kw,total,opened_on\nPLN-1,AC-10001,1.5,100.00,2026-11-01\n"
    )
    from meterpos.headoffice.importing import import_directory

    import_directory(town.office.store, folder)
    till = Forged.enrol(town)
    till.pay("PLN-1", 60_00)
    till.push()
    assert town.codes() == []
    till.pay("PLN-1", 60_00)
    till.push(2)
    assert town.codes() == ["plan_overpaid"]
    assert town.net("PLN-1") == -20_00


# --- reversals


def test_head_office_counts_one_of_two_reversals(town: Server) -> None:
    till = Forged.enrol(town)
    before = town.net("A0000001")
    paid = till.pay("A0000001", 10_00)
    till.reverse(paid)
    second = till.reverse(paid)
    assert outcomes(till.push())[1:] == ["stored", "stored", "double_reversal"]
    assert stands(town, number_of(second)) == [("A0000001", "none")]
    assert town.net("A0000001") == before


def test_head_office_waits_for_the_payment_of_a_reversal_that_came_first(town: Server) -> None:
    till = Forged.enrol(town)
    before = town.net("A0000001")
    till.push()
    paid = till.pay("A0000001", 10_00)
    till.reverse(paid)
    assert outcomes(till.push(2)) == ["reversal_before_payment"]
    assert town.net("A0000001") == before
    till.push(1, 2)
    assert town.net("A0000001") == before
    assert town.codes() == []


def test_head_office_lets_no_till_reverse_anothers_payment(town: Server) -> None:
    till, other = Forged.enrol(town), Forged.enrol(town, "KSM02")
    paid = till.pay("A0000001", 10_00)
    till.push()
    after = town.net("A0000001")
    other.reverse(paid)
    assert outcomes(other.push())[1:] == ["reversal_of_another_till"]
    assert town.net("A0000001") == after
    till.reverse(paid)
    assert outcomes(till.push(2)) == ["stored"]
    assert town.net("A0000001") == after + 10_00


def test_head_office_reverses_money_in_suspense_where_it_is(town: Server) -> None:
    till = Forged.enrol(town)
    paid = till.pay("A9999999", 10_00)
    till.push()
    undone = till.reverse(paid)
    till.push(2)
    assert stands(town, number_of(undone)) == [("SUSPENSE-KSM01", "suspense")]
    assert town.net("SUSPENSE-KSM01") == 0


def test_head_office_notices_a_reversal_nobody_approved(town: Server) -> None:
    till = Forged.enrol(town)
    till.reverse(till.pay("A0000001", 10_00), approval=None)
    assert outcomes(till.push())[2:] == ["reversal_not_approved"]


# --- who may


def test_head_office_holds_what_a_revoked_till_delivers(town: Server) -> None:
    till = Forged.enrol(town)
    till.push()
    till.pay("A0000001", 10_00)
    till.pay("A0000001", 10_00)
    before = town.net("A0000001")
    with town.office.write() as (conn, outgoing):
        auth.revoke_till(conn, outgoing, till_name="KSM01")
    ack = till.push(1)
    assert ack.held
    assert (ack.through_seq, outcomes(ack)) == (3, ["revoked_device"] * 2)
    assert town.codes() == ["revoked_device"]
    assert town.net("A0000001") == before
    refused = till.pull()
    assert (refused.status_code, refused.json()["code"]) == (403, "revoked")


def test_head_office_posts_what_it_held_when_a_person_says_so(town: Server) -> None:
    till = Forged.enrol(town)
    till.push()
    before = town.net("A0000001")
    with town.office.write() as (conn, outgoing):
        auth.revoke_till(conn, outgoing, till_name="KSM01")
    till.pay("A0000001", 10_00)
    till.append(b"no entry")
    till.pay("A0000001", 20_00, method="mpesa", reference="MP0010000002")
    till.push(1)
    assert release(town) == (2, 1)
    assert town.net("A0000001") == before - 10_00
    assert town.codes() == ["duplicate_reference", "unreadable"]
    assert release(town) == (0, 1)
    assert town.net("A0000001") == before - 10_00
    assert outcomes(till.push(1)) == ["had", "had", "had"]


def release(town: Server) -> tuple[int, int]:
    with town.office.write() as (conn, outgoing):
        device = auth.device_of_till(conn, "KSM01")
        return intake.post_kept(conn, outgoing, device=device, at=town.office.moment().at)


def test_head_office_takes_nothing_signed_by_another_key(town: Server) -> None:
    till, other = Forged.enrol(town), Forged.enrol(town, "KSM02")
    for _ in range(2):
        refused = post(town, "/v1/push", till.batch(key=other.key))
        assert (refused.status_code, refused.json()["code"]) == (401, "signature")
    assert entries_kept(town) == 0
    assert town.codes() == ["bad_signature"]


def test_head_office_does_not_know_a_till_that_was_never_enrolled(town: Server) -> None:
    till = Forged.enrol(town)
    refused = post(town, "/v1/push", till.batch(device="0" * 20))
    assert (refused.status_code, refused.json()["code"]) == (401, "unknown_device")


def test_a_till_on_a_new_machine_begins_a_new_stream_and_its_old_machine_still_delivers(town: Server) -> None:
    till = Forged.enrol(town)
    till.push()
    certificate = enrol(town, town.add_till("KSM01", [], again=True), bytes(range(32)))
    anew = Forged(town, "KSM01", bytes(range(32)), certificate)
    anew.write(
        "stream_opened", {"till": "KSM01", "device": certificate.device, "label": "C2X", "reason": "re-enrolled"}
    )
    assert anew.push().through_seq == 1
    till.pay("A0000001", 10_00)
    assert outcomes(till.push(1)) == ["stored"]
    with town.office.store.read() as conn:
        current = conn.execute(select(streams.c.stream).where(streams.c.is_current)).scalars().all()
    assert current == [anew.stream]


# --- at once


def test_two_workers_with_the_same_batch_give_one_result(town: Server) -> None:
    till = Forged.enrol(town)
    for _ in range(20):
        till.pay("A0000001", 10_00)
    before = town.net("A0000001")
    batch = till.batch()
    acks: list[wire.Ack] = []
    at_once([lambda: acks.append(till.deliver(batch))] * 4)
    assert {ack.head for ack in acks} == {till.head}
    assert sorted(outcomes(ack)[0] for ack in acks) == ["had", "had", "had", "stored"]
    assert town.net("A0000001") == before - 200_00
    assert count(town, select(func.count()).select_from(tenders)) == 20


def test_tills_paying_one_account_and_one_reference_at_once_leave_right_sums(town: Server) -> None:
    tills = [Forged.enrol(town, f"KSM{index:02d}") for index in range(6)]
    for till in tills:
        for _ in range(5):
            till.pay("A0000001", 1_00)
        till.pay("A0000002", 7_00, method="mpesa", reference="SKJ3XY71AB")
    first, second = town.net("A0000001"), town.net("A0000002")
    acks: list[wire.Ack] = []
    at_once([lambda till=till: acks.append(till.push()) for till in tills])  # type: ignore[misc]
    assert len(acks) == 6
    assert town.net("A0000001") == first - 30_00
    assert town.net("A0000002") == second - 7_00
    assert town.codes() == ["duplicate_reference"] * 5


def at_once(works: list[object]) -> None:
    threads = [threading.Thread(target=work) for work in works]  # type: ignore[arg-type]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


def test_every_code_intake_uses_has_an_owner_and_a_meaning() -> None:
    assert exceptions.OWNERS.keys() == exceptions.MEANINGS.keys()
    assert exceptions.OWNERS.keys() >= intake.REQUESTS


# --- a restore nobody spoke of


def test_head_office_says_that_a_till_has_seen_more_of_its_feed_than_there_is(town: Server) -> None:
    till = Forged.enrol(town)
    till.push(position=10_000_000, generation=7)
    assert town.codes() == []
    assert till.push(position=10_000_000).through_seq == 1
    assert town.codes() == ["rolled_back"]


def test_a_till_and_its_copy_that_number_a_paper_alike_are_two_items(town: Server) -> None:
    till = Forged.enrol(town)
    asked = {"meter_no": "MTR-X", "name": "Somebody", "phone": ""}
    till.pay("SUSPENSE-KSM01", 1_00, suspense=asked)
    till.push()
    till.entries.pop()
    till.papers -= 1
    till.pay("SUSPENSE-KSM01", 2_00, suspense=asked)
    till.push()
    assert town.codes().count("unknown_meter") == 2
