"""The queue before the printer: no paper is lost, none is doubled by itself, none keeps the next one waiting."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, update

from meterpos.ledger.journal import Entry, parse
from meterpos.ledger.operations import papers, spool
from meterpos.ledger.operations.cash import CashRequest
from meterpos.ledger.queries.shifts import current_shift, totals
from meterpos.ledger.queries.spool import Job, find_job, jobs, jobs_of, may_be_out, queued_count
from meterpos.ledger.seal import is_signed_by, read_seal
from meterpos.ledger.signing import public_of
from meterpos.ledger.store import Store
from meterpos.ledger.tables import journal
from meterpos.printing import spool as spool_room
from meterpos.printing.devices import PrinterError, Sent, conversation, open_device
from meterpos.printing.spool import Printed, Spooler
from tests.printing.fake_printer import fake_printer
from tests.printing.paper_machine import Roll, print_out
from tests.printing.reading import read_qr
from tests.support.tills import CLERK, DEVICE_KEY, Counter


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait longer for first answers than a counter would: the machine that tests may be busy."""
    monkeypatch.setattr(conversation, "ANSWER_S", 1.0)


@pytest.fixture
def counter(tmp_path: Path) -> Counter:
    """A till with an open shift that prints to a file."""
    found = Counter.at(tmp_path / "till", printer=f"file:{tmp_path / 'roll.bin'}")
    found.open_shift()
    return found


class Tray:
    """A device that keeps what it is given and does with it what the test says."""

    def __init__(self, *outcomes: Sent | Exception, at_sending: Callable[[], None] = lambda: None) -> None:
        self.outcomes = list(outcomes)
        self.at_sending = at_sending
        self.papers: list[bytes] = []

    def __call__(self, spec: str) -> "Tray":
        return self

    def send(self, data: bytes) -> Sent:
        self.at_sending()
        outcome = self.outcomes.pop(0) if self.outcomes else Sent(confirmed=True)
        if isinstance(outcome, Exception):
            raise outcome
        self.papers.append(data)
        return outcome

    @property
    def rolls(self) -> list[Roll]:
        return [print_out(paper) for paper in self.papers]


OUT_OF_PAPER = "The printer is out of paper. Put in a roll, then press Print again."


def states(counter: Counter) -> list[str]:
    """Return the states of all jobs, in the order they were asked for."""
    with counter.till.store.read() as connection:
        return [job.state for job in reversed(jobs(connection))]


def number_of(entry: Entry) -> str:
    return str(entry.content.body["number"])


def original_again(counter: Counter, entry: Entry) -> int | None:
    with counter.till.store.write() as connection:
        return spool.enqueue_original_again(
            connection, number=number_of(entry), device="file:x", columns=48, moment=counter.till.moment()
        )


def test_a_payment_prints_once_as_original(counter: Counter) -> None:
    entry = counter.pay()
    tray = Tray()
    (printed,) = Spooler(counter.till, tray).run_once()
    assert (printed.state, printed.detail, printed.job.number) == ("confirmed", "", number_of(entry))
    (roll,) = tray.rolls
    assert f"PAYMENT RECEIPT                 {number_of(entry)}" in roll.texts
    assert not any("COPY" in line for line in roll.texts)
    assert roll.drawer_pulses == 1
    assert Spooler(counter.till, tray).run_once() == ()
    assert len(tray.papers) == 1


def test_the_seal_on_the_roll_is_the_tills_own(counter: Counter) -> None:
    entry = counter.pay()
    tray = Tray()
    Spooler(counter.till, tray).run_once()
    (code,) = [found for image in tray.rolls[0].images if (found := read_qr(image))]
    seal = read_seal(code)
    assert is_signed_by(seal, public_key=public_of(DEVICE_KEY))
    assert seal.number == number_of(entry)


def test_a_file_gets_the_paper_through_the_whole_way(counter: Counter, tmp_path: Path) -> None:
    counter.pay()
    (printed,) = Spooler(counter.till).run_once()
    assert printed.state == "confirmed"
    assert print_out((tmp_path / "roll.bin").read_bytes()).cuts == 1


def test_papers_come_out_in_the_order_of_the_payments(counter: Counter) -> None:
    numbers = [number_of(counter.pay(amount_minor=1000 + n)) for n in range(3)]
    tray = Tray()
    assert [printed.job.number for printed in Spooler(counter.till, tray).run_once()] == numbers


def test_only_cash_opens_the_drawer(counter: Counter) -> None:
    counter.pay(method="mpesa", reference="SKL4XYZ123")
    entry = counter.pay()
    counter.reverse(number_of(entry))
    tray = Tray()
    Spooler(counter.till, tray).run_once()
    assert [roll.drawer_pulses for roll in tray.rolls] == [0, 1, 0]


def test_a_copy_says_so_and_opens_no_drawer(counter: Counter) -> None:
    entry = counter.pay()
    tray = Tray()
    spooler = Spooler(counter.till, tray)
    spooler.run_once()
    for _ in range(2):
        counter.till.reprint(number=number_of(entry), clerk=CLERK)
    spooler.run_once()
    _, first, second = tray.rolls
    assert [roll.texts[0].strip() for roll in (first, second)] == ["COPY 1", "COPY 2"]
    assert first.drawer_pulses == second.drawer_pulses == 0


def test_a_copy_says_what_the_first_paper_said_whatever_was_paid_since(counter: Counter) -> None:
    entry = counter.pay()
    tray = Tray()
    spooler = Spooler(counter.till, tray)
    spooler.run_once()
    counter.clock.turn(days=40)
    counter.till.reprint(number=number_of(entry), clerk=CLERK)
    spooler.run_once()
    original, copy = tray.rolls
    assert copy.texts[3:] == original.texts


def test_reversals_and_shift_reports_print_too(counter: Counter) -> None:
    entry = counter.pay()
    counter.reverse(number_of(entry))
    counter.till.close_shift(counted_minor=500_000, clerk=CLERK)
    tray = Tray()
    Spooler(counter.till, tray).run_once()
    titles = [next(line.split("   ")[0] for line in roll.texts if line[:8].isupper()) for roll in tray.rolls]
    assert titles == ["PAYMENT RECEIPT", "REVERSAL", "SHIFT REPORT"]


def test_a_printer_out_of_paper_fails_its_paper_and_delays_no_other(counter: Counter) -> None:
    counter.pay(amount_minor=1000)
    counter.pay(amount_minor=2000)
    tray = Tray(PrinterError(OUT_OF_PAPER))
    first, second = Spooler(counter.till, tray).run_once()
    assert (first.state, first.detail) == ("failed", OUT_OF_PAPER)
    assert second.state == "confirmed"


def test_the_next_payment_is_taken_while_the_printer_holds_a_paper(counter: Counter) -> None:
    taken: list[Entry] = []
    counter.pay(amount_minor=1000)
    tray = Tray(at_sending=lambda: taken.append(counter.pay(amount_minor=2000)) if not taken else None)
    done = Spooler(counter.till, tray).run_once()
    assert [printed.job.number for printed in done][1:] == [number_of(taken[0])]


def test_a_paper_is_marked_sent_before_its_first_byte(counter: Counter) -> None:
    counter.pay()
    seen: list[list[str]] = []
    Spooler(counter.till, Tray(at_sending=lambda: seen.append(states(counter)))).run_once()
    assert seen == [["sent"]]


class PowerCut(BaseException):
    """Nothing catches it, as nothing catches a power cut."""


def test_a_power_cut_while_printing_never_prints_twice(counter: Counter) -> None:
    entry = counter.pay()

    def cut() -> None:
        raise PowerCut

    with pytest.raises(PowerCut):
        Spooler(counter.till, Tray(at_sending=cut)).run_once()
    assert states(counter) == ["sent"]
    tray = Tray()
    spooler = Spooler(counter.till, tray)
    assert spooler.run_once() == ()
    counter.clock.turn(minutes=3)
    assert spooler.run_once() == ()
    with counter.till.store.read() as connection:
        (job,) = jobs_of(connection, number_of(entry))
    assert job.state == "unconfirmed"
    assert job.detail.endswith("See whether the paper came out; if not, press Print again.")
    assert tray.papers == []


def test_a_power_cut_between_commit_and_print_is_told_and_never_printed_by_itself(counter: Counter) -> None:
    counter.pay()
    assert counter.till.claimed_jobs() == (1,), "what a process knew is gone with it"
    tray = Tray()
    counter.clock.turn(minutes=3)
    assert Spooler(counter.till, tray).run_once() == ()
    assert states(counter) == ["unconfirmed"]
    assert tray.papers == []


def test_a_paper_that_only_waited_prints_after_a_power_cut(counter: Counter) -> None:
    entry = counter.pay()
    tray = Tray()
    Spooler(counter.till, tray).run_once()
    counter.till.reprint(number=number_of(entry), clerk=CLERK)
    counter.clock.turn(hours=3)
    assert [printed.state for printed in Spooler(counter.till, tray).run_once()] == ["confirmed"]
    assert tray.rolls[1].texts[0].strip() == "COPY 1"


def test_a_claimed_paper_that_was_settled_while_it_waited_is_left_alone(counter: Counter) -> None:
    counter.pay()
    counter.clock.turn(minutes=3)
    with counter.till.store.write() as connection:
        assert spool.settle_left_behind(connection, at=counter.till.moment().at) == 1
    tray = Tray()
    (printed,) = Spooler(counter.till, tray).run_once()
    assert printed.state == "unconfirmed"
    assert tray.papers == []


def test_an_original_that_failed_may_print_as_original(counter: Counter) -> None:
    entry = counter.pay()
    tray = Tray(PrinterError(OUT_OF_PAPER))
    spooler = Spooler(counter.till, tray)
    spooler.run_once()
    assert original_again(counter, entry) is not None
    spooler.run_once()
    assert states(counter) == ["failed", "confirmed"]
    (roll,) = tray.rolls
    assert "COPY" not in roll.texts[0]
    assert roll.drawer_pulses == 1


@pytest.mark.parametrize("outcome", [Sent(confirmed=True), Sent(confirmed=False, detail="Look at the paper.")])
def test_an_original_that_may_be_out_prints_only_as_a_copy(counter: Counter, outcome: Sent) -> None:
    entry = counter.pay()
    Spooler(counter.till, Tray(outcome)).run_once()
    assert original_again(counter, entry) is None


def test_an_original_still_queued_is_not_queued_again(counter: Counter) -> None:
    entry = counter.pay()
    assert original_again(counter, entry) is None
    with counter.till.store.read() as connection:
        assert may_be_out(connection, number_of(entry))


def test_a_copy_waits_in_the_queue(counter: Counter) -> None:
    entry = counter.pay()
    counter.till.reprint(number=number_of(entry), clerk=CLERK)
    with counter.till.store.read() as connection:
        assert queued_count(connection) == 1


def test_a_till_without_a_printer_says_so(counter: Counter) -> None:
    entry = counter.pay()
    Spooler(counter.till, Tray(PrinterError(OUT_OF_PAPER))).run_once()
    with counter.till.store.write() as connection, pytest.raises(spool.NoPrinter, match="no printer"):
        spool.enqueue_original_again(
            connection, number=number_of(entry), device=None, columns=48, moment=counter.till.moment()
        )


def test_a_copy_of_nothing_is_refused(counter: Counter) -> None:
    with counter.till.store.write() as connection, pytest.raises(spool.NothingToPrint, match="KSM01-B7K-999999"):
        spool.enqueue_copy(
            connection,
            number="KSM01-B7K-999999",
            copy_no=1,
            device="file:x",
            columns=48,
            moment=counter.till.moment(),
        )


def test_a_shift_report_can_be_copied(counter: Counter) -> None:
    entry = counter.till.close_shift(counted_minor=500_000, clerk=CLERK)
    with counter.till.store.write() as connection:
        spool.enqueue_copy(
            connection, number=number_of(entry), copy_no=1, device="file:x", columns=42, moment=counter.till.moment()
        )
    tray = Tray()
    Spooler(counter.till, tray).run_once()
    assert [roll.texts[0].strip() for roll in tray.rolls][1] == "COPY 1"


def test_a_paper_whose_entry_was_altered_is_not_printed(counter: Counter) -> None:
    entry = counter.pay()
    with counter.till.store.write() as connection:
        connection.exec_driver_sql("DROP TRIGGER IF EXISTS journal_no_update")
        for (name,) in connection.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'journal'"
        ).fetchall():
            connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
        altered = entry.data.replace(b"250000", b"950000")
        connection.execute(update(journal).where(journal.c.entry_id == entry.entry_id).values(data=altered))
    tray = Tray()
    (printed,) = Spooler(counter.till, tray).run_once()
    assert printed.state == "failed"
    assert "altered" in printed.detail
    assert tray.papers == []


def test_a_paper_that_cannot_be_laid_out_fails_and_delays_no_other(
    counter: Counter, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = counter.pay(amount_minor=1000), counter.pay(amount_minor=2000)
    real = Spooler._bytes_of

    def broken(self: Spooler, job: Job) -> bytes:
        assert job.number != number_of(first), "a bug"
        return real(self, job)

    monkeypatch.setattr(Spooler, "_bytes_of", broken)
    done = Spooler(counter.till, Tray()).run_once()
    assert [(printed.job.number, printed.state) for printed in done] == [
        (number_of(first), "failed"),
        (number_of(second), "confirmed"),
    ]
    assert "could not be laid out" in done[0].detail
    assert "composing paper" in caplog.text


def test_a_break_while_sending_leaves_the_paper_unconfirmed(counter: Counter, caplog: pytest.LogCaptureFixture) -> None:
    counter.pay()
    (printed,) = Spooler(counter.till, Tray(RuntimeError("a bug"))).run_once()
    assert printed.state == "unconfirmed"
    assert "broke off" in caplog.text


def test_a_printer_named_wrongly_fails_with_a_sentence(tmp_path: Path) -> None:
    counter = Counter.at(tmp_path / "till", printer="lpt:1")
    counter.open_shift()
    counter.pay()
    (printed,) = Spooler(counter.till).run_once()
    assert printed.state == "failed"
    assert "names no printer" in printed.detail


def test_no_transaction_is_open_while_the_printer_works(counter: Counter) -> None:
    counter.pay()
    other = Store(str(counter.till.store.url), key=counter.till.store._key)

    def write_elsewhere() -> None:
        with other.write() as connection:
            assert find_job(connection, 1).state == "sent"

    assert Spooler(counter.till, Tray(at_sending=write_elsewhere)).run_once()[0].state == "confirmed"
    other.close()


def test_two_spoolers_share_the_queue_without_doubling(counter: Counter) -> None:
    entry = counter.pay()
    Spooler(counter.till, Tray()).run_once()
    for _ in range(4):
        counter.till.reprint(number=number_of(entry), clerk=CLERK)
    second = Tray()
    others: list[Printed] = []
    first = Tray(at_sending=lambda: others.extend(Spooler(counter.till, second).run_once()))
    done = Spooler(counter.till, first).run_once()
    assert sorted(printed.job.copy_no for printed in (*done, *others)) == [1, 2, 3, 4]
    assert len(first.papers) + len(second.papers) == 4


def test_one_run_prints_no_more_than_its_most(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = counter.pay()
    for _ in range(3):
        counter.till.reprint(number=number_of(entry), clerk=CLERK)
    monkeypatch.setattr(spool_room, "JOBS_MAX", 2)
    assert len(Spooler(counter.till, Tray()).run_once()) == 2
    assert len(Spooler(counter.till, Tray()).run_once()) == 2


def test_an_outcome_is_settled_once(counter: Counter) -> None:
    counter.pay()
    Spooler(counter.till, Tray()).run_once()
    with counter.till.store.write() as connection:
        spool.settle(connection, job_id=1, state="failed", detail="late")
        assert find_job(connection, 1).state == "confirmed"


def test_the_queue_of_a_real_printer_through_paper_out_and_back(tmp_path: Path) -> None:
    with fake_printer(paper_lasts=0) as printer:
        counter = Counter.at(tmp_path / "till", printer=printer.spec)
        counter.open_shift()
        entries = [counter.pay(amount_minor=1000), counter.pay(amount_minor=2000)]
        spooler = Spooler(counter.till, lambda spec: open_device(spec, timeout_s=2))
        assert [printed.detail for printed in spooler.run_once()] == [OUT_OF_PAPER] * 2
        printer.paper_lasts = None
        for entry in entries:
            original_again(counter, entry)
        with counter.till.store.write() as connection:
            connection.exec_driver_sql(f"UPDATE spool SET device = '{printer.spec}' WHERE state = 'queued'")
        assert [printed.state for printed in spooler.run_once()] == ["confirmed"] * 2
        texts = [print_out(paper).texts for paper in printer.papers if paper]
        assert [text for lines in texts for text in lines if "PAYMENT RECEIPT" in text] == [
            f"PAYMENT RECEIPT                 {number_of(entry)}" for entry in entries
        ]
    assert failures(counter) == [(number_of(entry), OUT_OF_PAPER, CLERK) for entry in entries]


def failures(counter: Counter) -> list[tuple[str, str, str]]:
    """Return the papers that failed, as the journal tells it: number, reason, clerk."""
    query = select(journal.c.data).where(journal.c.kind == "print_failed").order_by(journal.c.seq)
    with counter.till.store.read() as connection:
        said = [parse(data) for data in connection.execute(query).scalars()]
    return [(one.body["number"], one.body["reason"], one.clerk) for one in said]


def test_a_paper_that_failed_is_noted_once(counter: Counter) -> None:
    entry = counter.pay()
    spooler = Spooler(counter.till, Tray(PrinterError(OUT_OF_PAPER)))
    (printed,) = spooler.run_once()
    spooler.print_claimed(printed.job.job_id)
    spooler.run_once()
    assert failures(counter) == [(number_of(entry), OUT_OF_PAPER, CLERK)]


def test_a_report_that_failed_after_its_shift_is_noted_by_nobody(counter: Counter) -> None:
    entry = counter.till.close_shift(counted_minor=500_000, clerk=CLERK)
    Spooler(counter.till, Tray(PrinterError(OUT_OF_PAPER))).run_once()
    assert failures(counter) == [(number_of(entry), OUT_OF_PAPER, "")]


def test_a_paper_that_never_came_out_prints_again_as_the_original(counter: Counter) -> None:
    number = number_of(counter.pay())
    tray = Tray(PrinterError(OUT_OF_PAPER))
    spooler = Spooler(counter.till, tray)
    spooler.run_once()
    assert counter.till.reprint(number=number, clerk=CLERK).content.body["copy"] == 0
    spooler.run_once()
    assert "COPY" not in tray.rolls[0].texts[0]
    assert counter.till.reprint(number=number, clerk=CLERK).content.body["copy"] == 1
    with counter.till.store.read() as connection:
        shift = current_shift(connection)
        assert shift is not None and totals(connection, shift).reprints == 1


@pytest.mark.parametrize(
    "outcome", [Sent(confirmed=True), Sent(confirmed=False, detail="look"), ValueError("broke off")]
)
def test_a_paper_that_may_be_out_prints_again_as_a_copy(counter: Counter, outcome: Sent | Exception) -> None:
    number = number_of(counter.pay())
    Spooler(counter.till, Tray(outcome)).run_once()
    assert counter.till.reprint(number=number, clerk=CLERK).content.body["copy"] == 1


def test_every_kind_of_paper_can_be_printed_again(counter: Counter) -> None:
    paid = counter.pay("A1", 100_000)
    numbers = [number_of(paid), number_of(counter.correct(number_of(paid)))]
    numbers.append("KSM01-B7K-000002")
    drop = CashRequest(movement_id="m1", kind="drop", amount_minor=100)
    numbers.append(number_of(counter.till.move_cash(request=drop, clerk=CLERK)))
    numbers.append(number_of(counter.till.close_shift(counted_minor=500_000, clerk=CLERK)))
    tray = Tray()
    spooler = Spooler(counter.till, tray)
    spooler.run_once()
    before = len(tray.rolls)
    for number in numbers:
        counter.till.reprint(number=number, clerk=CLERK)
    done = spooler.run_once()
    assert [(one.job.number, one.job.copy_no) for one in done] == [(number, 1) for number in numbers]
    assert all(roll.texts[0].strip() == "COPY 1" for roll in tray.rolls[before:])


def test_a_shift_report_made_without_a_printer_can_be_copied(tmp_path: Path) -> None:
    counter = Counter.at(tmp_path / "till")
    counter.open_shift()
    reports = []
    for _ in range(2):
        reports.append(number_of(counter.till.close_shift(counted_minor=500_000, clerk=CLERK)))
        counter.open_shift()
    counter.till.settings = replace(counter.till.settings, printer="file:x")
    tray = Tray()
    counter.till.reprint(number=reports[0], clerk=CLERK)
    (done,) = Spooler(counter.till, tray).run_once()
    assert (done.job.number, done.job.paper) == (reports[0], "shift_report")


@pytest.mark.parametrize("number", ["KSM01-B7K-000009", "KSM01-B7K-Z00009", "nonsense", ""])
def test_what_was_never_made_is_not_printed_again(counter: Counter, number: str) -> None:
    before = counter.print_of_ledger()
    with pytest.raises(papers.NoSuchPaper):
        counter.till.reprint(number=number, clerk=CLERK)
    assert counter.print_of_ledger() == before
