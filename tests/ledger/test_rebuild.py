"""A ledger worked out anew is the one that was kept, and each table that was tampered with is named."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from meterpos.ledger.operations.feed import sum_digests_anew
from meterpos.ledger.rebuild import WORKED_OUT, find_rebuilt_differences, rebuild
from meterpos.ledger.store import Store
from meterpos.ledger.upgrade import upgrade
from tests.ledger.test_checks import RolledBack, fact, without_triggers
from tests.support.tills import Counter, post_facts


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The ledger of a till with every kind of entry that changes tables, and facts of other tills and head office."""
    counter = Counter.at(tmp_path_factory.mktemp("kept"))
    counter.open_shift()
    counter.pay(amount_minor=50_000)
    counter.reverse(counter.pay(amount_minor=20_000).content.body["number"])
    counter.correct(counter.pay(amount_minor=10_000).content.body["number"])
    number = counter.pay("A3", 30_000, method="cheque", reference="000123").content.body["number"]
    with counter.till.store.write() as connection:
        from meterpos.ledger.operations.papers import record_reprint

        record_reprint(connection, number=number, moment=counter.till.moment(), clerk="achieng")
    counter.till.close_shift(counted_minor=500_000, clerk="achieng")
    counter.open_shift()
    elsewhere = fact("p:1", "payment", -700, method="mpesa", entry_id=b"e" * 32, decision="account", position=7)
    post_facts(counter, [elsewhere, fact("x:1", "adjustment", 900, decision="account", position=8)])
    with counter.till.store.write() as connection:
        sum_digests_anew(connection)
    yield counter.till.store
    counter.till.close()


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """An empty ledger; what is put into it is rolled back."""
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('scratch') / 'ledger.db'}")
    upgrade(store)
    yield store
    store.close()


def found(kept: Store, scratch: Store, *tampering: str) -> set[str]:
    """Return which tables differ after sentences of SQL were done to the kept ledger."""
    names: set[str] = set()
    try:
        with kept.write() as connection, scratch.write() as made:
            with without_triggers(connection):
                for sentence in tampering:
                    assert connection.exec_driver_sql(sentence).rowcount, sentence
            rebuild(connection, made)
            problems = list(find_rebuilt_differences(connection, made))
            names = {problem.check for problem in problems}
            assert all(problem.sentence.startswith(problem.check.removeprefix("rebuilt_")) for problem in problems)
            raise RolledBack
    except RolledBack:
        return names


def test_a_ledger_that_was_worked_with_is_what_journal_and_feed_make(kept: Store, scratch: Store) -> None:
    assert found(kept, scratch) == set()


TAMPERINGS = {
    "tenders": "UPDATE tenders SET total_minor = total_minor + 1 WHERE counter = 1",
    "shifts": "UPDATE shifts SET float_minor = 1 WHERE shift = 1",
    "papers": "UPDATE papers SET copies = 0",
    "streams": "UPDATE streams SET label = 'ZZZ'",
    "movements": "UPDATE movements SET number = 'X' WHERE fact_id = 'x:1'",
    "accounts": "UPDATE accounts SET total_paid_minor = 1 WHERE account_no = 'A2'",
    "customers": "UPDATE customers SET overpayment_minor = 7 WHERE customer_no = 'AC-10077'",
    "zone_digests": "UPDATE zone_digests SET count = count + 1",
}


@pytest.mark.parametrize(("table", "sentence"), TAMPERINGS.items(), ids=TAMPERINGS)
def test_a_table_that_was_tampered_with_is_named(kept: Store, scratch: Store, table: str, sentence: str) -> None:
    assert found(kept, scratch, sentence) == {f"rebuilt_{table}"}


def test_every_table_that_is_worked_out_is_tampered_with_here() -> None:
    others = {"facts", "cash_movements"}
    assert {table.name for table, _ in WORKED_OUT} | {"zone_digests"} == TAMPERINGS.keys() | others


@pytest.mark.parametrize(
    "sentence",
    [
        "UPDATE facts SET reference = 'OTHER' WHERE reference = '000123'",
        "DELETE FROM facts WHERE reference = '000123'",
        "INSERT INTO facts (fact_id, kind, account_no, stands_on, number, fact_date, amount_minor, counts, entry_id) "
        "SELECT 'p:extra', kind, account_no, stands_on, number, fact_date, amount_minor, counts, entry_id FROM facts "
        "WHERE reference = '000123'",
        "INSERT INTO facts (fact_id, kind, account_no, stands_on, number, fact_date, amount_minor, counts) "
        "VALUES ('a:extra', 'adjustment', 'A1', 'A1', 'X', '2026-11-20', -5, 1)",
    ],
)
def test_a_fact_that_no_entry_states_is_named(kept: Store, scratch: Store, sentence: str) -> None:
    assert "rebuilt_facts" in found(kept, scratch, sentence)


def test_cash_that_no_entry_moved_is_named(kept: Store, scratch: Store) -> None:
    sentence = (
        "INSERT INTO cash_movements (entry_id, stream, seq, movement_id, kind, number, counter, shift, business_date,"
        " at, clerk, amount_minor, difference_minor, slip, reason, to_clerk) SELECT entry_id, stream, seq, 'm', 'drop',"
        " 'C1', 1, 1, '2026-11-20', '2026-11-20T06:41:07.123Z', 'achieng', 5, 0, '', '', '' FROM journal WHERE seq = 1"
    )
    assert found(kept, scratch, sentence) == {"rebuilt_cash_movements"}


def test_an_entry_whose_bytes_were_altered_leaves_its_tables_without_a_source(kept: Store, scratch: Store) -> None:
    sentence = "UPDATE journal SET data = CAST(replace(CAST(data AS TEXT), '50000', '50001') AS BLOB) WHERE seq = 3"
    assert {"rebuilt_tenders", "rebuilt_facts"} <= found(kept, scratch, sentence)


def test_a_paper_whose_row_is_missing_is_named(kept: Store, scratch: Store) -> None:
    assert "rebuilt_tenders" in found(kept, scratch, "DELETE FROM tenders WHERE counter = 1")


def test_looking_changes_nothing(kept: Store, scratch: Store, tmp_path: Path) -> None:
    with kept.read() as connection:
        before = connection.exec_driver_sql("SELECT count(*), sum(net_minor) FROM accounts").one()
    found(kept, scratch)
    with kept.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*), sum(net_minor) FROM accounts").one() == before
