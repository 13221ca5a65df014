"""Messages to a selection of customers: reminders, disconnection notices, or words of one's own; looked at first.

A bulk has a name. The same name again reaches only whom it has not reached.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, select

from meterpos.errors import UserError
from meterpos.headoffice.bulk import chunks
from meterpos.headoffice.sms import audience, outbox, setup, templates
from meterpos.headoffice.sms.audience import Person, Place
from meterpos.headoffice.sms.drafting import common_values
from meterpos.headoffice.sms.length import measure
from meterpos.headoffice.sms.outbox import Draft
from meterpos.ledger.money import format_money
from meterpos.ledger.queries.overdue import overdue_of
from meterpos.ledger.queries.settings import UtilitySettings, utility_settings
from meterpos.ledger.tables import accounts, customers, meters

KINDS: Final = ("reminder", "disconnection", "notice")
CUSTOMERS_AT_ONCE: Final = 400
SAMPLES_MAX: Final = 3
NAME_MAX: Final = 60
_EACH: Final = {"en": "the meter's number", "sw": "nambari ya mita"}


class UnusableBulk(UserError):
    """A bulk cannot be sent as described."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Whom; empty is everybody with an active meter. ``overdue_days`` 0 is overdue at all, None does not ask."""

    zones: tuple[str, ...] = ()
    customer_nos: tuple[str, ...] = ()
    meter_status: str | None = None
    balance_least_minor: int | None = None
    overdue_days: int | None = None


@dataclass(slots=True, kw_only=True)
class Bulk:
    """What a bulk does, or would: ``samples`` are its first messages, ``unreached`` whom no phone reaches."""

    customers: int = 0
    messages: int = 0
    parts: int = 0
    queued: int = 0
    unwanted: int = 0
    unreached: list[str] = field(default_factory=list)
    samples: list[Draft] = field(default_factory=list)
    cost_minor: int = 0


def send_bulk(
    conn: Connection,
    *,
    kind: str,
    name: str,
    selection: Selection,
    at: datetime,
    today: date,
    per_meter: bool = False,
    text: str | None = None,
    dry_run: bool = False,
) -> Bulk:
    """Queue one message a customer with the total, or ``per_meter`` one an active meter; ``dry_run`` only counts.

    ``text`` are the words of a notice, in every language. Raises: NotSetUp, UnusableBulk, BadTemplate.
    """
    gateway = setup.required(conn)
    _refuse(kind=kind, name=name, text=text)
    template = f"{kind}_meter" if per_meter else kind
    if text is not None:
        templates.check(text, fields=templates.FIELDS[template])
    words, utility = templates.in_force(conn), utility_settings(conn)
    done = Bulk()
    for numbers in chunks(_customers(conn, selection), CUSTOMERS_AT_ONCE):
        people = audience.people(conn, numbers, country=gateway.country)
        chosen = _places(conn, numbers, selection, today=today)
        drafts: list[Draft] = []
        for number in numbers:
            if not chosen.get(number):
                continue
            person = people[number]
            said = text if text is not None else words[template, person.language]
            made = list(_drafts(person, chosen[number], said, utility, kind=kind, name=name, per_meter=per_meter))
            done.customers += 1
            if not made:
                done.unreached.append(number)
            drafts += made
        _count(conn, done, drafts, part_cost_minor=gateway.part_cost_minor)
        if not dry_run:
            done.queued += outbox.queue(conn, drafts, at=at)
    return done


def _refuse(*, kind: str, name: str, text: str | None) -> None:
    if kind not in KINDS:
        raise UnusableBulk(f"'{kind}' is no kind of bulk. Use {', '.join(KINDS)}.", field="kind")
    if (kind == "notice") != (text is not None):
        raise UnusableBulk("A notice needs its words (--text); the other kinds have theirs.", field="text")
    if not name.strip() or len(name) > NAME_MAX:
        raise UnusableBulk(f"Give the bulk a name of at most {NAME_MAX} letters.", field="name")


def _count(conn: Connection, done: Bulk, drafts: Sequence[Draft], *, part_cost_minor: int) -> None:
    unwanted = outbox.opted_out(conn, {draft.phone for draft in drafts})
    for draft in drafts:
        if draft.phone in unwanted:
            done.unwanted += 1
            continue
        parts = measure(draft.text).parts
        done.messages += 1
        done.parts += parts
        done.cost_minor += parts * part_cost_minor
        if len(done.samples) < SAMPLES_MAX:
            done.samples.append(draft)


def _customers(conn: Connection, selection: Selection) -> list[str]:
    """Return the numbers of the customers it may be about, in order. Raises: UnusableBulk when one is not known."""
    query = select(customers.c.customer_no).order_by(customers.c.customer_no)
    if selection.zones:
        query = query.where(customers.c.zone.in_(selection.zones))
    if not selection.customer_nos:
        return list(conn.execute(query).scalars())
    found: list[str] = []
    for chunk in chunks(sorted(set(selection.customer_nos)), CUSTOMERS_AT_ONCE):
        found += conn.execute(select(customers.c.customer_no).where(customers.c.customer_no.in_(chunk))).scalars()
    missing = sorted(set(selection.customer_nos) - set(found))
    if missing:
        raise UnusableBulk(f"There is no customer {', '.join(missing[:5])}. Nothing was queued.", field="customer")
    return sorted(found)


def _places(conn: Connection, numbers: Sequence[str], selection: Selection, *, today: date) -> dict[str, list[Place]]:
    """Return the active meters of these customers that the selection is about, by customer."""
    query = (
        select(accounts.c.account_no)
        .join(meters, meters.c.meter_no == accounts.c.meter_no)
        .where(accounts.c.customer_no.in_(numbers), accounts.c.kind == "meter", accounts.c.closed_on.is_(None))
    )
    if selection.meter_status is not None:
        query = query.where(meters.c.status == selection.meter_status)
    if selection.balance_least_minor is not None:
        query = query.where(accounts.c.balance_minor >= selection.balance_least_minor)
    found = audience.places(conn, conn.execute(query).scalars().all())
    if selection.overdue_days is not None:
        nets = {place.account_no: place.net_minor for place in found.values()}
        late = overdue_of(conn, nets, today=today - timedelta(days=selection.overdue_days))
        found = {number: place for number, place in found.items() if number in late}
    of_customer: dict[str, list[Place]] = {}
    for place in sorted(found.values(), key=lambda place: place.meter_no):
        of_customer.setdefault(place.customer_no, []).append(place)
    return of_customer


def _together(person: Person, places: Sequence[Place], utility: UtilitySettings) -> dict[str, str]:
    """Return what one message says of several meters: their numbers, what they owe together, how to pay each."""
    account = places[0].meter_no if len(places) == 1 else _EACH[person.language]
    total_minor = sum(place.balance_minor for place in places)
    return {
        "meter_number": ", ".join(place.meter_no for place in places),
        "total_balance": format_money(total_minor, currency=utility.currency),
        "paybill_instructions": templates.paybill_words(person.language, paybill=utility.paybill, account=account),
    }


def _drafts(
    person: Person,
    places: Sequence[Place],
    text: str,
    utility: UtilitySettings,
    *,
    kind: str,
    name: str,
    per_meter: bool,
) -> Iterator[Draft]:
    said = [(place.account_no, common_values(person, place, utility, language=person.language)) for place in places]
    if not per_meter:
        said = [(person.customer_no, {**said[0][1], **_together(person, places, utility)})]
    for about, values in said:
        for phone in person.phones:
            yield Draft(
                kind=f"{kind}_meter" if per_meter else kind,
                subject=f"{name.strip()} {about}",
                phone=phone,
                customer_no=person.customer_no,
                account_no=about if per_meter else None,
                language=person.language,
                text=templates.render(text, values),
            )
