"""Writing one entry of this till: what every operation at the counter ends with."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, func, select

from meterpos.errors import UserError
from meterpos.ledger.balances import recalculate
from meterpos.ledger.journal import Approval, Entry, append, content_bytes
from meterpos.ledger.moment import Moment
from meterpos.ledger.projection import project
from meterpos.ledger.queries.identity import Identity, identity
from meterpos.ledger.queries.settings import UtilitySettings, utility_settings
from meterpos.ledger.tables import drafts, shifts, tenders, users
from meterpos.ledger.tables.base import format_instant
from meterpos.ledger.texts import require_text

TEMPLATE: Final = 1
"""The version of the papers' wording; frozen into each entry so that a reprint says what the original said."""


class NoOpenShift(UserError):
    """Money is taken inside a shift only."""


@dataclass(frozen=True, slots=True)
class OpenShift:
    """The shift money is taken in now."""

    shift: int
    business_date: date
    clerk: str


@dataclass(frozen=True, slots=True)
class Counter:
    """Who writes and when: what every entry of one operation shares."""

    identity: Identity
    settings: UtilitySettings
    shift: OpenShift | None
    moment: Moment
    clerk: str

    @property
    def signed_today(self) -> date:
        """The day by which rights are measured."""
        return self.moment.signed_day(self.identity.as_of)

    def require_shift(self) -> OpenShift:
        """Return the open shift. Raises: NoOpenShift when there is none."""
        if self.shift is None:
            raise NoOpenShift("No shift is open. Open a shift, then take the payment again.")
        return self.shift


_open_shift: Final = select(shifts.c.shift, shifts.c.business_date, shifts.c.clerk).where(
    shifts.c.closed_at.is_(None), shifts.c.stream == bindparam("stream")
)
_last_counter: Final = select(func.max(tenders.c.counter)).where(tenders.c.stream == bindparam("stream"))
_use_up: Final = delete(drafts).where(
    drafts.c.name.startswith("approval:"), drafts.c.data["nonce"].as_string() == bindparam("nonce")
)
"""Digits read over the telephone are good until the entry they approve stands: once."""
_display_name: Final = select(users.c.display_name).where(users.c.user_name == bindparam("user_name"))


def stand_at_counter(connection: Connection, *, moment: Moment, clerk: str) -> Counter:
    """Read what an operation needs to know of till, utility and shift. Raises: NotEnrolled."""
    who = identity(connection)
    row = connection.execute(_open_shift, {"stream": who.stream}).one_or_none()
    shift = None if row is None else OpenShift(row.shift, row.business_date, row.clerk)
    return Counter(who, utility_settings(connection), shift, moment, clerk)


def write_entry(
    connection: Connection,
    counter: Counter,
    *,
    kind: str,
    body: Mapping[str, Any],
    business_date: date | None = None,
    shift: int | None = None,
    approval: Approval | None = None,
) -> Entry:
    """Append one entry, project it and recalculate the accounts it touches; the caller's transaction holds it all.

    Business date and shift are those of the open shift unless given. Raises: UnusableText.
    """
    require_text((kind, counter.clerk, body, () if approval is None else (approval.by, approval.nonce)))
    opened = counter.shift
    data = content_bytes(
        kind=kind,
        at=counter.moment.at,
        business_date=business_date or (opened.business_date if opened else counter.moment.today),
        shift=shift if shift is not None else (opened.shift if opened else None),
        clerk=counter.clerk,
        body=body,
        approval=approval,
    )
    entry = append(connection, stream=counter.identity.stream, data=data)
    posted = project(connection, entry, fresh=kind == "tender")
    if posted.accounts:
        recalculate(connection, posted.accounts)
    if approval is not None and approval.how == "code":
        connection.execute(_use_up, {"nonce": approval.nonce})
    return entry


def next_number(connection: Connection, counter: Counter, *, ahead: int = 0) -> str:
    """Return the number of the stream's next customer paper: ``KSM01-B7K-000123``, without gaps.

    ``ahead`` counts the papers the same entry makes before it.
    """
    who = counter.identity
    last = connection.execute(_last_counter, {"stream": who.stream}).scalar_one()
    return f"{who.till_name}-{who.label}-{(last or 0) + 1 + ahead:06d}"


def display_name(connection: Connection, user_name: str) -> str:
    """Return how papers name a user; the user name itself where head office sent none."""
    found = connection.execute(_display_name, {"user_name": user_name}).scalar_one_or_none()
    return found or user_name


def paper_frame(connection: Connection, counter: Counter, *, language: str) -> dict[str, Any]:
    """Return what every paper of this till says at its head and foot, frozen."""
    settings = counter.settings
    return {
        "template": TEMPLATE,
        "language": language,
        "currency": settings.currency,
        "training": counter.identity.training,
        "head": [settings.utility_name, *settings.receipt_head],
        "foot": list(settings.receipt_foot),
        "till": counter.identity.till_name,
        "till_title": counter.identity.full_title,
        "clerk_name": display_name(connection, counter.clerk),
        "local_time": counter.moment.local_time,
    }


def known_as_of(counter: Counter) -> dict[str, Any]:
    """Return how far this till knew head office's feed when the paper was made."""
    who = counter.identity
    as_of = who.as_of
    return {
        "generation": who.generation,
        "position": who.position,
        "as_of": None if as_of is None else format_instant(as_of),
        "as_of_local": None if as_of is None else counter.moment.localise(as_of).strftime("%Y-%m-%dT%H:%M"),
    }
