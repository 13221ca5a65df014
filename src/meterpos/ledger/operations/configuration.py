"""What of a till's own settings was changed, by whom, and who agreed: the file holds it, the journal keeps it."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, select

from meterpos.ledger.journal import Approval, Entry
from meterpos.ledger.moment import Moment
from meterpos.ledger.operations.entries import stand_at_counter, write_entry
from meterpos.ledger.operations.people import require_right
from meterpos.ledger.operations.reversals import NotApproved
from meterpos.ledger.queries.identity import find_identity
from meterpos.ledger.tables import shifts

Value = str | int | None

OWN: Final = frozenset({"language", "theme", "text_size", "guide"})
"""How the screen looks and speaks: whoever sits before it chooses, and nobody has to agree."""

_any_shift: Final = select(shifts.c.shift).limit(1)


def needs_approval(connection: Connection, names: frozenset[str]) -> bool:
    """Tell whether a manager has to agree to a change of these: once the till has worked, to all but its looks."""
    return bool(names - OWN) and connection.execute(_any_shift).first() is not None


def try_drawer(connection: Connection, *, moment: Moment, clerk: str) -> Entry | None:
    """Note that the drawer is opened to try it; None while the till never worked, when it holds nothing.

    Raises: NoOpenShift, since a drawer is opened in somebody's shift; MayNot, NotYourShift.
    """
    if connection.execute(_any_shift).first() is None:
        return None
    counter = stand_at_counter(connection, moment=moment, clerk=clerk)
    require_right(connection, counter, "move_cash")
    counter.require_shift()
    return write_entry(connection, counter, kind="drawer_opened", body={"reason": "test"})


def apply_settings(
    connection: Connection,
    *,
    changes: Mapping[str, tuple[Value, Value]],
    moment: Moment,
    clerk: str,
    approval: Approval | None = None,
) -> Entry | None:
    """Note settings applied, each with what it was and what it is; None before enrolment: there is no journal yet.

    Raises: NotApproved when nobody agreed to what needs it; MayNot when who agreed is no manager, or who asks only
    looks.
    """
    if find_identity(connection) is None:
        return None
    counter = stand_at_counter(connection, moment=moment, clerk=clerk)
    if frozenset(changes) - OWN:
        require_right(connection, counter, "ask_settings")
    if needs_approval(connection, frozenset(changes)):
        if approval is None or approval.by == clerk:
            raise NotApproved("A manager has to approve new settings, not the one who asks.", field="approver")
        require_right(connection, stand_at_counter(connection, moment=moment, clerk=approval.by), "settings")
    body = {"changed": {name: {"from": old, "to": new} for name, (old, new) in changes.items()}}
    return write_entry(connection, counter, kind="settings_applied", body=body, approval=approval)
