"""One instalment plan, the same at till and head office: lines and a table for people, one object for programs."""

from typing import TYPE_CHECKING, Any

from meterpos.cli import show

if TYPE_CHECKING:
    from meterpos.ledger.queries.plans import PlanView


def tell_plan(found: "PlanView", *, json: bool) -> None:
    """Print a plan: total, paid, pending, and every payment with who took it and when."""
    from meterpos.ledger.money import format_amount

    if json:
        show.as_json(_answer(found))
        return
    state = found.state
    show.as_pairs(
        [
            ("Plan", found.number),
            ("Till's number", found.account.account_no if found.number != found.account.account_no else ""),
            ("Customer", f"{found.account.customer_name}  {found.account.customer_no}"),
            ("Capacity", f"{found.capacity_kw} kW"),
            ("Total", format_amount(state.total_minor)),
            ("Paid", format_amount(state.paid_minor)),
            ("Pending", format_amount(state.pending_minor)),
            ("Waits", format_amount(found.waiting_minor) if found.waiting_minor else ""),
            ("Credit", format_amount(state.excess_minor) if state.excess_minor else ""),
            ("Status", state.status),
            ("Payments", str(found.count)),
        ]
    )
    if found.payments:
        show.as_table(
            ("receipt", "paid on", "amount", "method", "reference", "clerk", ""),
            [
                (
                    one.number,
                    f"{one.paid_on or one.fact_date}",
                    format_amount(one.amount_minor),
                    show.METHOD_NAMES.get(one.method or "", one.method or ""),
                    one.reference,
                    one.clerk_name,
                    "reversed" if one.reversed else "" if one.counts else "waits",
                )
                for one in found.payments
            ],
            right=("amount",),
        )


def _answer(found: "PlanView") -> dict[str, Any]:
    state = found.state
    return {
        "plan_no": found.number,
        "account_no": found.account.account_no,
        "customer_no": found.account.customer_no,
        "customer_name": found.account.customer_name,
        "capacity_kw": found.capacity_kw,
        "total_minor": state.total_minor,
        "paid_minor": state.paid_minor,
        "pending_minor": state.pending_minor,
        "waiting_minor": found.waiting_minor,
        "credit_minor": state.excess_minor,
        "status": state.status,
        "phase": state.phase,
        "count": found.count,
        "payments": [
            {
                "receipt_no": one.number,
                "date": one.fact_date,
                "paid_on": one.paid_on or one.fact_date,
                "at": one.at,
                "clerk": one.clerk,
                "clerk_name": one.clerk_name,
                "method": one.method,
                "reference": one.reference,
                "amount_minor": one.amount_minor,
                "notes": one.notes,
                "counts": one.counts,
                "reversed": one.reversed,
            }
            for one in found.payments
        ],
    }
