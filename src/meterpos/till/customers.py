"""What a customer tells the clerk, and the plans made for them; head office decides what becomes of it."""

from sqlalchemy import Connection

from meterpos.ledger.journal import Approval, Entry
from meterpos.ledger.operations import plan_requests, reports
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

    def request_plan(
        self,
        *,
        customer_no: str,
        capacity_kw: str,
        total_minor: int,
        request_id: str,
        notes: str = "",
        clerk: str,
        approval: Approval | None = None,
    ) -> Entry:
        """Make an instalment plan; a manager approves where the clerk is none.

        Raises: what `request_plan` raises; NotSaved.
        """
        moment = self.moment()

        def work(connection: Connection) -> tuple[Entry, tuple[int | None, ...]]:
            entry = plan_requests.request_plan(
                connection,
                customer_no=customer_no,
                capacity_kw=capacity_kw,
                total_minor=total_minor,
                request_id=request_id,
                notes=notes,
                moment=moment,
                clerk=clerk,
                approval=approval,
            )
            return entry, ()

        return self._settled(work)
