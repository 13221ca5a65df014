"""Text in one order on every database."""

from sqlalchemy import ColumnElement, Connection


def as_text(connection: Connection, column: ColumnElement[str]) -> ColumnElement[str]:
    """Order by code point, as SQLite does by itself, not by the language the database was made with."""
    return column.collate("C") if connection.dialect.name == "postgresql" else column
