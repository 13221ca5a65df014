"""Settings applied: on the file and in the journal, both or neither, and with a manager's word once the till works."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert

from meterpos.ledger.journal import Approval, read_back
from meterpos.ledger.operations.people import MayNot
from meterpos.ledger.operations.reversals import NotApproved
from meterpos.ledger.tables import journal, users
from meterpos.printing.devices import UnknownDevice
from meterpos.settings import UnusableSettings, load_till_settings
from meterpos.till import open_till
from tests.support.tills import CLERK, Counter

MANAGER = Approval(by="wanjiku", how="pin", nonce="00")


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    """A till whose shift is open, with a manager among its people."""
    made = Counter.at(tmp_path / "till")
    with made.till.store.write() as connection:
        row = {"user_name": "wanjiku", "display_name": "Wanjiku M.", "role": "manager", "revoked": False}
        connection.execute(insert(users), row)
    made.open_shift()
    yield made
    made.till.close()


def audit(counter: Counter) -> None:
    """Let Fatuma audit here."""
    row = {"user_name": "fatuma", "display_name": "Fatuma A.", "role": "auditor", "revoked": False}
    with counter.till.store.write() as connection:
        connection.execute(insert(users), row)


def last_entry(counter: Counter) -> object:
    """Return kind, clerk, approval and body of the journal's last entry."""
    with counter.till.store.read() as connection:
        row = connection.execute(journal.select().order_by(journal.c.seq.desc()).limit(1)).one()
        content = read_back(connection, row.entry_id).content
    return content.kind, content.clerk, content.approval, content.body


def test_a_printer_is_in_force_at_once_and_stands_in_the_journal(counter: Counter) -> None:
    changed = counter.till.apply_settings(changes={"printer": "cups:Front"}, clerk=CLERK, approval=MANAGER)
    assert changed == {"printer"}
    assert counter.till.settings.printer == "cups:Front"
    assert load_till_settings(counter.till.settings.home).printer == "cups:Front"
    body = {"changed": {"printer": {"from": None, "to": "cups:Front"}}}
    assert last_entry(counter) == ("settings_applied", CLERK, MANAGER, body)


def test_a_working_till_asks_for_a_manager(counter: Counter) -> None:
    before = counter.print_of_ledger()
    for approval in (None, Approval(by=CLERK, how="pin", nonce="00")):
        with pytest.raises(NotApproved, match="A manager has to approve"):
            counter.till.apply_settings(changes={"columns": 32}, clerk=CLERK, approval=approval)
    with pytest.raises(MayNot, match="supervisor"):
        counter.till.apply_settings(changes={"columns": 32}, clerk=CLERK, approval=counter.approval())
    assert counter.print_of_ledger() == before
    assert load_till_settings(counter.till.settings.home).columns == 48


def test_whoever_only_looks_changes_no_setting_though_a_manager_agrees(counter: Counter) -> None:
    audit(counter)
    before = counter.print_of_ledger()
    with pytest.raises(MayNot, match="auditor"):
        counter.till.apply_settings(changes={"columns": 32}, clerk="fatuma", approval=MANAGER)
    with pytest.raises(MayNot, match="auditor"):
        counter.till.test_drawer(device="file:/dev/null", clerk="fatuma")
    with pytest.raises(MayNot, match="auditor"):
        counter.till.recalculate(account_nos=["A1"], clerk="fatuma")
    assert counter.print_of_ledger() == before
    assert load_till_settings(counter.till.settings.home).columns == 48


def test_an_auditor_may_read_in_the_dark_and_in_swahili(counter: Counter) -> None:
    audit(counter)
    assert counter.till.apply_settings(changes={"theme": "dark", "language": "sw"}, clerk="fatuma")


def test_looks_and_language_are_the_clerks_own(counter: Counter) -> None:
    counter.till.apply_settings(changes={"theme": "dark", "language": "sw", "text_size": 125}, clerk=CLERK)
    found = counter.till.settings
    assert (found.theme, found.language, found.text_size) == ("dark", "sw", 125)
    assert not counter.till.needs_approval(frozenset({"theme", "language", "text_size", "guide"}))
    assert counter.till.needs_approval(frozenset({"theme", "lock_after_min"}))


def test_a_till_that_has_not_worked_yet_asks_nobody(tmp_path: Path) -> None:
    counter = Counter.at(tmp_path / "till")
    counter.till.apply_settings(changes={"printer": "file:/tmp/x", "columns": 42}, clerk="")
    assert counter.till.settings.columns == 42
    counter.till.close()


def test_a_till_that_is_not_enrolled_keeps_its_settings_without_a_journal(tmp_path: Path) -> None:
    till = open_till(tmp_path / "till")
    assert till.apply_settings(changes={"columns": 32}, clerk="") == {"columns"}
    assert till.settings.columns == 32
    till.close()


def test_what_is_the_same_is_no_entry(counter: Counter) -> None:
    before = counter.print_of_ledger()
    assert counter.till.apply_settings(changes={"columns": 48, "theme": "light"}, clerk=CLERK) == frozenset()
    assert counter.print_of_ledger() == before


def test_a_name_no_printer_has_is_refused_before_anything_is_written(counter: Counter) -> None:
    before = counter.print_of_ledger()
    with pytest.raises(UnknownDevice):
        counter.till.apply_settings(changes={"printer": "usb"}, clerk=CLERK, approval=MANAGER)
    assert counter.print_of_ledger() == before


def test_what_the_environment_decides_is_not_written(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METERPOS_TILL_THEME", "light")
    with pytest.raises(UnusableSettings, match="METERPOS_TILL_THEME"):
        counter.till.apply_settings(changes={"theme": "dark"}, clerk=CLERK)
    assert counter.till.settings.theme == "light"


def test_a_file_that_cannot_be_written_leaves_no_entry(counter: Counter) -> None:
    before = counter.print_of_ledger()
    file = counter.till.settings.home / "meterpos.toml"
    file.write_text("till = {columns = 48}\n")
    with pytest.raises(UnusableSettings, match="by hand"):
        counter.till.apply_settings(changes={"theme": "dark"}, clerk=CLERK)
    assert counter.print_of_ledger() == before
    assert counter.till.settings.theme == "light"
