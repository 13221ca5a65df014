"""Money that came twice into the books: posted by paybill at once, and taken at a till that showed it later.

A customer pays by paybill at the counter and the clerk enters the code. The till's payment then waits in suspense as a
reference used twice. Where both are the same customer's and the same amount, the receipt is what stays, since it is in
somebody's hands: the paybill payment is taken back, and the receipt's money moves to the accounts it names. Anybody
else's is for a person to decide, since a code can be read over a shoulder.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection, select, update

from meterpos.headoffice import books, exceptions, moved, putting_right
from meterpos.headoffice.books import events_of
from meterpos.headoffice.feed import Outgoing
from meterpos.headoffice.matching.standing import Standing, standing
from meterpos.headoffice.tables import claims, money_in
from meterpos.headoffice.tables import exceptions as items
from meterpos.ledger.rules.facts import Fact, imported_reversal_id
from meterpos.ledger.tables import accounts

CODE: Final = "duplicate_reference"
_POSTED: Final = "p:PB-"


@dataclass(frozen=True, slots=True)
class Twice:
    """One code that was both: the paybill payment, and the till's."""

    reference: str
    posted: Fact
    taken: tuple[Fact, ...]

    @property
    def receipt(self) -> str:
        """The receipt that stays."""
        return self.taken[0].number


def find(conn: Connection) -> tuple[Twice, ...]:
    """Return what stands twice and is certainly one: read from the open items, which are few."""
    query = select(items.c.details).where(items.c.code == CODE, items.c.resolved_at.is_(None))
    firsts = {str(details.get("first", "")) for details in conn.execute(query).scalars()}
    references = sorted(first.removeprefix(_POSTED) for first in firsts if first.startswith(_POSTED))
    paid = standing(conn, "mpesa", references)
    found = (_twice(reference, paid[reference]) for reference in references if reference in paid)
    return tuple(one for one in found if one is not None and _is_one_customers(conn, one))


def _twice(reference: str, payments: Sequence[Standing]) -> Twice | None:
    posted = [one.fact for one in payments if one.fact.fact_id == f"{_POSTED}{reference}"]
    taken = tuple(one.fact for one in payments if one.fact.entry_id is not None and one.fact.decision == "suspense")
    one_paper = len({fact.number for fact in taken}) == 1
    if len(posted) != 1 or not one_paper or len(payments) != len(taken) + 1:
        return None
    same = sum(fact.amount_minor for fact in taken) == posted[0].amount_minor
    return Twice(reference, posted[0], taken) if same else None


def _is_one_customers(conn: Connection, one: Twice) -> bool:
    """Tell whether receipt and paybill payment are for the same customer; paybill money in suspense is nobody's yet."""
    numbers = {one.posted.stands_on, *(fact.account_no for fact in one.taken)}
    query = select(accounts.c.account_no, accounts.c.kind, accounts.c.customer_no)
    rows = {row.account_no: row for row in conn.execute(query.where(accounts.c.account_no.in_(sorted(numbers))))}
    if len(rows) < len(numbers) or any(rows[fact.account_no].kind == "suspense" for fact in one.taken):
        return False
    whose = {rows[fact.account_no].customer_no for fact in one.taken}
    posted = rows[one.posted.stands_on]
    return posted.kind == "suspense" or whose == {posted.customer_no}


def settle(conn: Connection, outgoing: Outgoing, one: Twice, *, at: datetime, today: date) -> str:
    """Let the receipt stand and the paybill payment go; return the number of the reversal that did it."""
    number = books.next_number(conn, "REV")
    reversal = Fact(
        fact_id=imported_reversal_id(one.posted.number),
        kind="reversal",
        account_no=one.posted.account_no,
        stands_on=one.posted.stands_on,
        number=number,
        fact_date=today,
        amount_minor=-one.posted.amount_minor,
        of_fact_id=one.posted.fact_id,
        method=one.posted.method,
        reference=one.posted.reference,
        text=f"the same money as receipt {one.receipt}",
        decision=one.posted.decision,
    )
    confirmed = events_of("confirmation", one.taken, on=today)
    back = moved.brought_back(conn, {one.posted.fact_id: today})
    books.post_facts(conn, outgoing, [reversal, *back, *confirmed])
    for fact in one.taken:
        _move(conn, outgoing, one, fact, on=today)
    _write_down(conn, one)
    _settle_items(conn, one, number, at=at)
    return number


def _move(conn: Connection, outgoing: Outgoing, one: Twice, fact: Fact, *, on: date) -> None:
    """Move one payment of the receipt out of suspense to the account it names."""
    why = f"receipt {one.receipt}, the same money as {one.posted.number}"
    amount_minor = -fact.amount_minor
    books.check_transfer(conn, from_account=fact.stands_on, to_account=fact.account_no, amount_minor=amount_minor)
    number = books.next_number(conn, "TRF")
    made = moved.moving(
        (fact,),
        number=number,
        to_account=fact.account_no,
        taken=f"to {fact.account_no}: {why}",
        given=f"from {fact.stands_on}: {why}",
        on=on,
    )
    books.post_facts(conn, outgoing, made)
    putting_right.note_moved(conn, (fact,), number)


def _write_down(conn: Connection, one: Twice) -> None:
    # The code is the receipt's from now on: a third use of it is one too many.
    used = claims.c.kind == "reference", claims.c.key == f"mpesa:{one.reference}"
    conn.execute(update(claims).where(*used).values(owner=one.taken[0].fact_id.rpartition(".")[0]))
    mine = money_in.c.method == "mpesa", money_in.c.reference == one.reference
    conn.execute(update(money_in).where(*mine).values(outcome="confirmed", number=one.receipt))


def _settle_items(conn: Connection, one: Twice, number: str, *, at: datetime) -> None:
    query = select(items.c.subject).where(
        items.c.code == CODE, items.c.resolved_at.is_(None), items.c.subject.startswith(one.receipt, autoescape=True)
    )
    subjects = [subject for subject in conn.execute(query).scalars() if f"mpesa:{one.reference} " in subject]
    resolution = f"The receipt stands; {one.posted.number} was the same money and was taken back: {number}."
    exceptions.settle(conn, CODE, subjects, at=at, resolution=resolution)
    exceptions.settle(conn, "unknown_reference", [one.posted.number], at=at, resolution=resolution)
