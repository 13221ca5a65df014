"""What a customer tells the clerk; head office decides what becomes of it."""

from meterpos.ledger.journal import Entry
from meterpos.ledger.operations import reports
from meterpos.till.base import TillBase


class Customers(TillBase):
    """The verbs about the person in front of the counter."""

    __slots__ = ()

    def report_change(self, *, customer_no: str, field: reports.Field, new: str, clerk: str) -> Entry:
        """Record what a customer said of their phone, name or place. Raises: UnusableReport."""
        with self.store.write() as connection:
            return reports.report_change(
                connection, customer_no=customer_no, field=field, new=new, moment=self.moment(), clerk=clerk
            )
