"""Putting right a payment that went to the wrong meter: one entry that takes it back and makes it again, linked."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from meterpos.errors import UserError
from meterpos.ledger.journal import Approval, Entry, paper_of, read_back
from meterpos.ledger.moment import Moment
from meterpos.ledger.operations.entries import Counter, known_as_of, next_number, stand_at_counter, write_entry
from meterpos.ledger.operations.people import require_right
from meterpos.ledger.operations.reversals import check_reason, require_second_person, reversal_body, standing_receipt
from meterpos.ledger.operations.tenders import (
    LegRequest,
    PartRequest,
    TenderRequest,
    UnknownMeter,
    parts_of,
    tender_frame,
)
from meterpos.ledger.projection import facts_of
from meterpos.ledger.queries.accounts import Account, resolve
from meterpos.ledger.rules.tenders import cells
from meterpos.ledger.tables import facts

Part = Mapping[str, Any]


class NotCorrectable(UserError):
    """The receipt cannot be put on that meter."""


_said: Final = select(facts.c.of_fact_id, facts.c.kind).where(
    facts.c.of_fact_id.in_(bindparam("ids", expanding=True)),
    facts.c.kind.in_(("confirmation", "clearing", "bounce")),
    facts.c.decision.is_distinct_from("none"),
)


def correct_tender(
    connection: Connection,
    *,
    number: str,
    to_meter: str,
    from_meter: str | None = None,
    reason: str,
    tender_id: str,
    moment: Moment,
    clerk: str,
    approval: Approval,
) -> Entry:
    """Move what receipt ``number`` paid on the wrong meter to ``to_meter`` and return the entry of both papers.

    ``from_meter`` names the wrong meter where the receipt has several; its other parts are paid again as they were.
    No cash moves. The entry belongs to the open shift, whenever the receipt was made. The same ``tender_id`` again
    returns the same entry.

    Raises: NotReversible (unknown, another till's, a reversal itself, reversed before, no reason), NotApproved,
        NotCorrectable, UnknownMeterOrAccount, MayNot, NoOpenShift, and what `take_tender` raises of accounts.
    """
    found = standing_receipt(connection, number=number, tender_id=tender_id)
    if isinstance(found, Entry):
        return found
    said = check_reason(reason, of="correction")
    require_second_person(approval, clerk=clerk, what="a correction")
    counter = stand_at_counter(connection, moment=moment, clerk=clerk)
    counter.require_shift()
    require_right(connection, counter, "correct")
    original = paper_of(read_back(connection, found.entry_id), number)
    target = _target(connection, to_meter)
    request = _request(original, _wrong_part(original, from_meter), target, tender_id=tender_id)
    body = _body(connection, counter, original, request, target=target, reason=said)
    return write_entry(connection, counter, kind="correction", body=body, approval=approval)


def _target(connection: Connection, to_meter: str) -> Account:
    account = resolve(connection, to_meter)
    if account.kind != "meter":
        raise NotCorrectable(f"{account.account_no} is no meter. Give the meter it was meant for.", field="meter")
    return account


def _wrong_part(original: Entry, from_meter: str | None) -> int:
    """Return the place of the part that went to the wrong meter."""
    parts: Sequence[Part] = original.content.body["parts"]
    number = original.content.body["number"]
    if from_meter is None:
        if len(parts) > 1:
            named = ", ".join(_meter(part) for part in parts)
            raise NotCorrectable(
                f"Receipt {number} pays several meters: {named}. Say which of them was wrong.", field="from_meter"
            )
        return 0
    wanted = from_meter.strip().upper()
    places = [place for place, part in enumerate(parts) if wanted in (_meter(part).upper(), part["account"].upper())]
    if not places:
        raise NotCorrectable(f"{from_meter} does not stand on receipt {number}.", field="from_meter")
    return places[0]


def _meter(part: Part) -> str:
    return str(part["suspense"]["meter_no"] if part["suspense"] else part["meter"] or part["account"])


def _request(original: Entry, wrong: int, target: Account, *, tender_id: str) -> TenderRequest:
    """Return the tender as it should have been taken."""
    body = original.content.body
    rest = [part for place, part in enumerate(body["parts"]) if place != wrong]
    if any(part["account"] == target.account_no for part in body["parts"]):
        raise NotCorrectable(
            f"{target.meter_no} stands on receipt {body['number']} already. Reverse it and take the payment again.",
            field="meter",
        )
    payer = body["customer"]["no"] if body["customer"] else None
    if payer != target.customer_no and any(part["suspense"] is None for part in rest):
        raise NotCorrectable(
            f"{target.meter_no} belongs to {target.customer_name}, the other meters of receipt {body['number']} to "
            "someone else. Reverse it and take both payments again.",
            field="meter",
        )
    return TenderRequest(
        tender_id=tender_id,
        customer_no=target.customer_no,
        parts=tuple(
            _moved(part, target) if place == wrong else _again(part) for place, part in enumerate(body["parts"])
        ),
        legs=tuple(
            LegRequest(method=leg["method"], amount_minor=leg["amount"], reference=leg["reference"])
            for leg in body["legs"]
        ),
    )


def _moved(part: Part, target: Account) -> PartRequest:
    return PartRequest(account_no=target.account_no, amount_minor=part["amount"], closed=target.closed_on is not None)


def _again(part: Part) -> PartRequest:
    unknown = part["suspense"]
    return PartRequest(
        account_no="" if unknown else part["account"],
        amount_minor=part["amount"],
        invoice_no=part["invoice"],
        unknown=UnknownMeter(**unknown) if unknown else None,
        closed=True,
        paid_on=date.fromisoformat(part["paid_on"]) if "paid_on" in part else None,
        notes=part.get("notes", ""),
    )


def _body(
    connection: Connection, counter: Counter, original: Entry, request: TenderRequest, *, target: Account, reason: str
) -> dict[str, Any]:
    """Return both papers in full: each is composed from the entry alone, and names the other."""
    undone, made = next_number(connection, counter), next_number(connection, counter, ahead=1)
    legs = _legs(connection, original)
    gone = frozenset(fact.fact_id for fact in facts_of(original))
    reversal = reversal_body(
        connection, counter, original, number=undone, reason=reason, refund="moved", tender_id=request.tender_id
    )
    tender = {
        **tender_frame(connection, counter, request),
        "tender_id": request.tender_id,
        "number": made,
        "known": known_as_of(counter),
        "legs": legs,
        "parts": parts_of(connection, counter, request, legs, gone=gone),
        "tendered": None,
        "change": 0,
        "sms_to": None,
        "corrects": {"number": original.content.body["number"], "reversal": undone},
    }
    reversal["corrected_by"] = {"number": made, "meter": target.meter_no}
    return {
        "tender_id": request.tender_id,
        "number": made,
        "known": known_as_of(counter),
        "reversal": reversal,
        "tender": tender,
    }


def _legs(connection: Connection, original: Entry) -> list[dict[str, Any]]:
    """Return the legs as they are worth now: what was cleared or confirmed since stays so."""
    body = original.content.body
    payments = facts_of(original)
    ids = [fact.fact_id for fact in payments]
    said = {(row.of_fact_id, row.kind) for row in connection.execute(_said, {"ids": ids})}
    if any(kind == "bounce" for _, kind in said):
        raise NotCorrectable(
            f"A payment of receipt {body['number']} was not honoured: nothing is there to move. Take a new payment."
        )
    filled = cells([leg["amount"] for leg in body["legs"]], [part["amount"] for part in body["parts"]])
    of_leg = {cell.leg: fact.fact_id for cell, fact in zip(filled, payments, strict=True)}
    return [
        {
            **leg,
            "counts": leg["counts"] or (of_leg[place], "clearing") in said,
            "unconfirmed": leg["unconfirmed"] and (of_leg[place], "confirmation") not in said,
        }
        for place, leg in enumerate(body["legs"])
    ]
