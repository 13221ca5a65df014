"""Making an instalment plan at the till: usable here at once; head office numbers it and sends it down."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from meterpos.errors import UserError
from meterpos.ledger.journal import Approval, Entry
from meterpos.ledger.moment import Moment
from meterpos.ledger.operations.entries import Counter, known_as_of, stand_at_counter, write_entry
from meterpos.ledger.operations.instalments import NOTES_MAX
from meterpos.ledger.operations.people import MayNot, require_right
from meterpos.ledger.queries.people import users_who_may
from meterpos.ledger.queries.plans import requests_of
from meterpos.ledger.rules.instalments import UnusablePlan, check_agreed
from meterpos.ledger.tables import customers


class PlanSetOnce(UserError):
    """The same request came with other content; what was agreed never changes."""


_customer: Final = select(customers.c.customer_no, customers.c.name, customers.c.zone).where(
    customers.c.customer_no == bindparam("customer_no")
)


def request_plan(
    connection: Connection,
    *,
    customer_no: str,
    capacity_kw: str,
    total_minor: int,
    request_id: str,
    notes: str = "",
    moment: Moment,
    clerk: str,
    approval: Approval | None = None,
) -> Entry:
    """Make a customer's plan and return its entry; ``approval`` is a manager's, None where the clerk is one.

    Its number stands until head office gives its own: ``KSM01-B7K-P0001``. Capacity and total never change. The same
    request again returns the same entry and makes nothing.

    Raises: UnusablePlan, PlanSetOnce, MayNot, NotEnrolled.
    """
    counter = stand_at_counter(connection, moment=moment, clerk=clerk)
    capacity, said = capacity_kw.strip(), notes.strip()
    asked = {"capacity_kw": capacity, "total": total_minor, "notes": said}
    stem = f"{counter.identity.till_name}-{counter.identity.label}-P"
    made = requests_of(connection, stem)
    again = _made_before(made, request_id, customer_no, asked)
    if again is not None:
        return again
    check_agreed(capacity_kw=capacity, total_minor=total_minor)
    if len(said) > NOTES_MAX or not said.isprintable():
        raise UnusablePlan(f"Notes are one line of at most {NOTES_MAX} letters.", field="notes")
    _require_manager(connection, counter, approval)
    whose = connection.execute(_customer, {"customer_no": customer_no}).one_or_none()
    if whose is None:
        raise UnusablePlan(f"Customer {customer_no} is not known here. Search again.", field="customer")
    body = {
        "request_id": request_id,
        "account": f"{stem}{len(made) + 1:04d}",
        "customer": {"no": whose.customer_no, "name": whose.name},
        "zone": whose.zone,
        "known": known_as_of(counter),
        **asked,
    }
    return write_entry(connection, counter, kind="plan_request", body=body, approval=approval)


def _made_before(made: Sequence[Entry], request_id: str, customer_no: str, asked: dict[str, Any]) -> Entry | None:
    entry = next((one for one in made if one.content.body["request_id"] == request_id), None)
    if entry is None:
        return None
    body = entry.content.body
    if body["customer"]["no"] != customer_no or any(body[name] != value for name, value in asked.items()):
        raise PlanSetOnce(
            f"This plan was already made as {body['account']}, and capacity and total are set once. "
            "Have it cancelled at head office, and make another."
        )
    return entry


def _require_manager(connection: Connection, counter: Counter, approval: Approval | None) -> None:
    require_right(connection, counter, "report")  # whoever only looks asks for nothing, approved or not
    name = counter.clerk if approval is None else approval.by
    if name not in {user.user_name for user in users_who_may(connection, "plan", moment=counter.moment)}:
        raise MayNot("Only a manager makes an instalment plan. Let a manager approve it.", field="approver")
