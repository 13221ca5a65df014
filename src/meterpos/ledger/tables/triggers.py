"""What makes a table immutable: UPDATE and DELETE are refused by the database itself.

``create`` is run by migrations, ``EXPECTED`` compared by checks (Alembic's batch mode drops triggers in silence).
"""

from typing import Final

from sqlalchemy import Connection

from meterpos.ledger.tables.facts import STAMP_COLUMNS, TOLD_LATER, facts
from meterpos.ledger.tables.journal import journal, tenders
from meterpos.ledger.tables.master import plans

_FACT_FROZEN: Final = tuple(column.name for column in facts.columns if column.name not in STAMP_COLUMNS)

_FROZEN: Final[dict[str, tuple[str, ...]]] = {
    facts.name: _FACT_FROZEN,
    journal.name: tuple(column.name for column in journal.columns),
    tenders.name: tuple(column.name for column in tenders.columns),
    plans.name: tuple(column.name for column in plans.columns if column.name != "plan_no"),
}

_TOLD_ONCE: Final[dict[str, frozenset[str]]] = {facts.name: frozenset({TOLD_LATER})}
"""What may be written where nothing stood, and never again."""

_MAY_GO: Final[dict[str, str]] = {
    facts.name: "OLD.entry_id IS NULL AND OLD.position IS NULL AND OLD.decision = 'none'",
}
"""What may be deleted all the same: a fact of head office's own that a restored head office no longer has."""

_MAY_GO_AT_TILLS: Final[dict[str, str]] = {
    plans.name: "NOT EXISTS (SELECT 1 FROM facts WHERE facts.stands_on = OLD.account_no AND facts.kind = 'opening' "
    "AND facts.decision IS NOT 'none')",
}
"""The same at a till alone: a plan whose total has no effect any more, since a restored head office lost it."""

_MAY_COME_AGAIN: Final = frozenset({plans.name, facts.name})
"""What may be written again word for word, and not otherwise: by the feed, or with what is told later."""

EXPECTED: Final = frozenset(f"{table}_{verb}_refused" for table in _FROZEN for verb in ("update", "delete"))


def create(connection: Connection) -> None:
    """Create the triggers on ``connection``, inside the caller's transaction."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '%% is immutable', TG_TABLE_NAME; END $$"
        )
    for table, columns in _FROZEN.items():
        for verb, event in (("update", f"UPDATE OF {', '.join(columns)}"), ("delete", "DELETE")):
            name = f"{table}_{verb}_refused"
            unless = f"WHEN ({_refused_when(connection, table, verb)}) "
            if connection.dialect.name == "postgresql":
                body = f"FOR EACH ROW {unless}EXECUTE FUNCTION refuse_change()"
            else:
                body = f"FOR EACH ROW {unless}BEGIN SELECT RAISE(ABORT, '{table} is immutable'); END"
            connection.exec_driver_sql(f'CREATE TRIGGER "{name}" BEFORE {event} ON {table} {body}')


def _refused_when(connection: Connection, table: str, verb: str) -> str:
    if verb == "delete":
        if table in _MAY_GO_AT_TILLS and connection.dialect.name == "sqlite":
            return f"NOT ({_MAY_GO_AT_TILLS[table]})"
        return f"({_MAY_GO[table]}) IS NOT TRUE" if table in _MAY_GO else "TRUE"
    if table not in _MAY_COME_AGAIN:
        return "TRUE"
    differs = "IS DISTINCT FROM" if connection.dialect.name == "postgresql" else "IS NOT"
    told_once = _TOLD_ONCE.get(table, frozenset())
    return " OR ".join(
        f"(OLD.{column} IS NOT NULL AND OLD.{column} {differs} NEW.{column})"
        if column in told_once
        else f"OLD.{column} {differs} NEW.{column}"
        for column in _FROZEN[table]
    )


def present(connection: Connection) -> frozenset[str]:
    """Return the names of the immutability triggers the database really has."""
    query = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
        if connection.dialect.name == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    return frozenset(row[0] for row in connection.exec_driver_sql(query)) & EXPECTED
