"""Opening a shift with its float, looking at it, closing it with what was counted."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from meterpos.cli import show
from meterpos.cli.files import read_counted
from meterpos.cli.rendering import PaperFormat, PaperSize, Size, rendered
from meterpos.cli.style import Clerk, Json, PinFile, Print, example, new_group
from meterpos.cli.till.opened import NobodyActs, opened, signed_in, who_acts
from meterpos.cli.till.printer import print_queued, use_printer
from meterpos.errors import UserError

if TYPE_CHECKING:
    from meterpos.till import Till


class NoShift(UserError):
    """There is no open shift to look at."""


app = new_group(help="The clerk's shift: open, report, close.")


@app.command("open", epilog=example("meterpos till shift open --float 5000 --clerk achieng --pin-file pin.txt"))
def open_shift(
    context: typer.Context,
    float_: Annotated[str, typer.Option("--float", metavar="AMOUNT", help="The cash in the drawer at the start.")],
    clerk: Clerk = None,
    pin_file: PinFile = None,
    business_date: Annotated[
        datetime | None,
        typer.Option("--date", formats=["%Y-%m-%d"], metavar="D", help="The business date, if not the proposed one."),
    ] = None,
    json: Json = False,
) -> None:
    """Open a shift. Without --clerk it is opened for the clerk of the last shift, else for the till's only clerk."""
    from meterpos.ledger.money import format_amount, parse_amount

    float_minor = parse_amount(float_, field="float")
    with opened(context) as till:
        name = _who_opens(till, clerk=clerk, pin_file=pin_file)
        entry = till.open_shift(
            float_minor=float_minor, clerk=name, business_date=business_date.date() if business_date else None
        )
    content = entry.content
    if json:
        show.as_json(
            {
                "shift": content.shift,
                "business_date": content.business_date,
                "clerk": name,
                "float_minor": float_minor,
                "entry_id": entry.entry_id,
            }
        )
    else:
        show.tell(
            f"Shift {content.shift} is open for {name}, business date {content.business_date}, "
            f"float {format_amount(float_minor)}."
        )


@app.command("report", epilog=example("meterpos till shift report"))
def report_shift(
    context: typer.Context,
    format_: Annotated[
        PaperFormat | None,
        typer.Option(
            "--format", metavar="text|escpos|pdf|png", help="The X report as a paper, to the standard output."
        ),
    ] = None,
    paper_size: PaperSize = None,
    json: Json = False,
) -> None:
    """Show what the open shift has taken so far, and what must lie in the drawer."""
    from meterpos.ledger.queries.shifts import current_shift, totals

    if format_ is not None:
        _write_report(context, format_, paper_size)
        return
    with opened(context) as till, till.store.read() as connection:
        shift = current_shift(connection)
        if shift is None:
            raise NoShift("No shift is open. Open one: meterpos till shift open --float AMOUNT")
        sums = totals(connection, shift)
    report = {
        "shift": shift.shift,
        "business_date": shift.business_date,
        "clerk": shift.clerk,
        "opened_at": shift.opened_at,
        "float_minor": shift.float_minor,
        "cash_taken_minor": sums.cash_taken_minor,
        "cash_refunded_minor": sums.cash_refunded_minor,
        "expected_minor": sums.expected_minor,
        "totals": [
            {"method": one.method, "count": one.count, "amount_minor": one.amount_minor} for one in sums.by_method
        ],
        "receipts": {"count": sums.receipts, "first": sums.first_number, "last": sums.last_number},
        "reversals": {"count": sums.reversals, "amount_minor": sums.reversed_minor},
        "reprints": sums.reprints,
        "drawer_openings": sums.drawer_openings,
        "abandoned": sums.abandoned,
        "movements": [
            {"kind": one.kind, "number": one.number, "amount_minor": one.amount_minor} for one in sums.movements
        ],
    }
    if json:
        show.as_json(report)
    else:
        _tell_shift(report)


def _write_report(context: typer.Context, format_: PaperFormat, size: Size | None) -> None:
    from meterpos.printing.shift_report import compose_shift_report

    with opened(context) as till:
        entry = till.report_so_far(clerk=who_acts(till, clerk=None, pin_file=None))
        paper = compose_shift_report(entry)
        show.as_bytes(rendered(paper, format_, columns=till.settings.columns, size=size))


@app.command("close", epilog=example("meterpos till shift close --counted count.csv --print tcp:192.168.1.50"))
def close_shift(
    context: typer.Context,
    counted: Annotated[
        Path,
        typer.Option(
            "--counted", metavar="FILE", help="What was counted: rows of denomination,count, or one amount alone."
        ),
    ],
    clerk: Clerk = None,
    pin_file: PinFile = None,
    device: Print = None,
    json: Json = False,
) -> None:
    """Close the open shift with what was counted; its report is printed where the till has a printer."""
    found = read_counted(counted)
    with opened(context) as till:
        use_printer(till, device)
        name = who_acts(till, clerk=clerk, pin_file=pin_file)
        entry = till.close_shift(counted_minor=found.minor, clerk=name, notes=found.notes)
        printed = print_queued(till, entry)
    body = entry.content.body
    report = {
        "shift": body["shift"],
        "number": body["number"],
        "business_date": entry.content.business_date,
        "clerk": name,
        "entry_id": entry.entry_id,
        "float_minor": body["float"],
        "cash_taken_minor": body["cash_taken"],
        "cash_refunded_minor": body["cash_refunded"],
        "expected_minor": body["expected"],
        "counted_minor": body["counted"],
        "difference_minor": body["difference"],
        "totals": [
            {"method": one["method"], "count": one["count"], "amount_minor": one["amount"]} for one in body["totals"]
        ],
        "receipts": body["receipts"],
        "reversals": {"count": body["reversals"]["count"], "amount_minor": body["reversals"]["amount"]},
        "reprints": body["reprints"],
        "drawer_openings": body["drawer_openings"],
        "abandoned": body["abandoned"],
        "movements": [
            {"kind": one["kind"], "number": one["number"], "amount_minor": one["amount"]} for one in body["movements"]
        ],
        "count": [{"denomination_minor": one["denomination"], "count": one["count"]} for one in body["count"]],
        "printed": printed,
    }
    if json:
        show.as_json(report)
    else:
        _tell_shift(report)


def _who_opens(till: "Till", *, clerk: str | None, pin_file: Path | None) -> str:
    """Return who opens a shift: whoever is named, else the clerk of the last shift, else the only clerk there is."""
    from meterpos.ledger.queries.people import users
    from meterpos.ledger.queries.shifts import recent_shifts

    if clerk is not None:
        return signed_in(till, clerk=clerk, pin_file=pin_file)
    with till.store.read() as connection:
        known = users(connection)
        last = next((shift.clerk for shift in recent_shifts(connection, limit=1)), None)
    clerks = [user.user_name for user in known if user.role == "clerk"]
    if last is not None and last in {user.user_name for user in known}:
        return last
    if len(clerks) == 1:
        return clerks[0]
    if not known:
        return _login(till)
    raise NobodyActs("Say who opens the shift: --clerk NAME --pin-file FILE.", field="clerk")


def _login(till: "Till") -> str:
    """Return who is signed in to this machine, where head office has sent no user yet; said aloud."""
    name = till.login_name()
    show.tell_aside(f"Head office has sent no users yet; the shift is opened for '{name}', who runs this command.")
    return name


def _tell_shift(report: Mapping[str, Any]) -> None:
    from meterpos.ledger.money import format_amount

    named = {
        "float_minor": "Float",
        "cash_taken_minor": "Cash taken",
        "cash_refunded_minor": "Cash given back",
        "expected_minor": "Expected in the drawer",
        "counted_minor": "Counted",
        "difference_minor": "Difference",
    }
    totals = {show.METHOD_NAMES.get(one["method"], one["method"]): one for one in report["totals"]}
    show.as_pairs(
        [
            ("Shift", f"{report['shift']}, {report['business_date']}, {report['clerk']}"),
            *((name, f"{format_amount(one['amount_minor'])} in {one['count']}") for name, one in totals.items()),
            *(
                (_MOVED[one["kind"]], f"{format_amount(one['amount_minor'])}, {one['number']}")
                for one in report["movements"]
            ),
            ("Reversed", f"{format_amount(report['reversals']['amount_minor'])} in {report['reversals']['count']}"),
            *((name, format_amount(report[key])) for key, name in named.items() if key in report),
            ("Report", report.get("number", "")),
        ]
    )


_MOVED: Final = {"drop": "To the safe", "payout": "Paid out", "banking": "Safe to bank", "handover": "Handed over"}
