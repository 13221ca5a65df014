"""Head office's reports: the same figures on every database, and each in every format."""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pypdfium2
import pytest

from meterpos.headoffice.importing import import_directory
from meterpos.headoffice.office import Office
from meterpos.headoffice.workbook import Sheet, TooLong, write_workbook
from meterpos.ledger.queries.accounts import accounts_of_customer, open_invoices
from meterpos.ledger.queries.books import book_balances
from meterpos.ledger.queries.collections import collections
from meterpos.ledger.queries.debts import LARGEST, owing_customers
from meterpos.ledger.queries.listings import aging
from tests.cli.commands import Done, run
from tests.printing import report_samples
from tests.support.headoffice import TOWN, make_office

AS_OF = date(2026, 11, 20)
YEAR = date(2026, 1, 1)
KINDS = ("financial", "collections", "custody", "aging", "trial-balance")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def office(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The town's head office, read by every test of this module and changed by none."""
    home = tmp_path_factory.mktemp("office")
    is_sqlite = request.param == "sqlite"
    url = f"sqlite:///{home / 'office.db'}" if is_sqlite else request.getfixturevalue("postgres_module_url")
    made = make_office(home, url)
    import_directory(made.store, TOWN / "import")
    yield made
    made.close()


def test_whoever_owes_is_listed_once_the_most_overdue_first_with_the_oldest_open_invoice(office: Office) -> None:
    with office.store.read() as connection:
        owing = owing_customers(connection, as_of=AS_OF)
        listed = list(aging(connection, as_of=AS_OF))
        late = [row.days_overdue for row in owing.rows]
        assert late == sorted(late, reverse=True)
        assert len({row.customer_no for row in owing.rows}) == len(owing.rows) > 10
        assert sum(row.total_minor for row in owing.rows) == sum(row.total_minor for row in listed)
        assert sum(row.meters for row in owing.rows) == len(listed)
        for row in owing.rows:
            found = [
                one
                for account in accounts_of_customer(connection, row.customer_no)
                for one in open_invoices(connection, account.account_no, as_of=AS_OF)
            ]
            oldest = min(found, key=lambda one: (one.due_date, one.fact_date, one.number))
            assert (row.oldest_invoice, row.oldest_date) == (oldest.number, oldest.fact_date)
            assert (row.days_overdue, row.total_minor) == (oldest.days_overdue, sum(one.open_minor for one in found))


def test_the_books_of_a_day_balance_and_those_of_the_last_day_are_all_of_them(office: Office) -> None:
    with office.store.read() as connection:
        for day in (date(1999, 1, 1), date(2026, 6, 30), AS_OF):
            assert sum(book_balances(connection, until=day).values()) == 0
        everything = {book: minor for book, minor in book_balances(connection).items() if minor}
        at_last = {book: minor for book, minor in book_balances(connection, until=date.max).items() if minor}
        assert at_last == everything
        assert book_balances(connection, until=date(1999, 1, 1)) == {}


def test_what_came_in_at_no_till_is_collected_at_head_office_alone(office: Office) -> None:
    with office.store.read() as connection:
        assert collections(connection, from_date=YEAR, to_date=AS_OF) == ()
        found = collections(connection, from_date=YEAR, to_date=AS_OF, elsewhere=True)
    assert {(one.till, one.clerk) for one in found} == {("", "")}
    assert {one.method for one in found} == {"cash", "mpesa", "bank", "cheque"}
    assert sum(one.taken_back_minor for one in found) > 0


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of the town's head office, for commands."""
    home = tmp_path_factory.mktemp("headoffice")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("METERPOS_HEADOFFICE_HOME", str(home))
        assert run("headoffice", "init").code == 0
        assert run("headoffice", "import", str(TOWN / "import")).code == 0
    return home


@pytest.fixture
def report(home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    monkeypatch.setenv("METERPOS_HEADOFFICE_HOME", str(home))

    def ask(*words: str) -> Done:
        return run("headoffice", "report", *words)

    return ask


def rows_of(done: Done) -> list[dict[str, str]]:
    assert done.code == 0, done.told
    return list(csv.DictReader(io.StringIO(done.out)))


@pytest.mark.parametrize("kind", KINDS)
def test_every_report_is_a_text_a_pdf_a_table_and_a_workbook(report: Callable[..., Done], kind: str) -> None:
    period = ("--from", "2026-10-01", "--to", "2026-11-20")
    assert report(kind, *period).out.strip().endswith("From the books of head office.")
    paper = pypdfium2.PdfDocument(report(kind, *period, "--format", "pdf", "--language", "sw").raw)
    assert "Kutoka vitabu vya makao makuu." in paper[len(paper) - 1].get_textpage().get_text_range()
    paper.close()
    rows_of(report(kind, *period, "--format", "csv"))
    book = zipfile.ZipFile(io.BytesIO(report(kind, *period, "--format", "xlsx").raw))
    assert b"<sheetData" in book.read("xl/worksheets/sheet1.xml")


def test_the_trial_balance_is_zero_in_every_column(report: Callable[..., Done]) -> None:
    *books, total = rows_of(report("trial-balance", "--to", "2026-11-20", "--format", "csv"))
    assert (total["book"], total["brought_forward"], total["change"]) == ("total", "0.00", "0.00")
    assert total["debit"] == total["credit"]
    assert {row["book"] for row in books} >= {"receivable", "revenue", "bank"}


def test_the_financial_report_says_a_rate_only_where_something_was_billed(report: Callable[..., Done]) -> None:
    period = ("--from", "1999-01-01", "--to", "1999-01-31")
    figures = {
        (row["figure"], row["of"]): row["value"] for row in rows_of(report("financial", *period, "--format", "csv"))
    }
    assert figures["collection_rate", ""] == "–"
    assert float(figures["outstanding", ""]) == pytest.approx(
        sum(float(value) for (figure, of), value in figures.items() if figure.startswith("aging_") and of)
    )
    assert sum(1 for figure, _ in figures if figure == "debt") == 10
    book = zipfile.ZipFile(io.BytesIO(report("financial", *period, "--format", "xlsx").raw))
    assert b"aging by meter" in book.read("xl/workbook.xml")


def test_a_statement_is_a_report_too(report: Callable[..., Done]) -> None:
    rows = rows_of(report("statement", "--meter", "MTR-000008", "--to", "2026-11-20", "--format", "csv"))
    assert {row["account_no"] for row in rows} == {"A0000008"}
    assert zipfile.is_zipfile(io.BytesIO(report("statement", "--customer", "AC-10005", "--format", "xlsx").raw))


def test_a_period_that_ends_before_it_begins_is_wrong_usage(report: Callable[..., Done]) -> None:
    done = report("financial", "--from", "2026-11-20", "--to", "2026-11-01")
    assert (done.code, "comes after the last" in done.told) == (2, True)


def test_a_workbook_holds_amounts_and_days_as_such_and_no_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [("=1+1", "2300.00", date(2026, 11, 20), 7, None), ("", "–", date(2026, 11, 21), 8, "http://x")]
    out = io.BytesIO()
    sheet = Sheet(name="x" * 40, columns=("a", "money", "day", "n", "t"), rows=rows, money=frozenset({"money"}))
    write_workbook([sheet], out, title="t")
    written = zipfile.ZipFile(out).read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in written
    assert re.search(rb"<v>2300(\.00)?</v>", written)
    monkeypatch.setattr("meterpos.headoffice.workbook.SHEET_ROWS_MAX", 1)
    with pytest.raises(TooLong):
        write_workbook([Sheet(name="x", columns=("a",), rows=[("1",), ("2",)])], io.BytesIO(), title="t")


def test_a_workbook_is_as_wide_as_its_figures_and_ready_to_be_printed() -> None:
    rows = [("Wilhelmina Nyambura Wanjiku-Kariuki", date(2026, 11, 20), "1234567.89"), ("x" * 200, date.min, "-5.00")]
    columns = ("customer_name", "due", "amount")
    out = io.BytesIO()
    write_workbook([Sheet(name="a", columns=columns, rows=rows, money=frozenset({"amount"}))], out, title="Owed & held")
    book = zipfile.ZipFile(out)
    written, styles = book.read("xl/worksheets/sheet1.xml").decode(), book.read("xl/styles.xml").decode()
    widths = [float(wide) for wide in re.findall(r'<col [^>]*width="([\d.]+)"', written)]
    assert widths[0] > 60 and 10 < widths[1] < 14 and 13 < widths[2] < 16
    for said in (
        'ySplit="1"',
        'orientation="landscape"',
        'paperSize="9"',
        'fitToHeight="0"',
        '<autoFilter ref="A1:C3"/>',
    ):
        assert said in written, said
    assert "Owed &amp;&amp; held" in written
    assert "_xlnm.Print_Titles" in book.read("xl/workbook.xml").decode()
    assert "#,##0.00" in styles and "yyyy-mm-dd" in styles


def test_the_amounts_of_every_report_are_numbers_in_its_workbook(report: Callable[..., Done]) -> None:
    for asked in (("statement", "--customer", "AC-10005"), *((kind,) for kind in KINDS)):
        book = zipfile.ZipFile(io.BytesIO(report(*asked, "--format", "xlsx").raw))
        texts = re.findall(rb"<t>([^<]*)</t>", b"".join(book.read(name) for name in book.namelist()))
        assert not [text for text in texts if re.fullmatch(rb"-?[\d,]+\.\d\d", text)], asked


def test_of_very_many_that_owe_the_paper_lists_the_most_overdue_and_the_file_all() -> None:
    made = report_samples.many_owing("en")
    assert len(made.rows) == LARGEST + 1
    assert f"The {LARGEST} most overdue of {LARGEST + 1} are listed" in str(made.document)
