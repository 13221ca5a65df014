"""What a ledger says of a paper's QR: its own papers, another till's, forged ones."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert

from meterpos.ledger import signing
from meterpos.ledger.journal import Entry
from meterpos.ledger.queries.seals import Verdict, verdict
from meterpos.ledger.rules.facts import Fact, till_fact_id
from meterpos.ledger.seal import NotASeal, seal_text
from meterpos.ledger.tables import devices, streams
from tests.support.tills import DEVICE_KEY, Counter, post_facts

OTHER_KEY = bytes(reversed(range(32)))


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    """The till KSM01, which knows its own device and a newer one of its name."""
    counter = Counter.at(tmp_path / "till")
    know(counter, "device-1", DEVICE_KEY)
    know(counter, "device-2", OTHER_KEY)
    counter.open_shift()
    yield counter
    counter.till.close()


def know(counter: Counter, device_id: str, private: bytes, *, till_name: str = "KSM01", revoked: bool = False) -> None:
    with counter.till.store.write() as connection:
        public_key = signing.public_of(private)
        row = {"device_id": device_id, "till_name": till_name, "public_key": public_key, "revoked": revoked}
        connection.execute(insert(devices), row)


def judge(counter: Counter, text: str) -> Verdict:
    with counter.till.store.read() as connection:
        return verdict(connection, text)


def elsewhere(tmp_path: Path, private: bytes) -> Entry:
    """A receipt of a till like this one, whose journal this one never saw."""
    other = Counter.at(tmp_path / "other")
    other.clock.turn(hours=1)
    other.open_shift()
    entry = other.pay()
    other.till.close()
    return entry


def test_an_own_paper_is_genuine_and_says_what_it_is(counter: Counter) -> None:
    paid = counter.pay()
    undone = counter.reverse(paid.content.body["number"])
    found = judge(counter, counter.till.seal(undone))
    assert (found.truth, found.is_reversal, found.reversed_by) == ("genuine", True, None)
    found = judge(counter, f" {counter.till.seal(paid)}\n")
    assert (found.truth, found.is_reversal) == ("reversed", False)
    assert found.reversed_by == undone.content.body["number"]


def test_a_paper_of_an_earlier_device_of_the_till_is_genuine(counter: Counter) -> None:
    text = seal_text(counter.pay(), device_private=OTHER_KEY)
    assert judge(counter, text).truth == "genuine"


def test_another_till_s_paper_is_genuine_until_its_reversal_comes_down_the_feed(
    tmp_path: Path, counter: Counter
) -> None:
    entry = elsewhere(tmp_path, DEVICE_KEY)
    text = seal_text(entry, device_private=DEVICE_KEY)
    found = judge(counter, text)
    assert (found.truth, found.is_reversal) == ("genuine", None)
    body = entry.content.body
    paid = Fact(
        fact_id=till_fact_id(entry.short_id, 0),
        kind="payment",
        account_no="A1",
        stands_on="A1",
        number=body["number"],
        fact_date=entry.content.business_date,
        amount_minor=-250_000,
        method="cash",
        generation=1,
        position=7,
        decision="account",
    )
    undone = Fact(
        fact_id="undone.0",
        kind="reversal",
        account_no="A1",
        stands_on="A1",
        number="KSM01-B7K-000777",
        fact_date=entry.content.business_date,
        amount_minor=250_000,
        of_fact_id=paid.fact_id,
        method="cash",
        generation=1,
        position=8,
        decision="account",
    )
    post_facts(counter, [paid])
    assert judge(counter, text).truth == "genuine"
    post_facts(counter, [undone])
    found = judge(counter, text)
    assert (found.truth, found.reversed_by) == ("reversed", "KSM01-B7K-000777")


def test_a_paper_no_device_of_its_till_signed_is_forged(counter: Counter) -> None:
    know(counter, "device-9", bytes(32), till_name="KSM09")
    text = seal_text(counter.pay(), device_private=bytes(32))
    assert judge(counter, text).truth == "forged", "a device of another till may not sign for this one"


def test_one_letter_changed_is_forged_or_no_seal(counter: Counter) -> None:
    text = counter.till.seal(counter.pay())
    for place in range(3, len(text), 7):
        changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        try:
            assert judge(counter, changed).truth in {"forged", "unknown_till"}
        except NotASeal:
            continue


def test_a_device_turned_away_is_told(counter: Counter) -> None:
    know(counter, "device-3", bytes([3]) * 32, revoked=True)
    found = judge(counter, seal_text(counter.pay(), device_private=bytes([3]) * 32))
    assert (found.truth, found.by_revoked_device) == ("genuine", True)
    assert not judge(counter, counter.till.seal(counter.pay())).by_revoked_device


def test_a_till_without_known_keys_is_not_judged(counter: Counter) -> None:
    entry = counter.pay()
    text = counter.till.seal(entry)
    with counter.till.store.write() as connection:
        connection.execute(devices.delete())
    assert judge(counter, text).truth == "genuine", "its own journal says which device it is"
    forged = seal_text(entry, device_private=bytes(32))
    assert judge(counter, forged).truth == "forged"
    with counter.till.store.write() as connection:
        connection.execute(streams.update().values(till_name="KSM99"))
    assert judge(counter, text).truth == "unknown_till"
