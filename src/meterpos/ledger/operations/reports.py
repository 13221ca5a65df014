"""What a customer tells the clerk about themselves; head office decides what comes of it."""

import re
from typing import Final, Literal

from sqlalchemy import Connection, bindparam, select

from meterpos.errors import UserError
from meterpos.ledger.journal import Entry
from meterpos.ledger.moment import Moment
from meterpos.ledger.operations.entries import stand_at_counter, write_entry
from meterpos.ledger.operations.people import require_right
from meterpos.ledger.tables import customers

Field = Literal["phone", "name", "place"]
VALUE_MAX: Final = 120
_PHONE: Final = re.compile(r"\+?[0-9]{9,15}", re.ASCII)
_customer: Final = select(customers).where(customers.c.customer_no == bindparam("customer_no"))


class UnusableReport(UserError):
    """What is to be reported is empty, too long, or no phone number."""


def clean_phone(text: str) -> str:
    """Return a phone number as it is kept: digits, a leading + where given.

    Raises: UnusableReport when it is not one.
    """
    phone = re.sub(r"[\s\-().]", "", text)
    if not _PHONE.fullmatch(phone):
        raise UnusableReport("That is not a phone number. Use digits, for example 0712 345 678.", field="phone")
    return phone


def report_change(
    connection: Connection, *, customer_no: str, field: Field, new: str, moment: Moment, clerk: str
) -> Entry:
    """Record a customer's new phone, name or place as told at the counter. Raises: UnusableReport, MayNot."""
    row = connection.execute(_customer, {"customer_no": customer_no}).one_or_none()
    if row is None:
        raise UnusableReport(f"Customer {customer_no} is not known here. Search again.")
    value = clean_phone(new) if field == "phone" else new.strip()
    if not value or len(value) > VALUE_MAX:
        raise UnusableReport(f"Enter the new {field}, at most {VALUE_MAX} letters.", field=field)
    counter = stand_at_counter(connection, moment=moment, clerk=clerk)
    require_right(connection, counter, "report")
    body = {"customer_no": customer_no, "field": field, "old": getattr(row, field), "new": value}
    return write_entry(connection, counter, kind="report", body=body)
