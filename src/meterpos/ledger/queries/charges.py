"""What stands open on several accounts at once: one indexed read, then the rule that also posts."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Final

from sqlalchemy import Connection, bindparam

from meterpos.ledger.queries.accounts import COUNTING
from meterpos.ledger.rules.allocation import Allocation, allocate
from meterpos.ledger.rules.balances import Counted, charges_and_credits
from meterpos.ledger.tables import movements

_OF_SEVERAL: Final = COUNTING.add_columns(movements.c.account_no).where(
    movements.c.account_no.in_(bindparam("account_nos", expanding=True))
)


def allocations(connection: Connection, account_nos: Collection[str]) -> Mapping[str, Allocation]:
    """Return what is paid and open on each of these accounts."""
    counted: dict[str, list[Counted]] = {account_no: [] for account_no in account_nos}
    for *one, account_no in connection.execute(_OF_SEVERAL, {"account_nos": list(counted)}):
        counted[account_no].append(Counted._make(one))
    # Not `ledger_from`: what else it works out would make a key stroke in search three times as long.
    return {account_no: allocate(*charges_and_credits(rows)) for account_no, rows in counted.items()}


def latest_invoice(allocation: Allocation) -> tuple[str, date, int] | None:
    """Return number, due date and amount of the latest invoice, None where there is none."""
    invoices = [state.charge for state in allocation.charges if state.charge.kind == "invoice"]
    if not invoices:
        return None
    latest = max(invoices, key=lambda charge: (charge.fact_date, charge.number))
    return latest.number, latest.due_date, latest.amount_minor
