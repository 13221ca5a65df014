"""Cash that leaves the drawer or the safe, or goes from one clerk to the next: each an entry with its own number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select

from meterpos.errors import UserError
from meterpos.ledger.journal import Approval, Entry, read_back
from meterpos.ledger.moment import Moment
from meterpos.ledger.money import format_amount
from meterpos.ledger.operations.entries import Counter, display_name, paper_frame, stand_at_counter, write_entry
from meterpos.ledger.operations.people import require_right
from meterpos.ledger.operations.reversals import NotApproved
from meterpos.ledger.queries.cash import drawer_minor, in_safe_minor
from meterpos.ledger.rules.cash import MOVEMENT_KINDS, MovementKind, said_of_count, wrong_with_count
from meterpos.ledger.rules.rights import Act
from meterpos.ledger.tables import cash_movements, users

TEXT_MAX: Final = 200
AMOUNT_MAX: Final = 10_000_000_00


class CashNotMoved(UserError):
    """The cash cannot be moved like that; nothing was changed."""


class TooMuchCash(UserError):
    """The drawer would hold more cash than it may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CashRequest:
    """Cash to be moved. ``movement_id`` is made when the form opens: pressing twice moves it once.

    A drop and a payout leave the drawer, a banking leaves the safe with the bank's ``slip``, a handover gives the
    drawer ``to`` the next clerk, who counted ``amount_minor`` in it: ``notes`` says how many of each note and coin,
    where it was counted so, ``earlier_minor`` what was counted before.
    """

    movement_id: str
    kind: MovementKind
    amount_minor: int
    slip: str = ""
    reason: str = ""
    to: str = ""
    notes: Sequence[tuple[int, int]] = ()
    earlier_minor: Sequence[int] = ()


_ACTS: Final[Mapping[str, Act]] = {"payout": "pay_out", "banking": "bank"}
_same: Final = select(cash_movements.c.entry_id).where(cash_movements.c.movement_id == bindparam("movement_id"))
_last: Final = select(func.max(cash_movements.c.counter)).where(cash_movements.c.stream == bindparam("stream"))
_revoked: Final = select(users.c.revoked).where(users.c.user_name == bindparam("user_name"))


def move_cash(
    connection: Connection,
    *,
    request: CashRequest,
    moment: Moment,
    clerk: str,
    approval: Approval | None = None,
    language: str = "en",
) -> Entry:
    """Move cash and return the entry its slip is made from; the same request again returns the same entry.

    ``language`` is what the slip speaks, the till's.

    Raises: CashNotMoved naming what is wrong, NotApproved (a payout needs a second person), MayNot, NoOpenShift (a
        banking alone needs none), NotEnrolled; nothing was changed.
    """
    again = entry_of_movement(connection, request.movement_id)
    if again is not None:
        return _moved_before(again, request)
    _check(request)
    if request.kind == "payout" and approval is None:
        raise NotApproved("A second person has to approve a payout. Ask a supervisor.", field="approver")
    if approval is not None and approval.by == clerk:
        raise NotApproved("A second person has to approve, not the one who asks. Ask a supervisor.", field="approver")
    counter = stand_at_counter(connection, moment=moment, clerk=clerk)
    require_right(connection, counter, _ACTS.get(request.kind, "move_cash"))
    held_minor = _held_minor(connection, counter, request)
    if request.kind == "handover":
        _check_count(request, alone=counter.settings.count_total_alone)
        _check_next(connection, request.to, clerk=clerk)
    body = _body(connection, counter, request, held_minor=held_minor, language=language)
    return write_entry(connection, counter, kind="cash_movement", body=body, approval=approval)


def refuse_cash_above_limit(connection: Connection, counter: Counter, *, cash_minor: int) -> None:
    """Raise TooMuchCash when ``cash_minor`` more would pass the utility's limit; other methods are taken still."""
    stop_minor = counter.settings.cash_stop_minor
    if not stop_minor or not cash_minor:
        return
    shift = counter.require_shift().shift
    held_minor = drawer_minor(connection, stream=counter.identity.stream, shift=shift)
    if held_minor + cash_minor > stop_minor:
        raise TooMuchCash(
            f"The drawer holds {format_amount(held_minor)}; {format_amount(cash_minor)} more would pass its limit of "
            f"{format_amount(stop_minor)}. Put cash into the safe first, or let a supervisor approve; M-Pesa can be "
            "taken.",
            field="method",
        )


def open_drawer(connection: Connection, *, reason: str, moment: Moment, clerk: str) -> Entry:
    """Note that the drawer is opened without a sale, and why; the shift's report counts it.

    Raises: CashNotMoved without a reason, MayNot, NoOpenShift, NotEnrolled.
    """
    said = reason.strip()
    if not said:
        raise CashNotMoved("Say why the drawer is opened; the shift report counts it.", field="reason")
    if len(said) > TEXT_MAX:
        raise CashNotMoved(f"The reason may have at most {TEXT_MAX} letters.", field="reason")
    counter = stand_at_counter(connection, moment=moment, clerk=clerk)
    counter.require_shift()
    require_right(connection, counter, "move_cash")
    return write_entry(connection, counter, kind="drawer_opened", body={"reason": said})


def entry_of_movement(connection: Connection, movement_id: str) -> Entry | None:
    """Return the entry that was made for a form's movement id, None when there is none."""
    entry_id = connection.execute(_same, {"movement_id": movement_id}).scalar_one_or_none()
    return None if entry_id is None else read_back(connection, entry_id)


def _moved_before(entry: Entry, request: CashRequest) -> Entry:
    body = entry.content.body
    if (body["kind"], body["amount"]) != (request.kind, request.amount_minor):
        raise CashNotMoved(
            f"This was already written as {body['number']} with another amount. Look at that slip; to move more, "
            "begin a new one."
        )
    return entry


def _check(request: CashRequest) -> None:
    """Raise CashNotMoved for what is wrong in the request itself."""
    if request.kind not in MOVEMENT_KINDS:
        raise CashNotMoved(f"'{request.kind}' is none of {', '.join(MOVEMENT_KINDS)}.", field="kind")
    least_minor = 0 if request.kind == "handover" else 1
    if not least_minor <= request.amount_minor <= AMOUNT_MAX:
        raise CashNotMoved("The amount must be above zero and at most 10,000,000.00.", field="amount")
    for field in ("slip", "reason"):
        if len(getattr(request, field).strip()) > TEXT_MAX:
            raise CashNotMoved(f"The {field} may have at most {TEXT_MAX} letters.", field=field)
    if request.kind == "payout" and not request.reason.strip():
        raise CashNotMoved("Give the reason for the payout; it stands on the slip.", field="reason")
    if request.kind == "banking" and not request.slip.strip():
        raise CashNotMoved("Give the number of the bank's deposit slip.", field="slip")
    if request.kind == "handover" and not request.to.strip():
        raise CashNotMoved("Say which clerk takes the drawer over.", field="to")


def _held_minor(connection: Connection, counter: Counter, request: CashRequest) -> int:
    """Return what the drawer (of a banking: the safe) must hold. Raises: CashNotMoved when more is to leave it."""
    who = counter.identity
    if request.kind == "banking":
        place, held_minor = "safe", in_safe_minor(connection, till_name=who.till_name)
    else:
        place = "drawer"
        held_minor = drawer_minor(connection, stream=who.stream, shift=counter.require_shift().shift)
    if request.kind != "handover" and request.amount_minor > held_minor:
        raise CashNotMoved(
            f"The {place} must hold {format_amount(held_minor)}; {format_amount(request.amount_minor)} is "
            f"{format_amount(request.amount_minor - held_minor)} more. Count again.",
            field="amount",
        )
    return held_minor


def _check_count(request: CashRequest, *, alone: bool) -> None:
    wrong = wrong_with_count(request.notes, counted_minor=request.amount_minor, alone=alone)
    if wrong:
        raise CashNotMoved(wrong, field="amount")


def _check_next(connection: Connection, to: str, *, clerk: str) -> None:
    if to == clerk:
        raise CashNotMoved("The drawer is handed to another clerk, not to the one who has it.", field="to")
    revoked = connection.execute(_revoked, {"user_name": to}).scalar_one_or_none()
    if revoked is None or revoked:
        raise CashNotMoved(f"No user '{to}' may work here. Check the name, or sync and try again.", field="to")


def _body(
    connection: Connection, counter: Counter, request: CashRequest, *, held_minor: int, language: str
) -> dict[str, Any]:
    who = counter.identity
    last = connection.execute(_last, {"stream": who.stream}).scalar_one()
    is_handover = request.kind == "handover"
    return {
        **paper_frame(connection, counter, language=language),
        "movement_id": request.movement_id,
        "number": f"{who.till_name}-{who.label}-C{(last or 0) + 1:05d}",
        "kind": request.kind,
        "amount": request.amount_minor,
        "held": held_minor,
        "difference": request.amount_minor - held_minor if is_handover else 0,
        "slip": request.slip.strip() or None,
        "reason": request.reason.strip(),
        "to": request.to if is_handover else None,
        "to_name": display_name(connection, request.to) if is_handover else None,
        **(said_of_count(request.notes, request.earlier_minor) if is_handover else {}),
    }
