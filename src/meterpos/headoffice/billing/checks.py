"""What must always hold of bills and the invoices that gather them."""

from collections.abc import Iterator

from sqlalchemy import BigInteger, Connection, cast, func, or_, select

from meterpos.headoffice.billing.invoicing import BILL_SERIES
from meterpos.headoffice.billing.runs import BALANCE
from meterpos.headoffice.tables import bills, counters, invoice_papers, paper_frames
from meterpos.ledger.money import format_amount
from meterpos.ledger.queries.settings import utility_settings
from meterpos.ledger.tables import facts

_is_balance = bills.c.kind == BALANCE


def invoices_come_to_their_bills(conn: Connection) -> Iterator[str]:
    """An invoice's amount is its bills other than BALANCE; what it brings forward is its BALANCE bills."""
    sums = (
        select(
            bills.c.invoice_no,
            cast(func.coalesce(func.sum(bills.c.amount_minor).filter(~_is_balance), 0), BigInteger).label("amount"),
            cast(func.coalesce(func.sum(bills.c.amount_minor).filter(_is_balance), 0), BigInteger).label("forward"),
        )
        .where(bills.c.invoice_no.is_not(None))
        .group_by(bills.c.invoice_no)
        .subquery()
    )
    stated = func.coalesce(facts.c.brought_forward_minor, 0)
    query = (
        select(facts.c.number, facts.c.amount_minor, stated, sums.c.amount, sums.c.forward)
        .join(sums, facts.c.fact_id == "i:" + sums.c.invoice_no)
        .where(or_(facts.c.amount_minor != sums.c.amount, stated != sums.c.forward))
        .order_by(facts.c.number)
    )
    for number, amount_minor, forward_minor, billed_minor, balances_minor in conn.execute(query):
        yield (
            f"Invoice {number}: it says {format_amount(amount_minor)} and {format_amount(forward_minor)} brought "
            f"forward, its bills come to {format_amount(billed_minor)} and {format_amount(balances_minor)}."
        )


def invoices_keep_what_their_paper_said(conn: Connection) -> Iterator[str]:
    """Each invoice made from bills keeps whom it named and what stood around it."""
    query = (
        select(bills.c.invoice_no)
        .distinct()
        .outerjoin(invoice_papers, invoice_papers.c.invoice_no == bills.c.invoice_no)
        .outerjoin(paper_frames, paper_frames.c.frame == invoice_papers.c.frame)
        .where(bills.c.invoice_no.is_not(None), paper_frames.c.frame.is_(None))
        .order_by(bills.c.invoice_no)
    )
    for number in conn.execute(query).scalars():
        yield f"Invoice {number}: what its paper said was not kept."


def bills_stand_on_invoices_of_their_account(conn: Connection) -> Iterator[str]:
    """Each bill that stands on an invoice stands on one of its own account."""
    query = (
        select(bills.c.bill_no, bills.c.invoice_no, bills.c.account_no)
        .outerjoin(facts, facts.c.fact_id == "i:" + bills.c.invoice_no)
        .where(bills.c.invoice_no.is_not(None), facts.c.account_no.is_distinct_from(bills.c.account_no))
        .order_by(bills.c.bill_no)
    )
    for bill_no, invoice_no, account_no in conn.execute(query):
        yield f"Bill {bill_no} of account {account_no}: its invoice {invoice_no} is not there, or another account's."


def bills_and_invoices_are_numbered_without_gaps(conn: Connection) -> Iterator[str]:
    """As many bills and invoices of a series are there as its counter gave numbers."""
    current = utility_settings(conn).invoice_series
    for name, given in conn.execute(select(counters.c.name, counters.c.value).order_by(counters.c.name)).all():
        column = bills.c.bill_no if name == BILL_SERIES else bills.c.invoice_no
        query = select(func.count(column.distinct())).where(column.like(f"{name}-%"))
        there = conn.execute(query).scalar_one() if name.isupper() else 0
        if there != given and (there or name in (BILL_SERIES, current)):
            yield f"Series {name}: {given} numbers were given, {there} are there."
