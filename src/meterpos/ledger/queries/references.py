"""Where an M-Pesa code, cheque number or slip was used before."""

from typing import Final

from sqlalchemy import Connection, bindparam, exists, select

from meterpos.ledger.tables import facts

_undone: Final = facts.alias("undone")
_used: Final = (
    select(facts.c.number)
    .where(
        facts.c.reference == bindparam("reference"),
        facts.c.method == bindparam("method"),
        facts.c.kind == "payment",
        ~exists().where(_undone.c.of_fact_id == facts.c.fact_id, _undone.c.kind == "reversal"),
    )
    .order_by(facts.c.fact_date, facts.c.number)
    .limit(1)
)


def used_reference(connection: Connection, *, method: str, reference: str) -> str | None:
    """Return the number of the payment a normalised reference already pays; a reversed payment gave it free again."""
    number: str | None = connection.execute(_used, {"method": method, "reference": reference}).scalars().first()
    return number
