"""From facts to messages: invoices issued, payments received, payments taken back. Run after facts were committed.

How far this has come is a counter over the feed, whose places are given in the order of commits: nothing can appear
behind it. Two workers take turns at that counter, and a message's number follows from its fact: it is queued once.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, select, update

from meterpos.headoffice import bulk, feed
from meterpos.headoffice.sms import audience, outbox, setup, templates
from meterpos.headoffice.sms.audience import Person, Place
from meterpos.headoffice.sms.outbox import Draft
from meterpos.headoffice.sms.phones import international
from meterpos.headoffice.tables import counters
from meterpos.headoffice.tables import feed as feed_table
from meterpos.ledger.journal import parse
from meterpos.ledger.money import format_money
from meterpos.ledger.posting import fact_of
from meterpos.ledger.queries.settings import UtilitySettings, utility_settings
from meterpos.ledger.rules.facts import Fact
from meterpos.ledger.tables import facts, journal, movements

FACTS_AT_ONCE: Final = 500
NEWS_DAYS_MAX: Final = 30
"""What happened longer ago is no news: a till that comes back after months says it in statements, not in messages."""

_KINDS: Final[Mapping[str, str]] = {
    "invoice": "invoice",
    "payment": "payment",
    "clearing": "payment",
    "reversal": "reversal",
    "bounce": "reversal",
}
_SILENT: Final = ("q:", "qr:", "r:", "p:")
_SAID_ALL_THE_SAME: Final = ("p:PB-", "p:BK-")
"""Claims from the QR of a receipt were told when it was made; what was imported is history; a paybill payment whose
money stands on a receipt as well takes nothing from anybody. Paybill money itself is news.
"""


@dataclass(frozen=True, slots=True)
class Gathered:
    """How many messages were queued, and whether there is more to look through."""

    queued: int
    more: bool


@dataclass(frozen=True, slots=True)
class Event:
    """What one message tells: what one paper, or one act of head office, did to one account."""

    kind: str
    group: str
    account_no: str
    number: str
    on: date
    due: date | None
    amount_minor: int
    entry_id: bytes | None
    position: int

    @property
    def subject(self) -> str:
        """What it is about, for ever: with kind and phone it makes the message's number."""
        return f"{self.group} {self.account_no}"


def is_news(conn: Connection) -> bool:
    """Tell whether the feed has grown since messages were last made: one cheap read."""
    done = conn.execute(select(counters.c.value).where(counters.c.name == setup.CURSOR)).scalar_one_or_none()
    return done is not None and done < feed.end(conn)


def gather(conn: Connection, *, at: datetime, today: date, limit: int = FACTS_AT_ONCE) -> Gathered:
    """Queue the messages of the next facts; nothing where no gateway was chosen."""
    gateway = setup.find(conn)
    if gateway is None:
        return Gathered(0, more=False)
    turn = select(counters.c.value).where(counters.c.name == setup.CURSOR).with_for_update()
    done = int(conn.execute(turn).scalar_one())
    ids, through = _next(conn, after=done, limit=limit)
    since = max(gateway.since.date(), today - timedelta(days=NEWS_DAYS_MAX))
    events = _events(conn, ids, since=since)
    queued = outbox.queue(conn, _drafts(conn, events, country=gateway.country), at=at)
    conn.execute(update(counters).where(counters.c.name == setup.CURSOR).values(value=through))
    return Gathered(queued, more=through < feed.end(conn))


def _next(conn: Connection, *, after: int, limit: int) -> tuple[list[str], int]:
    """Return the next facts in line, and how far that goes; what one paper says is never parted."""
    end = feed.end(conn)
    query = (
        select(feed_table.c.position, feed_table.c.key)
        .where(feed_table.c.position > after, feed_table.c.position <= end, feed_table.c.kind == "fact")
        .order_by(feed_table.c.position)
        .limit(limit)
    )
    rows = conn.execute(query).all()
    if len(rows) < limit:
        return [row.key for row in rows], end
    last = _paper(rows[-1].key)
    whole = [row for row in rows if _paper(row.key) != last] or rows
    whole = whole if all(row.position <= whole[-1].position for row in whole) else rows
    return [row.key for row in whole], whole[-1].position


def _paper(fact_id: str) -> str:
    return fact_id.rpartition(".")[0] or fact_id


def _events(conn: Connection, ids: Sequence[str], *, since: date) -> list[Event]:
    told = [fact for fact in _facts(conn, ids) if _is_told(fact) and fact.fact_date >= since]
    paid = {fact.fact_id: fact for fact in _facts(conn, [fact.of_fact_id or "" for fact in told])}
    found: dict[tuple[str, str, str], Event] = {}
    for fact in told:
        about = paid.get(fact.of_fact_id or "", fact)
        group = fact.entry_id.hex()[:24] if fact.entry_id is not None else f"{fact.kind[:3]}:{fact.number}"
        key = (_KINDS[fact.kind], group, about.stands_on)
        before = found[key].amount_minor if key in found else 0
        place = max(fact.position or 0, found[key].position if key in found else 0)
        found[key] = Event(*key, fact.number, fact.fact_date, fact.due_date, before + abs(about.amount_minor),
                           fact.entry_id, place)  # fmt: skip
    return list(found.values())


def _is_told(fact: Fact) -> bool:
    """Tell whether a customer hears of a fact: it counts, or says that a payment counts, or counts no more."""
    if fact.kind not in _KINDS or fact.decision == "none" or not fact.counts:
        return False
    return fact.fact_id.startswith(_SAID_ALL_THE_SAME) or not fact.fact_id.startswith(_SILENT)


def _facts(conn: Connection, ids: Iterable[str]) -> list[Fact]:
    found: list[Fact] = []
    for chunk in bulk.chunks(sorted(set(ids)), bulk.CHUNK):
        found += map(fact_of, conn.execute(select(facts).where(facts.c.fact_id.in_(chunk)).order_by(facts.c.fact_id)))
    return found


# --- words


def _drafts(conn: Connection, events: Sequence[Event], *, country: str) -> list[Draft]:
    places = audience.places(conn, {event.account_no for event in events})
    people = audience.people(conn, {place.customer_no for place in places.values()}, country=country)
    wishes = _wishes(conn, {event.entry_id for event in events if event.entry_id is not None}, country=country)
    words, utility = templates.in_force(conn), utility_settings(conn)
    later = _later(conn, events)
    made: list[Draft] = []
    for event in events:
        now = places.get(event.account_no)
        owner = people.get(now.customer_no) if now is not None else None
        if now is None or owner is None:
            continue
        place, person = _as_posted(now, owner, sum(minor for at, minor in later[now.account_no] if at > event.position))
        text = templates.render(
            words[event.kind, person.language], _values(event, place, person, utility, language=person.language)
        )
        made += [
            Draft(
                kind=event.kind,
                subject=event.subject,
                phone=phone,
                customer_no=person.customer_no,
                account_no=place.account_no,
                language=person.language,
                text=text,
            )
            for phone in _phones(event, person, wishes)
        ]
    return made


def _later(conn: Connection, events: Sequence[Event]) -> Mapping[str, list[tuple[int, int]]]:
    """Return what was posted on these accounts from the first of these events on: place in the feed, amount."""
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    first = min((event.position for event in events), default=0)
    moved = (movements.c.account_no == facts.c.stands_on) & (movements.c.fact_id == facts.c.fact_id)
    query = select(facts.c.stands_on, facts.c.position, movements.c.amount_minor).join(movements, moved)
    for chunk in bulk.chunks(sorted({event.account_no for event in events}), bulk.CHUNK):
        here = query.where(facts.c.stands_on.in_(chunk), facts.c.position > first)
        for account_no, position, amount_minor in conn.execute(here):
            found[account_no].append((position, amount_minor))
    return found


def _as_posted(place: Place, person: Person, later_minor: int) -> tuple[Place, Person]:
    """Return account and customer as they stood when something was posted, before what came later."""
    if not later_minor:
        return place, person
    net_minor = place.net_minor - later_minor
    then = replace(place, net_minor=net_minor, balance_minor=max(net_minor, 0), overpayment_minor=max(-net_minor, 0))
    changed_minor = then.balance_minor - place.balance_minor
    return then, replace(person, total_balance_minor=person.total_balance_minor + changed_minor)


def _phones(event: Event, person: Person, wishes: Mapping[bytes, str | None]) -> tuple[str, ...]:
    """Return where a message goes: at the counter the payer said where, or nowhere; contacts agreed on their own."""
    if event.entry_id is None or event.entry_id not in wishes:
        return person.phones
    wish = wishes[event.entry_id]
    return tuple(dict.fromkeys(phone for phone in (wish, *person.contacts) if phone is not None))


def _wishes(conn: Connection, entry_ids: Iterable[bytes], *, country: str) -> dict[bytes, str | None]:
    """Return where the SMS of each tender goes, as its payer said at the counter."""
    found: dict[bytes, str | None] = {}
    for chunk in bulk.chunks(sorted(entry_ids), bulk.CHUNK):
        query = select(journal.c.entry_id, journal.c.data)
        tenders = journal.c.entry_id.in_(chunk), journal.c.kind == "tender"
        for entry_id, data in conn.execute(query.where(*tenders)):
            wish = parse(data).body.get("sms_to")
            found[entry_id] = international(wish, country=country) if wish else None
    return found


def _values(event: Event, place: Place, person: Person, utility: UtilitySettings, *, language: str) -> dict[str, str]:
    def money(minor: int) -> str:
        return format_money(minor, currency=utility.currency)

    amount, on = money(event.amount_minor), said_date(event.on)
    return {
        **common_values(person, place, utility, language=language),
        "invoice_number": event.number,
        "invoice_amount": amount,
        "invoice_date": on,
        "due_date": said_date(event.due or event.on),
        "paid_amount": amount,
        "payment_date": on,
        "receipt_number": event.number,
    }


def common_values(person: Person, place: Place, utility: UtilitySettings, *, language: str) -> dict[str, str]:
    """Return what every message of one account can say."""

    def money(minor: int) -> str:
        return format_money(minor, currency=utility.currency)

    return {
        "customer_name": person.name,
        "utility_name": utility.utility_name,
        "meter_number": place.meter_no,
        "meter_balance": money(place.balance_minor),
        "meter_overpayment": money(place.overpayment_minor),
        "total_balance": money(person.total_balance_minor),
        "paybill_instructions": templates.paybill_words(language, paybill=utility.paybill, account=place.meter_no),
    }


def said_date(day: date) -> str:
    """Return a day as messages say it in every language: 20/11/2026."""
    return f"{day:%d/%m/%Y}"
