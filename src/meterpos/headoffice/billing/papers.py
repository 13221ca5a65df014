"""What an invoice says, from its fact, its bills and what was kept of it; its paper is composed from this alone."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from meterpos.errors import UserError
from meterpos.headoffice import invoice_papers
from meterpos.headoffice.billing.runs import BALANCE
from meterpos.headoffice.tables import bills
from meterpos.ledger.rules.facts import invoice_id
from meterpos.ledger.tables import facts
from meterpos.printing.invoice import Invoice, InvoicedBill, InvoiceLine, ReadBetween


class UnknownInvoice(UserError):
    """There is no invoice of that number."""


def find_invoice(conn: Connection, number: str) -> Invoice:
    """Return everything an invoice says. Raises: UnknownInvoice."""
    typed = number.strip()
    query = select(facts).where(facts.c.fact_id.in_([invoice_id(typed), invoice_id(typed.upper())]))
    row = conn.execute(query).first() if typed.isprintable() else None
    if row is None:
        raise UnknownInvoice(f"There is no invoice {typed[:40]}. Check its number.", field="number")
    made = conn.execute(select(bills).where(bills.c.invoice_no == row.number).order_by(bills.c.bill_no)).all()
    paper, frame = invoice_papers.find(conn, number=row.number, account_no=row.account_no)
    return Invoice(
        number=row.number,
        made_on=row.fact_date,
        due_on=row.due_date or row.fact_date,
        period=next((bill.period for bill in made if bill.period is not None), None),
        amount_minor=row.amount_minor,
        forward_minor=row.brought_forward_minor or 0,
        customer_no=paper.customer_no,
        customer_name=paper.customer_name,
        phone=paper.phone,
        place=paper.place,
        account_no=row.account_no,
        meter_no=paper.meter_no,
        location=paper.location,
        bills=_bills(row, [bill for bill in made if bill.kind != BALANCE]),
        head=frame.head,
        foot=frame.foot,
        currency=frame.currency,
        paybill=frame.paybill,
        language=paper.language,
    )


def _bills(row: Any, made: Sequence[Any]) -> tuple[InvoicedBill, ...]:
    """Return what the amount is made of; an invoice that was imported has no bills and is one line."""
    if not made:
        return (InvoicedBill(kind="", lines=(InvoiceLine(kind="charges", amount_minor=row.amount_minor),)),)
    return tuple(map(_bill, made))


def _bill(bill: Any) -> InvoicedBill:
    parts = bill.lines or []
    if not parts:
        said = " · ".join(part for part in (bill.description, bill.reference) if part)
        line = InvoiceLine(kind="bill", amount_minor=bill.amount_minor, text=said)
        return InvoicedBill(kind=bill.kind, lines=(line,))
    read = next((part for part in parts if part["kind"] == "read"), None)
    lines = tuple(
        InvoiceLine(
            kind=part["kind"],
            amount_minor=part["amount"],
            text=part.get("text", ""),
            units_milli=part.get("units"),
            price=part.get("price"),
            days=(part["days"], part["of_days"]) if "days" in part else None,
        )
        for part in parts
        if part["kind"] != "read"
    )
    return InvoicedBill(kind=bill.kind, lines=lines, read=None if read is None else _read(read))


def _read(part: dict[str, Any]) -> ReadBetween:
    return ReadBetween(
        from_on=date.fromisoformat(part["from_on"]),
        from_milli=part["from"],
        to_on=date.fromisoformat(part["to_on"]),
        to_milli=part["to"],
        units_milli=part["units"],
        is_estimated=part["source"] == "estimated",
    )
