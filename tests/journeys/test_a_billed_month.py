"""A month is billed at head office; the tills hear of it, find the invoice by its code, and take the money for it."""

from datetime import timedelta
from pathlib import Path

from meterpos.headoffice.billing import papers, periods, readings, tariffs
from meterpos.headoffice.billing.runs import RunResult
from meterpos.ledger.queries.accounts import open_invoices
from meterpos.ledger.queries.listings import invoices
from meterpos.ledger.queries.search import find_customers
from meterpos.printing.invoice import compose_invoice
from meterpos.printing.preview import render_text
from meterpos.till import Till
from tests.cli.commands import file
from tests.journeys.conftest import ZONES
from tests.journeys.words import net, pay
from tests.support.books import small_books
from tests.support.headoffice import Server, office, server, sync

__all__ = ["office", "server"]

TARIFF = (
    "tariff,starts_on,item,upto,price,name",
    "water,2020-01-01,block,6,55,",
    "water,2020-01-01,block,,72.505,",
    "water,2020-01-01,levy-percent,,7.5,Sewer",
    "power,2020-01-01,block,,20.97,",
)


def bill_this_month(server: Server, folder: Path) -> RunResult:
    """Bring readings of last month's end and of today, and bill what went through in between."""
    at_office = server.office
    moment = at_office.moment()
    month = periods.read_period(f"{moment.today:%Y-%m}")
    before = month.starts_on - timedelta(days=1)
    read = (
        f"MTR-001,{before},100",
        f"MTR-001,{moment.today},110",
        f"MTR-002,{before},50",
        f"MTR-002,{moment.today},60",
    )
    with at_office.store.write() as conn:
        tariffs.import_tariffs(conn, Path(file(folder, "tariff.csv", TARIFF)))
        path = Path(file(folder, "readings.csv", ("meter_no,read_on,reading", *read)))
        readings.import_readings(conn, path, at=moment.at, today=moment.today)
    return periods.run_period(
        at_office.store, period=month, run_id=None, on=moment.today, due_on=None, now=at_office.now
    )


def found(till: Till, text: str) -> tuple[str, str | None]:
    """Scan something at the till: whose it is, and which invoice."""
    with till.store.read() as conn:
        (hit,) = find_customers(conn, text, today=till.moment().today)
    return hit.customer_no, hit.matched_invoice


def test_a_billed_month_reaches_the_till_and_is_paid_there(server: Server, tmp_path: Path) -> None:
    small_books(server.office, tmp_path / "files")
    till = server.enrol_till(tmp_path / "KSM01", "KSM01", ZONES)
    till.open_shift(float_minor=0, clerk="achieng")
    done = bill_this_month(server, tmp_path)
    assert (done.bills, done.invoices, list(done.reasons)) == (2, 2, ["A3"])
    water_minor = 330_00 + 290_02 + 46_50
    with server.office.store.read() as conn:
        paper = render_text(compose_invoice(papers.find_invoice(conn, "INV-000001")), columns=48)
    assert "666.52" in paper
    assert sync(till).is_complete
    assert found(till, "inv-000001") == ("AC-1", "INV-000001")
    assert net(till, "A1") == server.net("A1") == water_minor
    pay(till, "A1", water_minor, invoice_no="INV-000001")
    with till.store.read() as conn:
        assert open_invoices(conn, "A1", as_of=till.moment().today) == ()
    assert sync(till).agreed
    with server.office.store.read() as conn:
        states = {row.invoice_no: row.state for row in invoices(conn, as_of=server.office.moment().today).rows}
    assert states == {"INV-000001": "paid", "INV-000002": "unpaid"}
    assert bill_again(server) == (2, 2, 0, 0)
    till.close()


def bill_again(server: Server) -> tuple[int, int, int, int]:
    """Run the month once more."""
    at_office = server.office
    today = at_office.moment().today
    month = periods.read_period(f"{today:%Y-%m}")
    done = periods.run_period(at_office.store, period=month, run_id=None, on=today, due_on=None, now=at_office.now)
    return done.bills, done.invoices, done.new_bills, done.new_invoices
