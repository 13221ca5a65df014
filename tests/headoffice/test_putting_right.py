"""Another till's receipt: refused where it was not made, asked of head office, put right there, heard of everywhere."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from meterpos.headoffice import checks, exceptions, putting_right
from meterpos.headoffice.books import AlreadySaid, NothingToMove, UnknownPayment
from meterpos.ledger.journal import Approval, Entry
from meterpos.ledger.operations.reversals import NotOfThisTill, NotReversible
from meterpos.ledger.operations.tenders import LegRequest, PartRequest, TenderRequest
from meterpos.ledger.queries.accounts import UnknownMeterOrAccount, resolve
from meterpos.ledger.queries.receipts import find_receipt
from meterpos.till import Till, new_tender_id
from tests.support.headoffice import Server, sync

APPROVED = Approval(by="otieno", how="pin", nonce="00")
PAID, RIGHT = "A0000002", "A0000003"


@pytest.fixture
def tills(server: Server, tmp_path: Path) -> Iterator[tuple[Till, Till]]:
    """Two tills of one zone; the second knows what the first took."""
    server.import_town()
    made = tuple(
        server.enrol_till(tmp_path / name, name, ("Kondele", "Mamboleo", "Migosi", "Nyalenda"))
        for name in ("KSM01", "KSM02")
    )
    for till in made:
        till.open_shift(float_minor=0, clerk="achieng")
    yield made  # type: ignore[misc]
    for till in made:
        till.close()


def take(till: Till, account_no: str = PAID, method: str = "cash") -> str:
    with till.store.read() as conn:
        whose = resolve(conn, account_no).customer_no
    entry = till.take(
        request=TenderRequest(
            tender_id=new_tender_id(),
            customer_no=whose,
            parts=(PartRequest(account_no=account_no, amount_minor=10_00),),
            legs=(LegRequest(method=method, amount_minor=10_00, reference=None if method == "cash" else "104482"),),
        ),
        clerk="achieng",
    )
    return str(entry.content.body["number"])


def everybody(*tills: Till) -> None:
    for till in (*tills, *tills):
        assert sync(till).is_complete


def ask(till: Till, number: str, to_meter: str | None = None, **seal: str) -> Entry:
    return till.request_putting_right(
        number=number,
        what="reverse" if to_meter is None else "correct",
        reason="paid twice",
        to_meter=to_meter,
        clerk="achieng",
        **seal,
    )


def reverse(server: Server, number: str) -> str:
    with server.office.write() as (conn, outgoing):
        moment = server.office.moment()
        return putting_right.reverse_receipt(
            conn, outgoing, number=number, reason="paid twice", on=moment.today, at=moment.at
        )[0]


def move(server: Server, number: str, to: str = RIGHT) -> str:
    with server.office.write() as (conn, outgoing):
        moment = server.office.moment()
        return putting_right.move_receipt(
            conn, outgoing, number=number, to_account=to, reason="wrong meter", on=moment.today, at=moment.at
        )[0]


def resolve_all(server: Server) -> None:
    with server.office.write() as (conn, _):
        for item in exceptions.listed(conn):
            exceptions.resolve(conn, item.exception_id, by="w", resolution="no", at=server.office.moment().at)


def nets(server: Server, *tills: Till) -> set[tuple[int, int]]:
    found = {(server.net(PAID), server.net(RIGHT))}
    for till in tills:
        with till.store.read() as conn:
            found.add((resolve(conn, PAID).net_minor, resolve(conn, RIGHT).net_minor))
    return found


def test_another_tills_receipt_is_refused_and_taken_back_by_head_office(
    server: Server, tills: tuple[Till, Till]
) -> None:
    first, second = tills
    before = server.net(PAID)
    number = take(first)
    everybody(first, second)
    with pytest.raises(NotOfThisTill, match="Ask head office"):
        second.reverse(
            number=number, reason="x", refund="none", tender_id=new_tender_id(), clerk="achieng", approval=APPROVED
        )
    for _ in range(2):
        ask(second, number)
        everybody(second)
        assert server.codes() == ["put_right_request"], "opened again after it was resolved"
        resolve_all(server)
    ask(second, number)
    everybody(second)
    undone = reverse(server, number)
    assert server.codes() == [] and server.net(PAID) == before
    everybody(first, second)
    assert len(nets(server, first, second)) == 1
    with first.store.read() as conn:
        assert find_receipt(conn, number).reversed_by == undone
    with pytest.raises(NotReversible, match=f"by head office: {undone}"):
        first.reverse(
            number=number, reason="x", refund="none", tender_id=new_tender_id(), clerk="achieng", approval=APPROVED
        )
    with pytest.raises(AlreadySaid, match="Nothing was changed"):
        reverse(server, number)
    with server.office.store.read() as conn:
        assert list(checks.run_checks(conn)) == []


def test_a_till_that_reversed_meanwhile_finds_its_reversal_without_effect(
    server: Server, tills: tuple[Till, Till]
) -> None:
    first, _ = tills
    before = server.net(PAID)
    number = take(first)
    everybody(first)
    first.reverse(
        number=number, reason="x", refund="none", tender_id=new_tender_id(), clerk="achieng", approval=APPROVED
    )
    reverse(server, number)
    everybody(first)
    assert server.codes() == ["double_reversal"] and server.net(PAID) == before


def test_a_receipt_on_the_wrong_meter_is_moved_by_head_office(server: Server, tills: tuple[Till, Till]) -> None:
    first, second = tills
    before = (server.net(PAID), server.net(RIGHT))
    number = take(first)
    everybody(first, second)
    with second.store.read() as conn:
        right = str(resolve(conn, RIGHT).meter_no)
    ask(second, number, right)
    everybody(second)
    with server.office.store.read() as conn:
        (item,) = exceptions.listed(conn)
    assert (item.subject, item.details["asked"]["to_meter"]) == (number, right)
    move(server, number)
    everybody(first, second)
    assert nets(server, first, second) == {(before[0], before[1] - 10_00)}
    assert server.codes() == []
    with pytest.raises(AlreadySaid):
        move(server, number)
    reverse(server, number)
    everybody(first, second)
    assert nets(server, first, second) == {before}, "taken back where it was moved to"
    with pytest.raises(AlreadySaid):
        reverse(server, number)


def test_what_cannot_be_asked_is_refused_before_anything_is_written(server: Server, tills: tuple[Till, Till]) -> None:
    first, second = tills
    number = take(first)
    with pytest.raises(NotReversible, match="made at this till"):
        ask(first, number)
    with pytest.raises(NotReversible, match="no receipt's number"):
        ask(second, "abc")
    with pytest.raises(NotReversible, match="is known here"):
        ask(second, number)
    with first.store.read() as conn:
        seal = first.seal(find_receipt(conn, number).entry)
    assert ask(second, number, seal=seal).content.body["number"] == number, "a genuine code is enough"
    with pytest.raises(NotReversible, match="not one of a genuine receipt"):
        ask(second, "KSM01-B7K-999999", seal=seal)
    everybody(first, second)
    with pytest.raises(NotReversible, match="Name the meter"):
        ask(second, number, "  ")
    with pytest.raises(UnknownMeterOrAccount):
        ask(second, number, "MTR-NONE")
    with pytest.raises(NotReversible, match="Give the reason"):
        second.request_putting_right(number=number, what="reverse", reason=" ", clerk="achieng")


def test_head_office_puts_nothing_right_that_has_not_come_or_waits(server: Server, tills: tuple[Till, Till]) -> None:
    first, _ = tills
    with pytest.raises(UnknownPayment):
        reverse(server, "KSM01-XXX-000001")
    cheque = take(first, method="cheque")
    number = take(first)
    everybody(first)
    with pytest.raises(AlreadySaid, match="cheque"):
        move(server, cheque)
    with pytest.raises(NothingToMove):
        move(server, number, PAID)
