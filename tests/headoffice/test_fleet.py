"""The tills in the field: what head office knows of each, and what it is warned of."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from meterpos.headoffice import exceptions
from meterpos.headoffice.exceptions import Opening
from meterpos.headoffice.fleet import TillCondition, fleet
from meterpos.headoffice.tables import tills
from meterpos.ledger.operations.papers import record_print_failure
from meterpos.ledger.tables import streams
from tests.cli.commands import run
from tests.headoffice.test_exchange import counter, pay
from tests.support.headoffice import Server, sync


@pytest.fixture
def town(server: Server) -> Server:
    server.import_town()
    return server


def seen(town: Server, *, days: int = 0, **options: Any) -> TillCondition:
    with town.office.store.read() as conn:
        (one,) = fleet(conn, at=town.office.moment().at + timedelta(days=days, seconds=1), **options)
    return one


def test_a_till_that_was_never_heard_of_is_silent_and_has_everything_before_it(town: Server) -> None:
    town.add_till("KSM01", ["Mamboleo"])
    one = seen(town)
    assert (one.silent_days, one.waiting, one.usual_day_minor, one.at_risk_minor) == (None, 0, 0, 0)
    assert one.behind > 100
    assert one.warnings == ()


def test_a_silent_till_may_hold_what_it_takes_on_a_usual_day_for_every_day(town: Server, tmp_path: Path) -> None:
    till = counter(town, tmp_path / "till")
    pay(till, "A0000001", 100_000)
    assert sync(till).is_complete
    one = seen(town)
    assert (one.silent_days, one.at_risk_minor, one.warnings) == (0, 0, ())
    assert one.disk_free_mb is not None and one.disk_free_mb > 0
    later = seen(town, days=3)
    assert (later.silent_days, later.usual_day_minor, later.at_risk_minor) == (3, 100_000, 300_000)
    assert (later.warnings, seen(town, days=3, silent_days=4).warnings) == (("silent",), ())
    till.close()


def test_what_a_till_said_it_holds_is_at_risk_until_it_has_come(town: Server, tmp_path: Path) -> None:
    till = counter(town, tmp_path / "till")
    pay(till, "A0000001", 100_000)
    assert sync(till).is_complete
    with town.office.store.write() as conn:  # as if the line had broken before the last entry
        conn.execute(update(streams).values(through_seq=streams.c.through_seq - 1))
    one = seen(town)
    assert (one.waiting > 0, one.waiting_minor, one.at_risk_minor) == (True, 100_000, 100_000)
    till.close()


def test_papers_not_printed_a_full_disk_and_open_exceptions_are_told(town: Server, tmp_path: Path) -> None:
    till = counter(town, tmp_path / "till")
    number = pay(till, "A0000001", 100_000)
    with till.store.write() as conn:
        record_print_failure(conn, number=number, reason="out of paper", moment=till.moment())
    assert sync(till).is_complete
    with town.office.store.write() as conn:
        conn.execute(update(tills).values(condition={"disk_free_mb": 12}))
        exceptions.open_all(conn, [Opening(code="clock_suspect", subject="x", till_name="KSM01")], at=till.moment().at)
    one = seen(town)
    assert (one.warnings, one.not_printed, one.printer) == (("printer", "disk"), 1, "out of paper")
    assert (one.disk_free_mb, one.open_exceptions) == (12, 1)
    assert seen(town, days=9).not_printed == 0
    till.close()


def test_a_restored_till_has_the_whole_feed_before_it(town: Server, tmp_path: Path) -> None:
    till = counter(town, tmp_path / "till")
    assert sync(till).is_complete
    assert seen(town).behind < 20
    with town.office.store.write() as conn:
        conn.execute(update(tills).values(reported_generation=0))
    assert seen(town).behind > 100
    till.close()


def test_by_command_it_is_a_table_and_an_object(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METERPOS_HEADOFFICE_HOME", str(tmp_path / "office"))
    assert run("headoffice", "init").code == 0
    assert run("headoffice", "fleet").out.endswith("0 tills.\n")
    assert run("headoffice", "till", "add", "KSM01", "--zone", "Kondele").code == 0
    told = run("headoffice", "fleet", "--silent", "3")
    assert "KSM01" in told.out and "never" in told.out
    (one,) = run("headoffice", "fleet", "--json").answer["tills"]
    assert (one["till_name"], one["at_risk_minor"], one["warnings"]) == ("KSM01", 0, [])
