"""Paying off what a disconnected meter owes brings a slip to have it connected again."""

from pathlib import Path

import pytest

from meterpos.ledger.operations.papers import NoSuchPaper
from meterpos.ledger.queries.papers import made_paper, reconnections_of
from meterpos.ledger.queries.spool import jobs
from meterpos.ledger.tables import accounts, customers, meters
from meterpos.printing.devices import PrinterError
from meterpos.printing.pdf import render_pdf
from meterpos.printing.preview import render_text
from meterpos.printing.receipt import compose_receipt
from meterpos.printing.reconnection import compose_reconnection
from meterpos.printing.spool import Spooler
from tests.printing import samples
from tests.printing.test_spool import OUT_OF_PAPER, Tray
from tests.support.tills import CLERK, GRACE, JAMES, Counter, request

SLIP = "KSM01-B7K-000001-R"


@pytest.fixture
def counter(tmp_path: Path) -> Counter:
    """A till with a printer, where Grace's MTR-001 is disconnected and owes 2,300.00."""
    found = Counter.at(tmp_path / "till", printer=f"file:{tmp_path / 'roll.bin'}")
    found.open_shift()
    with found.till.store.write() as connection:
        connection.execute(
            meters.update().where(meters.c.meter_no == "MTR-001").values(status="disconnected", serial_no="KE-1177")
        )
    return found


def papers(counter: Counter) -> list[tuple[str, str]]:
    with counter.till.store.read() as connection:
        return [(job.paper, job.number) for job in reversed(jobs(connection))]


def test_the_payment_that_clears_the_debt_prints_receipt_and_slip(counter: Counter) -> None:
    entry = counter.pay("A1", 230_000)
    assert entry.content.body["parts"][0]["reconnect"] == {"serial": "KE-1177", "owed": 230_000}
    assert papers(counter) == [("receipt", "KSM01-B7K-000001"), ("reconnection", SLIP)]
    tray = Tray()
    assert [done.state for done in Spooler(counter.till, open_printer=tray).run_once()] == ["confirmed", "confirmed"]
    assert any("RECONNECTION SLIP" in line for line in tray.rolls[1].texts)
    assert counter.pay("A1", 1_000).content.body["parts"][0].get("reconnect") is None, "it owes nothing any more"


@pytest.mark.parametrize(
    ("account", "amount", "options"),
    [
        ("A1", 229_999, {}),
        ("A1", 230_000, {"method": "cheque", "reference": "000123"}),
        ("A3", 510_000, {}),
        ("A2", 50_000, {}),
    ],
    ids=["a cent is missing", "the cheque has not cleared", "it is connected", "it owed nothing"],
)
def test_no_slip_comes_with_a_payment_that_clears_no_disconnected_meter(
    counter: Counter, account: str, amount: int, options: dict[str, str]
) -> None:
    counter.pay(account, amount, **options)
    assert papers(counter) == [("receipt", "KSM01-B7K-000001")]


def test_a_closed_account_whose_meter_is_another_customers_now_connects_nothing(counter: Counter) -> None:
    with counter.till.store.write() as connection:
        connection.execute(
            accounts.update().where(accounts.c.account_no == "A1").values(closed_on=counter.till.moment().today)
        )
    assert reconnections_of(counter.pay("A1", 230_000, closed=True)) == []


def test_taken_twice_the_slip_is_printed_once(counter: Counter) -> None:
    asked = request("A1", 230_000)
    for _ in range(2):
        counter.till.take(request=asked, clerk=CLERK)
    assert len(papers(counter)) == 2


def test_the_slip_is_printed_again_by_its_number_and_counts_its_own_copies(counter: Counter) -> None:
    counter.pay("A1", 230_000)
    spooler = Spooler(counter.till, open_printer=Tray(PrinterError(OUT_OF_PAPER), PrinterError(OUT_OF_PAPER)))
    spooler.run_once()
    assert counter.till.reprint(number=SLIP, clerk=CLERK).content.body["copy"] == 0, "none came out"
    spooler.run_once()
    assert counter.till.reprint(number=SLIP, clerk=CLERK).content.body["copy"] == 1
    assert counter.till.reprint(number="KSM01-B7K-000001", clerk=CLERK).content.body["copy"] == 0, "the receipt's own"


def test_no_slip_stands_behind_a_number_that_brought_none(counter: Counter) -> None:
    counter.pay("A3", 1_000)
    with counter.till.store.read() as connection:
        assert made_paper(connection, SLIP) is None
        assert made_paper(connection, "KSM01-B7K-000009-R") is None
    with pytest.raises(NoSuchPaper):
        counter.till.reprint(number=SLIP, clerk=CLERK)


def test_a_correction_that_clears_the_debt_prints_the_slip_behind_both_papers(counter: Counter) -> None:
    counter.pay("A4", 230_000, customer_no=JAMES)
    with counter.till.store.write() as connection:
        connection.execute(customers.update().where(customers.c.customer_no == GRACE).values(language="sw"))
    entry = counter.correct("KSM01-B7K-000001", "MTR-001")
    made = "KSM01-B7K-000003"
    assert papers(counter)[1:] == [("reversal", "KSM01-B7K-000002"), ("receipt", made), ("reconnection", f"{made}-R")]
    tray = Tray()
    assert {done.state for done in Spooler(counter.till, open_printer=tray).run_once()} == {"confirmed"}
    said = tray.rolls[-1].texts
    assert any("HATI YA KUUNGANISHA" in line for line in said) and any("MTR-001" in line for line in said)
    assert counter.till.reprint(number=f"{made}-R", clerk=CLERK).content.body["copy"] == 1
    assert reconnections_of(entry) == [], "the slip is the new receipt's"


def test_a_correction_that_leaves_a_debt_prints_no_slip(counter: Counter) -> None:
    counter.pay("A4", 100_000, customer_no=JAMES)
    counter.correct("KSM01-B7K-000001", "MTR-001")
    assert [paper for paper, _ in papers(counter)] == ["receipt", "reversal", "receipt"]


def test_the_slip_says_copy_and_fits_on_a4_and_58_mm(counter: Counter) -> None:
    document = compose_reconnection(samples.reconnection(), seal=samples.SEAL, copy_no=2)
    assert "COPY 2" in render_text(document, columns=42)
    assert render_pdf(document, columns=32).startswith(b"%PDF")


def test_the_receipt_beside_it_is_a_receipt_like_any_other() -> None:
    text = render_text(compose_receipt(samples.reconnection(), seal=samples.SEAL), columns=42)
    assert "PAYMENT RECEIPT" in text
