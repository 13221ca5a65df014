"""Putting a till's receipt right at head office: taken back whole, or moved to the account it was meant for."""

from datetime import date, datetime

from sqlalchemy import Connection, select

from meterpos.headoffice import books, bulk, exceptions, moved
from meterpos.headoffice.books import AlreadySaid, NothingToMove, UnknownPayment, decision_of, next_number, reason_of
from meterpos.headoffice.feed import Outgoing
from meterpos.headoffice.locks import hold_accounts
from meterpos.headoffice.moved import MOVED
from meterpos.headoffice.put_right_requests import ASKED
from meterpos.headoffice.tables import claims
from meterpos.ledger.posting import fact_of
from meterpos.ledger.rules.facts import Fact
from meterpos.ledger.tables import facts
from meterpos.ledger.tables.facts import is_numbered


def reverse_receipt(
    conn: Connection, outgoing: Outgoing, *, number: str, reason: str, on: date, at: datetime
) -> tuple[str, int]:
    """Take back every payment of a receipt, whichever till made it; return the reversal's number and its sum.

    Money that was moved comes back first: its account pays what the receipt no longer does. The till that made the
    receipt refuses to reverse it again from the next exchange on; one that did so meanwhile finds its reversal
    without effect. Raises: UnknownPayment, AlreadySaid, NothingToMove when there is no reason.
    """
    said = reason_of(reason)
    payments = _standing_payments(conn, number)
    back = moved.brought_back(conn, {payment.fact_id: on for payment in payments})
    made_by = next_number(conn, "REV")
    made = tuple(
        Fact(
            fact_id=f"h:{payment.fact_id}",
            kind="reversal",
            account_no=payment.account_no,
            stands_on=payment.stands_on,
            number=made_by,
            fact_date=on,
            amount_minor=-payment.amount_minor,
            of_fact_id=payment.fact_id,
            method=payment.method,
            reference=payment.reference,
            text=said,
            decision=decision_of(payment),
        )
        for payment in payments
    )
    rows = [{"kind": "reversal", "key": fact.of_fact_id, "owner": fact.fact_id} for fact in made]
    bulk.insert_new(conn, claims, rows)
    books.post_facts(conn, outgoing, [*made, *back])
    exceptions.settle(conn, ASKED, [number], at=at, resolution=f"Taken back: {made_by}.")
    return made_by, sum(fact.amount_minor for fact in made)


def move_receipt(
    conn: Connection, outgoing: Outgoing, *, number: str, to_account: str, reason: str, on: date, at: datetime
) -> tuple[str, int]:
    """Move what a receipt paid on one account to another, as adjustments; return their number and the sum.

    The money stays where it is; the receipt stays as it is. Raises: UnknownPayment, AlreadySaid, UnknownAccount,
    NothingToMove when it paid several accounts, or that one, or gives no reason.
    """
    said = reason_of(reason)
    payments = _standing_payments(conn, number)
    claimed = claims.c.kind == MOVED, claims.c.key.in_([payment.fact_id for payment in payments])
    before = conn.execute(select(claims.c.owner).where(*claimed)).scalars().first()
    if before is not None:
        raise AlreadySaid(f"Receipt {number} was taken back or moved already: {before}. Nothing was changed.")
    places = {payment.stands_on for payment in payments}
    if len(places) > 1 or to_account in places:
        named = ", ".join(sorted(places))
        raise NothingToMove(f"Receipt {number} paid {named}. Give another account, or reverse it.", field="account")
    (place,) = places
    made_by = next_number(conn, "TRF")
    made = moved.moving(
        payments,
        number=made_by,
        to_account=to_account,
        taken=f"receipt {number} to {to_account}: {said}",
        given=f"receipt {number} from {place}: {said}",
        on=on,
    )
    books.post_facts(conn, outgoing, made)
    note_moved(conn, payments, made_by)
    exceptions.settle(conn, ASKED, [number], at=at, resolution=f"Moved: {made_by}.")
    return made_by, -sum(payment.amount_minor for payment in payments)


def note_moved(conn: Connection, payments: tuple[Fact, ...], made_by: str) -> None:
    """Note by which transfer these payments were moved: nothing else may move them."""
    rows = [{"kind": MOVED, "key": payment.fact_id, "owner": made_by} for payment in payments]
    bulk.insert_new(conn, claims, rows)


def _standing_payments(conn: Connection, number: str) -> tuple[Fact, ...]:
    """Return the payments of a receipt, all of which stand; their accounts are held.

    Raises: UnknownPayment, AlreadySaid.
    """
    of_receipt = facts.c.kind == "payment", is_numbered(number), facts.c.decision.is_distinct_from("none")
    payments = tuple(map(fact_of, conn.execute(select(facts).where(*of_receipt).order_by(facts.c.fact_id))))
    if not payments:
        raise UnknownPayment(f"No receipt {number} has come here. Check its number.", field="number")
    hold_accounts(conn, {payment.stands_on for payment in payments})
    ids = [payment.fact_id for payment in payments]
    undone = select(facts.c.number).where(
        facts.c.of_fact_id.in_(ids),
        facts.c.kind.in_(("reversal", "bounce")),
        facts.c.decision.is_distinct_from("none"),
    )
    claimed = select(claims.c.owner).where(claims.c.kind == "reversal", claims.c.key.in_(ids))
    taken = conn.execute(undone).scalars().first() or conn.execute(claimed).scalars().first()
    if taken is not None:
        raise AlreadySaid(f"Receipt {number} was taken back or moved already: {taken}. Nothing was changed.")
    cleared = select(facts.c.of_fact_id).where(facts.c.of_fact_id.in_(ids), facts.c.kind == "clearing")
    counting = set(conn.execute(cleared).scalars()) | {payment.fact_id for payment in payments if payment.counts}
    if not counting.issuperset(ids):
        raise AlreadySaid(f"A cheque of receipt {number} waits: clear or bounce it. Nothing was changed.")
    return payments
