"""`meterpos headoffice plan`: instalment plans, made once and never changed."""

from typing import Annotated

import typer

from meterpos.cli.headoffice.opened import Day, day, opened, tell
from meterpos.cli.instalments import tell_plan
from meterpos.cli.listings import ListFormat, print_listing
from meterpos.cli.style import Json, example, new_group

app = new_group(help="Instalment plans: make one, cancel one, look at one or all; capacity and total never change.")

Plan = Annotated[str, typer.Argument(metavar="PLAN", help="The plan's number.")]


@app.command(
    "add", epilog=example("meterpos headoffice plan add PL-0042 --customer AC-10482 --capacity 5 --total 240000")
)
def add(
    context: typer.Context,
    plan: Plan,
    *,
    customer: Annotated[str, typer.Option("--customer", metavar="C", help="The customer's number.")],
    capacity: Annotated[str, typer.Option("--capacity", metavar="KW", help="The capacity in kilowatts.")],
    total: Annotated[str, typer.Option("--total", metavar="A", help="What is to be paid in all.")],
    on: Day = None,
    json: Json = False,
) -> None:
    """Make an instalment plan; the tills of the customer's zone take payments on it after their next exchange."""
    from meterpos.headoffice import plans
    from meterpos.ledger.money import format_amount, parse_amount

    total_minor = parse_amount(total, field="total")
    with opened(context) as office, office.write() as (conn, outgoing):
        plans.add_plan(
            conn,
            outgoing,
            plan_no=plan,
            customer_no=customer,
            capacity_kw=capacity,
            total_minor=total_minor,
            on=day(office, on),
        )
    tell(
        f"Plan {plan}: {capacity} kW, {format_amount(total_minor)} in all, of customer {customer}.",
        {"plan": plan, "customer": customer, "capacity_kw": capacity, "total_minor": total_minor},
        json=json,
    )


@app.command("show", epilog=example("meterpos headoffice plan show PL-0042"))
def show_plan(context: typer.Context, plan: Plan, *, json: Json = False) -> None:
    """Show a plan: total, paid, pending, and every payment with who took it and when."""
    from meterpos.ledger.queries.plans import find_plan

    with opened(context) as office, office.store.read() as conn:
        found = find_plan(conn, plan)
    tell_plan(found, json=json)


@app.command("list", epilog=example("meterpos headoffice plan list --format csv > plans.csv"))
def list_plans(context: typer.Context, *, format_: ListFormat = "text", json: Json = False) -> None:
    """List every plan: total, paid, pending, status, phase, and its last payment by the old system's names."""
    from meterpos.ledger.queries import listings

    with opened(context) as office, office.store.read() as conn:
        print_listing(listings.plans(conn), name="plans", format_=format_, json=json)


@app.command("cancel", epilog=example("meterpos headoffice plan cancel PL-0042 --reason 'wrong capacity'"))
def cancel(
    context: typer.Context,
    plan: Plan,
    *,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it stands on the statement.")],
    on: Day = None,
    json: Json = False,
) -> None:
    """Cancel a plan; what was paid on it is held as credit until it is moved."""
    from meterpos.headoffice import plans

    with opened(context) as office, office.write() as (conn, outgoing):
        account_no = plans.account_of(conn, plan)
        number = plans.cancel_plan(conn, outgoing, plan_no=plan, reason=reason, on=day(office, on))
    tell(
        f"Plan {plan} is cancelled ({number}). Move what was paid on it: meterpos headoffice transfer {account_no} …",
        {"plan": plan, "account_no": account_no, "cancelled": True, "adjustment": number},
        json=json,
    )
