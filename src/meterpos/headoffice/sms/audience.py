"""To whom a message goes, and what it can say of them: customers with their consenting contacts, accounts with sums."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from meterpos.headoffice import bulk
from meterpos.headoffice.sms.phones import international
from meterpos.headoffice.sms.templates import LANGUAGES
from meterpos.ledger.tables import accounts, contacts, customers

_COLUMNS: Final = (customers.c.customer_no, customers.c.name, customers.c.phone, customers.c.language,
                   customers.c.balance_minor)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A customer: ``phone`` is None where no message can go to it; ``contacts`` are those who consented."""

    customer_no: str
    name: str
    phone: str | None
    contacts: tuple[str, ...]
    language: str
    total_balance_minor: int

    @property
    def phones(self) -> tuple[str, ...]:
        """Return every phone a message about this customer goes to, once each."""
        return tuple(dict.fromkeys(phone for phone in (self.phone, *self.contacts) if phone is not None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An account as a message speaks of it; ``meter_no`` is the plan's number where it is one."""

    account_no: str
    kind: str
    customer_no: str
    meter_no: str
    balance_minor: int
    overpayment_minor: int
    net_minor: int


def people(conn: Connection, numbers: Collection[str], *, country: str) -> dict[str, Person]:
    """Return these customers, by number."""
    reached: dict[str, list[str]] = defaultdict(list)
    found: dict[str, Person] = {}
    for chunk in bulk.chunks(sorted(numbers), bulk.CHUNK):
        agreed = contacts.c.customer_no.in_(chunk), contacts.c.consent
        query = select(contacts.c.customer_no, contacts.c.phone).where(*agreed).order_by(contacts.c.contact_id)
        for customer_no, text in conn.execute(query):
            phone = international(text, country=country)
            if phone is not None:
                reached[customer_no].append(phone)
        for row in conn.execute(select(*_COLUMNS).where(customers.c.customer_no.in_(chunk))):
            found[row.customer_no] = Person(
                customer_no=row.customer_no,
                name=row.name,
                phone=international(row.phone, country=country),
                contacts=tuple(reached[row.customer_no]),
                language=row.language if row.language in LANGUAGES else LANGUAGES[0],
                total_balance_minor=row.balance_minor,
            )
    return found


def places(conn: Connection, account_nos: Collection[str]) -> dict[str, Place]:
    """Return those of these accounts that are a customer's, by number: meters and plans."""
    found: dict[str, Place] = {}
    for chunk in bulk.chunks(sorted(account_nos), bulk.CHUNK):
        query = select(accounts).where(accounts.c.account_no.in_(chunk), accounts.c.customer_no.is_not(None))
        for row in conn.execute(query):
            found[row.account_no] = Place(
                account_no=row.account_no,
                kind=row.kind,
                customer_no=row.customer_no,
                meter_no=row.meter_no or row.account_no,
                balance_minor=row.balance_minor,
                overpayment_minor=row.overpayment_minor,
                net_minor=row.net_minor,
            )
    return found
