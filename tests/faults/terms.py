"""What the simulator speaks of: papers as it remembers them, sticks on their way, power that goes, what is wrong."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from meterpos.ledger.journal import Entry
from meterpos.ledger.projection import facts_of
from meterpos.ledger.rules.facts import Fact
from meterpos.sync.steps import Failure
from tests.faults.disks import PowerCut

if TYPE_CHECKING:
    from tests.faults.world import Place

CUT: Final = Failure("cut", "The line broke.")


class TillCut(PowerCut):
    """The power of one machine went."""

    def __init__(self, place: "Place") -> None:
        super().__init__(place.name)
        self.place = place


class OfficeCut(PowerCut):
    """The power of head office went."""


class Wrong(AssertionError):
    """Something happened that no fault explains."""


@dataclass(frozen=True)
class Receipt:
    """A paper as the harness remembers it, outside the system."""

    place: str
    number: str
    entry: Entry
    was_printed: bool

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        """What the paper says of accounts."""
        return tuple(facts_of(self.entry))

    @cached_property
    def found_right(self) -> dict[str, Fact]:
        """The rows of its facts that a judge found right, by id; each row is one object (eyes.py)."""
        return {}


@dataclass(frozen=True)
class Stick:
    """A courier file on its way, and whose it is."""

    kind: str
    of: str
    data: bytes
