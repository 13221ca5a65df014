"""Who may be meant by typed text, out of the search index: bounded reads in index order, best kinds of match first."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from meterpos.ledger.rules.searching import Wanted, phone_form, trigrams, without_separators
from meterpos.ledger.search_index import (
    ACCOUNT,
    CUSTOMER,
    FORMER_METER,
    METER,
    PHONE,
    forms_of,
    numbers_of,
)
from meterpos.ledger.tables.search import people

PIECES_MAX: Final = 60
"""How many names with all the trigrams of a piece are looked at for the piece itself: three screens full."""

MIXED_MAX: Final = 400
"""How many namesakes are looked through for the number that was typed beside the name."""

NUMBER_SURE: Final = 6
"""From so many signs on, what begins a number is not looked for in the middle of others."""

_TOP: Final = "\U0010ffff"
_at: Final = select(people.c.place, people.c.customer_no, people.c.has_left, people.c.name).where(
    people.c.place.in_(bindparam("places", expanding=True))
)
_KINDS: Final = (METER, CUSTOMER, ACCOUNT, PHONE, FORMER_METER)


class Match(IntEnum):
    """How well a candidate matches, best first."""

    NUMBER = 0
    NUMBER_BEGINS = 1
    NAME_BEGINS = 2
    WORDS = 3
    WORDS_BEGIN = 4
    PIECES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A customer who may be meant; ``order`` and ``number`` rank those found by number among themselves."""

    match: Match
    customer_no: str
    has_left: bool
    name: str
    order: int = 0
    number: str = ""
    meter_no: str | None = None
    invoice_no: str | None = None

    @property
    def rank(self) -> tuple[bool, int, int, str, str, str]:
        """Return what candidates are sorted by; a number in full finds even those who left among the first."""
        left = self.has_left and self.match is not Match.NUMBER
        return left, self.match, self.order, self.number, self.name, self.customer_no


def candidates(connection: Connection, want: Wanted, *, limit: int) -> list[Candidate]:
    """Return the ``limit`` best candidates and more, unsorted; later steps are left out where earlier ones suffice."""
    found: list[Candidate] = []
    for step in _steps(want):
        if found and _is_settled(step, want):
            continue
        # A step answers in the order it is ranked in, and may name again whom an earlier one has found.
        found += step(connection, want, limit + len(found))
        if len({one.customer_no for one in found if not one.has_left}) >= limit:
            break
    return found


def _is_settled(step: Any, want: Wanted) -> bool:
    """Tell whether a step need not be tried once something was found: what was typed is the beginning of a number."""
    return step is _mixed or (step is _pieces and want.has_digits and len(want.whole) >= NUMBER_SURE)


def _steps(want: Wanted) -> tuple[Any, ...]:
    if not want.has_digits:
        return _name_begins, _words, _words_begin, _numbers, _pieces
    if want.phone is not None:
        return _numbers, _words_begin, _pieces
    return _numbers, _name_begins, _words_begin, _mixed, _pieces


# --- numbers ----------------------------------------------------------------------------------------------------------


def _numbers(connection: Connection, want: Wanted, limit: int) -> Iterator[Candidate]:
    """Find numbers that are, or begin with, the text."""
    asked = [(kind, form) for kind in _KINDS if kind != PHONE for form in want.numbers]
    if want.phone:
        asked.append((PHONE, want.phone))
    one = (
        "SELECT * FROM (SELECT kind, number, place, shown FROM search_numbers "
        "WHERE kind = ? AND number >= ? AND number < ? ORDER BY number LIMIT ?)"
    )
    values = [value for kind, form in asked for value in (kind, form, form + _TOP, limit)]
    rows = connection.exec_driver_sql(" UNION ALL ".join([one] * len(asked)), tuple(values)).all()
    ranked = sorted(rows, key=lambda row: _number_rank(row, want))
    here: set[int] = set()
    for part in (ranked[:limit], ranked[limit : 2 * limit]):
        if len(here) >= limit:
            break
        people = _people_at(connection, {row.place for row in part})
        here |= {place for place, (_, has_left, _) in people.items() if not has_left}
        yield from (_numbered(row, people[row.place], want) for row in part)


def _numbered(row: Any, person: tuple[str, bool, str], want: Wanted) -> Candidate:
    match, order, _, number = _number_rank(row, want)
    customer_no, has_left, name = person
    return Candidate(
        match=match,
        customer_no=customer_no,
        has_left=has_left,
        name=name,
        order=order,
        number=f"{len(number):03d}{number}",
        meter_no=row.shown if row.kind in (METER, FORMER_METER) else None,
    )


def _number_rank(row: Any, want: Wanted) -> tuple[Match, int, int, str]:
    """Rank a number: in full before begun, of the kind it looks like first, the nearest to complete first."""
    typed = (want.phone,) if row.kind == PHONE else want.numbers
    match = Match.NUMBER if row.number in typed else Match.NUMBER_BEGINS
    order = 5 if row.kind == FORMER_METER else 0 if (row.kind == PHONE) is want.is_phone else 1
    return match, order, len(row.number), row.number


def _people_at(connection: Connection, places: Iterable[int]) -> dict[int, tuple[str, bool, str]]:
    rows = connection.execute(_at, {"places": list(places)})
    return {row.place: (row.customer_no, bool(row.has_left), row.name) for row in rows}


# --- names ------------------------------------------------------------------------------------------------------------


def _name_begins(connection: Connection, want: Wanted, limit: int) -> Iterator[Candidate]:
    """Find names that begin with the text, in the order of the alphabet."""
    rows = connection.exec_driver_sql(
        "SELECT customer_no, has_left, name FROM search_people "
        "WHERE has_left = 0 AND name >= ? AND name < ? ORDER BY name, customer_no LIMIT ?",
        (want.whole, want.whole + _TOP, limit),
    )
    return _named(rows, Match.NAME_BEGINS)


def _words(connection: Connection, want: Wanted, limit: int) -> Iterator[Candidate]:
    """Find names that hold all the words as they are."""
    return _named(_by_words(connection, " ".join(f'"{word}"' for word in want.words), limit), Match.WORDS)


def _words_begin(connection: Connection, want: Wanted, limit: int) -> Iterator[Candidate]:
    """Find names that hold words beginning with all the words."""
    return _named(_by_words(connection, _beginnings(want.words), limit), Match.WORDS_BEGIN)


def _mixed(connection: Connection, want: Wanted, limit: int) -> Iterator[Candidate]:
    """Find names by the words without digits whose numbers begin with the rest: ``otieno 0712``."""
    del limit
    letters = [word for word in want.words if not any(letter.isdigit() for letter in word)]
    digits = "".join(word for word in want.words if any(letter.isdigit() for letter in word))
    if not letters:
        return
    begun = (digits, phone_form(digits)) if digits.isdecimal() else (digits,)
    for row in _by_words(connection, _beginnings(letters), MIXED_MAX):
        if not any(form in without_separators(row.numbers) for form in begun):
            continue
        forms = [form for kind, shown in numbers_of(row.numbers) for form in forms_of(kind, shown)]
        if any(form.startswith(begun) for form in forms):
            yield from _named([row], Match.WORDS_BEGIN)


def _pieces(connection: Connection, want: Wanted, limit: int) -> Iterator[Candidate]:
    """Find names and numbers that hold all the words, or the whole number, anywhere."""
    parts = (want.numbers[0],) if want.has_digits and want.numbers else want.words
    asked = " ".join(f'"{piece}"' for piece in trigrams(parts))
    if asked:
        rows = connection.exec_driver_sql(
            "SELECT customer_no, has_left, name, numbers "
            "FROM search_pieces f CROSS JOIN search_people ON place = f.rowid "
            "WHERE search_pieces MATCH ? ORDER BY f.rowid LIMIT ?",
            (asked, PIECES_MAX),
        )
        yield from _named(islice((row for row in rows if _holds(row, parts)), limit), Match.PIECES)
        rows.close()


def _holds(row: Any, parts: Iterable[str]) -> bool:
    """Tell whether name or numbers hold all parts; that they hold all their trigrams is known already."""
    numbers = without_separators(row.numbers)
    return all(part in row.name or part in numbers for part in parts)


def _by_words(connection: Connection, asked: str, count: int) -> Iterable[Any]:
    return connection.exec_driver_sql(
        "SELECT customer_no, has_left, name, numbers FROM search_words f CROSS JOIN search_people ON place = f.rowid "
        "WHERE search_words MATCH ? ORDER BY f.rowid LIMIT ?",
        (asked, count),
    )


def _beginnings(words: Iterable[str]) -> str:
    return " ".join(f'"{word}"*' for word in words)


def _named(rows: Iterable[Any], match: Match) -> Iterator[Candidate]:
    for row in rows:
        yield Candidate(match=match, customer_no=row.customer_no, has_left=bool(row.has_left), name=row.name)
