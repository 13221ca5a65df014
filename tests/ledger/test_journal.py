"""An entry's bytes, identity and chain."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from meterpos.ledger import journal
from meterpos.ledger.journal import Approval, BrokenEntry, Entry
from meterpos.ledger.store import Store
from meterpos.ledger.tables import journal as journal_table
from meterpos.ledger.upgrade import upgrade

STREAM = b"s" * 16
AT = datetime(2026, 11, 20, 6, 41, 7, 123456, tzinfo=UTC)

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
"""NUL is read with a mark in its place (decision record 0037)."""
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
bodies = st.dictionaries(texts, plain, max_size=6)


def content(**changes: Any) -> bytes:
    fields: dict[str, Any] = {
        "kind": "tender",
        "at": AT,
        "business_date": date(2026, 11, 20),
        "shift": 214,
        "clerk": "achieng",
        "body": {"number": "KSM01-B7K-000001"},
    }
    return journal.content_bytes(**(fields | changes))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(f"sqlite:///{tmp_path / 'ledger.db'}", key=bytes(32))
    upgrade(store)
    return store


def append(store: Store, data: bytes) -> Entry:
    with store.write() as connection:
        return journal.append(connection, stream=STREAM, data=data)


def test_the_bytes_of_an_entry_are_what_they_were_when_the_format_was_frozen() -> None:
    assert content(approval=Approval("otieno", "pin", "n1")) == (
        b'{"approval":{"by":"otieno","how":"pin","nonce":"n1"},"at":"2026-11-20T06:41:07.123Z",'
        b'"body":{"number":"KSM01-B7K-000001"},"business_date":"2026-11-20","clerk":"achieng","kind":"tender",'
        b'"schema":1,"shift":214}'
    )


def test_the_id_of_an_entry_is_what_it_was_when_the_format_was_frozen() -> None:
    entry = journal.make_entry(stream=STREAM, seq=1, prev=journal.FIRST_PREV, data=b"{}")
    assert entry.entry_id.hex() == "20b0025bd093a624582c5b8a2bbab54f5c08b0b19801fae00bd3bfa8fe9b95f5"
    assert len(entry.short_id) == 22


@given(bodies)
def test_an_entry_says_what_was_put_into_it(body: dict[str, Any]) -> None:
    data = content(body=body)
    said = journal.parse(data)
    assert said.body == body
    assert said.at == AT.replace(microsecond=123000)
    assert journal.canonical(json.loads(data)) == data


@given(st.binary(max_size=60))
def test_bytes_that_are_no_entry_are_named_broken(data: bytes) -> None:
    with pytest.raises(BrokenEntry):
        journal.parse(data)


@pytest.mark.parametrize(
    "data",
    [
        content().replace(b'"shift":214', b'"shift":"214"'),
        content().replace(b'"shift":214', b'"shift": 214'),
        content().replace(b'{"number":"KSM01-B7K-000001"}', b"[]"),
        content().replace(b'"at":"2026-11-20T06:41:07.123Z"', b'"at":"yesterday"'),
        content(body={"amount": 1}).replace(b'"amount":1', b'"amount":1.5'),
        b"[1]",
        b'"text"',
    ],
)
def test_an_entry_in_another_form_is_broken(data: bytes) -> None:
    with pytest.raises(BrokenEntry):
        journal.parse(data)


@pytest.mark.parametrize("value", [1.5, b"x", {1: 2}, {"a": object()}, [1, (2, 3.0)]])
def test_what_has_no_canonical_form_is_refused(value: Any) -> None:
    with pytest.raises(AssertionError):
        journal.canonical({"body": value})


def test_each_entry_hangs_on_the_one_before(store: Store) -> None:
    first, second = append(store, content()), append(store, content(shift=None))
    assert (first.seq, first.prev) == (1, journal.FIRST_PREV)
    assert (second.seq, second.prev) == (2, first.entry_id)
    with store.read() as connection:
        assert journal.head(connection, STREAM) == (2, second.entry_id)
        assert journal.head(connection, b"t" * 16) == (0, journal.FIRST_PREV)
        assert journal.entries_after(connection, STREAM, seq=0, limit=10) == (first, second)
        assert journal.entries_after(connection, STREAM, seq=1, limit=1) == (second,)
        assert journal.read_back(connection, second.entry_id) == second


def test_whether_an_entry_is_kept_is_told(store: Store) -> None:
    entry = append(store, content())
    with store.read() as connection:
        assert journal.is_kept(connection, entry.entry_id)
        assert not journal.is_kept(connection, bytes(32))


def test_an_entry_altered_where_it_is_stored_is_not_read_back(store: Store) -> None:
    entry = append(store, content())
    forged = journal.make_entry(stream=STREAM, seq=9, prev=entry.entry_id, data=content(clerk="mallory"))
    with store.write() as connection:
        row = {"stream": STREAM, "seq": 9, "prev": entry.entry_id, "kind": "tender", "data": content()}
        connection.execute(insert(journal_table), {"entry_id": forged.entry_id, **row})
    with store.read() as connection, pytest.raises(BrokenEntry, match="altered"):
        journal.read_back(connection, forged.entry_id)
    with store.read() as connection, pytest.raises(BrokenEntry, match="no entry"):
        journal.read_back(connection, bytes(32))


@pytest.mark.parametrize("statement", ["UPDATE journal SET kind = 'x'", "DELETE FROM journal"])
def test_the_database_refuses_to_change_an_entry(store: Store, statement: str) -> None:
    append(store, content())
    with pytest.raises(Exception, match="journal is immutable"), store.write() as connection:
        connection.exec_driver_sql(statement)


def test_a_place_that_is_not_in_a_chain_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        journal.make_entry(stream=STREAM, seq=0, prev=journal.FIRST_PREV, data=b"{}")
