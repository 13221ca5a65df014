"""How head office's restores stand in a header: `[generation, parent, parent_through]`, the newest first."""

from collections.abc import Sequence
from typing import Final

from meterpos.sync import fields
from meterpos.sync.records import Lineage

LINEAGE_MAX: Final = 64


def lineage_out(lineage: Sequence[Lineage]) -> list[list[int]]:
    """Write the restores head office has been through."""
    return [[step.generation, step.parent, step.parent_through] for step in lineage[:LINEAGE_MAX]]


def lineage_in(header: fields.Header) -> tuple[Lineage, ...]:
    """Read them."""
    steps = [fields.integers(item, size=3) for item in header.items("lineage", most=LINEAGE_MAX)]
    return tuple(Lineage(generation=step[0], parent=step[1], parent_through=step[2]) for step in steps)
