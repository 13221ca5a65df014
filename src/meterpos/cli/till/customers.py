"""Finding a customer, and looking at what a meter owes."""

from typing import Annotated

import typer

from meterpos.cli import show
from meterpos.cli.style import Json, example
from meterpos.cli.till.opened import opened


def add_to(group: typer.Typer) -> None:
    """Add this file's commands to the group."""
    group.command("search", epilog=example("meterpos till search 'akinyi otieno'"))(search)


def search(
    context: typer.Context,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="Part of a name, phone, meter or account number.")],
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, max=1000, help="How many at most.")] = 20,
    json: Json = False,
) -> None:
    """Find customers by name, phone, customer, meter or account number, the best match first."""
    from meterpos.ledger.money import format_amount
    from meterpos.ledger.queries.search import find_customers

    with opened(context) as till, till.store.read() as connection:
        hits = find_customers(connection, text, today=till.moment().today, limit=limit)
    if json:
        rows = [
            {
                "customer_no": hit.customer_no,
                "name": hit.name,
                "phone": hit.phone,
                "place": hit.place,
                "status": hit.status,
                "meters": hit.meters,
                "matched_meter": hit.matched_meter,
                "balance_minor": hit.balance_minor,
                "overpayment_minor": hit.overpayment_minor,
                "overdue": hit.overdue,
            }
            for hit in hits
        ]
        show.as_json({"customers": rows})
    elif hits:
        show.as_table(
            ("customer", "name", "phone", "place", "meters", "balance", "credit", ""),
            [
                (
                    hit.customer_no,
                    hit.name,
                    hit.phone,
                    hit.place,
                    hit.matched_meter or str(hit.meters),
                    format_amount(hit.balance_minor),
                    format_amount(hit.overpayment_minor),
                    "overdue" if hit.overdue else "",
                )
                for hit in hits
            ],
            right=("balance", "credit"),
        )
    else:
        show.tell("Nobody found. Try part of the name, the phone number, or the number on the meter.")
