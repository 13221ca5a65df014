"""Brought forward, checked: what an invoice says was owed before it, against the account's net just before it."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, text

from meterpos.headoffice.importing.reader import Findings
from meterpos.ledger.money import format_decimal

FILE: Final = "invoices.csv"

# Just before: everything of earlier days, and the opening balance. What else happened on the invoice's own day has no
# known order, so either reading of that day is accepted.
_DIFFERENCES: Final = text(
    """
    SELECT facts.number, facts.brought_forward_minor, running.before_minor
    FROM (
        SELECT fact_id, kind,
               CAST(coalesce(sum(amount_minor) OVER (
                   account RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE GROUP), 0) AS bigint)
                   AS before_minor,
               CAST(coalesce(sum(amount_minor) OVER (
                   account RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW), 0) AS bigint)
                   AS that_day_minor
        FROM movements
        WINDOW account AS (PARTITION BY account_no ORDER BY fact_date, CASE kind WHEN 'opening' THEN 0 ELSE 1 END)
    ) AS running
    JOIN facts ON facts.fact_id = running.fact_id
    WHERE running.kind = 'invoice' AND facts.position >= :since AND facts.brought_forward_minor IS NOT NULL
      AND facts.brought_forward_minor NOT IN (running.before_minor, running.that_day_minor)
      AND NOT (facts.brought_forward_minor = 0 AND (running.before_minor < 0 OR running.that_day_minor < 0))
    ORDER BY facts.number
    """
)


def list_differences(conn: Connection, *, since: int, lines: Mapping[str, int], findings: Findings) -> None:
    """List the invoices placed at `since` or later whose brought-forward amount is not the net before them.

    It never counts, so a difference changes no balance; it tells where the old books and these part.
    """
    for number, said_minor, net_minor in conn.execute(_DIFFERENCES, {"since": since}):
        findings.odd(
            FILE,
            lines.get(number, 0),
            "balance_brought_forward",
            f"invoice {number} brings forward {format_decimal(said_minor)}, the account stood at "
            f"{format_decimal(net_minor)}: {format_decimal(said_minor - net_minor)} apart.",
        )
