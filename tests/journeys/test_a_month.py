"""A small utility's month, on SQLite and on PostgreSQL; the one of 20,000 customers and 12 tills is the bench's."""

from pathlib import Path

import pytest

from tests.journeys.month import Month


def test_a_month_ends_with_reports_books_and_tills_agreeing_to_the_cent(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METERPOS_HEADOFFICE_HOME", str(tmp_path / "office"))
    month = Month(tmp_path, database_url, customers=60, tills=2)
    month.live()
    assert month.counts["invoices"] > 50
