"""Killed in the middle of any step, a migration that is run again ends in the same state."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from meterpos.headoffice.legacy import state
from meterpos.headoffice.legacy.run import STEPS, Runner
from meterpos.headoffice.legacy.sources import open_source
from meterpos.headoffice.office import Office, open_office
from tests.headoffice.legacy import old_books
from tests.headoffice.legacy.test_example import csv_of
from tests.support.headoffice import make_office

EVERY_STEP = (state.IMPORT, *STEPS)
CASES = [*(("sqlite", step) for step in EVERY_STEP), ("postgresql", state.IMPORT), ("postgresql", state.POSTING)]

KILLED_IN = """
import json, os, signal, sys
from pathlib import Path
from meterpos.headoffice.legacy.progress import Progress
from meterpos.headoffice.legacy.run import Runner
from meterpos.headoffice.legacy.sources import open_source
from meterpos.headoffice.office import open_office
from meterpos.settings import HeadOfficeSettings

old, *cases = sys.argv[1:]
real = Progress.advance

def migrate(home, url, step):
    def advance(self, work, doing):
        real(self, work, doing)
        if self.step == step and self.done >= self.total / 2:
            os.kill(os.getpid(), signal.SIGKILL)

    Progress.advance = advance
    runner = Runner(open_office(HeadOfficeSettings(home=Path(home), database_url=url, utility="lake")))
    runner.import_books(open_source(old), tenant=1, named="old")
    list(runner.all_steps(dry_run=False))

for case in cases:
    child = os.fork()
    if not child:
        migrate(*json.loads(case))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
"""Forks a process a case: starting Python for each would take most of the test's time."""


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The example's books, to be read only."""
    file = tmp_path_factory.mktemp("old") / "old.db"
    return old_books.in_sqlite(file, old_books.EXAMPLE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def undisturbed(old: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What it comes to when nothing happens."""
    folder = tmp_path_factory.mktemp("whole")
    whole = make_office(folder / "home", f"sqlite:///{(folder / 'whole.db').as_posix()}")
    found = finished(whole, old)
    whole.close()
    return found


def finished(office: Office, old: str) -> dict[str, str]:
    """Run everything and return what it came to."""
    runner = Runner(office)
    source = open_source(old)
    runner.import_books(source, tenant=1, named="old")
    source.close()
    assert [outcome.failed for outcome in runner.all_steps(dry_run=False)] == [None] * 8
    found = {name: csv_of(office, name) for name in (*old_books.REPORTS, "proof", "review")}
    with office.store.read() as conn:
        facts = conn.execute(text("SELECT fact_id, amount_minor, position FROM facts")).all()
        found["facts"] = repr(sorted(map(tuple, facts)))
        found["feed"] = repr(sorted(map(tuple, conn.execute(text("SELECT position, kind, key, digest FROM feed")))))
    return found


def test_killed_in_any_step_and_run_again(
    old: str, undisturbed: dict[str, str], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    offices = {}
    for kind, step in CASES:
        home = tmp_path / f"{kind}-{step}"
        on_postgresql = kind == "postgresql"
        url = request.getfixturevalue("postgres_databases").new() if on_postgresql else f"sqlite:///{home}.db"
        made = make_office(home, url)
        made.close()
        offices[kind, step] = made.settings
    cases = [json.dumps([str(one.home), one.database_url, step]) for (_, step), one in offices.items()]
    done = subprocess.run([sys.executable, "-c", KILLED_IN, old, *cases], check=True, capture_output=True, text=True)
    assert done.stdout.split() == [str(-signal.SIGKILL)] * len(CASES), done.stderr
    for case, settings in offices.items():
        again = open_office(settings)
        assert finished(again, old) == undisturbed, case
        again.close()
