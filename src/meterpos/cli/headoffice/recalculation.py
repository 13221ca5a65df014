"""`recalculate-customer-balances`: every customer's sums worked out anew from the facts of their meters."""

from typing import TYPE_CHECKING, Annotated

import typer

from meterpos.cli import show
from meterpos.cli.headoffice.opened import opened
from meterpos.cli.style import Json, example

if TYPE_CHECKING:
    from meterpos.headoffice.recalculation import Recalculated

EXIT_SOMETHING_WRONG = 3


def add_to(group: typer.Typer) -> None:
    """Add this file's command to the group."""
    group.command(
        "recalculate-customer-balances", epilog=example("meterpos headoffice recalculate-customer-balances --dry-run")
    )(recalculate)


def recalculate(
    context: typer.Context,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    above: Annotated[
        str | None,
        typer.Option(
            "--above", metavar="A", help="List changes above this amount; else the setting change_listed_minor, 100.00."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Recalculate every customer's balance and overpayment from their meters, and say what was not so.

    Exit code 3 when a customer could not be recalculated; the others were.
    """
    from meterpos.headoffice.recalculation import recalculate_customer_balances
    from meterpos.ledger.money import parse_amount
    from meterpos.ledger.queries.settings import utility_settings

    with opened(context) as office:
        with office.store.read() as conn:
            significant_minor = utility_settings(conn).change_listed_minor
        if above is not None:
            significant_minor = parse_amount(above, field="above")
        done = recalculate_customer_balances(
            office.store,
            dry_run=dry_run,
            significant_minor=significant_minor,
            progress=show.progress("customers"),
        )
    if json:
        show.as_json({**_figures(done), "significant": _listed(done), "failed": _failed(done), "dry_run": dry_run})
    else:
        _tell(done, dry_run=dry_run)
    if done.failed:
        raise typer.Exit(EXIT_SOMETHING_WRONG)


def _figures(done: "Recalculated") -> dict[str, int]:
    names = ("processed", "with_balance", "with_overpayment", "clear", "balances_changed", "overpayments_changed")
    sums = ("balance_before", "balance_after", "overpayment_before", "overpayment_after")
    return {name: getattr(done, name) for name in (*names, *(f"{one}_minor" for one in sums))}


def _listed(done: "Recalculated") -> list[dict[str, object]]:
    return [
        {
            "customer_no": one.customer_no,
            "name": one.name,
            "type": one.type,
            "before_minor": one.before_minor,
            "after_minor": one.after_minor,
            "difference_minor": one.difference_minor,
        }
        for one in done.significant
    ]


def _failed(done: "Recalculated") -> list[dict[str, str]]:
    return [{"customer_no": number, "reason": reason} for number, reason in done.failed]


def _tell(done: "Recalculated", *, dry_run: bool) -> None:
    from meterpos.ledger.money import format_amount

    if not done.processed:
        show.tell("No customers with meters found.")
        return
    if done.significant:
        rows = []
        for one in done.significant:
            money = map(format_amount, (one.before_minor, one.after_minor, one.difference_minor))
            rows.append((one.customer_no, one.name, one.type, *money))
        titles = ("customer", "name", "type", "before", "after", "difference")
        show.as_table(titles, rows, right=titles[3:])
    for name, value in _figures(done).items():
        shown = format_amount(value) if name.endswith("_minor") else f"{value:,}"
        show.tell(f"{name.removesuffix('_minor').replace('_', ' ')}: {shown}")
    for number, reason in done.failed:
        show.tell(f"{number} could not be recalculated: {reason}")
    if dry_run:
        show.tell("Nothing was changed.")
