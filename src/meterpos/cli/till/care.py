"""Looking after the ledger: what must hold of it checked, sums brought back in line."""

from typing import TYPE_CHECKING, Annotated

import typer

from meterpos.cli import show
from meterpos.cli.style import CHECK_FOUND, Clerk, Json, PinFile, Rebuild, example
from meterpos.cli.till.opened import opened, who_acts

if TYPE_CHECKING:
    from sqlalchemy import Connection


def add_to(group: typer.Typer) -> None:
    """Add this file's commands to the group."""
    group.command("recalculate", epilog=example("meterpos till recalculate --all --dry-run"))(recalculate)
    group.command("check", epilog=example("meterpos till check --rebuild"))(check)


def recalculate(
    context: typer.Context,
    *,
    meter: Annotated[
        str | None, typer.Option("--meter", metavar="M", help="One meter or account; else --customer or --all.")
    ] = None,
    customer: Annotated[
        str | None, typer.Option("--customer", metavar="C", help="All accounts of one customer.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every account; what happens without choosing.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    clerk: Clerk = None,
    pin_file: PinFile = None,
    json: Json = False,
) -> None:
    """Bring the sums kept for accounts in line with what was billed and paid, and say which were not."""
    from meterpos.ledger import balances
    from meterpos.ledger.money import format_amount

    if sum((meter is not None, customer is not None, everything)) > 1:
        raise typer.BadParameter("choose one of --meter, --customer and --all", param_hint="--all")
    with opened(context) as till:
        name = who_acts(till, clerk=clerk, pin_file=pin_file)
        with till.store.read() as connection:
            chosen = _chosen(connection, meter=meter, customer=customer)
            found = balances.find_differences(connection, chosen)
        if not dry_run:
            till.recalculate(account_nos=chosen, clerk=name)
    if json:
        rows = [
            {
                "account_no": one.account_no,
                "net_before_minor": one.kept.net_minor,
                "net_after_minor": one.computed.net_minor,
            }
            for one in found
        ]
        show.as_json({"changed": rows, "dry_run": dry_run})
        return
    if found:
        show.as_table(
            ("account", "was", "is"),
            [
                (one.account_no, format_amount(one.kept.net_minor), format_amount(one.computed.net_minor))
                for one in found
            ],
            right=("was", "is"),
        )
    verb = "would change" if dry_run else "changed"
    show.tell(f"{len(found)} {'account' if len(found) == 1 else 'accounts'} {verb}.")


def check(context: typer.Context, *, rebuild: Rebuild = False, json: Json = False) -> None:
    """Check all that must hold of this ledger; it changes nothing. Exit code 3 when something does not hold."""
    from meterpos.ledger.checks import CHECKS

    with opened(context) as till:
        problems = till.check(rebuild=rebuild)
    if json:
        told = [{"check": problem.check, "sentence": problem.sentence} for problem in problems]
        show.as_json({"checks": len(CHECKS), "rebuilt": rebuild, "problems": told})
    else:
        show.tell_problems(problems)
        what = f"{len(CHECKS)} checks" + (" and every table worked out anew" if rebuild else "")
        show.tell(f"{what}, {len(problems) or 'no'} {'problem' if len(problems) == 1 else 'problems'}.")
    if problems:
        raise typer.Exit(CHECK_FOUND)


def _chosen(connection: "Connection", *, meter: str | None, customer: str | None) -> list[str] | None:
    """Return the accounts asked for, None for all. Raises: UnknownMeterOrAccount, UnknownCustomerNumber."""
    from meterpos.ledger.queries.accounts import accounts_of_customer, resolve

    if meter is not None:
        return [resolve(connection, meter).account_no]
    if customer is not None:
        return [one.account_no for one in accounts_of_customer(connection, customer)]
    return None
