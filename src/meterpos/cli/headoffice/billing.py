"""`meterpos headoffice readings | tariff | bill`: from what the meters show to what their accounts are asked to pay."""

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from meterpos.cli import show
from meterpos.cli.headoffice.opened import Day, day, opened, tell
from meterpos.cli.style import Json, example, new_group

if TYPE_CHECKING:
    from meterpos.headoffice.billing.runs import RunResult
    from meterpos.ledger.rules.tariffs import Tariff

readings_app = new_group(help="What the meters' registers showed.")
tariff_app = new_group(help="What units cost: blocks, standing charges, minimums, levies, penalties, from day to day.")
bill_app = new_group(help="Bills of a list or of a month, and one invoice for each account that got some.")

REASONS_SHOWN: Final = 20
File = Annotated[Path, typer.Argument(metavar="FILE", help="The CSV file.")]
Meter = Annotated[str, typer.Argument(metavar="METER", help="The meter's number.")]
Due = Annotated[
    datetime | None,
    typer.Option("--due", metavar="D", formats=["%Y-%m-%d"], help="When invoices are due; else due_days after."),
]
Run = Annotated[str | None, typer.Option("--run", metavar="ID", help="The run's name; to go on with one, its name.")]


# --- readings


@readings_app.command("import", epilog=example("meterpos headoffice readings import november.csv"))
def import_readings(context: typer.Context, file: File, json: Json = False) -> None:
    """Import readings (meter_no, read_on, reading[, source, rollover, digits]): all of them, or none."""
    from meterpos.headoffice.billing import readings
    from meterpos.headoffice.billing.runs import wait_turn

    with opened(context) as office, office.store.write() as conn:
        wait_turn(conn)
        moment = office.moment()
        done = readings.import_readings(conn, file, at=moment.at, today=moment.today)
    estimated = f", {done.estimated:,} of them estimated" if done.estimated else ""
    had = f"; {done.had:,} were here already" if done.had else ""
    tell(
        f"{done.taken:,} readings taken{estimated}{had}.",
        {"taken": done.taken, "estimated": done.estimated, "had": done.had},
        json=json,
    )


@readings_app.command("add", epilog=example("meterpos headoffice readings add MTR-001 1204.5 --on 2026-11-20"))
def add_reading(
    context: typer.Context,
    meter: Meter,
    reading: Annotated[str, typer.Argument(metavar="READING", help="What the register shows.")],
    *,
    estimated: Annotated[bool, typer.Option("--estimated", help="Nobody read it; it is a guess.")] = False,
    rollover: Annotated[bool, typer.Option("--rollover", help="The register passed its last digit.")] = False,
    on: Day = None,
    json: Json = False,
) -> None:
    """Note what one meter's register showed."""
    from meterpos.headoffice.billing import readings
    from meterpos.headoffice.billing.runs import wait_turn
    from meterpos.ledger.rules.metering import format_units

    with opened(context) as office, office.store.write() as conn:
        wait_turn(conn)
        made = readings.add_reading(
            conn,
            meter_no=meter,
            read_on=day(office, on),
            reading=reading,
            at=office.moment().at,
            source="estimated" if estimated else "actual",
            rolled_over=rollover,
        )
    usage = made.usage_milli if made is not None else None
    said = "is here already" if usage is None else f"{format_units(usage)} units since the last"
    answer = {"meter": meter, "taken": made is not None, "usage": None if usage is None else format_units(usage)}
    tell(f"Meter {meter} at {reading}: {said}.", answer, json=json)


@readings_app.command("estimate", epilog=example("meterpos headoffice readings estimate --period 2026-11"))
def estimate_readings(
    context: typer.Context,
    *,
    period: Annotated[str, typer.Option("--period", metavar="MONTH", help="The month, as in 2026-11.")],
    on: Day = None,
    json: Json = False,
) -> None:
    """Estimate the active meters that have no reading of a month yet, from how each went in the four months before."""
    from meterpos.headoffice.billing import estimates, periods

    with opened(context) as office:
        done = estimates.estimate_missing(
            office.store, period=periods.read_period(period), on=day(office, on), at=office.moment().at
        )
    if json:
        show.as_json({"estimated": done.estimated, "errors": done.errors, "reasons": done.reasons})
        return
    show.tell(f"{done.estimated:,} meters estimated; {done.errors:,} could not be.")
    for meter_no, reason in list(done.reasons.items())[:REASONS_SHOWN]:
        show.tell(f"  {meter_no}: {reason}")


# --- tariffs


@tariff_app.command("import", epilog=example("meterpos headoffice tariff import tariffs-2027.csv"))
def import_tariffs(context: typer.Context, file: File, json: Json = False) -> None:
    """Import tariff versions (tariff, starts_on, ends_on, item, upto, price, name): all of them, or none."""
    from meterpos.headoffice.billing import tariffs
    from meterpos.headoffice.billing.runs import wait_turn

    with opened(context) as office, office.store.write() as conn:
        wait_turn(conn)
        done = tariffs.import_tariffs(conn, file)
    had = f"; {done.had:,} were here already" if done.had else ""
    tell(
        f"{len(done.new):,} tariff versions taken{had}.",
        {"new": [_told(one) for one in done.new], "had": done.had},
        json=json,
    )


@tariff_app.command("list", epilog=example("meterpos headoffice tariff list"))
def list_tariffs(context: typer.Context, json: Json = False) -> None:
    """List the tariffs and their versions."""
    from meterpos.headoffice.billing.tariffs import load_tariffs

    with opened(context) as office, office.store.read() as conn:
        found = [one for versions in load_tariffs(conn).values() for one in versions]
    if json:
        show.as_json({"tariffs": [_told(one) for one in found]})
        return
    show.as_table(("tariff", "from", "to", "what it asks"), [_row(one) for one in found])


@tariff_app.command("assign", epilog=example("meterpos headoffice tariff assign MTR-001 commercial"))
def assign_tariff(
    context: typer.Context,
    meter: Meter,
    tariff: Annotated[str | None, typer.Argument(metavar="[TARIFF]", help="Which; none: its utility's own.")] = None,
    json: Json = False,
) -> None:
    """Bill a meter by another tariff than its utility's (water or power)."""
    from meterpos.headoffice.billing import tariffs

    with opened(context) as office, office.store.write() as conn:
        tariffs.assign_tariff(conn, meter_no=meter, tariff=tariff)
    tell(f"Meter {meter} is billed by {tariff or 'its utility'}.", {"meter": meter, "tariff": tariff}, json=json)


def _told(tariff: "Tariff") -> dict[str, Any]:
    from meterpos.headoffice.billing.tariffs import terms_of

    return {
        "tariff": tariff.name,
        "starts_on": tariff.starts_on,
        "ends_on": tariff.ends_on,
        **terms_of(tariff),
    }


def _row(tariff: "Tariff") -> tuple[str, str, str, str]:
    from meterpos.ledger.money import format_amount
    from meterpos.ledger.rules.metering import format_units

    blocks = [
        f"{one.price} {'beyond' if one.upto_milli is None else f'to {format_units(one.upto_milli)}'}"
        for one in tariff.blocks
    ]
    fixed = (
        (f"standing{' by days' if tariff.standing_by_days else ''}", tariff.standing_minor),
        (f"minimum{' by days' if tariff.minimum_by_days else ''}", tariff.minimum_minor),
        ("late", tariff.penalty_minor),
    )
    asked = [*blocks, *(f"{name} {format_amount(minor)}" for name, minor in fixed if minor)]
    asked += [f"{levy.name} {levy.value}{'%' if levy.kind == 'percent' else ''}" for levy in tariff.levies]
    if tariff.penalty_percent:
        asked.append(f"late {tariff.penalty_percent}%")
    until = f"{tariff.ends_on}" if tariff.ends_on else ""
    return tariff.name, f"{tariff.starts_on}", until, ", ".join(asked)


# --- bills


@bill_app.command("create", epilog=example("meterpos headoffice bill create bills.csv --invoice"))
def create_bills(
    context: typer.Context,
    file: File,
    *,
    invoice: Annotated[bool, typer.Option("--invoice", help="Also make the invoices, one an account.")] = False,
    run: Run = None,
    on: Day = None,
    due: Due = None,
    json: Json = False,
) -> None:
    """Make the bills a file lists (account_no or customer_no, kind, amount[, description, reference])."""
    from meterpos.headoffice.billing import lists

    with opened(context) as office:
        done = lists.create_bills(
            office.store,
            file,
            run_id=run,
            invoice=invoice,
            on=day(office, on),
            due_on=_date(due),
            now=office.now,
        )
    _tell_run(done, json=json)


@bill_app.command("run", epilog=example("meterpos headoffice bill run --period 2026-11"))
def bill_period(
    context: typer.Context,
    *,
    period: Annotated[str, typer.Option("--period", metavar="MONTH", help="The month, as in 2026-11.")],
    run: Run = None,
    on: Day = None,
    due: Due = None,
    json: Json = False,
) -> None:
    """Bill what every active meter used, and make one invoice an account; again, it goes on with what is missing."""
    from meterpos.headoffice.billing import periods

    with opened(context) as office:
        done = periods.run_period(
            office.store,
            period=periods.read_period(period),
            run_id=run,
            on=day(office, on),
            due_on=_date(due),
            now=office.now,
        )
    _tell_run(done, json=json)


def _date(given: datetime | None) -> date | None:
    return given.date() if given is not None else None


def _tell_run(done: "RunResult", *, json: bool) -> None:
    from meterpos.ledger.money import format_amount

    if json:
        show.as_json(
            {
                "run": done.run_id,
                "period": done.period,
                "bills": done.bills,
                "invoices": done.invoices,
                "amount_minor": done.amount_minor,
                "errors": done.errors,
                "reasons": dict(done.reasons),
                "new_bills": done.new_bills,
                "new_invoices": done.new_invoices,
                "seconds": round(done.seconds, 3),
                "bills_a_second": round(done.bills_a_second),
            }
        )
        return
    show.tell(
        f"Run {done.run_id}: {done.bills:,} bills, {done.invoices:,} invoices, {format_amount(done.amount_minor)}; "
        f"{done.errors:,} accounts could not be billed."
    )
    for account_no, reason in list(done.reasons.items())[:REASONS_SHOWN]:
        show.tell(f"  {account_no}: {reason}")
    if done.errors > REASONS_SHOWN:
        show.tell(f"  … and {done.errors - REASONS_SHOWN:,} more; --json lists the first thousand.")
    show.tell(
        f"This time {done.new_bills:,} bills and {done.new_invoices:,} invoices in {done.seconds:.1f} s, "
        f"{done.bills_a_second:,.0f} bills a second."
    )
