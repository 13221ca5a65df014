"""The steps of a migration: each alone, and all in order."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from meterpos.cli import show
from meterpos.cli.headoffice.opened import opened
from meterpos.cli.migrate import words
from meterpos.cli.style import USER_ERROR, Json, Yes, example, make_sure

if TYPE_CHECKING:
    from meterpos.headoffice.legacy.run import Choices, Outcome

Ambiguous = Annotated[
    Literal["first", "suspense"],
    typer.Option(
        "--ambiguous",
        metavar="first|suspense",
        help="A payment that may be of several meters goes to the first, or waits in suspense.",
    ),
]
Decisions = Annotated[
    Path | None,
    typer.Option("--decisions", metavar="FILE", help="The review list, with what was decided in its last column."),
]

STEPS: Final = {
    "backfill-payment-meter-ids": (
        "Find the meter of every payment and invoice.",
        "meterpos migrate backfill-invoice-amounts",
    ),
    "backfill-invoice-amounts": (
        "Rebuild every invoice from its bills, and every account's opening balance.",
        "meterpos migrate customer-balances-to-meters",
    ),
    "customer-balances-to-meters": (
        "Compute what every meter owes from its transactions; customers' balances are kept as they were.",
        "meterpos migrate recalculate-customer-balances",
    ),
    "recalculate-customer-balances": (
        "Sum up every customer's active accounts.",
        "meterpos migrate validate, then meterpos migrate meter-financials",
    ),
}


def add_to(group: typer.Typer) -> None:
    """Add this file's commands to the group."""
    group.command("meter-financials", epilog=example("meterpos migrate meter-financials --dry-run"))(meter_financials)
    first = "backfill-payment-meter-ids"
    group.command(first, help=STEPS[first][0], epilog=example(f"meterpos migrate {first} --ambiguous suspense --yes"))(
        backfill_payments
    )
    for name, (help_text, _) in list(STEPS.items())[1:]:
        group.command(name, help=help_text, epilog=example(f"meterpos migrate {name} --dry-run"))(_command(name))


def meter_financials(
    context: typer.Context,
    *,
    dry_run: words.DryRun = False,
    skip_validation: Annotated[
        bool, typer.Option("--skip-validation", help="Leave steps 3 and 6 out; the proof is never left out.")
    ] = False,
    ambiguous: Ambiguous = "first",
    decisions: Decisions = None,
    zone: Annotated[str, typer.Option("--zone", metavar="Z", help="The zone whose tills serve these meters.")] = "main",
    service: Annotated[
        Literal["water", "power"], typer.Option("--service", metavar="water|power", help="What the meters measure.")
    ] = "water",
    reports: Annotated[
        Path | None,
        typer.Option(
            "--reports", metavar="DIR", help="Write every report as CSV there; of a dry run all that is left."
        ),
    ] = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Do every step in order, prove it, and post it into the ledger; stops at the first that fails."""
    make_sure("This posts the migration into the ledger, if every shilling is explained.", yes=yes or dry_run)
    choices = _choices(ambiguous, decisions, skip_validation=skip_validation, zone=zone, service=service)
    outcomes = _run_all(context, choices, reports, dry_run=dry_run, json=json)
    failed = any(outcome.failed for outcome in outcomes)
    if json:
        show.as_json(words.as_answer(outcomes, dry_run=dry_run))
    else:
        _tell_end(outcomes, dry_run=dry_run, failed=failed)
    if failed:
        raise typer.Exit(USER_ERROR)


def _run_all(
    context: typer.Context, choices: "Choices", reports: Path | None, *, dry_run: bool, json: bool
) -> "list[Outcome]":
    from meterpos.headoffice.legacy.run import Runner

    progress = words.Progressing()
    outcomes = []
    with opened(context) as office:
        for outcome in Runner(office, choices, tell=progress, reports=reports).all_steps(dry_run=dry_run):
            progress.end()
            outcomes.append(outcome)
            if not json:
                words.tell_outcome(outcome)
    return outcomes


def _tell_end(outcomes: "list[Outcome]", *, dry_run: bool, failed: bool) -> None:
    seconds = sum(outcome.seconds for outcome in outcomes)
    if dry_run:
        show.tell(f"A dry run: nothing was changed, {seconds:.1f} s.")
        words.tell_next(("look at what failed above" if failed else "do it: meterpos migrate meter-financials",))
    elif failed:
        show.tell(f"Stopped; nothing was posted, {seconds:.1f} s.")
        words.tell_next(("meterpos migrate report review", "correct what it names, then run this again"))
    else:
        show.tell(f"Posted into the ledger, {seconds:.1f} s. The backup from before: {outcomes[-1].counts['backup']}")
        words.tell_next(
            (
                "meterpos migrate validate",
                "meterpos migrate report proof --format pdf > proof.pdf",
                "meterpos headoffice check",
            )
        )


def backfill_payments(
    context: typer.Context,
    *,
    dry_run: words.DryRun = False,
    ambiguous: Ambiguous = "first",
    decisions: Decisions = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Run step 1."""
    _one_step(
        context, "backfill-payment-meter-ids", _choices(ambiguous, decisions), dry_run=dry_run, yes=yes, json=json
    )


def _command(name: str) -> Callable[..., None]:
    def step(context: typer.Context, *, dry_run: words.DryRun = False, yes: Yes = False, json: Json = False) -> None:
        _one_step(context, name, _choices(), dry_run=dry_run, yes=yes, json=json)

    return step


def _one_step(context: typer.Context, name: str, choices: "Choices", *, dry_run: bool, yes: bool, json: bool) -> None:
    from meterpos.headoffice.legacy.run import Runner

    make_sure(f"{name} computes its results anew; the ledger is not touched.", yes=yes or dry_run)
    progress = words.Progressing()
    with opened(context) as office:
        runner = Runner(office, choices, tell=progress)
        outcome = runner.dry(name) if dry_run else runner.step(name)
        progress.end()
    if json:
        show.as_json(words.as_answer([outcome], dry_run=dry_run))
    else:
        words.tell_outcome(outcome)
        words.tell_next((STEPS[name][1],))
    if outcome.failed:
        raise typer.Exit(USER_ERROR)


def _choices(
    ambiguous: Literal["first", "suspense"] = "first",
    decisions: Path | None = None,
    *,
    skip_validation: bool = False,
    zone: str = "main",
    service: Literal["water", "power"] = "water",
) -> "Choices":
    from meterpos.headoffice.legacy.decisions import read_file
    from meterpos.headoffice.legacy.run import Choices

    return Choices(
        ambiguous=ambiguous,
        skip_validation=skip_validation,
        zone=zone,
        service=service,
        decisions=read_file(decisions) if decisions is not None else None,
    )
