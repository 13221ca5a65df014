"""What a statement says besides what came in: money that went out again, and what it ought to show and does not."""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import Connection, select

from meterpos.headoffice import exceptions, moved
from meterpos.headoffice.books import events_of
from meterpos.headoffice.exceptions import Opening
from meterpos.headoffice.matching.money import Taken
from meterpos.headoffice.matching.standing import fitting, standing
from meterpos.headoffice.matching.statements import Line, Statement
from meterpos.headoffice.tables import money_in
from meterpos.ledger.rules.balances import FOLLOWING_KINDS
from meterpos.ledger.tables import facts


def take_back(conn: Connection, statement: Statement, done: Taken) -> None:
    """Bounce payments whose money went out again: a cheque unpaid, an M-Pesa payment reversed by its payer."""
    out = [line for line in statement.lines if line.amount_minor < 0]
    names = {name for line in out for name in _named_by(statement, line)}
    paid = standing(conn, statement.kind, names)
    bounced: set[str] = set()
    for line in out:
        hits = (fitting(paid.get(name, ()), -line.amount_minor) for name in _named_by(statement, line))
        payments = next((found for found in hits if found), [])
        new = [one.fact for one in payments if one.fact.fact_id not in bounced]
        bounced.update(fact.fact_id for fact in new)
        if new:
            done.taken_back += 1
            done.facts += events_of("bounce", new, on=line.on, text=line.text[:120] or "taken back")
            done.facts += moved.brought_back(conn, {fact.fact_id: line.on for fact in new})
        elif line.linked and not _is_known_back(conn, line):
            done.not_found += 1
            details = {"amount_minor": -line.amount_minor, "of": line.linked, "text": line.text[:120]}
            done.openings.append(
                Opening(code="money_taken_back", subject=f"{statement.kind}:{line.reference}", details=details)
            )


def _named_by(statement: Statement, line: Line) -> tuple[str, ...]:
    """Return under which references the payment of money that went out may be.

    M-Pesa names it apart; the line's own number is also that of what M-Pesa charged for a payment.
    """
    if statement.kind == "mpesa":
        return (line.linked,) if line.linked else ()
    return (line.reference, *line.words)


def _is_known_back(conn: Connection, line: Line) -> bool:
    """Tell whether the payment this line takes back was taken back already, by an earlier look at it or a person."""
    undoing = facts.alias("undoing")
    query = (
        select(facts.c.fact_id)
        .join(undoing, undoing.c.of_fact_id == facts.c.fact_id)
        .where(facts.c.reference == line.linked, undoing.c.kind.in_(("bounce", "reversal")))
    )
    return conn.execute(query.limit(1)).first() is not None


def note_unseen(conn: Connection, statement: Statement, done: Taken, *, at: datetime) -> None:
    """Open items for payments and callbacks of the statement's whole days that it does not show."""
    if statement.days is None:
        return
    first, last = statement.days
    openings = [
        *_unseen_callbacks(conn, statement.kind, first, last),
        *_unseen_payments(conn, statement.kind, first, last),
    ]
    done.unseen_callbacks = sum(opening.code == "callback_not_on_statement" for opening in openings)
    done.unseen_payments = len(openings) - done.unseen_callbacks
    exceptions.open_all(conn, openings, at=at)


def _unseen_callbacks(conn: Connection, kind: str, first: date, last: date) -> Iterable[Opening]:
    query = select(money_in).where(
        money_in.c.method == kind,
        money_in.c.source == "callback",
        money_in.c.on_statement_at.is_(None),
        money_in.c.paid_on >= first,
        money_in.c.paid_on < last,
    )
    for row in conn.execute(query.order_by(money_in.c.reference)):
        details = {"amount_minor": row.amount_minor, "on": row.paid_on.isoformat(), "number": row.number}
        yield Opening(code="callback_not_on_statement", subject=f"{row.method}:{row.reference}", details=details)


def _unseen_payments(conn: Connection, kind: str, first: date, last: date) -> Iterable[Opening]:
    """Name payments by M-Pesa or transfer that counted on a whole day of the statement, and are not on it."""
    said = facts.alias("said")
    query = (
        select(facts.c.reference, facts.c.number, facts.c.amount_minor, facts.c.fact_date)
        .outerjoin(
            said,
            (said.c.of_fact_id == facts.c.fact_id)
            & said.c.kind.in_(FOLLOWING_KINDS)
            & said.c.decision.is_distinct_from("none"),
        )
        .outerjoin(money_in, (money_in.c.method == kind) & (money_in.c.reference == facts.c.reference))
        .where(
            facts.c.kind == "payment",
            facts.c.method == kind,
            facts.c.entry_id.is_not(None),
            facts.c.fact_date >= first,
            facts.c.fact_date < last,
            facts.c.decision.is_distinct_from("none"),
            said.c.fact_id.is_(None),
            money_in.c.reference.is_(None),
        )
        .order_by(facts.c.fact_id)
    )
    for row in conn.execute(query):
        details = {"number": row.number, "amount_minor": -row.amount_minor, "on": row.fact_date.isoformat()}
        yield Opening(code="unmatched_payment", subject=f"{kind}:{row.reference}", details=details)
