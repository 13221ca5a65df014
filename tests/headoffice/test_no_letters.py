"""NUL and half a surrogate pair: refused at the doors before money, kept and read with a mark behind it."""

from pathlib import Path

import pytest
import requests
from sqlalchemy import select

from meterpos.headoffice import checks
from meterpos.headoffice.matching.statements import UnusableStatement, parse_statement
from meterpos.ledger.operations.tenders import LegRequest, PartRequest, TenderRequest
from meterpos.ledger.queries.accounts import resolve
from meterpos.ledger.tables import facts, journal, tenders
from meterpos.ledger.texts import MARK, UnusableText
from meterpos.till import new_tender_id
from tests.headoffice.forged import Forged
from tests.headoffice.test_exchange import counter, town
from tests.headoffice.test_intake import outcomes
from tests.support.headoffice import Server, office, server, sync

__all__ = ["office", "server", "town"]

PAID = "A0000001"


def test_what_tills_made_with_it_is_posted_and_never_blocks_their_stream(town: Server, tmp_path: Path) -> None:
    till = Forged.enrol(town)
    before = town.net(PAID)
    paid = till.pay(PAID, 10_00, method="mpesa", reference="SK\0J3")
    broken = paid.data.replace(b"Somebody", rb"Some\u0000body").replace(b"achieng", rb"ach\u0000ieng")
    till.entries.pop()
    till.append(broken)
    till.pay("A\x001", 5_00)
    till.write("ten\0der", {"number": "X\0"})
    till.write("put_right_request", {"number": "KSM\x0002", "what": "reverse", "to_meter": None, "reason": "\0"})
    till.append(broken.replace(rb"\u0000", rb"\ud800"))
    till.pay(PAID, 20_00)
    said = outcomes(till.push())
    assert said[1:] == ["stored", "unknown_account", "unknown_kind", "stored", "unreadable", "stored"]
    assert town.net(PAID) == before - 30_00
    assert town.codes() == ["put_right_request", "unknown_account", "unknown_kind", "unreadable"]
    with town.office.store.read() as conn:
        kept = conn.execute(select(journal.c.data).where(journal.c.seq == 2)).scalar_one()
        named = conn.execute(select(tenders.c.customer_name, tenders.c.clerk).where(tenders.c.seq == 2)).one()
        reference = conn.execute(
            select(facts.c.reference).where(facts.c.fact_id == f"{till.entries[1].short_id}.0")
        ).scalar_one()
        assert list(checks.run_checks(conn)) == []
    assert kept == broken, "what the till made stays as it was"
    assert tuple(named) == (f"Some{MARK}body", f"ach{MARK}ieng") and reference == f"SK{MARK}J3"
    assert checks.rebuilt_differences(town.office.store, folder=tmp_path) == ()


@pytest.mark.parametrize("wrong", ["\0", "\ud83d"])
def test_a_till_refuses_it_before_money_changes_hands(town: Server, tmp_path: Path, wrong: str) -> None:
    till = counter(town, tmp_path / "till")
    with till.store.read() as conn:
        whose = resolve(conn, PAID).customer_no
    part = PartRequest(account_no=PAID, amount_minor=10_00, invoice_no=f"INV{wrong}1")
    leg = LegRequest(method="bank", amount_minor=10_00, reference=f"U{wrong}1")
    request = TenderRequest(tender_id=new_tender_id(), customer_no=whose, parts=(part,), legs=(leg,))
    before = town.net(PAID)
    with pytest.raises(UnusableText, match="no letter"):
        till.take(request=request, clerk="achieng")
    with pytest.raises(UnusableText, match="no letter"):
        till.open_drawer(reason=f"change{wrong}", clerk="achieng")
    assert sync(till).is_complete and town.net(PAID) == before and town.codes() == []
    till.close()


def test_an_address_and_a_message_that_hold_it_are_refused_in_a_sentence(town: Server) -> None:
    for address in ("/v1/office/exceptions?code=%00", "/v1/office/lists/a%00b", "/health?x=%ff"):
        answer = requests.get(f"{town.url}{address}", timeout=20)
        assert (answer.status_code, answer.json()["code"]) == (400, "unreadable"), address
    till = Forged.enrol(town)
    till.pay(PAID, 10_00)
    push = till.batch(software="till\0 1")
    assert requests.post(f"{town.url}/v1/push", data=push, timeout=20).status_code == 400


def test_a_statement_with_it_is_refused() -> None:
    with pytest.raises(UnusableStatement, match="no letters"):
        parse_statement(b"Date,Credit,Reference\n2026-11-20,10.00,A\0B\n", name="bank.csv")
