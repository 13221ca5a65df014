"""A drawer being counted, without widgets: what is typed, what it comes to, what is wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from meterpos.errors import UserError
from meterpos.ledger.money import format_amount, parse_amount
from meterpos.ui import words

PIECES_MAX: Final = 5
"""How many digits a number of notes or coins has at most."""


class WrongCount(UserError):
    """What was typed is no count; `field` names the line: "piece:3", or "total"."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted: the sum, and how many of each note and coin; none of a total typed alone."""

    minor: int
    notes: tuple[tuple[int, int], ...] = ()


def read_count(pieces: Sequence[int], texts: Sequence[str], total_text: str) -> Counted:
    """Return what was counted: by note and coin where any line is filled, else the total alone.

    An empty line is none of that piece. Raises: WrongCount naming the line, also when nothing was typed at all.
    """
    notes = []
    for place, (piece, text) in enumerate(zip(pieces, texts, strict=True)):
        said = text.strip().replace(",", "")
        if said:
            notes.append((piece, _number(said, piece, place)))
    if notes:
        return Counted(sum(piece * count for piece, count in notes), tuple(notes))
    if not total_text.strip():
        raise WrongCount(words.say("wrong.not_counted"), field="piece:0" if pieces else "total")
    try:
        return Counted(parse_amount(total_text))
    except UserError as error:
        raise WrongCount(words.say("wrong.amount", text=total_text.strip()[:24]), field="total") from error


def piece_name(piece_minor: int) -> str:
    """Return how a note or coin is named: "1,000", "0.50"."""
    return format_amount(piece_minor).removesuffix(".00")


def _number(said: str, piece: int, place: int) -> int:
    if not (said.isascii() and said.isdigit() and len(said) <= PIECES_MAX):
        raise WrongCount(words.say("wrong.pieces", text=said[:24], piece=piece_name(piece)), field=f"piece:{place}")
    return int(said)
