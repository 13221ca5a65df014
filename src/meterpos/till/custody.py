"""Who holds the cash: shifts, their reports, and cash that leaves the drawer."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection

from meterpos.ledger.journal import Approval, Entry
from meterpos.ledger.operations import cash, shifts
from meterpos.till.base import TillBase


class Custody(TillBase):
    """The verbs of shift and drawer."""

    __slots__ = ()

    def open_shift(self, *, float_minor: int, clerk: str, business_date: date | None = None) -> Entry:
        """Open a shift. Raises: what `open_shift` raises; NotSaved."""
        moment = self.moment()

        def work(connection: Connection) -> tuple[Entry, tuple[int | None, ...]]:
            entry = shifts.open_shift(
                connection, float_minor=float_minor, moment=moment, clerk=clerk, business_date=business_date
            )
            return entry, ()

        return self._settled(work)

    def close_shift(
        self,
        *,
        counted_minor: int,
        clerk: str,
        notes: Sequence[tuple[int, int]] = (),
        earlier_minor: Sequence[int] = (),
    ) -> Entry:
        """Close the open shift and queue its report; ``notes`` as counted, ``earlier_minor`` what was counted before.

        Raises: what `close_shift` raises; NotSaved.
        """
        moment = self.moment()

        def work(connection: Connection) -> tuple[Entry, tuple[int | None, ...]]:
            entry = shifts.close_shift(
                connection,
                counted_minor=counted_minor,
                moment=moment,
                clerk=clerk,
                notes=notes,
                earlier_minor=earlier_minor,
                language=self.settings.language,
            )
            return entry, (self._queue(connection, entry, paper="shift_report"),)

        return self._settled(work)

    def report_so_far(self, *, clerk: str) -> Entry:
        """Return the X report of the open shift, never stored. Raises: what `report_so_far` raises."""
        with self.store.read() as connection:
            return shifts.report_so_far(connection, moment=self.moment(), clerk=clerk, language=self.settings.language)

    def open_drawer(self, *, reason: str, clerk: str) -> Entry:
        """Note that the drawer is opened without a sale; the door opens it.

        Raises: what `open_drawer` raises; NotSaved.
        """
        moment = self.moment()
        return self._settled(
            lambda connection: (cash.open_drawer(connection, reason=reason, moment=moment, clerk=clerk), ())
        )

    def move_cash(self, *, request: cash.CashRequest, clerk: str, approval: Approval | None = None) -> Entry:
        """Move cash out of the drawer or the safe, or to the next clerk, and queue its slip; a repeat prints nothing.

        A handover says who takes over: the door checked their PIN. Raises: what `move_cash` raises; NotSaved.
        """
        moment = self.moment()

        def work(connection: Connection) -> tuple[Entry, tuple[int | None, ...]]:
            again = cash.entry_of_movement(connection, request.movement_id)
            entry = cash.move_cash(
                connection,
                request=request,
                moment=moment,
                clerk=clerk,
                approval=approval,
                language=self.settings.language,
            )
            if again is not None:
                return entry, ()
            return entry, (self._queue(connection, entry, paper="cash_slip", drawer=request.kind != "banking"),)

        return self._settled(work)
