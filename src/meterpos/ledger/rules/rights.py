"""Who may do what at a till: one table, and what a right that has ended leaves."""

from collections.abc import Mapping
from typing import Final, Literal

Role = Literal["clerk", "supervisor", "manager", "auditor"]
Act = Literal[
    "look",
    "take_money",
    "open_shift",
    "close_shift",
    "any_drawer",
    "move_cash",
    "bank",
    "pay_out",
    "reverse",
    "correct",
    "reprint",
    "report",
    "approve",
    "ask_settings",
    "recalculate",
    "settings",
    "plan",
]

_COUNTER: Final[frozenset[Act]] = frozenset(
    {
        "look",
        "take_money",
        "open_shift",
        "close_shift",
        "move_cash",
        "bank",
        "pay_out",
        "reverse",
        "correct",
        "reprint",
        "report",
        "ask_settings",
        "recalculate",
    }
)
RIGHTS: Final[Mapping[str, frozenset[Act]]] = {
    "clerk": _COUNTER,
    "supervisor": _COUNTER | {"approve", "any_drawer"},
    "manager": _COUNTER | {"approve", "any_drawer", "settings", "plan"},
    "auditor": frozenset({"look"}),
}
"""What each role may do; payouts, reversals and corrections also need a second person who may approve.

*settings* is agreeing to the till's settings, *ask_settings* what a manager then agrees to.
"""

LEFT_WHEN_ENDED: Final[frozenset[Act]] = frozenset(
    {"look", "take_money", "open_shift", "close_shift", "move_cash", "bank", "reprint", "report", "recalculate"}
)
"""What an ended right still may: a queue is never turned away and cash is never left lying, whatever a date says."""

OF_THE_DRAWER: Final[frozenset[Act]] = frozenset(
    {"take_money", "close_shift", "move_cash", "pay_out", "reverse", "correct"}
)
"""What only the clerk of the open shift does, or who may work in *any drawer*: others take the drawer over first."""


def may(role: str, act: Act, *, has_ended: bool = False) -> bool:
    """Tell whether a role may do this; a role this version does not know may only look."""
    rights = RIGHTS.get(role, RIGHTS["auditor"])
    return act in rights and (not has_ended or act in LEFT_WHEN_ENDED)
