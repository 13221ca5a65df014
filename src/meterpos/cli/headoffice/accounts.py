"""`meterpos headoffice account`: whose meter it is, through time."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from meterpos.cli import show
from meterpos.cli.headoffice.notes import ask, tell_note
from meterpos.cli.headoffice.opened import Day, day, opened, tell
from meterpos.cli.style import Json, example, new_group

if TYPE_CHECKING:
    from meterpos.headoffice.billing.lifetimes import SupplyKind

app = new_group(help="Whose meter it is: open, close, hand over, replace, disconnect, connect again, write off.")

customer_app = new_group(help="What is known of customers.")

Meter = Annotated[str, typer.Argument(metavar="METER", help="The meter's number.")]
Account = Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account's number.")]
Customer = Annotated[str, typer.Option("--customer", metavar="C", help="The customer's number.")]
NewAccount = Annotated[str, typer.Option("--account", metavar="ACCOUNT", help="The number of the new account.")]

FinalReading = Annotated[
    str | None, typer.Option("--reading", metavar="R", help="What the meter shows that day; billed as the last.")
]
Why = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")]


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


@app.command("close", epilog=example("meterpos headoffice account close A00107 --reading 1204.5 --on 2026-11-20"))
def close(
    context: typer.Context, account: Account, *, reading: FinalReading = None, on: Day = None, json: Json = False
) -> None:
    """End a meter's assignment with a last invoice; what is owed or held stays on the account."""
    from meterpos.headoffice.billing import lifetimes

    with opened(context) as office, office.write() as (conn, outgoing):
        invoice = lifetimes.close_account(
            conn, outgoing, account_no=account, reading=reading, on=day(office, on), at=office.moment().at
        )
    tell(
        f"Account {account} is closed{_with_invoice(invoice)}.",
        {"account": account, "closed": True, "invoice": invoice},
        json=json,
    )


def _with_invoice(invoice: str | None) -> str:
    return f"; its last invoice is {invoice}" if invoice else ""


@app.command(
    "handover",
    epilog=example(
        "meterpos headoffice account handover MTR-001 --customer AC-10077 --account A00108 --reading 1204.5"
    ),
)
def handover(
    context: typer.Context,
    meter: Meter,
    *,
    customer: Customer,
    account: NewAccount,
    reading: FinalReading = None,
    on: Day = None,
    json: Json = False,
) -> None:
    """Give a meter to another customer; debt and credit stay with the one who leaves, who gets a last invoice."""
    from meterpos.headoffice.billing import lifetimes

    with opened(context) as office, office.write() as (conn, outgoing):
        old, invoice = lifetimes.hand_over(
            conn,
            outgoing,
            meter_no=meter,
            to_customer=customer,
            account_no=account,
            reading=reading,
            on=day(office, on),
            at=office.moment().at,
        )
    tell(
        f"Meter {meter} is customer {customer}'s: account {old} is closed{_with_invoice(invoice)}; {account} is open.",
        {"meter": meter, "closed": old, "opened": account, "customer": customer, "invoice": invoice},
        json=json,
    )


@app.command(
    "replace-meter",
    epilog=example("meterpos headoffice account replace-meter MTR-001 --serial SN-77120 --final 1204.5 --start 0"),
)
def replace_meter(
    context: typer.Context,
    meter: Meter,
    *,
    serial: Annotated[str, typer.Option("--serial", metavar="S", help="The serial number of the new hardware.")],
    final: Annotated[
        str | None, typer.Option("--final", metavar="R", help="What the old register showed; none: unreadable.")
    ] = None,
    start: Annotated[str, typer.Option("--start", metavar="R", help="What the new register shows.")] = "0",
    digits: Annotated[
        int | None, typer.Option("--digits", min=3, max=12, metavar="N", help="At how many digits it rolls over.")
    ] = None,
    on: Day = None,
    json: Json = False,
) -> None:
    """Fit other hardware at a meter; its account, number and debt stay, its units count on."""
    from meterpos.headoffice.billing import lifetimes

    with opened(context) as office, office.write() as (conn, outgoing):
        lifetimes.replace_meter(
            conn,
            outgoing,
            meter_no=meter,
            serial_no=serial,
            final_reading=final,
            start_reading=start,
            digits=digits,
            on=day(office, on),
            at=office.moment().at,
        )
    tell(f"Meter {meter} has the hardware {serial} now.", {"meter": meter, "serial": serial}, json=json)


@app.command(
    "disconnect", epilog=example("meterpos headoffice account disconnect MTR-001 --reason 'three months late'")
)
def disconnect(context: typer.Context, meter: Meter, *, reason: Why = "", on: Day = None, json: Json = False) -> None:
    """Note that a meter was disconnected; its debt stays payable."""
    _set_connected(context, meter, "disconnected", reason, on, json=json)


@app.command("reconnect", epilog=example("meterpos headoffice account reconnect MTR-001"))
def reconnect(context: typer.Context, meter: Meter, *, reason: Why = "", on: Day = None, json: Json = False) -> None:
    """Note that a meter was connected again."""
    _set_connected(context, meter, "reconnected", reason, on, json=json)


def _set_connected(
    context: typer.Context, meter: str, kind: "SupplyKind", reason: str, on: datetime | None, *, json: bool
) -> None:
    from meterpos.headoffice.billing import lifetimes

    with opened(context) as office, office.write() as (conn, outgoing):
        lifetimes.set_connected(
            conn, outgoing, meter_no=meter, kind=kind, reason=reason, on=day(office, on), at=office.moment().at
        )
    status = "disconnected" if kind == "disconnected" else "active"
    tell(f"Meter {meter} is {status}.", {"meter": meter, "status": status}, json=json)


@app.command(
    "write-off", epilog=example("meterpos headoffice account write-off A00107 --reason 'moved away' --by achieng")
)
def write_off(
    context: typer.Context,
    account: Account,
    *,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it stands on the statement.")],
    by: Annotated[str, typer.Option("--by", metavar="USER", help="Who asks for it.")],
    amount: Annotated[
        str | None, typer.Option("--amount", metavar="A", help="How much; else all that is owed.")
    ] = None,
    on: Day = None,
    json: Json = False,
) -> None:
    """Ask to give up what an account owes; a second person agrees with `note approve`."""
    tell_note(ask(context, "write-off", account, amount, reason, by, on), json=json)


@app.command("history", epilog=example("meterpos headoffice account history MTR-001"))
def history(context: typer.Context, meter: Meter, json: Json = False) -> None:
    """Show the life of a meter: whose it was, what was done to it, what its registers showed."""
    from meterpos.headoffice.billing import lifetimes

    with opened(context) as office, office.store.read() as conn:
        found = lifetimes.history(conn, meter)
    if json:
        show.as_json({"meter": meter, "history": [{"on": one.on, "what": one.what, "text": one.text} for one in found]})
        return
    show.as_table(("day", "what", ""), [(f"{one.on}", one.what, one.text) for one in found])


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
