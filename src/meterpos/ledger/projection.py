"""From an entry to facts and tables: one function, the same at the till that made it and at head office."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, insert, select, update

from meterpos.ledger import bulk
from meterpos.ledger.journal import FIRST_PREV, Entry, papers_of
from meterpos.ledger.plain import PlainTender
from meterpos.ledger.posting import Posted, post
from meterpos.ledger.rules.facts import Decision, Fact, till_fact_id
from meterpos.ledger.rules.tenders import cells
from meterpos.ledger.tables import accounts, cash_movements, papers, plans, shifts, streams, tenders, till_identity
from meterpos.ledger.tables.base import format_instant


def facts_of(entry: Entry, *, decision: Decision | None = None) -> tuple[Fact, ...]:
    """Return the facts an entry states, from its bytes alone; none for a kind that changes no account.

    A correction states its payments first: as with a tender, fact n is cell n. ``decision`` is what is presumed of a
    tender's payments by who has yet to decide: what nothing speaks against is not made twice.
    """
    if entry.plain is not None:
        return (_payment(entry, entry.plain, decision),)
    if entry.content.kind == "tender":
        return _payments(entry, decision)
    if entry.content.kind == "reversal":
        return _reversals(entry)
    if entry.content.kind == "correction":
        reversal, tender = papers_of(entry)
        payments = _payments(tender)
        return (*payments, *_reversals(reversal, first=len(payments)))
    if entry.content.kind == "plan_request":
        return (_total(entry),)
    return ()


def project(connection: Connection, entry: Entry, *, fresh: bool = False) -> Posted:
    """Write what ``entry`` means into the tables, once, inside the caller's transaction.

    ``fresh`` promises, as in posting, that nothing of it is stored yet. Balances are not recalculated here.
    A kind this version does not know changes nothing; it is projected when a version knows it.
    """
    facts = facts_of(entry)
    project_tables(connection, (entry,))
    return post(connection, facts, fresh=fresh)


def project_tables(connection: Connection, entries: Sequence[Entry]) -> None:
    """Write what ``entries`` mean into the tables, but for their facts: head office posts those of a batch together."""
    bulk.insert(connection, tenders, [row for entry in entries for row in paper_rows(entry)])
    for entry in entries:
        writer = _WRITERS.get(entry.kind) if entry.plain is None else None
        if writer is not None:
            writer(connection, entry)


def _payment(entry: Entry, said: PlainTender, decision: Decision | None) -> Fact:
    """Return the one fact of a plain tender: what `_payments` would."""
    body = said.body
    (leg,), (part,) = body.legs, body.parts
    return Fact(
        fact_id=till_fact_id(entry.short_id, 0),
        kind="payment",
        account_no=part.account,
        stands_on=part.account,
        number=body.number,
        fact_date=said.business_date,
        amount_minor=-part.amount,
        counts=leg.counts,
        invoice_no=part.invoice,
        method=leg.method,
        reference=leg.reference,
        entry_id=entry.entry_id,
        decision=decision,
        clerk=said.clerk or None,
    )


def _payments(entry: Entry, decision: Decision | None = None) -> tuple[Fact, ...]:
    content = entry.content
    body = content.body
    legs, parts = body["legs"], body["parts"]
    filled = cells([leg["amount"] for leg in legs], [part["amount"] for part in parts])
    facts = []
    for index, (at_leg, at_part, amount_minor) in enumerate(filled):
        leg, part = legs[at_leg], parts[at_part]
        facts.append(
            Fact(
                fact_id=till_fact_id(entry.short_id, index),
                kind="payment",
                account_no=part["account"],
                stands_on=part["account"],
                number=body["number"],
                fact_date=content.business_date,
                amount_minor=-amount_minor,
                counts=leg["counts"],
                invoice_no=part["invoice"],
                method=leg["method"],
                text=part.get("notes"),
                reference=leg["reference"],
                entry_id=entry.entry_id,
                decision=decision,
                clerk=content.clerk or None,
            )
        )
    return tuple(facts)


def _reversals(entry: Entry, *, first: int = 0) -> tuple[Fact, ...]:
    body = entry.content.body
    return tuple(
        Fact(
            fact_id=till_fact_id(entry.short_id, index),
            kind="reversal",
            account_no=payment["account"],
            stands_on=payment["account"],
            number=body["number"],
            fact_date=entry.content.business_date,
            amount_minor=payment["amount"],
            of_fact_id=payment["of"],
            method=payment["method"],
            reference=payment["reference"],
            text=body["reason"],
            entry_id=entry.entry_id,
            clerk=entry.content.clerk or None,
        )
        for index, payment in enumerate(body["payments"], first)
    )


def _total(entry: Entry) -> Fact:
    """What a plan made at a till owes in all."""
    body, on = entry.content.body, entry.content.business_date
    return Fact(
        fact_id=till_fact_id(entry.short_id, 0),
        kind="opening",
        account_no=body["account"],
        stands_on=body["account"],
        number=body["account"],
        fact_date=on,
        due_date=on,
        amount_minor=body["total"],
        entry_id=entry.entry_id,
        clerk=entry.content.clerk or None,
    )


def paper_rows(entry: Entry) -> list[tuple[Any, ...]]:
    """Return the rows of an entry's papers, in the order of the columns, values as the database keeps them."""
    if entry.plain is not None:
        return [_plain_row(entry, entry.plain)]
    return [_paper_row(paper) for paper in papers_of(entry)]


def _plain_row(entry: Entry, said: PlainTender) -> tuple[Any, ...]:
    """Return the row of a plain tender: what `_paper_row` would."""
    body = said.body
    (leg,), (part,) = body.legs, body.parts
    return (
        entry.entry_id,
        entry.stream,
        entry.seq,
        "tender",
        body.tender_id,
        body.number,
        int(body.number.rpartition("-")[2]),
        said.shift,
        said.business_date.isoformat(),
        said.at,
        said.clerk,
        body.customer.no,
        body.customer.name,
        part.meter or "",
        leg.method,
        part.amount,
        leg.amount if leg.method == "cash" else 0,
        None,
    )


def _paper_row(entry: Entry) -> tuple[Any, ...]:
    content = entry.content
    kind, body = content.kind, content.body
    customer = body["customer"] or {"no": None, "name": ""}
    named = [part["meter"] or (part["suspense"] or {}).get("meter_no", "") for part in body["parts"]]
    return (
        entry.entry_id,
        entry.stream,
        entry.seq,
        kind,
        body["tender_id"],
        body["number"],
        int(body["number"].rpartition("-")[2]),
        content.shift,
        content.business_date.isoformat(),
        format_instant(content.at),
        content.clerk,
        customer["no"],
        customer["name"],
        " ".join(named),
        " ".join([leg["method"] for leg in body["legs"]]),
        paper_total_minor(kind, body),
        drawer_minor(kind, body),
        body["of"]["number"] if kind == "reversal" else None,
    )


def paper_total_minor(kind: str, body: Mapping[str, Any]) -> int:
    """Return what a paper adds to the money taken, in minor units: a reversal takes away."""
    total: int = sum([part["amount"] for part in body["parts"]])
    return total if kind == "tender" else -total


def drawer_minor(kind: str, body: Mapping[str, Any]) -> int:
    """Return what a paper did to the drawer in minor units: cash applied, or cash given back (negative).

    A correction gives its cash back and takes it again without moving it: its two papers add up to nothing.
    """
    if kind == "tender":
        return sum([int(leg["amount"]) for leg in body["legs"] if leg["method"] == "cash"])
    return -sum(
        int(refund["amount"])
        for refund in body["refund"]
        if refund["how"] == "cash" or (refund["how"] == "moved" and refund["method"] == "cash")
    )


def _open_shift(connection: Connection, entry: Entry) -> None:
    """Write the shift, or complete what its end left behind where that came first (head office, after a gap)."""
    content = entry.content
    values = {
        "clerk": _last_taker(connection, entry) or content.clerk,
        "business_date": content.business_date,
        "opened_at": content.at,
        "float_minor": content.body["float"],
    }
    done = connection.execute(update(shifts).where(*_of_shift(entry), shifts.c.clerk == _UNOPENED).values(values))
    if done.rowcount == 0:
        connection.execute(insert(shifts), {"stream": entry.stream, "shift": content.shift, **values})


_UNOPENED: Final = ""
"""The clerk of a shift whose end has come and whose beginning has not."""


def _of_shift(entry: Entry) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return shifts.c.stream == entry.stream, shifts.c.shift == entry.content.shift


def _last_taker(connection: Connection, entry: Entry) -> str | None:
    """Return to whom the shift was last handed over, None where it was not."""
    taker: str | None = connection.execute(
        select(cash_movements.c.to_clerk)
        .where(
            cash_movements.c.stream == entry.stream,
            cash_movements.c.shift == entry.content.shift,
            cash_movements.c.kind == "handover",
        )
        .order_by(cash_movements.c.seq.desc())
        .limit(1)
    ).scalar_one_or_none()
    return taker


def _close_shift(connection: Connection, entry: Entry) -> None:
    """Write the end of the shift; of two, as a till and its copy make them, the earlier one, whichever comes first."""
    content = entry.content
    ended = {
        "closed_at": content.at,
        "expected_minor": content.body["expected"],
        "counted_minor": content.body["counted"],
    }
    known = connection.execute(select(*(shifts.c[name] for name in ended)).where(*_of_shift(entry))).one_or_none()
    if known is not None:
        if known.closed_at is None or tuple(ended.values()) < tuple(known):
            connection.execute(update(shifts).where(*_of_shift(entry)).values(ended))
    else:
        begun = {"business_date": content.business_date, "opened_at": content.at, "float_minor": content.body["float"]}
        place = {"stream": entry.stream, "shift": content.shift, "clerk": _UNOPENED}
        connection.execute(insert(shifts), {**place, **begun, **ended})


def _move_cash(connection: Connection, entry: Entry) -> None:
    content = entry.content
    body = content.body
    connection.execute(
        insert(cash_movements),
        {
            "entry_id": entry.entry_id,
            "stream": entry.stream,
            "seq": entry.seq,
            "movement_id": body["movement_id"],
            "kind": body["kind"],
            "number": body["number"],
            "counter": int(body["number"].rpartition("-C")[2]),
            "shift": content.shift,
            "business_date": content.business_date,
            "at": content.at,
            "clerk": content.clerk,
            "amount_minor": body["amount"],
            "difference_minor": body["difference"],
            "slip": body["slip"],
            "reason": body["reason"],
            "to_clerk": body["to"],
            "approved_by": content.approval.by if content.approval else None,
        },
    )
    if body["kind"] == "handover":
        known = update(shifts).where(*_of_shift(entry), shifts.c.clerk != _UNOPENED)
        connection.execute(known.values(clerk=_last_taker(connection, entry)))


def _open_stream(connection: Connection, entry: Entry) -> None:
    """Write the stream; a till takes back earlier ones after its own, and goes on in its own."""
    body = entry.content.body
    known = connection.execute(select(streams.c.stream).where(streams.c.stream == entry.stream)).one_or_none()
    is_current = connection.execute(select(till_identity.c.stream)).scalar() in (None, entry.stream)
    if is_current:
        connection.execute(update(streams).where(streams.c.till_name == body["till"]).values(is_current=False))
    values = {
        "till_name": body["till"],
        "device_id": body["device"],
        "label": body["label"],
        "reason": body["reason"],
        "opened_at": entry.content.at,
        "is_current": is_current,
    }
    if known is None:
        connection.execute(insert(streams), {"stream": entry.stream, "head": FIRST_PREV, "through_seq": 0, **values})
    else:
        connection.execute(update(streams).where(streams.c.stream == entry.stream).values(values))


def _make_plan(connection: Connection, entry: Entry) -> None:
    """Write a plan made at a till, unless it stands already: head office's row of it may have come first."""
    body, number = entry.content.body, entry.content.body["account"]
    if connection.execute(select(accounts.c.account_no).where(accounts.c.account_no == number)).first() is not None:
        return
    row = {
        "account_no": number,
        "kind": "plan",
        "customer_no": body["customer"]["no"],
        "zone": body["zone"],
        "opened_on": entry.content.business_date,
    }
    connection.execute(insert(accounts), row)
    agreed = {"account_no": number, "capacity_kw": body["capacity_kw"], "total_minor": body["total"]}
    connection.execute(insert(plans), agreed)


def _count_copy(connection: Connection, entry: Entry) -> None:
    number, copy_no = entry.content.body["number"], entry.content.body["copy"]
    known = connection.execute(select(papers.c.copies).where(papers.c.number == number)).scalar_one_or_none()
    if known is None:
        connection.execute(insert(papers), {"number": number, "copies": copy_no})
    else:
        connection.execute(update(papers).where(papers.c.number == number).values(copies=max(known, copy_no)))


_WRITERS: Final[Mapping[str, Callable[[Connection, Entry], None]]] = {
    "shift_opened": _open_shift,
    "shift_closed": _close_shift,
    "cash_movement": _move_cash,
    "stream_opened": _open_stream,
    "reprinted": _count_copy,
    "plan_request": _make_plan,
}
