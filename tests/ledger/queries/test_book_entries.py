"""The day book says, entry by entry, exactly what the books hold."""

from pathlib import Path

from meterpos.headoffice.importing.load import import_directory
from meterpos.ledger.queries.books import book_balances, book_entries
from meterpos.ledger.rules.postings import trial_balance
from tests.support.headoffice import TOWN, make_office
from tests.support.tills import Counter

DAYS_APART = 40
"""Of the town's many days some are looked at."""


def agree(store: object) -> int:
    """Compare every book; return how many entries there are."""
    with store.read() as connection:  # type: ignore[attr-defined]
        entries = list(book_entries(connection))
        held = book_balances(connection)
        for day in sorted({entry.on for entry in entries})[::DAYS_APART]:
            until = trial_balance(posting for entry in entries if entry.on <= day for posting in entry.postings)
            asked = book_balances(connection, until=day)
            assert {b: minor for b, minor in until.items() if minor} == {b: m for b, m in asked.items() if m}, day
    assert all(sum(posting.amount_minor for posting in entry.postings) == 0 for entry in entries)
    assert [entry.on for entry in entries] == sorted(entry.on for entry in entries)
    sums = trial_balance(posting for entry in entries for posting in entry.postings)
    assert {book: minor for book, minor in sums.items() if minor} == {b: minor for b, minor in held.items() if minor}
    return len(entries)


def test_a_day_at_the_counter_adds_up(tmp_path: Path) -> None:
    from tests.faults.counter import begin, day

    counter = Counter.at(tmp_path / "till")
    begin(counter)
    for _ in day(counter):
        agree(counter.till.store)
    assert agree(counter.till.store) > 25
    counter.till.close()


def test_an_imported_town_adds_up_with_reversed_and_pending_payments(tmp_path: Path, database_url: str) -> None:
    office = make_office(tmp_path / "office", database_url)
    import_directory(office.store, TOWN / "import")
    assert agree(office.store) > 500
    office.close()
