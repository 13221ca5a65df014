"""Who may be meant by typed text, out of the tables themselves: on PostgreSQL, and before there is a search index."""

import re
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from meterpos.ledger.queries.candidates import PIECES_MAX, Candidate, Match
from meterpos.ledger.rules.searching import DROPPED, Wanted, fold, number_forms, phone_form
from meterpos.ledger.tables import accounts, customers

_SEPARATORS: Final = " -/._()+"


def candidates(connection: Connection, want: Wanted, *, limit: int) -> list[Candidate]:
    """Return up to some dozens of candidates, found by comparing every row; for a screen, not for a queue of people."""
    written = _without(customers.c.name, DROPPED)
    names = and_(*(written.icontains(word, autoescape=True) for word in want.words))
    numbers = [customers.c.customer_no, accounts.c.meter_no, accounts.c.account_no]
    held = or_(*(_digits_of(column, want) for column in numbers), *_phones(want))
    rows = connection.execute(
        select(
            customers.c.customer_no,
            customers.c.name,
            customers.c.phone,
            customers.c.status,
            accounts.c.meter_no,
            accounts.c.account_no,
            accounts.c.closed_on,
        )
        .outerjoin(accounts, accounts.c.customer_no == customers.c.customer_no)
        .where(or_(names, held))
        .order_by(customers.c.status != "active", held.desc(), func.lower(customers.c.name), customers.c.customer_no)
        .limit(max(PIECES_MAX, 3 * limit))
    )
    return [_candidate(row, want) for row in rows]


def _digits_of(column: Any, want: Wanted) -> ColumnElement[bool]:
    """Return the condition that a number holds the typed one, whatever its dashes and leading zeros."""
    typed = number_forms(want.whole, is_whole=False)
    pattern = "|".join(re.sub(r"(?<!\d)(?=\d)", "0*", re.escape(form)) for form in typed[-1:])
    plain: ColumnElement[str] = _without(func.lower(column), _SEPARATORS)
    return plain.regexp_match(pattern)


def _phones(want: Wanted) -> list[ColumnElement[bool]]:
    if not want.phone:
        return []
    return [_without(customers.c.phone, _SEPARATORS).contains(want.phone, autoescape=True)]


def _without(column: Any, letters: Iterable[str]) -> Any:
    for letter in letters:
        column = func.replace(column, letter, "")
    return column


def _candidate(row: Any, want: Wanted) -> Candidate:
    name = fold(row.name)
    match, meter_no = _best_number(row, want)
    return Candidate(
        match=match if match is not Match.PIECES else _name_match(name, want),
        customer_no=row.customer_no,
        has_left=row.status != "active",
        name=name,
        order=1 if meter_no is not None and row.closed_on is not None else 0,
        meter_no=meter_no,
    )


def _best_number(row: Any, want: Wanted) -> tuple[Match, str | None]:
    best, meter_no = Match.PIECES, None
    for number, is_meter in ((row.meter_no, True), (row.customer_no, False), (row.account_no, False)):
        match = _number_match(number_forms(number or ""), want.numbers)
        if match < best:
            best, meter_no = match, number if is_meter else None
    if want.phone and _number_match((phone_form(row.phone),), (want.phone,)) < best:
        return _number_match((phone_form(row.phone),), (want.phone,)), None
    return best, meter_no


def _number_match(forms: tuple[str, ...], typed: tuple[str, ...]) -> Match:
    if any(form in typed for form in forms):
        return Match.NUMBER
    return Match.NUMBER_BEGINS if any(form.startswith(typed) for form in forms) else Match.PIECES


def _name_match(name: str, want: Wanted) -> Match:
    words = name.split()
    if name.startswith(want.whole):
        return Match.NAME_BEGINS
    if all(word in words for word in want.words):
        return Match.WORDS
    if all(any(held.startswith(word) for held in words) for word in want.words):
        return Match.WORDS_BEGIN
    return Match.PIECES
