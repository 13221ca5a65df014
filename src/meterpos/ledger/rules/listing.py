"""How long lists are filtered and ordered, and what of that is known only once everything was looked at."""

from typing import Final, Literal, get_args

Show = Literal["active", "inactive", "all"]
Owing = Literal["any", "owing", "credit", "overdue"]
Order = Literal["number", "customer", "balance", "last_invoice"]
ORDERS: Final[tuple[Order, ...]] = get_args(Order)


def reads_all(*, text: str, show: Show) -> bool:
    """Tell whether every meter has to be looked at before it is known which comes first (0.4 s at 150,000).

    No index knows a piece of a number, nor which few are out of use: read it where nobody waits (record 0017).
    """
    return bool(text.strip()) or show == "inactive"
