"""What is posted of odd rows: numbers that are somebody else's, references in any spelling, payments below zero."""

import pytest
from sqlalchemy import text

from meterpos.headoffice.checks import run_checks
from meterpos.headoffice.legacy.posting_readings import milli_of
from meterpos.headoffice.legacy.run import Runner
from meterpos.headoffice.legacy.sources import open_source
from meterpos.headoffice.office import Office
from tests.headoffice.legacy import old_books
from tests.headoffice.legacy.conftest import MakeSource
from tests.headoffice.legacy.test_example import csv_of

ODD = """
INSERT INTO users VALUES (1, 1, 'customer', 'One', NULL, NULL, 0, 0, NULL);
INSERT INTO users VALUES (2, 1, 'staff', 'Kamau W.', NULL, NULL, 0, 0, NULL);
INSERT INTO meters VALUES (1, 1, 'M', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO meters VALUES (2, 1, 'M', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO meters VALUES (3, 1, 'M/2', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO meter_assignments VALUES (1, 1, 1, 1, 1, '2025-01-01', NULL);
INSERT INTO meter_assignments VALUES (2, 1, 1, 2, 1, '2025-01-01', NULL);
INSERT INTO meter_assignments VALUES (3, 1, 1, 3, 1, '2025-01-01', NULL);
INSERT INTO invoices VALUES (1, 1, 'N', 1, 1, '2025-02-01', '2025-01-01', 10.00, 0, 10.00, 0, NULL, NULL);
INSERT INTO invoices VALUES (2, 1, 'N', 1, 1, '2025-02-01', '2025-02-09', 20.00, 0, 20.00, 0, NULL, NULL);
INSERT INTO invoices VALUES (3, 1, 'N/2', 1, 1, '2025-02-01', NULL, 30.00, 0, 30.00, 0, NULL, NULL);
INSERT INTO payments VALUES (1, 1, 1, 2, NULL, 'M-Pesa', ' ab-1', 1.00, 'paid', '2025-03-01', NULL, NULL, '2');
INSERT INTO payments VALUES (2, 1, 1, 2, NULL, 'mpesa', 'AB1', 2.00, 'paid', '2025-03-02', NULL, NULL, 'Mary ');
INSERT INTO payments VALUES (3, 1, 1, 2, NULL, 'cash', 'till 5', -4.00, 'paid', '2025-03-03', NULL, NULL, NULL);
INSERT INTO payments VALUES (4, 1, 1, 2, NULL, 'card', '-', 5.00, 'paid', '2025-03-09', 'no', '2025-03-05', NULL);
INSERT INTO payments VALUES (5, 1, 1, NULL, NULL, 'cash', NULL, 6.00, 'pending', '2025-03-06', NULL, NULL, NULL);
INSERT INTO payments VALUES (6, 1, 9, NULL, NULL, 'cash', NULL, 7.00, 'paid', '2025-03-07', NULL, NULL, NULL);
INSERT INTO payments VALUES (7, 1, 1, NULL, NULL, 'cash', NULL, 8.00, 'failed', '2025-03-07', NULL, NULL, NULL);
INSERT INTO amount_phase_customers VALUES ('x', 'Plan', NULL, 'amount', 5.00, 90.00, 30.00, NULL, NULL,
    '[{"amount": "30", "utr_number": "U-1", "date": "2025-04-01", "notes": "first", "added_by_id": "2"}]');
"""

FACTS = [
    ("a:P3", "A1", 400, "2025-03-03", "2025-03-03", 1, None, None, None),
    ("i:N", "A1", 1000, "2025-02-01", "2025-02-01", 1, None, None, None),
    ("i:N/2", "A1", 3000, "2025-02-01", "2025-02-01", 1, None, None, None),
    ("i:N//2", "A1", 2000, "2025-02-01", "2025-02-09", 1, None, None, None),
    ("o:PL-x", "PL-x", 9000, "2025-04-01", "2025-04-01", 1, None, None, None),
    ("p:P1", "A1", -100, "2025-03-01", None, 1, "N//2", "mpesa", "AB1"),
    ("p:P2", "A1", -200, "2025-03-02", None, 1, "N//2", "mpesa", "AB1"),
    ("p:P4", "A1", -500, "2025-03-09", None, 1, "N//2", "bank", None),
    ("p:P5", "A1", -600, "2025-03-06", None, 0, None, "cash", None),
    ("p:P6", "SUSPENSE-LEGACY", -700, "2025-03-07", None, 1, None, "cash", None),
    ("p:PL-x.1", "PL-x", -3000, "2025-04-01", None, 1, None, "bank", "U1"),
    ("r:P4", "A1", 500, "2025-03-09", None, 1, None, "bank", None),
]
"""fact, account, amount, day, due, whether it counts, invoice, method, reference"""


def test_odd_rows_are_posted_whole(office: Office, source_of: MakeSource) -> None:
    runner = Runner(office)
    books = open_source(source_of("sqlite", old_books.schema() + ODD))
    runner.import_books(books, tenant=1, named="odd")
    books.close()
    outcomes = list(runner.all_steps(dry_run=False))
    assert [outcome.failed for outcome in outcomes] == [None] * 8
    assert outcomes[-1].counts["payments"] == 6
    with office.store.read() as conn:
        found = conn.execute(
            text("SELECT fact_id, account_no, amount_minor, fact_date, due_date, counts, invoice_no, method, reference "
                 "FROM facts")
        )  # fmt: skip
        rows = sorted(
            (row[0], row[1], row[2], *(day and str(day) for day in row[3:5]), int(row[5]), *row[6:]) for row in found
        )
        assert rows == sorted(FACTS)
        took = conn.execute(text("SELECT fact_id, clerk, text FROM facts WHERE clerk IS NOT NULL"))
        assert {tuple(row) for row in took} == {
            ("p:P1", "Kamau W.", None),
            ("p:P2", "Mary", None),
            ("p:PL-x.1", "Kamau W.", "first"),
        }
        claims = conn.execute(text("SELECT key, owner FROM claims WHERE kind = 'reference'")).all()
        assert {tuple(row) for row in claims} == {("mpesa:AB1", "p:P1"), ("bank:U1", "p:PL-x.1")}
        assert conn.execute(text("SELECT meter_no FROM meters ORDER BY meter_no")).scalars().all() == [
            "M",
            "M/2",
            "M/2/",
        ]
        assert list(run_checks(conn)) == []


READ = """
INSERT INTO users VALUES (1, 1, 'customer', 'One', NULL, NULL, 0, 0, NULL);
INSERT INTO meters VALUES (1, 1, 'M-1', NULL, NULL, 0, 120.500, 90, '2024-06-01');
INSERT INTO meters VALUES (2, 1, 'M-2', NULL, NULL, 7, NULL, NULL, '2024-06-01');
INSERT INTO meters VALUES (3, 1, 'M-3', NULL, NULL, NULL, 'broken', 90, '2024-06-01');
INSERT INTO meters VALUES (4, 1, 'M-4', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO meter_assignments VALUES (1, 1, 1, 1, 1, '2025-01-01', NULL);
INSERT INTO invoices VALUES (1, 1, 'N1', 1, 1, '2025-02-01', NULL, 10.00, 0, 10.00, 0, NULL, NULL);
INSERT INTO invoices VALUES (2, 1, 'N2', 1, 1, '2025-03-01', NULL, 10.00, 0, 10.00, 0, NULL, NULL);
"""


def test_each_meters_last_reading_is_where_its_first_bill_begins(office: Office, source_of: MakeSource) -> None:
    runner = Runner(office)
    books = open_source(source_of("sqlite", old_books.schema() + READ))
    runner.import_books(books, tenant=1, named="read")
    books.close()
    assert list(runner.all_steps(dry_run=False))[-1].counts["readings"] == 2
    with office.store.read() as conn:
        rows = conn.execute(
            text("SELECT meter_no, read_on, reading_milli, total_milli FROM readings ORDER BY meter_no")
        )
        assert [(row[0], str(row[1]), *row[2:]) for row in rows] == [
            ("M-1", "2025-03-01", 120_500, 0), ("M-2", "2024-06-01", 7_000, 0),
        ]  # fmt: skip
    assert "reading unreadable,3,,,meters: its reading is broken," in csv_of(office, "review").splitlines()


@pytest.mark.parametrize(
    ("said", "milli"),
    [("100.0", 100_000), ("1,234.5", 1_234_500), ("0.1234", None), ("-1", None), ("NaN", None), ("1e12", None)],
)
def test_a_reading_is_taken_to_the_thousandth_or_not_at_all(said: str, milli: int | None) -> None:
    assert milli_of(said) == milli
