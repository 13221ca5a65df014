"""A meter's supply was cut, or is back: told as it is noted, in its transaction, with the balance of that moment."""

from datetime import date, datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, select

from meterpos.headoffice.sms import audience, outbox, setup, templates
from meterpos.headoffice.sms.drafting import NEWS_DAYS_MAX, common_values, said_date
from meterpos.headoffice.sms.outbox import Draft
from meterpos.ledger.queries.settings import utility_settings
from meterpos.ledger.tables import accounts


def tell(
    conn: Connection, *, meter_no: str, kind: Literal["disconnected", "reconnected"], on: date, at: datetime
) -> int:
    """Queue what is said of a meter disconnected or connected again to whose it is; return how many messages.

    None where the setting `sms_supply` is no, no gateway was chosen, the meter is nobody's, or it is no news any more.
    """
    gateway, utility = setup.find(conn), utility_settings(conn)
    if gateway is None or not utility.sms_supply:
        return 0
    if on < max(gateway.since.date(), at.date() - timedelta(days=NEWS_DAYS_MAX)):
        return 0
    active = accounts.c.meter_no == meter_no, accounts.c.closed_on.is_(None)
    places = audience.places(conn, conn.execute(select(accounts.c.account_no).where(*active)).scalars().all())
    people = audience.people(conn, {place.customer_no for place in places.values()}, country=gateway.country)
    words = templates.in_force(conn)
    drafts: list[Draft] = []
    for place in places.values():
        person = people[place.customer_no]
        said = common_values(person, place, utility, language=person.language) | {"event_date": said_date(on)}
        drafts += [
            Draft(
                kind=kind,
                subject=f"{meter_no} {at.isoformat()}",
                phone=phone,
                customer_no=person.customer_no,
                account_no=place.account_no,
                language=person.language,
                text=templates.render(words[kind, person.language], said),
            )
            for phone in person.phones
        ]
    return outbox.queue(conn, drafts, at=at)
