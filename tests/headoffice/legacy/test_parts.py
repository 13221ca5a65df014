"""A large table is walked in parts that miss no row and take none twice."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Column, MetaData, Table, create_engine, insert, select

from meterpos.headoffice.legacy.steps import parts


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.lists(st.integers(-5, 40), max_size=60), st.integers(1, 7))
def test_each_row_is_in_one_part(monkeypatch: pytest.MonkeyPatch, keys: list[int], at_once: int) -> None:
    monkeypatch.setattr(parts, "PART_ROWS", at_once)
    table = Table("t", MetaData(), Column("id", BigInteger))
    engine = create_engine("sqlite://")
    with engine.begin() as conn:
        table.create(conn)
        if keys:
            conn.execute(insert(table), [{"id": key} for key in keys])
        walked = [
            key
            for low, high, _ in parts.ranges(conn, table)
            for key in conn.execute(select(table.c.id).where(table.c.id.between(low, high))).scalars()
        ]
    engine.dispose()
    assert sorted(walked) == sorted(keys)
