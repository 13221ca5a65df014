"""Step 6: the proof, customer by customer: old position = new position, or named causes that add up exactly."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Connection, delete, text

from meterpos.headoffice import bulk
from meterpos.headoffice.legacy.causes import HABITS, Position, Rows, Rule, explain, fields_of_rows, rule_of
from meterpos.headoffice.legacy.progress import Progress
from meterpos.headoffice.legacy.steps import parts
from meterpos.headoffice.tables import legacy as staging

HABIT_NAMES: Final = (
    "brought forward counted again",
    "stored amounts counted, not bills",
    "reversed payments counted",
    "pending payments counted",
    "payments counted where they were before they moved",
    "closed accounts counted",
)
FETCHED: Final = 10_000
UNEXPLAINED: Final = "customers with unexplained money"

_STORED_FORWARD: Final = (
    "coalesce(i.total_minor, coalesce(i.amount_minor, 0) + coalesce(i.forward_minor, 0)) - coalesce(i.amount_minor, 0)"
)


def _both(expression: str, name: str, where: str = "1 = 1", activity: str = "a.is_active") -> str:
    """Return the sum over active accounts and the sum over closed ones."""
    return ", ".join(
        f"CAST(coalesce(sum(CASE WHEN {activity} = {flag} AND {where} THEN {expression} END), 0) AS bigint) "
        f"AS {name}_{end}"
        for flag, end in ((1, "a"), (0, "c"))
    )


_PLACED: Final = "CASE WHEN a.customer_id = p.customer_id AND a.is_active = 0 THEN 0 ELSE 1 END"
_OWN: Final = "p.counts = 1 AND a.customer_id = p.customer_id"
_ELSEWHERE: Final = (
    "p.counts = 1 AND (a.customer_id IS NULL OR a.customer_id <> p.customer_id) "
    "AND NOT coalesce(p.paid_on < f.invoice_date, 1 = 0)"
)
_BEFORE_FIRST: Final = "coalesce(p.paid_on < f.invoice_date, 1 = 0)"
"""A payment before an account's first invoice is in the opening balance, which is what that invoice brought forward
less it: wherever it stands, the account owes the same."""

_POSITIONS: Final = f"""
    SELECT c.customer_id, coalesce(u.balance_minor, 0) - coalesce(u.overpayment_minor, 0),
           c.balance_minor - c.overpayment_minor, coalesce(p.elsewhere, 0),
           {{columns}}
    FROM legacy_customers c
    LEFT JOIN legacy_users u ON u.id = c.customer_id
    LEFT JOIN (
        SELECT a.customer_id, {_both("coalesce(i.amount_minor, 0)", "stored")}, {_both("s.amount_minor", "billed")},
               {_both(_STORED_FORWARD, "forward")}
        FROM legacy_invoice_sums s
        JOIN legacy_invoices i ON i.id = s.invoice_id
        JOIN legacy_accounts a ON a.account_id = s.account_id
        GROUP BY a.customer_id
    ) AS i ON i.customer_id = c.customer_id
    LEFT JOIN (
        SELECT a.customer_id, {_both("o.opening_minor", "opening")}
        FROM legacy_openings o JOIN legacy_accounts a ON a.account_id = o.account_id
        GROUP BY a.customer_id
    ) AS o ON o.customer_id = c.customer_id
    LEFT JOIN (
        SELECT p.customer_id, {_both("p.amount_minor", "paid", _OWN, _PLACED)},
               {_both("p.amount_minor", "reversed", "p.left_out = 'reversed'", _PLACED)},
               {_both("p.amount_minor", "pending", "p.left_out = 'pending'", _PLACED)},
               CAST(coalesce(sum(CASE WHEN {_ELSEWHERE} THEN p.amount_minor END), 0) AS bigint) AS elsewhere
        FROM legacy_payment_places p
        LEFT JOIN legacy_accounts a ON a.account_id = p.account_id
        LEFT JOIN legacy_choices c ON c.customer_id = p.customer_id
        LEFT JOIN legacy_openings o ON o.account_id = c.account_id
        LEFT JOIN legacy_invoice_sums f ON f.invoice_id = o.invoice_id
        GROUP BY p.customer_id
    ) AS p ON p.customer_id = c.customer_id
    LEFT JOIN (
        SELECT a.customer_id, {_both("p.amount_minor", "from_others", f"NOT {_BEFORE_FIRST}")},
               {_both("p.amount_minor", "absorbed", _BEFORE_FIRST)}
        FROM legacy_payment_places p
        JOIN legacy_accounts a ON a.account_id = p.account_id
        LEFT JOIN legacy_openings o ON o.account_id = a.account_id
        LEFT JOIN legacy_invoice_sums f ON f.invoice_id = o.invoice_id
        WHERE p.counts = 1 AND p.customer_id <> a.customer_id
        GROUP BY a.customer_id
    ) AS m ON m.customer_id = c.customer_id
    ORDER BY c.customer_id
"""
_WHERE: Final = {
    "billed": "i", "opening": "o", "stored": "i", "forward": "i", "paid": "p", "reversed": "p", "pending": "p",
    "from_others": "m",
}  # fmt: skip


def prove(conn: Connection, progress: Progress) -> dict[str, int | str]:
    """Write every customer's proof and return what it came to; unexplained money is counted, not refused, here."""
    progress.expect(3 * parts.count(conn, staging.legacy_customers))
    conn.execute(delete(staging.legacy_proofs))
    rule = rule_of(_positions(conn, progress))
    written = unexplained = differing = 0
    for chunk in bulk.chunks(_proofs(conn, rule, progress), FETCHED):
        bulk.insert(conn, staging.legacy_proofs, chunk)
        written += len(chunk)
        differing += sum(1 for row in chunk if row[1] != row[2])
        unexplained += sum(1 for row in chunk if row[-1])
    parts.analyse(conn, staging.legacy_proofs)
    return {
        "customers": written,
        "customers whose position differs": differing,
        UNEXPLAINED: unexplained,
        "the old rule": describe(rule),
    }


def describe(rule: Rule) -> str:
    """Say which habits the old books had."""
    return ", ".join(HABIT_NAMES[habit] for habit in HABITS if habit in rule) or "as the rows say"


def verdict(counts: Mapping[str, Any]) -> str | None:
    """Return the sentence with which unexplained money stops a live run, None where there is none."""
    count = counts[UNEXPLAINED]
    if not count:
        return None
    return (
        f"Money is unexplained for {count:,} customers. Nothing is posted with it; see: meterpos migrate report proof"
    )


def _proofs(conn: Connection, rule: Rule, progress: Progress) -> Iterator[tuple[int, ...]]:
    for position in _positions(conn, progress):
        explained = explain(position, rule)
        yield (
            position.customer_id,
            position.old_minor,
            position.new_minor,
            *explained.causes,
            explained.unexplained_minor,
        )


def _positions(conn: Connection, progress: Progress) -> Iterator[Position]:
    names = [name.removesuffix("_minor") for name in fields_of_rows]
    listed = ", ".join(
        f"coalesce({_WHERE[name]}.{name}_{end}, 0)" + (f" - coalesce(m.absorbed_{end}, 0)" if name == "opening" else "")
        for end in ("a", "c")
        for name in names
    )
    rows = conn.execute(text(_POSITIONS.format(columns=listed)), execution_options={"yield_per": FETCHED})
    for chunk in rows.partitions(FETCHED):
        for customer_id, old, new, elsewhere, *sums in chunk:
            half = len(sums) // 2
            yield Position(customer_id, old, new, Rows(*sums[:half]), Rows(*sums[half:]), elsewhere)
        progress.advance(len(chunk), "proof")
