"""`meterpos headoffice account`: whose meter it is, through time."""

from typing import Annotated

import typer

from meterpos.cli.headoffice.opened import Day, day, opened, tell
from meterpos.cli.style import Json, example, new_group

app = new_group(help="Whose meter it is: open, close, hand over, disconnect, connect again.")

customer_app = new_group(help="What is known of customers.")

Meter = Annotated[str, typer.Argument(metavar="METER", help="The meter's number.")]
Account = Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account's number.")]
Customer = Annotated[str, typer.Option("--customer", metavar="C", help="The customer's number.")]
NewAccount = Annotated[str, typer.Option("--account", metavar="ACCOUNT", help="The number of the new account.")]


@app.command("open", epilog=example("meterpos headoffice account open A00107 --customer AC-10482 --meter MTR-001"))
def open_account(
    context: typer.Context,
    account: Account,
    *,
    customer: Customer,
    meter: Annotated[str, typer.Option("--meter", metavar="METER", help="The meter's number.")],
    on: Day = None,
    opening: Annotated[
        str, typer.Option("--opening", metavar="A", help="What is owed from before (below zero: held).")
    ] = "0",
    json: Json = False,
) -> None:
    """Assign a meter to a customer from a day on."""
    from meterpos.headoffice import master
    from meterpos.ledger.money import parse_amount

    opening_minor = parse_amount(opening, field="opening", signed=True)
    with opened(context) as office, office.write() as (conn, outgoing):
        master.open_account(
            conn,
            outgoing,
            account_no=account,
            customer_no=customer,
            meter_no=meter,
            opened_on=day(office, on),
            opening_minor=opening_minor,
        )
    tell(
        f"Account {account} is open: meter {meter} of customer {customer}.",
        {"account": account, "meter": meter, "customer": customer},
        json=json,
    )


@app.command("close", epilog=example("meterpos headoffice account close A00107 --on 2026-11-20"))
def close(context: typer.Context, account: Account, on: Day = None, json: Json = False) -> None:
    """End a meter's assignment; what is owed or held stays on the account."""
    from meterpos.headoffice import master

    with opened(context) as office, office.write() as (conn, outgoing):
        master.close_account(conn, outgoing, account_no=account, closed_on=day(office, on))
    tell(f"Account {account} is closed.", {"account": account, "closed": True}, json=json)


@app.command(
    "handover",
    epilog=example("meterpos headoffice account handover MTR-001 --customer AC-10077 --account A00108"),
)
def handover(
    context: typer.Context, meter: Meter, *, customer: Customer, account: NewAccount, on: Day = None, json: Json = False
) -> None:
    """Give a meter to another customer; debt and credit stay with the one who leaves."""
    from meterpos.headoffice import master

    with opened(context) as office, office.write() as (conn, outgoing):
        old = master.hand_over(
            conn, outgoing, meter_no=meter, to_customer=customer, account_no=account, on=day(office, on)
        )
    tell(
        f"Meter {meter} is customer {customer}'s: account {old} is closed, {account} is open.",
        {"meter": meter, "closed": old, "opened": account, "customer": customer},
        json=json,
    )


@app.command("disconnect", epilog=example("meterpos headoffice account disconnect MTR-001"))
def disconnect(context: typer.Context, meter: Meter, json: Json = False) -> None:
    """Note that a meter was disconnected; its debt stays payable."""
    _set_status(context, meter, "disconnected", json=json)


@app.command("reconnect", epilog=example("meterpos headoffice account reconnect MTR-001"))
def reconnect(context: typer.Context, meter: Meter, json: Json = False) -> None:
    """Note that a meter was connected again."""
    _set_status(context, meter, "active", json=json)


def _set_status(context: typer.Context, meter: str, status: str, *, json: bool) -> None:
    from meterpos.headoffice import master

    with opened(context) as office, office.write() as (conn, outgoing):
        master.set_meter_status(conn, outgoing, meter_no=meter, status=status)
    tell(f"Meter {meter} is {status}.", {"meter": meter, "status": status}, json=json)


@customer_app.command("correct", epilog=example("meterpos headoffice customer correct AC-10482 --phone 0712345678"))
def correct_customer(
    context: typer.Context,
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer's number.")],
    *,
    name: Annotated[str | None, typer.Option("--name", metavar="TEXT", help="The right name.")] = None,
    phone: Annotated[str | None, typer.Option("--phone", metavar="TEXT", help="The right phone number.")] = None,
    place: Annotated[str | None, typer.Option("--place", metavar="TEXT", help="Where the customer is.")] = None,
    json: Json = False,
) -> None:
    """Put right what is known of a customer, as a clerk was told."""
    from meterpos.headoffice import master

    given = {"name": name, "phone": phone, "place": place}
    values = {key: value for key, value in given.items() if value is not None}
    if not values:
        raise typer.BadParameter("say what is right", param_hint="--name, --phone or --place")
    with opened(context) as office, office.write() as (conn, outgoing):
        master.correct_customer(conn, outgoing, customer_no=customer, values=values)
    tell(f"Customer {customer} is put right.", {"customer": customer, **values}, json=json)


@customer_app.command("move", epilog=example("meterpos headoffice customer move AC-10482 --zone Migosi"))
def move_customer(
    context: typer.Context,
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer's number.")],
    *,
    zone: Annotated[str, typer.Option("--zone", metavar="Z", help="The zone whose tills serve the customer from now.")],
    json: Json = False,
) -> None:
    """Let another zone's tills serve a customer: those of the old zone let go of the accounts."""
    from meterpos.headoffice.zones import move_customer as move

    with opened(context) as office, office.write() as (conn, outgoing):
        count = move(conn, outgoing, customer_no=customer, zone=zone)
    tell(
        f"Customer {customer} is in zone {zone} with {count} accounts; tills learn it as they exchange.",
        {"customer": customer, "zone": zone, "accounts": count},
        json=json,
    )
