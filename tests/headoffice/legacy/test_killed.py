"""Killed in the middle of any step, a migration that is run again ends in the same state."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from meterpos.headoffice.legacy.run import Runner
from meterpos.headoffice.legacy.sources import open_source
from meterpos.headoffice.office import Office, open_office
from tests.headoffice.legacy import old_books
from tests.headoffice.legacy.test_example import csv_of
from tests.support.headoffice import make_office

KILLED_IN = """
import os, signal, sys
from pathlib import Path
from meterpos.headoffice.legacy.progress import Progress
from meterpos.headoffice.legacy.run import Runner
from meterpos.headoffice.legacy.sources import open_source
from meterpos.headoffice.office import open_office
from meterpos.settings import HeadOfficeSettings

home, url, old, step = sys.argv[1:]
real = Progress.advance

def advance(self, work, doing):
    real(self, work, doing)
    if self.step == step and self.done >= self.total / 2:
        os.kill(os.getpid(), signal.SIGKILL)

Progress.advance = advance
runner = Runner(open_office(HeadOfficeSettings(home=Path(home), database_url=url, utility="lake")))
runner.import_books(open_source(old), tenant=1, named="old")
list(runner.all_steps(dry_run=False))
"""


def finished(office: Office, old: str) -> dict[str, str]:
    """Run everything and return what it came to."""
    runner = Runner(office)
    source = open_source(old)
    runner.import_books(source, tenant=1, named="old")
    source.close()
    assert [outcome.failed for outcome in runner.all_steps(dry_run=False)] == [None] * 8
    state = {name: csv_of(office, name) for name in (*old_books.REPORTS, "proof")}
    with office.store.read() as conn:
        facts = conn.execute(text("SELECT fact_id, amount_minor, position FROM facts ORDER BY fact_id")).all()
        state["facts"] = repr(facts)
    return state


@pytest.mark.parametrize("step", ["import-legacy", "backfill-payment-meter-ids", "proof", "post"])
def test_killed_in_a_step_and_run_again(step: str, tmp_path: Path, sqlite_url: str) -> None:
    old = old_books.in_sqlite(tmp_path / "old.db", old_books.EXAMPLE.read_text(encoding="utf-8"))
    whole = make_office(tmp_path / "whole", f"sqlite:///{(tmp_path / 'whole.db').as_posix()}")
    expected = finished(whole, old)
    whole.close()
    killed = make_office(tmp_path / "killed", sqlite_url)
    killed.close()
    arguments = [sys.executable, "-c", KILLED_IN, str(tmp_path / "killed"), sqlite_url, old, step]
    assert subprocess.run(arguments, check=False).returncode == -signal.SIGKILL
    again = open_office(killed.settings)
    assert finished(again, old) == expected
    again.close()
