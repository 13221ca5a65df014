"""Taking in what M-Pesa or a bank say came in: it confirms the payments it is, or is posted, or a person looks at it.

Money under a reference is kept once, whoever told of it first. A payment and the money it names are the same when
reference and amount agree; money that no payment names is posted where its payer wanted it (paybill), else it waits
for its payment: a till may be offline for weeks.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select, update

from meterpos.headoffice import books, bulk, exceptions
from meterpos.headoffice.books import events_of
from meterpos.headoffice.exceptions import Opening
from meterpos.headoffice.feed import Outgoing
from meterpos.headoffice.matching.besides import note_unseen, take_back
from meterpos.headoffice.matching.money import NEW, OPEN, Money, Open, Source, Taken, number_of
from meterpos.headoffice.matching.places import Place, places_of, suspense
from meterpos.headoffice.matching.standing import Standing, fitting, standing
from meterpos.headoffice.matching.statements import Line, Statement
from meterpos.headoffice.tables import claims, money_in
from meterpos.ledger.rules.facts import Fact, payment_id

SETTLED_BY_MATCH: Final = ("unmatched_money", "unmatched_payment", "wrong_amount")


def take_in(
    conn: Connection, outgoing: Outgoing, money: Sequence[Money], *, source: Source, at: datetime, today: date
) -> Taken:
    """Take in money and post all that follows from it. The same money again changes nothing."""
    done = Taken()
    match(conn, outgoing, _to_match(conn, money, done, source=source, at=at), done, today=today)
    finish(conn, outgoing, done, at=at)
    return done


def take_statement(conn: Connection, outgoing: Outgoing, statement: Statement, *, at: datetime, today: date) -> Taken:
    """Take in a whole statement: what came in, what was taken back, and what it ought to show and does not."""
    done = Taken()
    came_in = [_money(statement.kind, line) for line in _once(statement, done)]
    match(conn, outgoing, _to_match(conn, came_in, done, source="statement", at=at), done, today=today)
    # What came in may go out again on the same statement.
    post(conn, outgoing, done)
    take_back(conn, statement, done)
    finish(conn, outgoing, done, at=at)
    note_unseen(conn, statement, done, at=at)
    return done


def _money(kind: str, line: Line) -> Money:
    return Money(
        method=kind,
        reference=line.reference,
        amount_minor=line.amount_minor,
        paid_on=line.on,
        account_ref=line.account_ref,
        payer=line.payer,
        words=line.words,
    )


def _once(statement: Statement, done: Taken) -> Iterable[Line]:
    """Yield what came in, each reference once; a second of one statement is something to look at."""
    seen: dict[str, Line] = {}
    for line in statement.lines:
        if line.amount_minor <= 0:
            continue
        first = seen.setdefault(line.reference, line)
        if first is line:
            yield line
            continue
        done.doubled += 1
        done.openings.append(
            Opening(
                code="doubled_money",
                subject=f"{statement.kind}:{line.reference}",
                details={
                    "lines": [first.line, line.line],
                    "amounts_minor": [first.amount_minor, line.amount_minor],
                    "on": line.on.isoformat(),
                },
            )
        )


def _to_match(conn: Connection, money: Sequence[Money], done: Taken, *, source: Source, at: datetime) -> list[Open]:
    """Keep what is new; return what is to be matched: the new, and the known that is still open.

    A row under a reference is inserted before it is read: of two who tell of it at once, one waits for the other.
    """
    rows = {(one.method, one.reference): _row(one, source=source, at=at) for one in money}
    bulk.insert_new(conn, money_in, [rows[key] for key in sorted(rows)])
    kept: dict[tuple[str, str], Any] = {}
    for method in sorted({one.method for one in money}):
        wanted = sorted(one.reference for one in money if one.method == method)
        for chunk in bulk.chunks(wanted, bulk.CHUNK):
            mine = money_in.c.method == method, money_in.c.reference.in_(chunk)
            query = select(money_in).where(*mine).order_by(money_in.c.reference).with_for_update()
            kept |= {(row.method, row.reference): row for row in conn.execute(query)}
    if source == "statement":
        _mark_seen(conn, [row for row in kept.values() if row.on_statement_at is None], at=at)
    open_ = []
    for one in money:
        row = kept[one.method, one.reference]
        if row.amount_minor != one.amount_minor:
            _altered(done, one, row, source=source)
        elif row.outcome == NEW or row.outcome in OPEN:
            open_.append(Open(one, row.outcome, source == "statement" or row.on_statement_at is not None))
        elif row.outcome == "posted" and source == "statement" and row.on_statement_at is None:
            open_.append(Open(one, row.outcome, seen=True))
            done.known += 1
        else:
            done.known += 1
            done.numbers[one.reference] = row.number or ""
    return open_


def _row(one: Money, *, source: Source, at: datetime) -> dict[str, Any]:
    return {
        "method": one.method,
        "reference": one.reference,
        "amount_minor": one.amount_minor,
        "paid_on": one.paid_on,
        "account_ref": one.account_ref,
        "payer": one.payer,
        "source": source,
        "received_at": at,
        "on_statement_at": at if source == "statement" else None,
        "outcome": NEW,
        "number": None,
    }


def _mark_seen(conn: Connection, rows: Sequence[Any], *, at: datetime) -> None:
    for method in sorted({row.method for row in rows}):
        for chunk in bulk.chunks([row.reference for row in rows if row.method == method], bulk.CHUNK):
            mine = money_in.c.method == method, money_in.c.reference.in_(chunk)
            conn.execute(update(money_in).where(*mine).values(on_statement_at=at))
    subjects = [f"{row.method}:{row.reference}" for row in rows]
    exceptions.settle(conn, "callback_not_on_statement", subjects, at=at, resolution="A statement shows it.")


def _altered(done: Taken, one: Money, row: Any, *, source: Source) -> None:
    done.doubled += 1
    done.altered.append(one.reference)
    details = {"first_minor": row.amount_minor, "first_by": row.source, "now_minor": one.amount_minor, "by": source}
    done.openings.append(Opening(code="doubled_money", subject=one.subject, details=details))


# --- matching


def match(conn: Connection, outgoing: Outgoing, open_: Sequence[Open], done: Taken, *, today: date) -> None:
    """Match money with the payments that stand under its reference; what follows is posted by `finish`."""
    _claim(conn, [one.money for one in open_ if one.outcome == NEW and one.money.account_ref])
    places = places_of(conn, {one.money.account_ref for one in open_ if one.outcome in (NEW, *OPEN)})
    for method in sorted({one.money.method for one in open_}):
        mine = [one for one in open_ if one.money.method == method]
        paid = standing(conn, method, {name for one in mine for name in (one.money.reference, *one.money.words)})
        for one in mine:
            payments = _payments_of(one.money, paid, done)
            if payments:
                _confirm(done, payments, one)
            elif one.outcome != "posted":
                # What was posted and taken back again by a person stays as they left it.
                _unmatched(conn, outgoing, one, paid.get(one.money.reference, ()), places, done, today=today)


def _payments_of(one: Money, paid: Mapping[str, Sequence[Standing]], done: Taken) -> Sequence[Standing]:
    """Return the payments this money is: those of its reference, else unconfirmed ones its description names."""
    mine = fitting(paid.get(one.reference, ()), one.amount_minor)
    if mine:
        return mine
    for word in one.words:
        free = [there for there in paid.get(word, ()) if not there.said and there.fact.fact_id not in done.used]
        if fitting(free, one.amount_minor):
            return fitting(free, one.amount_minor)
    return ()


def _unmatched(
    conn: Connection,
    outgoing: Outgoing,
    open_: Open,
    there: Sequence[Standing],
    places: Mapping[str, Place],
    done: Taken,
    *,
    today: date,
) -> None:
    one = open_.money
    if there:
        done.wrong_amount += 1
        _decide(done, one, "wrong_amount", there[0].fact.number)
        done.openings.append(_wrong_amount(one, there))
    elif one.account_ref:
        post_money(conn, outgoing, done, open_, places.get(one.account_ref), today=today)
    else:
        done.waiting += 1
        _decide(done, one, "waiting", None)
        details = {"amount_minor": one.amount_minor, "on": one.paid_on.isoformat(), "payer": one.payer}
        done.openings.append(Opening(code="unmatched_money", subject=one.subject, details=details))


def _decide(done: Taken, one: Money, outcome: str, number: str | None) -> None:
    done.decided.append(
        {"of_method": one.method, "of_reference": one.reference, "to_outcome": outcome, "to_number": number}
    )


def _confirm(done: Taken, payments: Sequence[Standing], open_: Open) -> None:
    one = open_.money
    new = [there.fact for there in payments if not there.said and there.fact.fact_id not in done.used]
    done.used |= {fact.fact_id for fact in new}
    cheques = [fact for fact in new if fact.method == "cheque"]
    others = [fact for fact in new if fact.method != "cheque"]
    done.facts += [*events_of("clearing", cheques, on=one.paid_on), *events_of("confirmation", others, on=one.paid_on)]
    done.confirmed += 1
    number = payments[0].fact.number
    done.numbers[one.reference] = number
    if open_.outcome != "posted":
        _decide(done, one, "confirmed", number)
        done.settled += [f"{one.method}:{payments[0].fact.reference}", one.subject]


def _wrong_amount(one: Money, there: Sequence[Standing]) -> Opening:
    paid_minor = sum(payment.amount_minor for payment in there)
    details = {
        "came_in_minor": one.amount_minor,
        "paid_minor": paid_minor,
        "difference_minor": one.amount_minor - paid_minor,
        "receipts": sorted({payment.fact.number for payment in there}),
    }
    return Opening(code="wrong_amount", subject=one.subject, details=details)


def post_money(
    conn: Connection, outgoing: Outgoing, done: Taken, open_: Open, place: Place | None, *, today: date
) -> None:
    """Post money as a payment of its own where its payer wanted it, else in suspense with an item of the desk."""
    one = open_.money
    number = number_of(one.method, one.reference)
    account_no = place.account_no if place is not None else suspense(conn, outgoing)
    payment = Fact(
        fact_id=payment_id(number),
        kind="payment",
        account_no=account_no,
        stands_on=account_no,
        number=number,
        fact_date=min(one.paid_on, today),
        amount_minor=-one.amount_minor,
        invoice_no=place.invoice_no if place is not None else None,
        method=one.method,
        reference=one.reference,
        decision="account" if place is not None else "suspense",
    )
    done.facts.append(payment)
    if open_.seen:
        done.facts += events_of("confirmation", [payment], on=payment.fact_date)
    done.numbers[one.reference] = number
    _decide(done, one, "posted", number)
    if place is None:
        done.in_suspense += 1
        details = {"amount_minor": one.amount_minor, "typed": one.account_ref, "payer": one.payer, "number": number}
        done.openings.append(Opening(code="unknown_reference", subject=number, details=details))
    else:
        done.posted += 1


def _claim(conn: Connection, money: Sequence[Money]) -> None:
    """Claim references that may be posted, before asking what stands: a till's batch under way is waited for."""
    rows = [
        {"kind": "reference", "key": one.subject, "owner": payment_id(number_of(one.method, one.reference))}
        for one in sorted(money, key=lambda one: one.subject)
    ]
    bulk.insert_new(conn, claims, rows)


def post(conn: Connection, outgoing: Outgoing, done: Taken) -> None:
    """Post what was found so far, and write down what became of the money."""
    if done.decided:
        conn.execute(_write_decided, done.decided)
    owned = [
        {"of_key": f"{fact.method}:{fact.reference}", "to_owner": fact.fact_id}
        for fact in done.facts
        if fact.kind == "payment"
    ]
    if owned:
        # Nothing that stands uses these references: they are these payments' now.
        rows = [{"kind": "reference", "key": one["of_key"], "owner": one["to_owner"]} for one in owned]
        bulk.insert_new(conn, claims, sorted(rows, key=lambda row: row["key"]))
        conn.execute(_write_owner, owned)
    if done.facts:
        books.post_facts(conn, outgoing, done.facts)
    done.decided, done.facts = [], []


_write_decided: Final = (
    update(money_in)
    .where(money_in.c.method == bindparam("of_method"), money_in.c.reference == bindparam("of_reference"))
    .values(outcome=bindparam("to_outcome"), number=bindparam("to_number"))
)
_write_owner: Final = (
    update(claims)
    .where(claims.c.kind == "reference", claims.c.key == bindparam("of_key"))
    .values(owner=bindparam("to_owner"))
)


def finish(conn: Connection, outgoing: Outgoing, done: Taken, *, at: datetime) -> None:
    """Post what was found, open what has to be looked at, and settle what matched."""
    post(conn, outgoing, done)
    exceptions.open_all(conn, done.openings, at=at)
    for code in SETTLED_BY_MATCH:
        exceptions.settle(conn, code, done.settled, at=at, resolution="Money and payment were matched.")
