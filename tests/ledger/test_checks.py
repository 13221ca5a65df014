"""Each check is seen to pass on a ledger that was worked with, and to fail, alone, on one that was tampered with."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select

from meterpos.ledger.balances import recalculate, recalculate_all
from meterpos.ledger.checks import CHECKS, Problem, run_checks
from meterpos.ledger.journal import make_entry, store_entry
from meterpos.ledger.posting import post
from meterpos.ledger.queries import books
from meterpos.ledger.queries.books import book_balances
from meterpos.ledger.rules.facts import Fact
from meterpos.ledger.rules.postings import Posting
from meterpos.ledger.store import Store
from meterpos.ledger.tables import accounts, journal
from tests.support.ledgers import empty_ledger, load
from tests.support.tills import STREAM, Counter, invoice, post_facts

TOWN = Path(__file__).parents[1] / "data" / "town" / "import"
DAY = date(2026, 11, 20)


def fact(fact_id: str, kind: Any, amount_minor: int, **more: Any) -> Fact:
    return Fact(
        fact_id=fact_id,
        kind=kind,
        account_no="A4",
        stands_on="A4",
        number=fact_id,
        fact_date=DAY,
        amount_minor=amount_minor,
        **more,
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The ledger of a till that took cash and a cheque, reversed one receipt and saw another reversed elsewhere."""
    counter = Counter.at(tmp_path_factory.mktemp("checked"))
    counter.open_shift()
    counter.pay(amount_minor=50_000)
    counter.reverse(counter.pay(amount_minor=20_000).content.body["number"])
    counter.reverse(counter.pay(amount_minor=10_000).content.body["number"], refund="none")
    counter.pay("A3", 30_000, method="cheque", reference="000123")
    elsewhere = [
        fact("p:1", "payment", -700, method="mpesa"),
        fact("r:1", "reversal", 700, of_fact_id="p:1", entry_id=b"e" * 32),
    ]
    pending = [
        fact("p:2", "payment", -900, method="cheque", counts=False),
        fact("c:2", "clearing", 0, of_fact_id="p:2"),
    ]
    post_facts(counter, [*elsewhere, *pending, invoice("INV-7", "A4", 100, on=DAY)])
    yield counter.till.store
    counter.till.close()


class RolledBack(Exception):
    """The tampering is over."""


@contextmanager
def tampered(store: Store) -> Iterator[Connection]:
    try:
        with store.write() as connection:
            yield connection
            raise RolledBack
    except RolledBack:
        pass


@contextmanager
def without_triggers(connection: Connection) -> Iterator[None]:
    made = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all()
    for name, _ in made:
        connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
    yield
    for _, sentence in made:
        connection.exec_driver_sql(sentence)


def frozen(sentence: str) -> Callable[[Connection], None]:
    """Return a tampering that steps around the triggers."""

    def tamper(connection: Connection) -> None:
        with without_triggers(connection):
            assert connection.exec_driver_sql(sentence).rowcount == 1

    return tamper


def plain(*sentences: str) -> Callable[[Connection], None]:
    """Return a tampering anyone with the file could do."""

    def tamper(connection: Connection) -> None:
        for sentence in sentences:
            assert connection.exec_driver_sql(sentence).rowcount

    return tamper


def posting(*new: Fact) -> Callable[[Connection], None]:
    """Return what facts nobody should have made do."""
    return lambda connection: recalculate(connection, post(connection, new).accounts) and None


def branch() -> Callable[[Connection], None]:
    """Return the tampering that puts a second entry 2 into the stream, after an entry 1 that nobody has."""

    def tamper(connection: Connection) -> None:
        data = connection.execute(select(journal.c.data).where(journal.c.seq == 2)).scalar_one()
        made = make_entry(stream=STREAM, seq=2, prev=b"?" * 32, data=data)
        store_entry(connection, made)

    return tamper


TAMPERINGS: list[tuple[str, str, Callable[[Connection], None]]] = [
    ("immutable_tables_refuse_change", "facts_update_refused is missing", plain("DROP TRIGGER facts_update_refused")),
    (
        "entries_hash_to_their_ids",
        "does not hash to its id",
        frozen(
            "UPDATE journal SET data = CAST(replace(CAST(data AS TEXT), '500000', '500001') AS BLOB) "
            "WHERE kind = 'shift_opened'"
        ),
    ),
    (
        "entries_hash_to_their_ids",
        "does not hash to its id",
        frozen(
            "UPDATE journal SET data = CAST(replace(CAST(data AS TEXT), '30000', '30001') AS BLOB) "
            "WHERE kind = 'tender' AND CAST(data AS TEXT) LIKE '%000123%'"
        ),
    ),
    (
        "streams_are_chains_without_gaps",
        "from entry 1 to 3",
        frozen("DELETE FROM journal WHERE kind = 'shift_opened'"),
    ),
    (
        "streams_are_chains_without_gaps",
        "from entry 0 to 2",
        frozen("DELETE FROM journal WHERE seq = 1"),
    ),
    (
        "entries_stand_in_the_facts",
        "is not what the entry states",
        frozen("UPDATE facts SET reference = '000124' WHERE reference = '000123'"),
    ),
    (
        "entries_stand_in_the_facts",
        "is missing",
        frozen("DELETE FROM facts WHERE reference = '000123'"),
    ),
    (
        "streams_are_chains_without_gaps",
        "Entry 2 of stream [0-9a-f]{32} does not follow",
        branch(),
    ),
    (
        "entries_are_filed_under_their_kind",
        "says that it is a shift_opened and is filed as shift_openee",
        frozen("UPDATE journal SET kind = 'shift_openee' WHERE kind = 'shift_opened'"),
    ),
    (
        "dates_can_be_read",
        "A4 in accounts .* in opened_on",
        plain("UPDATE accounts SET opened_on = '2026-02-31' WHERE account_no = 'A4'"),
    ),
    (
        "dates_can_be_read",
        "in journal .* in received_at",
        frozen("UPDATE journal SET received_at = '2026-11-20' WHERE seq = 1"),
    ),
    (
        "accounts_belong_to_somebody_known",
        "Account A4 is of kind meter, of customer AC-10077, meter MTR-999",
        plain("UPDATE accounts SET meter_no = 'MTR-999' WHERE account_no = 'A4'"),
    ),
    (
        "accounts_belong_to_somebody_known",
        "PL-9 is of kind plao, of customer AC-10077, meter none and till none",
        plain("INSERT INTO accounts (account_no, kind, customer_no, zone) VALUES ('PL-9', 'plao', 'AC-10077', 'z')"),
    ),
    (
        "facts_have_their_whole_place_or_none",
        "generation None, place None and decision acc0unt",
        frozen("UPDATE facts SET decision = 'acc0unt' WHERE fact_id = 'c:2'"),
    ),
    (
        "digests_are_those_of_the_placed_facts",
        "have a place",
        frozen("UPDATE facts SET generation = 1, position = 7, decision = 'account' WHERE fact_id = 'c:2'"),
    ),
    ("papers_are_numbered_without_gaps", "from 1 to 60", frozen("UPDATE tenders SET counter = 60 WHERE counter = 6")),
    ("facts_speak_of_payments", "no payment known", posting(fact("k:9", "confirmation", 0, of_fact_id="p:9"))),
    ("facts_speak_of_payments", "no payment known", posting(fact("r:9", "reversal", 5, of_fact_id="p:9"))),
    (
        "undoings_are_twins_of_their_payments",
        "r:3 is of 4.00, its payment p:3 of 5.00",
        posting(fact("p:3", "payment", -500, method="bank"), fact("r:3", "reversal", 400, of_fact_id="p:3")),
    ),
    (
        "undoings_are_twins_of_their_payments",
        r"reversed 2 times \(r:1, r:1b\)",
        posting(fact("r:1b", "reversal", 700, of_fact_id="p:1")),
    ),
    (
        "meters_have_one_active_account",
        "MTR-001 has 2 active accounts",
        lambda connection: (
            connection.execute(
                insert(accounts),
                {"account_no": "A9", "kind": "meter", "customer_no": "AC-10077", "meter_no": "MTR-001", "zone": "z"},
            )
            and None
        ),
    ),
    (
        "movements_are_those_of_the_facts",
        r"p:1 \(payment of 2026-11-19, -7.00\) on A4 is there; its fact says p:1 \(payment of 2026-11-20",
        plain("UPDATE movements SET fact_date = '2026-11-19' WHERE fact_id = 'p:1'"),
    ),
    (
        "movements_are_those_of_the_facts",
        "r:1 .* is missing",
        plain("DELETE FROM movements WHERE fact_id IN ('p:1', 'r:1')"),
    ),
    (
        "movements_are_those_of_the_facts",
        "zzz .* but no fact",
        plain(
            "INSERT INTO movements VALUES ('A4', 'zzz', 'adjustment', '2026-11-20', NULL, 5, 'zzz', NULL, NULL)",
            "INSERT INTO movements VALUES ('A4', 'a:0', 'adjustment', '2026-11-20', NULL, -5, '0', NULL, NULL)",
        ),
    ),
    (
        "accounts_keep_the_sums_of_their_movements",
        "A1 keeps a net of 1,799.00, .* 1,800.00: -1.00 difference",
        plain("UPDATE accounts SET net_minor = net_minor - 100 WHERE account_no = 'A1'"),
    ),
    (
        "accounts_keep_the_sums_of_their_movements",
        "another of its sums",
        plain("UPDATE accounts SET total_billed_minor = 1 WHERE account_no = 'A1'"),
    ),
    (
        "customers_keep_the_sums_of_their_accounts",
        "AC-10077 keeps balance 1,191.99",
        plain("UPDATE customers SET balance_minor = balance_minor - 1 WHERE customer_no = 'AC-10077'"),
    ),
]


def found(connection: Connection) -> list[Problem]:
    return list(run_checks(connection))


def test_a_ledger_that_was_worked_with_has_nothing_wrong(store: Store) -> None:
    with store.read() as connection:
        assert found(connection) == []
        assert all(check.__doc__ for check in CHECKS)


@pytest.mark.parametrize(
    ("check", "says", "tamper"), TAMPERINGS, ids=[f"{name}-{says}" for name, says, _ in TAMPERINGS]
)
def test_a_tampered_ledger_fails_that_check_and_no_other(
    store: Store, check: str, says: str, tamper: Callable[[Connection], None]
) -> None:
    with tampered(store) as connection:
        tamper(connection)
        problems = found(connection)
        assert {problem.check for problem in problems} == {check}
        assert re.search(says, "\n".join(problem.sentence for problem in problems))


def test_an_entry_whose_place_is_damaged_is_told_not_stumbled_over(store: Store) -> None:
    with tampered(store) as connection:
        frozen("UPDATE journal SET prev = x'00' WHERE kind = 'shift_opened'")(connection)
        names = {problem.check for problem in found(connection)}
    assert names == {"entries_hash_to_their_ids", "streams_are_chains_without_gaps"}


@pytest.mark.parametrize(
    "sentence",
    [
        "UPDATE facts SET method = 'casi' WHERE fact_id = 'p:1'",
        "UPDATE movements SET due_date = 0 WHERE fact_id = 'p:1'",
        "UPDATE facts SET fact_date = '2026-02-31' WHERE fact_id = 'p:1'",
    ],
)
def test_a_value_that_a_check_stumbles_over_is_its_finding_and_the_others_go_on(store: Store, sentence: str) -> None:
    with tampered(store) as connection:
        frozen(sentence)(connection)
        problems = found(connection)
    assert any(problem.sentence.startswith("A row could not be read") for problem in problems)
    assert all(problem.check in {check.__name__ for check in CHECKS} for problem in problems)


def test_every_check_has_its_negative_control() -> None:
    assert {check.__name__ for check in CHECKS} - {name for name, _, _ in TAMPERINGS} == {
        "books_balance",  # below
        "indexes_say_what_their_tables_say",  # tests/faults/test_harnesses.py: no statement makes them differ
    }


@pytest.mark.parametrize(
    ("lost", "says"), [("drawer", "trial balance is -?[0-9,.]+, not zero"), ("receivable", "receivable holds")]
)
def test_a_posting_rule_that_loses_a_side_is_seen(
    store: Store, monkeypatch: pytest.MonkeyPatch, lost: str, says: str
) -> None:
    def lossy(*args: Any, **options: Any) -> tuple[Posting, ...]:
        return tuple(one for one in real(*args, **options) if one.book != lost)

    real = books.postings_of
    monkeypatch.setattr(books, "postings_of", lossy)
    with store.read() as connection:
        problems = found(connection)
    assert {problem.check for problem in problems} == {"books_balance"}
    assert re.search(says, "\n".join(problem.sentence for problem in problems))


def test_the_books_say_where_the_money_lies(store: Store) -> None:
    with store.read() as connection:
        held = {book: minor for book, minor in book_balances(connection).items() if minor}
    assert held == {
        "receivable": 230_000 + 250_000 + 260_000 + 120_000 + 100 - 50_000 - 900,
        "revenue": -860_100,
        "drawer": 560_000,
        "float": -500_000,
        "refunds_due": -10_000,
        "cheques_in_hand": 30_000,
        "cheques_uncleared": -30_000,
        "bank": 900,
    }


def test_the_town_has_nothing_wrong_on_either_database(database_url: str) -> None:
    with empty_ledger(database_url) as store:
        with store.write() as connection:
            load(connection, TOWN)
            recalculate_all(connection)
        with store.read() as connection:
            assert found(connection) == []
            assert sum(book_balances(connection).values()) == 0
