"""Instalment customers: the single payment and the JSON history of each as plan payments; what is broken is listed.

Nothing is guessed: where a history cannot be read its sums stay blank, its status unknown and its text as it was.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, delete, select

from meterpos.headoffice import bulk
from meterpos.headoffice.legacy import problems, values
from meterpos.headoffice.tables.legacy import legacy_plan_payments, legacy_plan_sums, legacy_plans, legacy_users
from meterpos.ledger.rules.tenders import normalise_reference
from meterpos.ledger.texts import readable

STEP: Final = "plans"
MALFORMED: Final = "malformed history"
REPEATED: Final = "repeated reference"
ABOVE: Final = "paid above total"
NO_TOTAL: Final = "no total"
APART: Final = "single payment not in history"
UNKNOWN: Final = frozenset({MALFORMED, NO_TOTAL, APART})
"""After these nothing is certain, so nothing is summed."""


class Malformed(ValueError):
    """The history is not a list of payments."""


@dataclass(frozen=True, slots=True)
class Paid:
    """One payment of a plan; `counts` is no for one whose reference was there before, `is_rounded` where its amount had
    a part of a cent."""

    amount_minor: int
    reference: str | None
    paid_on: str | None
    notes: str | None
    added_by: str | None = None
    counts: bool = True
    is_rounded: bool = False


@dataclass(frozen=True, slots=True)
class PlanState:
    """What a plan comes to; None is unknown."""

    payments: tuple[Paid, ...]
    paid_minor: int | None
    excess_minor: int
    status: str
    phase: str | None
    exceptions: tuple[str, ...]


def state_of(
    *, total_minor: int | None, single: Paid | None, history: str | None, stored_phase: str | None
) -> PlanState:
    """Return what a plan's fields and history come to."""
    try:
        listed = read_history(history)
    except Malformed:
        return PlanState((), None, 0, "unknown", stored_phase, (MALFORMED,))
    exceptions: list[str] = []
    if listed and single is not None and not _is_in(single, listed):
        exceptions.append(APART)
    payments, repeated = _without_repeats(listed or ([single] if single is not None else []))
    if repeated:
        exceptions.append(REPEATED)
    if total_minor is None or total_minor <= 0:
        exceptions.append(NO_TOTAL)
    if UNKNOWN & set(exceptions) or total_minor is None:
        return PlanState(payments, None, 0, "unknown", stored_phase, tuple(exceptions))
    paid = sum(payment.amount_minor for payment in payments if payment.counts)
    if paid > total_minor:
        exceptions.append(ABOVE)
    consumed = min(paid, total_minor)
    status = "completed" if consumed == total_minor else "partial" if consumed > 0 else "pending"
    phase = "material_allocation" if status == "completed" else "amount"
    return PlanState(payments, consumed, paid - consumed, status, phase, tuple(exceptions))


def read_history(text: str | None) -> list[Paid]:
    """Return the payments of a JSON history; none where there is none. Raises: Malformed."""
    if text is None or not text.strip():
        return []
    try:
        found = json.loads(text, parse_float=str, parse_int=str, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Malformed(str(error)) from error
    if isinstance(found, str):
        return read_history(found)  # a column that was encoded twice
    if found is None:
        return []
    if not isinstance(found, list):
        raise Malformed("not a list")
    return [_payment(one) for one in found]


def _refuse(word: str) -> None:
    raise ValueError(word)


def _payment(one: Any) -> Paid:
    if not isinstance(one, dict) or not isinstance(one.get("amount"), str):
        raise Malformed("a payment without an amount")
    is_rounded = False
    try:
        minor = values.amount(one["amount"])
    except values.Rounded as rounded:
        minor, is_rounded = rounded.minor, True
    except values.Unreadable as error:
        raise Malformed(str(error)) from error
    if minor is None or minor < 0:
        raise Malformed("a payment without an amount")
    paid_on = _day_or_none(one.get("date")) or _day_or_none(one.get("added_at"))
    reference = _text(one.get("utr_number")) or _text(one.get("reference"))
    notes, added_by = _text(one.get("notes")), _text(one.get("added_by_id"))
    return Paid(minor, reference, paid_on, notes, added_by, is_rounded=is_rounded)


def _text(value: Any) -> str | None:
    is_said = isinstance(value, (str, int)) and not isinstance(value, bool)
    return (readable(str(value), mark="").strip() or None) if is_said else None


def _day_or_none(value: Any) -> str | None:
    try:
        return values.day(_text(value))
    except values.Unreadable:
        return None


def _is_in(single: Paid, listed: Sequence[Paid]) -> bool:
    """Tell whether the single payment is one of the history, or what the history comes to."""
    if single.reference is not None and normalise_reference(single.reference) in {
        normalise_reference(payment.reference or "") for payment in listed
    }:
        return True
    return single.amount_minor in (sum(payment.amount_minor for payment in listed), listed[0].amount_minor)


def _without_repeats(listed: Sequence[Paid]) -> tuple[tuple[Paid, ...], bool]:
    seen: set[str] = set()
    kept = []
    for payment in listed:
        reference = normalise_reference(payment.reference or "")
        again = bool(reference) and reference in seen
        seen.add(reference)
        kept.append(replace(payment, counts=not again))
    return tuple(kept), any(not payment.counts for payment in kept)


# --- the step


def compute(conn: Connection) -> dict[str, int]:
    """Write every plan's payments and sums, and list what a person must look at."""
    for table in (legacy_plan_sums, legacy_plan_payments):
        conn.execute(delete(table))
    problems.clear(conn, STEP)
    users = {str(row[0]) for row in conn.execute(select(legacy_users.c.id))}
    found = [(row, _state(row)) for row in conn.execute(select(legacy_plans).order_by(legacy_plans.c.id))]
    bulk.insert(conn, legacy_plan_sums, [_sums(row, state) for row, state in found])
    bulk.insert(conn, legacy_plan_payments, [line for row, state in found for line in _lines(row.id, state)])
    listed = problems.keep(conn, STEP, (one for row, state in found for one in _listed(row, state, users)))
    return {"plans": len(found), "plans to look at": sum(1 for _, state in found if state.exceptions), "notes": listed}


def _state(row: Any) -> PlanState:
    single = None
    if row.paid_minor:
        single = Paid(row.paid_minor, row.utr_number, row.paid_on, None)
    return state_of(
        total_minor=row.total_minor, single=single, history=row.payments_data, stored_phase=row.current_phase
    )


def _sums(row: Any, state: PlanState) -> tuple[Any, ...]:
    exception = "; ".join(state.exceptions) or None
    return row.id, row.total_minor, state.paid_minor, state.excess_minor, state.status, state.phase, exception


def _lines(plan_id: str, state: PlanState) -> Iterator[tuple[Any, ...]]:
    for line, one in enumerate(state.payments, 1):
        counts = one.counts and state.status != "unknown"
        yield plan_id, line, one.amount_minor, one.reference, one.paid_on, one.notes, int(counts), one.added_by


def _listed(row: Any, state: PlanState, users: set[str]) -> Iterator[problems.Problem]:
    raw = row.payments_data or f"amount_paid {row.paid_minor}, amount_utr_number {row.utr_number}"
    for exception in state.exceptions:
        yield f"plan_{exception.replace(' ', '_')}", "amount_phase_customers", row.id, raw
    if any(one.is_rounded for one in state.payments):
        yield "plan_part_of_a_cent", "amount_phase_customers", row.id, raw
    for name in sorted({one.added_by for one in state.payments if one.added_by} - users):
        yield "plan_unknown_user", "amount_phase_customers", row.id, f"added by {name}, who is no user: {raw}"
