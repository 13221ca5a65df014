"""A real till in front of a real head office: what one knows, the other learns."""

from pathlib import Path

from meterpos.ledger.operations.tenders import LegRequest, PartRequest, TenderRequest
from meterpos.till import Till, new_tender_id
from tests.support.headoffice import Server, sync


def pay(till: Till, account_no: str, amount_minor: int, *, method: str = "cash", reference: str | None = None) -> str:
    """Take one payment and return its receipt number."""
    with till.store.read() as conn:
        customer_no = conn.exec_driver_sql(
            "SELECT customer_no FROM accounts WHERE account_no = ?", (account_no,)
        ).scalar_one()
    entry = till.take(
        request=TenderRequest(
            tender_id=new_tender_id(),
            customer_no=customer_no,
            parts=(PartRequest(account_no=account_no, amount_minor=amount_minor),),
            legs=(LegRequest(method=method, amount_minor=amount_minor, reference=reference),),
        ),
        clerk="achieng",
    )
    return str(entry.content.body["number"])


def test_a_payment_at_a_till_reaches_head_office_and_comes_back(server: Server, tmp_path: Path) -> None:
    server.import_town()
    till = server.enrol_till(tmp_path / "till", zones=["Mamboleo"])
    before = server.net("A0000001")
    till.open_shift(float_minor=0, clerk="achieng")
    pay(till, "A0000001", 1_000)
    result = sync(till)
    assert result.is_complete, result
    assert (result.waiting, result.agreed) == (0, True)
    assert server.net("A0000001") == before - 1_000
    assert server.codes() == []
