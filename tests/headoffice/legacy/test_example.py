"""The example's answers are met to the byte, from every kind of source and on both databases."""

import io
import zipfile

import pypdfium2
import pytest

from meterpos.headoffice.checks import run_checks
from meterpos.headoffice.legacy import papers, reports
from meterpos.headoffice.legacy.run import Runner
from meterpos.headoffice.legacy.sources import open_source
from meterpos.headoffice.office import Office
from tests.cli.commands import Done, run
from tests.headoffice.legacy import old_books
from tests.headoffice.legacy.conftest import KINDS, MakeSource


def migrate(*arguments: str) -> Done:
    """Run a command of the group that must succeed."""
    done = run("migrate", *arguments)
    assert done.code == 0, f"{arguments}: {done.told} {done.out}"
    return done


@pytest.mark.parametrize("kind", KINDS)
def test_the_commands_meet_the_answers_from_each_source(kind: str, source_of: MakeSource) -> None:
    assert run("headoffice", "init").code == 0
    source = source_of(kind, old_books.EXAMPLE.read_text(encoding="utf-8"))
    told = migrate("import-legacy", "--source", source, "--tenant", "1").out
    assert "payments: 585" in told
    migrate("meter-financials", "--yes")
    for name in old_books.REPORTS:
        assert migrate("report", name, "--format", "csv").out == old_books.expected(name), name


def import_example(office: Office, source_of: MakeSource) -> Runner:
    """Read the example into an office's staging tables."""
    runner = Runner(office)
    books = open_source(source_of("sqlite", old_books.EXAMPLE.read_text(encoding="utf-8")))
    runner.import_books(books, tenant=1, named="example")
    books.close()
    return runner


def csv_of(office: Office, name: str) -> str:
    """Return a report as CSV."""
    out = io.StringIO()
    with office.store.read() as conn:
        papers.write_csv(reports.report(conn, name), out)
    return out.getvalue()


def test_both_databases_meet_the_answers_and_the_ledger_holds(office: Office, source_of: MakeSource) -> None:
    runner = import_example(office, source_of)
    assert [outcome.failed for outcome in runner.all_steps(dry_run=False)] == [None] * 8
    for name in old_books.REPORTS:
        assert csv_of(office, name) == old_books.expected(name), name
    with office.store.read() as conn:
        assert list(run_checks(conn)) == []


def test_the_proof_names_drift_and_leaves_nothing_unexplained(office: Office, source_of: MakeSource) -> None:
    list(import_example(office, source_of).all_steps(dry_run=False))
    with office.store.read() as conn:
        made = reports.report(conn, "proof")
        rows = [dict(zip(made.columns, row, strict=True)) for row in made.rows]
    assert len(rows) == 80
    assert {row["unexplained"] for row in rows} == {"0.00"}
    differing = {row["customer_id"]: row["drift"] for row in rows if row["difference"] != "0.00"}
    assert len(differing) == 13
    assert differing["21"] == "125.00"
    assert all(row["drift"] == row["difference"] for row in rows)


def test_a_report_is_a_workbook_and_a_pdf_too(source_of: MakeSource, sqlite_url: str) -> None:
    assert run("headoffice", "init").code == 0
    source = source_of("sqlite", old_books.EXAMPLE.read_text(encoding="utf-8"))
    migrate("import-legacy", "--source", source, "--tenant", "1")
    migrate("meter-financials", "--yes")
    book = zipfile.ZipFile(io.BytesIO(migrate("report", "proof", "--format", "xlsx").raw))
    assert b"125" in book.read("xl/worksheets/sheet1.xml")
    paper = pypdfium2.PdfDocument(migrate("report", "proof", "--format", "pdf").raw)
    text = "".join(page.get_textpage().get_text_range() for page in paper)
    paper.close()
    assert "Customer 21 O'Test" in text
    assert "80 rows" in text
