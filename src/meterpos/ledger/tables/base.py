"""The metadata every ledger table hangs on, and the column types with a rule of their own."""

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Dialect, Integer, MetaData, String
from sqlalchemy.types import TypeDecorator

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

Serial: Final = BigInteger().with_variant(Integer, "sqlite")
"""A growing whole-number key; SQLite only counts up by itself in a column declared INTEGER."""


def format_instant(value: datetime) -> str:
    """Return an aware instant as the ledger writes it: UTC, milliseconds, ``2026-11-20T06:41:07.123Z``."""
    assert value.tzinfo is not None, "an instant without a time zone"
    return (value if value.tzinfo is UTC else value.astimezone(UTC)).isoformat(timespec="milliseconds")[:-6] + "Z"


def parse_instant(text: str) -> datetime:
    """Return the aware UTC instant written in ``text``."""
    return datetime.fromisoformat(text)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC instant, kept as fixed-width text so that text order is time order on every database.

    SQLite would hand back naive datetimes; this refuses to store one.
    """

    impl = String(24)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else format_instant(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        del dialect
        return None if value is None else parse_instant(value)


def amount(name: str, **options: Any) -> Column[int]:
    """Return a column of whole minor units."""
    return Column(name, BigInteger, **{"nullable": False, **options})
