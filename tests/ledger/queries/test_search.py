"""Search as you type finds who is meant: with the index, encrypted and plain, and without one on PostgreSQL."""

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from meterpos.ledger import search_index
from meterpos.ledger.balances import recalculate
from meterpos.ledger.posting import post
from meterpos.ledger.queries.search import CustomerHit, find_customers
from meterpos.ledger.rules.facts import Fact, invoice_id
from meterpos.ledger.store import Store
from meterpos.ledger.tables import accounts, customers, meters
from meterpos.ledger.upgrade import upgrade

TODAY = date(2026, 11, 20)
PEOPLE = (
    ("AC-10482", "Grace Akinyi Otieno", "0712345678", "active", ("MTR-001", "MTR-045", "MTR-078")),
    ("AC-10077", "James Otieno", "0722118904", "active", ("MTR-112",)),
    ("AC-11930", "Otieno & Sons Hardware", "0733870112", "active", ("MTR-203", "MTR-204")),
    ("AC-12204", "Mary Atieno Otieno", "+254 790 441 230", "active", ("MTR-131",)),
    ("AC-12877", "Peter Otieno", "0701556019", "active", ("37140000045",)),
    ("AC-10001", "Ali Otienoh Ng'ang'a", "", "active", ()),
    ("AC-10002", "Alice Wanjiku", "0110222333", "active", ("KSM/0099",)),
    ("AC-10003", "Aaron Otieno", "0712000111", "closed", ("MTR-900",)),
)
CLOSED_METERS = {"MTR-900"}


@pytest.fixture(params=["encrypted", "plain", "without index", "postgresql"], scope="module")
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    if request.param == "postgresql":
        store = Store(request.getfixturevalue("postgres_module_url"))
    else:
        path: Path = tmp_path_factory.mktemp("ledger") / "ledger.db"
        store = Store(f"sqlite:///{path}", key=os.urandom(32) if request.param == "encrypted" else None)
    upgrade(store)
    _fill(store, with_index=request.param != "without index")
    yield store
    store.close()


def _fill(store: Store, *, with_index: bool = True) -> None:
    people = [
        {"customer_no": no, "name": name, "phone": phone, "status": status, "zone": "Kondele"}
        for no, name, phone, status, _ in PEOPLE
    ]
    held = [(no, meter) for no, _, _, _, its in PEOPLE for meter in its]
    with store.write() as connection:
        connection.execute(insert(customers), people)
        connection.execute(
            insert(meters), [{"meter_no": meter, "utility": "water", "status": "active"} for _, meter in held]
        )
        connection.execute(
            insert(accounts),
            [
                {
                    "account_no": f"A{place:05d}",
                    "kind": "meter",
                    "customer_no": no,
                    "meter_no": meter,
                    "zone": "Kondele",
                    "closed_on": TODAY if meter in CLOSED_METERS else None,
                }
                for place, (no, meter) in enumerate(held, start=700)
            ],
        )
        facts = [_invoice("INV-1", "A00700", 230_000, due=date(2026, 11, 24)), _old("INV-2", "A00702", 510_000)]
        recalculate(connection, post(connection, facts).accounts)
        if with_index:
            search_index.rebuild(connection)


def _invoice(number: str, account_no: str, amount_minor: int, *, due: date) -> Fact:
    return Fact(
        fact_id=invoice_id(number),
        kind="invoice",
        account_no=account_no,
        stands_on=account_no,
        number=number,
        fact_date=date(2026, 11, 1),
        due_date=due,
        amount_minor=amount_minor,
    )


def _old(number: str, account_no: str, amount_minor: int) -> Fact:
    return _invoice(number, account_no, amount_minor, due=date(2026, 11, 8))


def _find(store: Store, text: str, *, limit: int = 20) -> list[CustomerHit]:
    with store.read() as connection:
        return list(find_customers(connection, text, today=TODAY, limit=limit))


def _numbers(store: Store, text: str) -> list[str]:
    return [hit.customer_no for hit in _find(store, text)]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("AC-10482", "AC-10482"),
        ("ac 10482", "AC-10482"),
        ("10482", "AC-10482"),
        ("MTR-045", "AC-10482"),
        ("mtr 45", "AC-10482"),
        ("mtr0045", "AC-10482"),
        ("045", "AC-10482"),
        ("45", "AC-10482"),
        ("0712345678", "AC-10482"),
        ("+254 712 345 678", "AC-10482"),
        ("712345678", "AC-10482"),
        ("0712 34", "AC-10482"),
        ("0790", "AC-12204"),
        ("37140000045", "AC-12877"),
        ("ksm 99", "AC-10002"),
        ("mtr-900", "AC-10003"),
        ("A00703", "AC-10077"),
        ("INV-2", "AC-10482"),
    ],
)
def test_a_number_finds_its_customer_however_it_is_written(store: Store, text: str, first: str) -> None:
    assert _numbers(store, text)[0] == first


def test_names_that_begin_with_the_text_come_before_names_that_hold_it(store: Store) -> None:
    assert _numbers(store, "otieno") == [
        "AC-11930",  # Otieno & Sons Hardware
        "AC-10482",  # Grace Akinyi Otieno
        "AC-10077",  # James Otieno
        "AC-12204",  # Mary Atieno Otieno
        "AC-12877",  # Peter Otieno
        "AC-10001",  # Ali Otienoh Ng'ang'a: the word only begins so
        "AC-10003",  # Aaron Otieno left
    ]


def test_whole_words_come_before_longer_ones(store: Store) -> None:
    assert _numbers(store, "ali") == ["AC-10001", "AC-10002"]


@pytest.mark.parametrize("text", ["grace ot", "otieno grace", "GRACE AKINYI OTIENO", "akinyi", "  ak   gr "])
def test_words_find_a_name_in_any_order(store: Store, text: str) -> None:
    assert _numbers(store, text)[0] == "AC-10482"


@pytest.mark.parametrize(
    ("text", "found"), [("kinyi", "AC-10482"), ("ardware", "AC-11930"), ("5678", "AC-10482"), ("18904", "AC-10077")]
)
def test_a_piece_in_the_middle_finds_too(store: Store, text: str, found: str) -> None:
    assert found in _numbers(store, text)


@pytest.mark.parametrize("text", ["", "   ", "-", "&", "zzz", "qqq www", "'", '"', "*", "grace zzz", "99999999"])
def test_what_matches_nobody_finds_nobody(store: Store, text: str) -> None:
    assert _numbers(store, text) == []


@pytest.mark.parametrize("text", ["ng'an", "nganga", "NG'ANG'A"])
def test_an_apostrophe_is_no_obstacle(store: Store, text: str) -> None:
    assert _numbers(store, text) == ["AC-10001"]


def test_a_name_and_a_phone_together_find_one_of_many_namesakes(store: Store) -> None:
    with store.read() as connection:
        if not search_index.is_present(connection):  # a text is a name or a number
            assert find_customers(connection, "otieno 0722", today=TODAY) == ()
            return
    assert _numbers(store, "otieno 0722") == ["AC-10077"]
    assert _numbers(store, "otieno mtr131") == ["AC-12204"]


def test_a_hit_says_what_the_list_shows(store: Store) -> None:
    hit = _find(store, "grace ot")[0]
    assert (hit.name, hit.phone, hit.zone) == ("Grace Akinyi Otieno", "0712345678", "Kondele")
    assert (hit.meters, hit.balance_minor, hit.overpayment_minor) == (3, 740_000, 0)
    assert hit.overdue
    assert [hit.name[start:end] for start, end in hit.matched] == ["Grace", "Ot"]
    assert hit.matched_meter is None
    assert not _find(store, "james")[0].overdue


def test_a_meter_number_names_the_meter_to_choose(store: Store) -> None:
    assert _find(store, "mtr 78")[0].matched_meter == "MTR-078"


def test_no_more_are_returned_than_asked_for(store: Store) -> None:
    assert len(_find(store, "otieno", limit=3)) == 3


def test_a_changed_name_is_found_by_its_new_words_only(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'ledger.db'}", key=bytes(32))
    upgrade(store)
    _fill(store)
    with store.write() as connection:
        connection.execute(update(customers).where(customers.c.customer_no == "AC-10077").values(name="James Oduor"))
        assert search_index.refresh(connection, customer_nos=["AC-10077", "AC-10482", "AC-none"]) == 1
    assert _numbers(store, "oduor") == ["AC-10077"]
    assert "AC-10077" not in _numbers(store, "otieno")
