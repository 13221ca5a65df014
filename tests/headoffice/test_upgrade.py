"""Head office's tables are what its history of migrations makes, on both databases."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, inspect, text

from meterpos.headoffice import upgrade as upgrading
from meterpos.headoffice.office import Office
from meterpos.headoffice.tables import metadata
from meterpos.ledger.store import Store
from meterpos.ledger.tables import metadata as ledger_metadata
from meterpos.ledger.tables import tenders
from meterpos.ledger.tables.journal import AT_TILLS_ALONE
from meterpos.ledger.upgrade import NewerDatabase


def test_the_history_makes_the_tables(office: Office) -> None:
    both = MetaData()
    for table in (*metadata.sorted_tables, *ledger_metadata.sorted_tables):
        table.to_metadata(both)
    own = set(metadata.tables)
    with office.store.read() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True})
        differences = [
            one
            for one in compare_metadata(context, both)
            if own & set(map(str, named(one))) and one[0] not in ("add_table_comment", "remove_table_comment")
        ]
    assert differences == []


def test_head_office_keeps_no_index_that_tills_alone_look_through(office: Office) -> None:
    with office.store.read() as conn:
        kept = {index["name"] for index in inspect(conn).get_indexes("tenders")}
    known = {str(index.name) for index in tenders.indexes}
    assert known - kept == set(AT_TILLS_ALONE)


def named(difference: object) -> list[object]:
    """Return whatever a difference names: tables, columns, indexes."""
    if isinstance(difference, (list, tuple)):
        return [name for part in difference for name in named(part)]
    table = getattr(difference, "table", None)
    return [difference, table if table is not None else getattr(difference, "name", difference)]


def test_the_newest_step_is_the_one_the_code_names() -> None:
    script = ScriptDirectory(str(Path(upgrading.__file__).parent / "migrations"))
    assert script.get_current_head() == upgrading.HEAD


def test_a_newer_database_is_refused_unharmed(office: Office) -> None:
    with office.store.write() as conn:
        conn.execute(text(f"UPDATE {upgrading.VERSION_TABLE} SET version_num = '9999'"))
    store = Store(office.store.url.render_as_string(hide_password=False))
    with pytest.raises(NewerDatabase, match="9999"):
        upgrading.upgrade(store)
    store.close()
    with office.store.read() as conn:
        found = conn.execute(text(f"SELECT version_num FROM {upgrading.VERSION_TABLE}")).scalar_one()
    assert found == "9999"


def test_upgrading_again_changes_nothing(office: Office) -> None:
    upgrading.upgrade(office.store)
    assert upgrading.is_current(office.store)
