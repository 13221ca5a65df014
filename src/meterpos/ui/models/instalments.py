"""Instalment plans without widgets: what the page asks, how a plan is told, and a payment on one as it is typed."""

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from meterpos.errors import UserError
from meterpos.ledger.money import format_amount, parse_amount
from meterpos.ui import words
from meterpos.ui.models import payment
from meterpos.ui.models.legs import Leg
from meterpos.ui.models.payment import Form, Part

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from meterpos.ledger.operations.tenders import TenderRequest
    from meterpos.ledger.queries.plans import Instalment, PlanRows, PlanView
    from meterpos.ledger.rules.instalments import PlanState

NOTES_MAX: Final = 200
_DAY_FIRST: Final = re.compile(r"(\d{1,2})[/. -](\d{1,2})(?:[/. -](\d{4}))?", re.ASCII)
FIELDS: Final = ("amount", "leg", "reference", "tendered", "split", "date", "notes")
TONES: Final = {"pending": "muted", "partial": "waiting", "completed": "action", "cancelled": "danger"}


def plans(conn: "Connection", text: str) -> "PlanRows":
    """Return the plans a text finds."""
    from meterpos.ledger.queries.plans import find_plans

    return find_plans(conn, text)


def plan(conn: "Connection", number: str) -> "PlanView":
    """Return one plan with its payments."""
    from meterpos.ledger.queries.plans import find_plan

    return find_plan(conn, number)


def share(state: "PlanState") -> float:
    """Return how much of the total is paid, 0 to 1."""
    return min(state.paid_minor / state.total_minor, 1.0) if state.total_minor else 0.0


def percent(state: "PlanState") -> int:
    """Return the same in whole percent: all only when all is paid, nothing only when nothing is."""
    if state.status == "completed":
        return 100
    floor = state.paid_minor * 100 // state.total_minor if state.total_minor else 0
    return min(max(floor, 1 if state.paid_minor else 0), 99)


def paid_how(one: "Instalment") -> str:
    """Return by which method and reference an instalment was paid."""
    method = words.say(f"method.{one.method}") if one.method else ""
    return " ".join(part for part in (method, one.reference if one.method != "cash" else "") if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paying:
    """A payment on a plan as it is typed; the money part is a form like any other."""

    plan: "PlanView"
    form: Form
    date_text: str
    notes: str
    today: date

    @property
    def paid_on(self) -> date | None:
        """The payment date, None while empty or unreadable."""
        return read_day(self.date_text, today=self.today)


def money_form(
    tender_id: str, plan: "PlanView", *, amount: str, legs: tuple[Leg, ...], received: str, policy: dict[str, str]
) -> Form:
    """Return the money part of a payment on a plan."""
    return Form(
        tender_id=tender_id,
        customer_no=plan.account.customer_no,
        payer=plan.account.customer_name or "",
        parts=(Part(None, amount),),
        legs=legs,
        received_text=received,
        policy=policy,
    )


def problems(paying: Paying) -> dict[str, str]:
    """Return a sentence for each field that keeps the payment from being taken."""
    found = payment.problems(paying.form)
    most = paying.plan.payable_minor
    if "amount" not in found and paying.form.total_minor > most:
        found["amount"] = words.say("wrong.more_than_pending", amount=format_amount(most))
    paid_on = paying.paid_on
    if paying.date_text.strip() and paid_on is None:
        found["date"] = words.say("wrong.day", text=paying.date_text.strip()[:24])
    elif paid_on is not None and paid_on > paying.today:
        found["date"] = words.say("wrong.day_to_come")
    if len(paying.notes.strip()) > NOTES_MAX:
        found["notes"] = words.say("wrong.long_notes", n=NOTES_MAX)
    return found


def request(paying: Paying) -> "TenderRequest":
    """Return the payment as the operation takes it; asked for only when there are no problems."""
    from meterpos.ledger.operations.tenders import PartRequest, TenderRequest

    form = paying.form
    part = PartRequest(
        account_no=paying.plan.account.account_no,
        amount_minor=form.total_minor,
        paid_on=paying.paid_on,
        notes=paying.notes.strip(),
    )
    return TenderRequest(
        tender_id=form.tender_id,
        customer_no=form.customer_no,
        parts=(part,),
        legs=payment.leg_requests(form),
        tendered_minor=form.received_minor,
    )


def read_day(text: str, *, today: date) -> date | None:
    """Return a day as typed, ``20/11/2026``, ``20/11`` or ``2026-11-20``; None where it is none."""
    said = text.strip()
    found = _DAY_FIRST.fullmatch(said)
    try:
        if found is None:
            return date.fromisoformat(said) if said else None
        return date(int(found[3] or today.year), int(found[2]), int(found[1]))
    except ValueError:
        return None


def write_day(day: date) -> str:
    """Return a day as it is typed: ``20/11/2026``."""
    return f"{day:%d/%m/%Y}"


def total_of(text: str) -> int | None:
    """Return the total typed, None while empty or unreadable."""
    try:
        return parse_amount(text) if text.strip() else None
    except UserError:
        return None
