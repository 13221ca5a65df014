"""Which steps the staging tables stand at. A step that runs takes away the marks of those after it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, select

from meterpos.errors import UserError
from meterpos.headoffice.tables.legacy import legacy_steps

IMPORT: Final = "import-legacy"
PLACES: Final = "backfill-payment-meter-ids"
AMOUNTS: Final = "backfill-invoice-amounts"
VALIDATE_PAYMENTS: Final = "validate-payments"
METERS: Final = "customer-balances-to-meters"
CUSTOMERS: Final = "recalculate-customer-balances"
PROOF: Final = "proof"
VALIDATE: Final = "validate"
POSTING: Final = "post"
PULLED: Final = "pulled"
ORDER: Final = (IMPORT, PLACES, AMOUNTS, VALIDATE_PAYMENTS, METERS, CUSTOMERS, PROOF, VALIDATE, POSTING, PULLED)
NEEDS: Final[Mapping[str, str]] = {
    PLACES: IMPORT, AMOUNTS: PLACES, VALIDATE_PAYMENTS: PLACES, METERS: AMOUNTS, CUSTOMERS: METERS, PROOF: CUSTOMERS,
    VALIDATE: CUSTOMERS, POSTING: PROOF,
}  # fmt: skip


_COMMANDS: Final[Mapping[str, str]] = {PROOF: VALIDATE, VALIDATE_PAYMENTS: "validate --check payments"}
"""Where a step is not called as its command is."""


class StepMissing(UserError):
    """An earlier step has not been done."""


class AlreadyPosted(UserError):
    """The migration stands in the ledger."""


@dataclass(frozen=True, slots=True)
class Done:
    """A step that was done."""

    step: str
    finished_at: datetime
    seconds: float
    details: Mapping[str, Any]


_STEP: Final = select(legacy_steps).where(legacy_steps.c.step == bindparam("named"))


def done(conn: Connection, step: str) -> Done | None:
    """Return how a step went, None where the staging tables do not stand at it."""
    row = conn.execute(_STEP, {"named": step}).one_or_none()
    return Done(row.step, row.finished_at, row.seconds, json.loads(row.details)) if row else None


def require(conn: Connection, step: str) -> None:
    """Make sure the step before `step` was done and nothing was posted. Raises: StepMissing, AlreadyPosted."""
    refuse_posted(conn)
    require_before(conn, step, name=step)


def require_before(conn: Connection, step: str, *, name: str) -> None:
    """Make sure the steps before `step`, called `name` in the sentence, were done.

    Raises: StepMissing naming the first that was not.
    """
    missing = None
    needed = NEEDS.get(step)
    while needed is not None and done(conn, needed) is None:
        missing, needed = needed, NEEDS.get(needed)
    if missing is not None:
        raise StepMissing(f"{name} needs {missing} first. Run: {command_of(missing)}")


def command_of(step: str) -> str:
    """Return the command that does a step."""
    return f"meterpos migrate {_COMMANDS.get(step, step)}"


def refuse_posted(conn: Connection) -> None:
    """Raises: AlreadyPosted."""
    posted = done(conn, POSTING)
    if posted is not None:
        raise AlreadyPosted(
            f"The migration was posted into the ledger at {posted.finished_at:%Y-%m-%d %H:%M} UTC; what it was made "
            f"of stays "
            "as it is. To do it anew: meterpos migrate rollback"
        )


def note(
    conn: Connection, step: str, *, at: datetime, seconds: float, details: Mapping[str, Any], stands: bool = True
) -> None:
    """Note that a step was done (or, where it does not stand, was not), and that those after it are to be done "
    "again."""
    after = ORDER[ORDER.index(step) :]
    if step in (VALIDATE_PAYMENTS, PROOF, VALIDATE):
        after = (step,)  # they change nothing that others build on
    conn.execute(delete(legacy_steps).where(legacy_steps.c.step.in_(after)))
    if not stands:
        return
    conn.execute(
        insert(legacy_steps),
        {"step": step, "finished_at": at, "seconds": round(seconds, 3), "details": json.dumps(details)},
    )
