"""A payment whose every disk died is posted from its receipt's QR, and counts once should its original be found."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from meterpos.headoffice import receipt_claims
from meterpos.headoffice.books import post_facts
from meterpos.headoffice.checks import rebuilt_differences, run_checks
from meterpos.headoffice.receipt_claims import Claim, ClaimRefused
from meterpos.ledger.journal import Approval, paper_of, read_back
from meterpos.ledger.operations.claims import Scanned, UnusableReceipt
from meterpos.ledger.operations.tenders import UnknownMeter
from meterpos.ledger.projection import facts_of
from meterpos.ledger.tables import accounts, tenders
from meterpos.till import Till, open_till
from tests.headoffice.test_exchange import DAY, counter, pay, town
from tests.support.headoffice import Server, office, server, sync

__all__ = ["office", "server", "town"]


def qr(till: Till, number: str) -> str:
    with till.store.read() as connection:
        entry_id = connection.execute(select(tenders.c.entry_id).where(tenders.c.number == number)).scalar_one()
        return till.seal(paper_of(read_back(connection, entry_id), number))


def post(town: Server, text: str, method: str = "cash") -> Claim:
    with town.office.write() as (conn, outgoing):
        return receipt_claims.claim(
            conn, outgoing, text=text, method=method, day=DAY, at=town.office.now(), by="wanjiru"
        )


def sound(town: Server) -> bool:
    with town.office.store.read() as conn:
        return list(run_checks(conn)) == [] and not rebuilt_differences(
            town.office.store, folder=town.office.settings.home
        )


def suspense(town: Server) -> int:
    with town.office.store.read() as conn:
        net = select(accounts.c.net_minor).where(accounts.c.account_no == "SUSPENSE-KSM01")
        return int(conn.execute(net).scalar_one())


def test_a_claim_counts_until_the_original_is_found_and_then_the_original_does(town: Server, tmp_path: Path) -> None:
    till = counter(town, tmp_path / "till")
    sync(till)
    owed = town.net("A0000001")
    number = pay(till, "A0000001", 300_00, method="mpesa", reference="SKJ3XY71AB")
    text = qr(till, number)
    done = post(town, text, "mpesa")
    assert (done.number, done.amount_minor, done.account_no, done.was_new) == (number, 300_00, "A0000001", True)
    assert town.net("A0000001") == owed - 300_00 and town.codes() == ["claimed_receipt"]
    assert post(town, text).was_new is False and town.net("A0000001") == owed - 300_00
    result = sync(till)
    assert result.agreed and not result.waiting
    assert town.net("A0000001") == owed - 300_00 and town.codes() == [], "the original counts in its place"
    assert sound(town)
    with pytest.raises(ClaimRefused, match="here already"):
        post(town, qr(till, pay_and_sync(till)))
    till.close()


def pay_and_sync(till: Till) -> str:
    number = pay(till, "A0000001", 100_00)
    sync(till)
    return number


@pytest.mark.parametrize("comes_first", ["claim", "reversal"])
def test_a_receipt_whose_reversal_alone_was_found_counts_for_nothing(
    town: Server, tmp_path: Path, comes_first: str
) -> None:
    till = counter(town, tmp_path / "till")
    sync(till)
    owed, number = town.net("A0000001"), pay(till, "A0000001", 300_00)
    text = qr(till, number)
    manager = Approval(by="otieno", how="pin", nonce="00")
    entry = till.reverse(
        number=number, reason="wrong", refund="cash", tender_id="r1", clerk="achieng", approval=manager
    )
    if comes_first == "claim":
        post(town, text)
        assert town.net("A0000001") == owed - 300_00
    with town.office.write() as (conn, outgoing):
        post_facts(conn, outgoing, facts_of(entry, decision="account"))
        receipt_claims.take_in(conn, outgoing, [entry], till_name="KSM01", at=town.office.now())
    if comes_first == "reversal":
        with pytest.raises(ClaimRefused, match="was reversed by KSM01-"):
            post(town, text)
    assert town.net("A0000001") == owed and town.codes() == []
    till.close()


def test_a_receipt_of_no_meter_or_of_an_unknown_one_is_claimed_into_suspense(town: Server, tmp_path: Path) -> None:
    till = counter(town, tmp_path / "till")
    sync(till)
    before = suspense(town)
    number = pay(till, None, 200_00, unknown=UnknownMeter(meter_no="MTR-X", name="Somebody"))  # type: ignore[arg-type]
    assert post(town, qr(till, number)).account_no == "SUSPENSE-KSM01"
    assert suspense(town) == before - 200_00
    assert sync(till).agreed
    assert suspense(town) == before - 200_00 and sound(town)
    till.close()


def test_another_till_claims_what_a_destroyed_one_took(town: Server, tmp_path: Path) -> None:
    dead, till = counter(town, tmp_path / "dead"), counter(town, tmp_path / "till", "KSM02")
    sync(dead)
    sync(till)
    owed = town.net("A0000001")
    lost = [pay(dead, "A0000001", amount) for amount in (100_00, 200_00)]
    scanned = [Scanned(qr(dead, number), "cash", f"line {at}") for at, number in enumerate(lost)]
    with till.store.write() as connection:
        connection.exec_driver_sql("UPDATE users SET role = 'manager'")
    done = till.claim_receipts(receipts=[*scanned, scanned[0]], clerk="")
    assert (len(done.entries), done.known) == (2, 1)
    assert till.claim_receipts(receipts=scanned, clerk="").known == 2
    assert sync(till).agreed
    assert town.net("A0000001") == owed - 300_00 and town.codes() == ["claimed_receipt"] * 2 and sound(town)
    assert sync(dead).agreed, "somebody mended the disk after all"
    assert town.net("A0000001") == owed - 300_00 and town.codes() == [] and sound(town)
    assert sync(till).agreed
    dead.close()
    till.close()


def test_two_lost_receipts_of_one_number_are_both_claimed(town: Server, tmp_path: Path) -> None:
    till, other = counter(town, tmp_path / "till"), counter(town, tmp_path / "other", "KSM02")
    sync(till)
    sync(other)
    till.close()
    shutil.copytree(tmp_path / "till", tmp_path / "copy")
    twins = [open_till(tmp_path / name) for name in ("till", "copy")]
    owed = town.net("A0000001")
    numbers = [pay(twin, "A0000001", amount) for twin, amount in zip(twins, (100_00, 200_00), strict=True)]
    assert numbers[0] == numbers[1], "a till and its copy number papers alike"
    texts = [qr(twin, number) for twin, number in zip(twins, numbers, strict=True)]
    assert [post(town, text).was_new for text in (*texts, *texts)] == [True, True, False, False]
    assert town.net("A0000001") == owed - 300_00 and town.codes() == ["claimed_receipt"] * 2 and sound(town)
    with other.store.write() as connection:
        connection.exec_driver_sql("UPDATE users SET role = 'manager'")
    scanned = [Scanned(text, "cash", "here") for text in texts]
    assert len(other.claim_receipts(receipts=scanned, clerk="").entries) == 2
    assert other.claim_receipts(receipts=scanned, clerk="").known == 2
    assert sync(twins[0]).is_complete
    assert town.net("A0000001") == owed - 300_00 and town.codes() == ["claimed_receipt"] and sound(town)
    for one in (*twins, other):
        one.close()


def _forged(text: str) -> str:
    return text[:-20] + ("A" if text[-20] != "A" else "B") + text[-19:]


@pytest.mark.parametrize(
    ("spoil", "method", "said"),
    [
        (_forged, "cash", "not made by a till|not from a meterpos"),
        (lambda text: text[:50], "cash", "not from a meterpos"),
        (lambda text: text, "gold", "no method of paying"),
    ],
)
def test_what_is_no_missing_receipt_of_ours_posts_nothing(
    town: Server, tmp_path: Path, spoil: Callable[[str], str], method: str, said: str
) -> None:
    till = counter(town, tmp_path / "till")
    sync(till)
    text = spoil(qr(till, pay(till, "A0000001", 300_00)))
    with pytest.raises(Exception, match=said):
        post(town, text, method)
    if method == "cash":
        with pytest.raises(UnusableReceipt, match="line 3"):
            till.claim_receipts(receipts=[Scanned(text, method, "line 3")], clerk="")
    assert town.codes() == []
    till.close()


def test_a_claim_that_cannot_be_posted_is_an_item_and_blocks_nothing(town: Server, tmp_path: Path) -> None:
    till = counter(town, tmp_path / "till")
    with till.store.write() as connection:
        from meterpos.ledger.operations.entries import stand_at_counter, write_entry

        at_counter = stand_at_counter(connection, moment=till.moment(), clerk="achieng")
        write_entry(connection, at_counter, kind="receipt_claimed", body={"seal": "MP1NONSENSE", "method": "cash"})
    pay(till, "A0000001", 300_00)
    assert sync(till).agreed and town.codes() == ["claim_refused"]
    till.close()
