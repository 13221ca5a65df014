"""Money taken and put right: tenders, reversals, corrections."""

from collections.abc import Mapping
from typing import Any, Literal

from sqlalchemy import Connection

from meterpos.ledger.journal import Approval, Entry, papers_of
from meterpos.ledger.operations import corrections, drafts, put_right_requests, reversals, tenders
from meterpos.ledger.queries.papers import reconnections_of, slip_number
from meterpos.ledger.queries.receipts import entry_of_tender
from meterpos.till.base import TillBase


class Payments(TillBase):
    """The verbs of the counter."""

    __slots__ = ()

    def take(
        self,
        *,
        request: tenders.TenderRequest,
        clerk: str,
        approval: Approval | None = None,
        draft: Mapping[str, Any] | None = None,
    ) -> Entry:
        """Take a tender and queue its receipt, and the reconnection slip it brings, in one durable transaction.

        ``draft`` is what the form held: it is kept with the tender until the window has shown what came of it, so that
        after a crash in between the clerk is told that the money was taken.

        Raises: what `take_tender` raises, with nothing changed; NotSaved when the disk would not have it.
        """
        moment = self.moment()

        def work(connection: Connection) -> tuple[Entry, tuple[int | None, ...]]:
            again = entry_of_tender(connection, request.tender_id)
            entry = tenders.take_tender(
                connection,
                request=request,
                moment=moment,
                clerk=clerk,
                approval=approval,
                language=self.settings.language,
            )
            if draft is not None:
                drafts.keep_draft(connection, tender_id=request.tender_id, data=draft)
            cash = any(leg.method == "cash" for leg in request.legs)
            if again is not None:
                return entry, ()
            jobs = [self._queue(connection, entry, paper="receipt", drawer=cash)]
            return entry, (*jobs, *self._queue_slip(connection, entry))

        return self._settled(work)

    def reverse(
        self,
        *,
        number: str,
        reason: str,
        refund: Literal["cash", "none"],
        tender_id: str,
        clerk: str,
        approval: Approval,
    ) -> Entry:
        """Reverse a receipt of this till and queue its paper. Raises: what `reverse_tender` raises; NotSaved."""
        moment = self.moment()

        def work(connection: Connection) -> tuple[Entry, tuple[int | None, ...]]:
            again = entry_of_tender(connection, tender_id)
            entry = reversals.reverse_tender(
                connection,
                number=number,
                reason=reason,
                refund=refund,
                tender_id=tender_id,
                moment=moment,
                clerk=clerk,
                approval=approval,
            )
            printed = again is not None
            return entry, () if printed else (self._queue(connection, entry, paper="reversal"),)

        return self._settled(work)

    def correct(
        self,
        *,
        number: str,
        to_meter: str,
        from_meter: str | None = None,
        reason: str,
        tender_id: str,
        clerk: str,
        approval: Approval,
    ) -> Entry:
        """Move a receipt of this till from the wrong meter to the right one; queue both papers and the slip it brings.

        Raises: what `correct_tender` raises; NotSaved.
        """
        moment = self.moment()

        def work(connection: Connection) -> tuple[Entry, tuple[int | None, ...]]:
            again = entry_of_tender(connection, tender_id)
            entry = corrections.correct_tender(
                connection,
                number=number,
                to_meter=to_meter,
                from_meter=from_meter,
                reason=reason,
                tender_id=tender_id,
                moment=moment,
                clerk=clerk,
                approval=approval,
            )
            if again is not None:
                return entry, ()
            undone, made = papers_of(entry)
            return entry, (
                self._queue(connection, undone, paper="reversal"),
                self._queue(connection, made, paper="receipt"),
                *self._queue_slip(connection, made),
            )

        return self._settled(work)

    def _queue_slip(self, connection: Connection, receipt: Entry) -> tuple[int | None, ...]:
        """Queue the reconnection slip, where this receipt cleared what a disconnected meter owed."""
        if not reconnections_of(receipt):
            return ()
        slip = slip_number(receipt.content.body["number"])
        return (self._queue(connection, receipt, paper="reconnection", number=slip),)

    def request_putting_right(
        self,
        *,
        number: str,
        what: put_right_requests.What,
        reason: str,
        to_meter: str | None = None,
        seal: str | None = None,
        clerk: str,
    ) -> Entry:
        """Ask head office to put another till's receipt right.

        Raises: what `request_putting_right` raises; NotSaved.
        """
        moment = self.moment()

        def work(connection: Connection) -> tuple[Entry, tuple[int | None, ...]]:
            entry = put_right_requests.request_putting_right(
                connection,
                number=number,
                what=what,
                reason=reason,
                to_meter=to_meter,
                seal=seal,
                moment=moment,
                clerk=clerk,
            )
            return entry, ()

        return self._settled(work)
