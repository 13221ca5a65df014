"""A half-entered payment as it is kept: everything a person typed, under the id its tender will have. No widgets."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from meterpos.ui.models.legs import Leg
from meterpos.ui.models.payment import Unknown

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from meterpos.ledger.operations.drafts import Abandoned


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One payment begun. `texts` and `named` are by account; `current` and `ticked` are the accounts being paid.

    `meters`, `payer` and `total_minor` are how a list tells it; `at` orders that list. One on an instalment plan names
    the `plan`, with payment date and notes as typed.
    """

    tender_id: str
    at: str
    customer_no: str | None
    payer: str
    meters: tuple[str, ...]
    total_minor: int
    current: str | None = None
    ticked: frozenset[str] = frozenset()
    texts: dict[str, str] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)
    spread_text: str | None = None
    legs: tuple[Leg, ...] = (Leg(),)
    received_text: str = ""
    unknown: Unknown | None = None
    unknown_text: str = ""
    plan: str | None = None
    date_text: str = ""
    notes: str = ""

    @property
    def accounts(self) -> frozenset[str]:
        """The accounts it pays."""
        return self.ticked or (frozenset({self.current}) if self.current else frozenset())


@dataclass(frozen=True, slots=True)
class Found:
    """What an earlier life of the window left behind: payments not finished, and receipts nobody was told of."""

    open: tuple[Draft, ...]
    taken: "tuple[tuple[str, str], ...]"  # tender id, number


def as_data(draft: Draft) -> dict[str, Any]:
    """Return a draft as the ledger keeps it."""
    data = asdict(draft)
    data["ticked"] = sorted(draft.ticked)
    return data


def from_data(data: Mapping[str, Any]) -> Draft | None:
    """Return a draft as it was kept, None where another version of the program kept something else."""
    try:
        unknown = data["unknown"]
        made = dict(data) | {
            "meters": tuple(data["meters"]),
            "ticked": frozenset(data["ticked"]),
            "legs": tuple(Leg(**leg) for leg in data["legs"]),
            "unknown": Unknown(**unknown) if unknown is not None else None,
        }
        datetime.fromisoformat(made["at"])
        return Draft(**made)
    except (KeyError, TypeError, ValueError):
        return None


def find(conn: "Connection") -> Found:
    """Return what was left behind, the oldest first."""
    from meterpos.ledger.queries.drafts import kept_drafts

    kept = kept_drafts(conn)
    drafts = [draft for one in kept if one.taken is None and (draft := from_data(one.data)) is not None]
    return Found(
        tuple(sorted(drafts, key=lambda draft: draft.at)),
        tuple((one.tender_id, one.taken) for one in kept if one.taken is not None),
    )


def given_up(draft: Draft) -> "Abandoned":
    """Return a draft as the journal notes it when it is thrown away."""
    from meterpos.ledger.operations.drafts import Abandoned

    return Abandoned(
        tender_id=draft.tender_id,
        customer_no=draft.customer_no,
        payer=draft.payer,
        meters=draft.meters,
        methods=tuple(leg.method for leg in draft.legs),
        amount_minor=draft.total_minor,
    )
