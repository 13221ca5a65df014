"""What was posted can be taken back, until a till has pulled it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from meterpos.headoffice import auth, courier
from meterpos.headoffice.legacy import backups, state
from meterpos.headoffice.office import Office, open_office
from meterpos.sync.steps import Cursor
from tests.headoffice.legacy.conftest import MakeSource
from tests.headoffice.legacy.test_example import import_example
from tests.support.headoffice import Server


def test_what_was_posted_is_taken_back_under_a_new_generation(office: Office, source_of: MakeSource) -> None:
    runner = import_example(office, source_of)
    list(runner.all_steps(dry_run=False))
    office.close()
    done = backups.roll_back(office.settings, leap=7, at=datetime.now(UTC))
    assert done.generation > done.parent
    again = open_office(office.settings)
    with again.store.read() as conn:
        assert conn.execute(text("SELECT count(*) FROM facts")).scalar_one() == 0
        assert state.done(conn, state.POSTING) is None
    outcomes = list(import_example(again, source_of).all_steps(dry_run=False))
    assert outcomes[-1].failed is None
    again.close()


def test_what_a_till_has_pulled_is_not_taken_back(office: Office, source_of: MakeSource, tmp_path: Path) -> None:
    list(import_example(office, source_of).all_steps(dry_run=False))
    server = Server.start(office)
    server.enrol_till(tmp_path / "till", zones=("main",)).close()
    server.stop()
    with pytest.raises(backups.CannotRollBack, match="Till KSM01 has pulled"):
        backups.roll_back(office.settings, leap=7, at=datetime.now(UTC))


def test_what_left_on_a_stick_is_not_taken_back(office: Office, source_of: MakeSource, tmp_path: Path) -> None:
    server = Server.start(office)
    till = server.enrol_till(tmp_path / "till", zones=("main",))
    list(import_example(office, source_of).all_steps(dry_run=False))
    with office.store.read() as conn:
        device_id = conn.execute(text("SELECT device_id FROM tills")).scalar_one()
        device = auth.find_device(conn, device_id)
    assert device is not None
    done = courier.Answered(till_name="KSM01")
    pages = courier._pages(office, device, Cursor(1, 0), request="", limit=100, done=done)
    assert len(list(pages)) > 1
    till.close()
    server.stop()
    with pytest.raises(backups.CannotRollBack, match="Till KSM01 has pulled"):
        backups.roll_back(office.settings, leap=7, at=datetime.now(UTC))


def test_nothing_is_taken_back_before_anything_was_posted(office: Office, source_of: MakeSource) -> None:
    import_example(office, source_of)
    office.close()
    with pytest.raises(backups.CannotRollBack, match="Nothing was posted"):
        backups.roll_back(office.settings, leap=7, at=datetime.now(UTC))
