"""`meterpos headoffice sms`: messages to customers: the gateway, what waits, what is sent, to whom, in which words."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from meterpos.cli import show
from meterpos.cli.headoffice.opened import opened, tell
from meterpos.cli.style import Json, Yes, example, make_sure, new_group

if TYPE_CHECKING:
    from meterpos.headoffice.sms.bulk import Bulk
    from meterpos.headoffice.sms.outbox import Message

app = new_group(help="Messages to customers: the gateway, what waits, what is sent, to whom, in which words.")
template_app = new_group(help="The words of messages: strict, in English and Swahili.")
app.add_typer(template_app, name="template")

TEXT_SHOWN = 60


@app.command("setup", epilog=example("meterpos headoffice sms setup --gateway africastalking --username lakewater"))
def set_up(
    context: typer.Context,
    *,
    gateway: Annotated[
        Literal["africastalking", "http", "log"],
        typer.Option("--gateway", metavar="africastalking|http|log", help="How messages go; log sends none."),
    ],
    url: Annotated[str, typer.Option("--url", metavar="URL", help="Its address, where it is not the usual one.")] = "",
    username: Annotated[str, typer.Option("--username", metavar="NAME", help="Your application's name there.")] = "",
    sender: Annotated[str, typer.Option("--sender", metavar="NAME", help="Who the message is from.")] = "",
    country: Annotated[str, typer.Option("--country", metavar="CODE", help="The country of plain numbers.")] = "254",
    rate: Annotated[int, typer.Option("--rate", metavar="N", help="At most so many messages a minute.")] = 60,
    hours: Annotated[
        str, typer.Option("--hours", metavar="H-H", help="When all but payments and reversals go, as in 7-20.")
    ] = "0-24",
    part_cost: Annotated[str, typer.Option("--part-cost", metavar="A", help="What one part costs: 0.80.")] = "0",
    json: Json = False,
) -> None:
    """Choose the gateway; from the first time on, what happens is told to customers. Its key: sms key FILE."""
    from meterpos.headoffice.sms import setup
    from meterpos.ledger.money import parse_amount

    cost_minor = parse_amount(part_cost, field="part_cost")
    with opened(context) as office:
        with office.write() as (conn, _):
            setup.set_up(
                conn,
                at=office.moment().at,
                kind=gateway,
                url=url,
                username=username,
                sender=sender,
                country=country,
                per_minute=rate,
                part_cost_minor=cost_minor,
                hours=_hours(hours),
            )
        secret = setup.callback_secret(office.settings.home)
        has_key = bool(setup.kept_key(office.settings.home))
    reports = f"/v1/sms/{secret}/report"
    need = "" if has_key or gateway == "log" else " Now its key: meterpos headoffice sms key FILE"
    tell(
        f"Messages go by {gateway}, at most {rate} a minute.{need}\n"
        f"Give the gateway these addresses of this server, and nobody else: {reports} (delivery reports), "
        f"/v1/sms/{secret}/incoming (what customers write back), /v1/sms/{secret}/opt-out (who opted out there)",
        {"gateway": gateway, "report_path": reports, "has_key": has_key, "part_cost_minor": cost_minor},
        json=json,
    )


def _hours(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    if not (first.strip().isdecimal() and last.strip().isdecimal()):
        raise typer.BadParameter("two hours of a day, as in 7-20", param_hint="--hours")
    return int(first), int(last)


@app.command("key", epilog=example("meterpos headoffice sms key key.txt"))
def key(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file whose first line is the gateway's key.")],
    json: Json = False,
) -> None:
    """Keep the gateway's key with the other secrets; destroy the file afterwards."""
    from meterpos.cli.files import read_pin
    from meterpos.headoffice.sms import setup

    text = read_pin(file)
    with opened(context) as office:
        place = setup.keep_key(office.settings.home, text)
    where = "the system's keyring" if place == "keyring" else "a file only you can read"
    tell(f"The key is kept in {where}. Destroy {file} now.", {"kept": place}, json=json)


@app.command("send", epilog=example("meterpos headoffice sms send --again ABCDEFGHIJKLMNOP"))
def send(
    context: typer.Context,
    *,
    again: Annotated[
        list[str] | None,
        typer.Option("--again", metavar="ID", help="Send this one again, which failed or is unsure; may be repeated."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="At most so many now.")] = 1000,
    json: Json = False,
) -> None:
    """Make messages of what was posted since, and send what is due; the server does so by itself."""
    from dataclasses import asdict

    from meterpos.headoffice.sms import outbox, sending, setup

    with opened(context) as office:
        with office.write() as (conn, _):
            setup.required(conn)
            if again:
                outbox.send_again(conn, again, at=office.moment().at)
        done = sending.work(office, limit=limit)
    told = f"{done.queued} new, {done.accepted} sent, {done.failed} refused, {done.later} later, {done.unsure} unsure."
    if done.slowed:
        told += " The pace is reached; the rest goes in a minute."
    if done.stopped:
        told += f" The gateway takes nothing: {done.stopped}"
    tell(told, asdict(done), json=json)


@app.command(
    "bulk", epilog=example("meterpos headoffice sms bulk --kind reminder --zone Kondele --overdue 30 --dry-run")
)
def bulk(
    context: typer.Context,
    *,
    kind: Annotated[
        Literal["reminder", "disconnection", "notice"],
        typer.Option("--kind", metavar="reminder|disconnection|notice", help="What it is; a notice needs --text."),
    ] = "reminder",
    per_meter: Annotated[
        bool, typer.Option("--per-meter", help="One message an active meter; else one a customer with the total.")
    ] = False,
    text: Annotated[
        str | None, typer.Option("--text", metavar="TEXT", help="The words of a notice; fields as in templates.")
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", help="The bulk's name, else its kind and day; nobody gets one twice."),
    ] = None,
    zone: Annotated[list[str] | None, typer.Option("--zone", metavar="Z", help="Only this zone; repeatable.")] = None,
    customer: Annotated[
        list[str] | None, typer.Option("--customer", metavar="C", help="Only this customer; repeatable.")
    ] = None,
    status: Annotated[
        str | None, typer.Option("--status", metavar="active|disconnected", help="Only meters of this status.")
    ] = None,
    least: Annotated[
        str | None, typer.Option("--least", metavar="A", help="Only meters that owe at least so much.")
    ] = None,
    overdue: Annotated[
        int | None, typer.Option("--overdue", metavar="DAYS", min=0, help="Only meters overdue for more days.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show whom, what and the cost.")] = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Queue one message to each of many customers; look first with --dry-run."""
    from meterpos.headoffice.sms import bulk as sms_bulk
    from meterpos.ledger.money import parse_amount

    owes = "0.01" if least is None and kind != "notice" else least
    selection = sms_bulk.Selection(
        zones=tuple(zone or ()),
        customer_nos=tuple(customer or ()),
        meter_status=status,
        balance_least_minor=None if owes is None else parse_amount(owes, field="least"),
        overdue_days=0 if overdue is None and kind == "disconnection" else overdue,
    )
    with opened(context) as office:
        moment = office.moment()
        called = name or f"{kind} {moment.today}"

        def run(*, dry: bool) -> "Bulk":
            with office.write() as (conn, _):
                return sms_bulk.send_bulk(
                    conn,
                    kind=kind,
                    name=called,
                    selection=selection,
                    at=moment.at,
                    today=moment.today,
                    per_meter=per_meter,
                    text=text,
                    dry_run=dry,
                )

        done = run(dry=True)
        if not dry_run:
            make_sure(f"{_foreseen(done)} are queued.", yes=yes)
            done = run(dry=False)
    if json:
        show.as_json({"name": called, "dry_run": dry_run, **_of_bulk(done)})
        return
    for sample in done.samples:
        show.tell(f"to {sample.phone}: {sample.text}")
    for number in done.unreached[:20]:
        show.tell(f"{number}: no phone to send to")
    what = "would be queued; nothing was changed" if dry_run else f"asked for, {done.queued} of them new and queued"
    show.tell(f"{_foreseen(done)} {what}.")


def _foreseen(done: "Bulk") -> str:
    from meterpos.ledger.money import format_amount

    return (
        f"{done.messages:,} messages of {done.parts:,} parts to {done.customers:,} customers, "
        f"about {format_amount(done.cost_minor)},"
    )


def _of_bulk(done: "Bulk") -> dict[str, Any]:
    return {
        "customers": done.customers,
        "messages": done.messages,
        "parts": done.parts,
        "cost_minor": done.cost_minor,
        "queued": done.queued,
        "opted_out": done.unwanted,
        "unreached": done.unreached,
        "samples": [{"phone": sample.phone, "text": sample.text} for sample in done.samples],
    }


@app.command("outbox", epilog=example("meterpos headoffice sms outbox --state failed"))
def outbox_of(
    context: typer.Context,
    *,
    state: Annotated[
        str | None,
        typer.Option("--state", metavar="STATE", help="Only queued, sent, unsure, delivered, failed or cancelled."),
    ] = None,
    customer: Annotated[
        str | None, typer.Option("--customer", metavar="C", help="Only those about this customer.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, max=10_000, help="How many.")] = 50,
    json: Json = False,
) -> None:
    """List the latest messages and count those of each state."""
    from meterpos.headoffice.sms import outbox

    with opened(context) as office, office.store.read() as conn:
        found = outbox.listed(conn, state=state, customer_no=customer, limit=limit)
        counts = outbox.counted(conn)
    if json:
        show.as_json({"counts": counts, "messages": [_of_message(message) for message in found]})
        return
    rows = [(one.sms_id, one.kind, one.phone, str(one.parts), one.state, _short(one.text), one.detail) for one in found]
    show.as_table(("id", "kind", "phone", "parts", "state", "text", "what came of it"), rows, right=("parts",))
    show.tell(", ".join(f"{count:,} {name}" for name, count in counts.items()) or "No messages yet.")


def _short(text: str) -> str:
    return text if len(text) <= TEXT_SHOWN else f"{text[: TEXT_SHOWN - 1]}…"


def _of_message(message: "Message") -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(message)


@app.command("opt-out", epilog=example("meterpos headoffice sms opt-out 0712345678"))
def opt_out(
    context: typer.Context,
    phone: Annotated[str, typer.Argument(metavar="PHONE", help="Whose phone it is about.")],
    *,
    undo: Annotated[bool, typer.Option("--undo", help="Send to it again.")] = False,
    json: Json = False,
) -> None:
    """Send no messages to a phone any more; what waits for it is cancelled."""
    from meterpos.headoffice.sms import outbox, setup
    from meterpos.headoffice.sms.phones import international

    with opened(context) as office, office.write() as (conn, _):
        number = international(phone, country=setup.required(conn).country)
        if number is None:
            raise typer.BadParameter("that is no phone number", param_hint="PHONE")
        if undo:
            outbox.opt_in(conn, number)
        else:
            outbox.opt_out(conn, number, why="asked for it", at=office.moment().at)
    said = f"{number} gets messages again." if undo else f"{number} gets no more messages."
    tell(said, {"phone": number, "opted_out": not undo}, json=json)


@template_app.command("list", epilog=example("meterpos headoffice sms template list"))
def list_templates(context: typer.Context, json: Json = False) -> None:
    """List the words of every kind of message, with the fields it may name."""
    from meterpos.headoffice.sms import templates

    with opened(context) as office, office.store.read() as conn:
        words = templates.in_force(conn)
    if json:
        rows = [
            {"kind": kind, "language": language, "text": text, "fields": sorted(templates.FIELDS[kind])}
            for (kind, language), text in words.items()
        ]
        show.as_json({"templates": rows})
        return
    for (kind, language), text in words.items():
        show.tell(f"{kind} ({language}): {text}")


@template_app.command(
    "set", epilog=example("meterpos headoffice sms template set payment en 'Received {paid_amount}. Thank you.'")
)
def set_template(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="Which message, as listed.")],
    language: Annotated[str, typer.Argument(metavar="en|sw", help="In which language.")],
    text: Annotated[
        str | None, typer.Argument(metavar="TEXT", help="What it shall say; without it, as it was.")
    ] = None,
    json: Json = False,
) -> None:
    """Set the words of one kind of message; a field it does not have is refused. Queued messages stay as they are."""
    from meterpos.headoffice.sms import templates

    with opened(context) as office, office.write() as (conn, _):
        if text is None:
            templates.reset_template(conn, kind=kind, language=language)
        else:
            templates.set_template(conn, kind=kind, language=language, text=text)
        now = templates.in_force(conn)[kind, language]
    tell(f"{kind} ({language}): {now}", {"kind": kind, "language": language, "text": now}, json=json)
