"""Old rows are read as they are: unknown columns kept, missing ones named, what cannot be read noted, never guessed."""

import sqlite3
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from meterpos.headoffice.legacy import values
from meterpos.headoffice.legacy.reading import NoSuchTenant, NotTheOldSchema
from meterpos.headoffice.legacy.run import Outcome, Runner
from meterpos.headoffice.legacy.sources import UnusableSource, open_source
from meterpos.headoffice.legacy.steps.plans import Paid, state_of
from meterpos.headoffice.office import Office
from tests.headoffice.legacy import old_books
from tests.headoffice.legacy.conftest import KINDS, MakeSource


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Where staging is does not matter here."""
    return sqlite_url


def read(office: Office, source: str, tenant: int = 1) -> Outcome:
    """Import and return what was said of it."""
    books = open_source(source)
    try:
        return Runner(office).import_books(books, tenant=tenant, named="old")
    finally:
        books.close()


MIXED = """
INSERT INTO users VALUES (1, 1, 'customer', 'Ours', NULL, NULL, 0, 0, NULL);
INSERT INTO users VALUES (2, 2, 'customer', 'Theirs', NULL, NULL, 0, 0, NULL);
INSERT INTO payments VALUES (1, 1, 2, NULL, NULL, 'cash', NULL, 5.00, 'paid', '2025-01-01', NULL, NULL, NULL);
INSERT INTO payments VALUES (2, 1, 9, NULL, NULL, 'cash', NULL, 5.00, 'paid', '2025-01-01', NULL, NULL, NULL);
"""


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_that_names_another_tenants_is_noted_and_stops_a_live_run(
    kind: str, office: Office, source_of: MakeSource
) -> None:
    outcome = read(office, source_of(kind, old_books.schema() + MIXED))
    assert outcome.counts["problems"] == {"another_tenant": 1}
    *_, last = Runner(office).all_steps(dry_run=False)
    assert last.step == "validate"
    assert "another tenant (1)" in str(last.failed)


def test_unknown_columns_are_kept_and_missing_ones_named(office: Office, tmp_path: Path) -> None:
    url = old_books.in_sqlite(tmp_path / "old.db", old_books.schema() + MIXED)
    with sqlite3.connect(tmp_path / "old.db") as connection:
        connection.execute("ALTER TABLE users ADD COLUMN village TEXT")
        connection.execute("ALTER TABLE users DROP COLUMN telephone")
        connection.execute("UPDATE users SET village = 'Nyalenda'")
        connection.execute("DROP TABLE journals")
    connection.close()
    counts = read(office, url).counts
    assert counts["unknown columns"] == ["users.village"]
    assert counts["missing"] == ["users.telephone", "journals"]
    with office.store.read() as conn:
        assert conn.execute(text("SELECT extra FROM legacy_users")).scalars().all() == ['{"village": "Nyalenda"}']


def test_without_a_required_column_nothing_is_read(office: Office, tmp_path: Path) -> None:
    url = old_books.in_sqlite(tmp_path / "old.db", old_books.schema() + MIXED)
    with sqlite3.connect(tmp_path / "old.db") as connection:
        connection.execute("ALTER TABLE payments DROP COLUMN amount")
        connection.execute("DROP TABLE bills")
    connection.close()
    with pytest.raises(NotTheOldSchema, match=r"the table bills, payments\.amount"):
        read(office, url)


def test_a_tenant_that_is_not_there_is_refused(office: Office, source_of: MakeSource) -> None:
    with pytest.raises(NoSuchTenant, match="tenant 7"):
        read(office, source_of("sqlite", old_books.schema() + MIXED), tenant=7)


def test_what_cannot_be_read_is_noted_and_stops_a_live_run(office: Office, source_of: MakeSource) -> None:
    script = MIXED.replace(
        "VALUES (2, 1, 9, NULL, NULL, 'cash', NULL, 5.00", "VALUES (2, 1, 1, NULL, NULL, 'cash', NULL, 'x'"
    )
    script = script.replace("VALUES (1, 1, 2,", "VALUES (1, 1, 1,").replace("5.00", "5.001")
    outcome = read(office, source_of("sqlite", old_books.schema() + script))
    assert outcome.counts["problems"] == {"part_of_a_cent": 1, "unreadable": 1}
    *_, last = Runner(office).all_steps(dry_run=False)
    assert "payment without amount (1)" in str(last.failed)


def test_the_old_books_cannot_be_written_to(tmp_path: Path) -> None:
    source = open_source(old_books.in_sqlite(tmp_path / "old.db", old_books.schema()))
    with pytest.raises(Exception, match="readonly"):
        source._connection.execute("DELETE FROM users")  # type: ignore[attr-defined]
    source.close()


@pytest.mark.parametrize("named", ["nowhere", "oracle://a/b", "sqlite:////nowhere/x.db", "mysql://u@127.0.0.1:1/x"])
def test_a_source_that_is_not_there_is_refused_in_a_sentence(named: str) -> None:
    with pytest.raises(UnusableSource):
        open_source(named)


def test_a_file_that_is_no_database_is_refused_in_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "legacy.sql"
    file.write_text(old_books.schema() * 3)
    with pytest.raises(UnusableSource, match="cannot be opened"):
        open_source(str(file))


@pytest.mark.parametrize(
    ("value", "minor"),
    [(1018.64, 101864), ("1018.64", 101864), (Decimal("1018.64"), 101864), (5, 500), (0.1 + 0.2, 30), ("-7.5", -750),
     ("1,250.00", 125000), ("1e3", 100000), (None, None), ("", None), (-0.29, -29)],
)  # fmt: skip
def test_money_is_read_to_the_cent(value: object, minor: int | None) -> None:
    assert values.amount(value) == minor


@pytest.mark.parametrize("value", ["abc", "NaN", "Infinity", "1e30", "--5"])
def test_what_is_no_amount_is_not_read(value: str) -> None:
    with pytest.raises(values.Unreadable):
        values.amount(value)


def test_a_history_that_is_cut_off_is_unknown() -> None:
    state = state_of(total_minor=100, single=None, history='[{"amount": 5.0}, {"amou', stored_phase="amount")
    assert (state.paid_minor, state.status, state.exceptions) == (None, "unknown", ("malformed history",))


def test_a_single_payment_that_the_history_lacks_is_not_guessed_about() -> None:
    single = Paid(700, "UTR9", None, None)
    state = state_of(total_minor=9_000, single=single, history='[{"amount": 5.0}]', stored_phase="amount")
    assert (state.paid_minor, state.exceptions) == (None, ("single payment not in history",))


def test_amounts_in_a_history_may_be_text_or_numbers() -> None:
    history = '[{"amount": "5.00", "utr_number": "A"}, {"amount": 7, "utr_number": "B"}]'
    assert state_of(total_minor=1_200, single=None, history=history, stored_phase=None).status == "completed"


def one_by_one(convert: values.Convert, cells: list[object]) -> object:
    """Convert each cell alone; what is raised stands for the column."""
    try:
        return list(map(convert, cells))
    except (values.Unreadable, values.Rounded) as error:
        return type(error)


numbers = (
    st.integers(-(10**15), 10**15) | st.floats() | st.decimals() | st.integers(-(10**9), 10**9).map(lambda n: n / 100)
)
texts = st.text(max_size=6) | st.sampled_from(
    [" a", "b ", "\x00", "2025-02-30", "2025-02-28 10:00:00", "0000-00-00", "1.5", "1.00", "1.00\n2.00"]
)
old_values = st.none() | numbers | texts | st.booleans() | st.binary(max_size=3) | st.dates() | st.datetimes()


@given(
    st.lists(old_values, max_size=4)
    | st.lists(st.none() | st.from_regex(r"-?[0-9]{1,13}[.][0-9]{2}|[0-9]{1,19}", fullmatch=True), max_size=6)
    | st.lists(st.none() | numbers, max_size=6)
    | st.lists(st.none() | texts, max_size=6),
    st.sampled_from([values.whole, values.words, values.amount, values.day]),
)
def test_a_column_read_at_once_is_what_its_cells_are(cells: list[object], convert: values.Convert) -> None:
    try:
        at_once: object = list(values.all_of(convert, cells))
    except (values.Unreadable, values.Rounded) as error:
        at_once = type(error)
    assert at_once == one_by_one(convert, cells)


def test_a_key_that_stands_twice_is_noted_and_the_first_row_kept(office: Office, tmp_path: Path) -> None:
    folder = tmp_path / "dump"
    old_books.in_sqlite(tmp_path / "old.db", old_books.schema() + MIXED)
    old_books.in_csv(folder, tmp_path / "old.db")
    users = (folder / "users.csv").read_text().replace("2,2,customer,Theirs", "1,1,customer,Twice")
    (folder / "users.csv").write_text(f"{users},1,customer,Nobody,\\N,\\N,0,0,\\N\n")
    assert read(office, str(folder)).counts["problems"] == {"repeated_id": 1, "unreadable": 1}
    with office.store.read() as conn:
        assert conn.execute(text("SELECT name FROM legacy_users")).scalars().all() == ["Ours"]


def test_a_part_of_a_cent_in_a_history_is_rounded_and_noted() -> None:
    state = state_of(total_minor=9_000, single=None, history='[{"amount": 12.345}]', stored_phase="amount")
    assert (state.paid_minor, [one.is_rounded for one in state.payments]) == (1_235, [True])
