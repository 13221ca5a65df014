"""Each step stands alone, a dry run changes nothing, what was posted can be taken back until a till has pulled it."""

import csv
import hashlib
import io
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from meterpos.headoffice.legacy import decisions, state
from meterpos.headoffice.legacy.run import STEPS, Choices, Runner
from meterpos.headoffice.legacy.steps import checks
from meterpos.headoffice.legacy.steps.meters import PaymentsNowhere
from meterpos.headoffice.office import Office
from tests.headoffice.legacy import old_books
from tests.headoffice.legacy.conftest import MakeSource
from tests.headoffice.legacy.test_example import csv_of, import_example


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One database is enough here: that both come to the same is seen in test_example.py."""
    return sqlite_url


def content(office: Office) -> str:
    """Return one digest of every row of every table."""
    digest = hashlib.sha256()
    with office.store.read() as conn:
        for table in sorted(inspect(conn).get_table_names()):
            rows = sorted(repr(tuple(row)) for row in conn.execute(text(f'SELECT * FROM "{table}"')))
            digest.update(f"{table}{rows}".encode())
    return digest.hexdigest()


def test_a_dry_run_shows_every_step_and_changes_nothing(office: Office, source_of: MakeSource) -> None:
    runner = import_example(office, source_of)
    before = content(office)
    outcomes = list(runner.all_steps(dry_run=True))
    assert [outcome.step for outcome in outcomes] == list(STEPS)
    assert outcomes[-1].counts["payments"] == 585
    assert content(office) == before


def test_a_dry_run_leaves_its_reports_where_they_are_asked_for(
    office: Office, source_of: MakeSource, tmp_path: Path
) -> None:
    runner = import_example(office, source_of)
    runner.reports = tmp_path / "out"
    list(runner.all_steps(dry_run=True))
    for name in old_books.REPORTS:
        assert (tmp_path / "out" / f"{name}.csv").read_text(encoding="utf-8") == old_books.expected(name), name
    assert {"proof.csv", "review.csv"} <= {file.name for file in (tmp_path / "out").iterdir()}


def test_a_report_of_a_step_that_was_not_done_names_it(office: Office, source_of: MakeSource) -> None:
    runner = import_example(office, source_of)
    with pytest.raises(state.StepMissing, match="report meters needs backfill-payment-meter-ids first"):
        csv_of(office, "meters")
    runner.step(state.PLACES)
    with pytest.raises(state.StepMissing, match="Run: meterpos migrate backfill-invoice-amounts"):
        csv_of(office, "invoices")


def test_validating_proves_first_and_an_import_forgets_all_of_it(office: Office, source_of: MakeSource) -> None:
    runner = import_example(office, source_of)
    for name in (state.PLACES, state.AMOUNTS, state.METERS, state.CUSTOMERS):
        runner.step(name)
    runner.validate(checks.GROUPS)
    assert len(csv_of(office, "proof").splitlines()) == 81
    import_example(office, source_of)
    with office.store.read() as conn:
        assert conn.execute(text("SELECT count(*) FROM legacy_proofs")).scalar_one() == 0


def test_what_was_posted_is_not_computed_anew_or_posted_twice(office: Office, source_of: MakeSource) -> None:
    list(import_example(office, source_of).all_steps(dry_run=False))
    before = content(office)
    (outcome,) = Runner(office).all_steps(dry_run=False)
    assert "rollback" in str(outcome.failed)
    assert content(office) == before


def test_every_step_is_idempotent(office: Office, source_of: MakeSource) -> None:
    runner = import_example(office, source_of)
    first = [runner.step(name).counts for name in STEPS[:-1]]
    assert [runner.step(name).counts for name in STEPS[:-1]] == first


def test_validation_can_be_skipped_but_never_the_proof(office: Office, source_of: MakeSource) -> None:
    runner = import_example(office, source_of)
    runner.choices = Choices(skip_validation=True)
    steps = [outcome.step for outcome in runner.all_steps(dry_run=True)]
    assert state.PROOF in steps
    assert {state.VALIDATE_PAYMENTS, state.VALIDATE}.isdisjoint(steps)


def test_a_step_names_the_one_before_it_that_is_missing(office: Office, source_of: MakeSource) -> None:
    runner = import_example(office, source_of)
    with pytest.raises(state.StepMissing, match="backfill-payment-meter-ids"):
        runner.step(state.AMOUNTS)


def test_balances_are_refused_while_payments_are_nowhere(office: Office, source_of: MakeSource) -> None:
    runner = import_example(office, source_of)
    with pytest.raises(PaymentsNowhere, match="585 payments have neither a meter"):
        runner.step(state.METERS)
    runner.step(state.PLACES)
    runner.step(state.AMOUNTS)
    with office.store.write() as conn:
        conn.execute(text("DELETE FROM legacy_payment_places WHERE payment_id IN (3, 4)"))
    with pytest.raises(PaymentsNowhere, match="2 payments have neither a meter"):
        runner.step(state.METERS)


def test_another_tenant_is_left_alone(office: Office, source_of: MakeSource) -> None:
    list(import_example(office, source_of).all_steps(dry_run=False))
    with office.store.read() as conn:
        assert conn.execute(text("SELECT count(*) FROM customers WHERE name LIKE 'Other%'")).scalar_one() == 0
        assert conn.execute(text("SELECT count(*) FROM legacy_payments WHERE id > 585")).scalar_one() == 0


def test_ambiguous_payments_may_wait_in_suspense_and_are_the_named_cause(office: Office, source_of: MakeSource) -> None:
    runner = import_example(office, source_of)
    runner.choices = Choices(ambiguous="suspense")
    assert all(outcome.failed is None for outcome in runner.all_steps(dry_run=False))
    rows = list(csv.DictReader(io.StringIO(csv_of(office, "proof"))))
    assert {row["unexplained"] for row in rows} == {"0.00"}
    assert sum(row["payment_moved"] != "0.00" for row in rows) > 10
    assert sum(row["drift"] != "0.00" for row in rows) == 13


def test_decisions_are_edited_in_the_review_list_and_applied_again(
    office: Office, source_of: MakeSource, tmp_path: Path
) -> None:
    runner = import_example(office, source_of)
    for name in STEPS[:-1]:
        runner.step(name)
    review = tmp_path / "review.csv"
    review.write_text(csv_of(office, "review").replace("several meters: the first,MTR-00003", "chosen,MTR-00004"))
    made = decisions.read_file(review)
    assert decisions.Decision(11, "MTR-00004", made[0].place) == made[0]
    runner.choices = Choices(decisions=made)
    runner.step(state.PLACES)
    assert "11,MTR-00004,decision" in csv_of(office, "payments").splitlines()


def test_a_decision_for_a_meter_that_is_not_there_is_refused(
    office: Office, source_of: MakeSource, tmp_path: Path
) -> None:
    runner = import_example(office, source_of)
    review = tmp_path / "review.csv"
    review.write_text("kind,id,decision\npayment,11,MTR-99999\n")
    runner.choices = Choices(decisions=decisions.read_file(review))
    with pytest.raises(decisions.UnusableDecision, match=r"review.csv, line 2, column decision: there is no meter"):
        runner.step(state.PLACES)
