"""Papers that come out again, and papers that are all that is left."""

from collections.abc import Sequence

from meterpos.ledger.journal import Entry
from meterpos.ledger.operations import claims, papers, spool
from meterpos.till.base import TillBase


class Papers(TillBase):
    """The verbs of the printer."""

    __slots__ = ()

    def reprint(self, *, number: str, clerk: str) -> Entry:
        """Queue any paper of this till again: as the original where none came out, else as a counted COPY.

        The entry says which copy it is, 0 for the original. Raises: NoSuchPaper, NoPrinter.
        """
        moment = self.moment()
        with self.store.write() as connection:
            again = spool.enqueue_original_again(
                connection, number=number, device=self.settings.printer, columns=self.settings.columns, moment=moment
            )
            if again is not None:
                return papers.record_reprint(connection, number=number, moment=moment, clerk=clerk, original=True)
            entry = papers.record_reprint(connection, number=number, moment=moment, clerk=clerk)
            spool.enqueue_copy(
                connection,
                number=number,
                copy_no=entry.content.body["copy"],
                device=self.settings.printer,
                columns=self.settings.columns,
                moment=moment,
            )
            return entry

    def claim_receipts(self, *, receipts: Sequence[claims.Scanned], clerk: str) -> claims.Claimed:
        """Claim payments from the QR of receipts whose entries are on no disk any more; all or none are written.

        Raises: UnusableReceipt, NotEnrolled, MayNot.
        """
        with self.store.write() as connection:
            return claims.claim_receipts(connection, receipts=receipts, moment=self.moment(), clerk=clerk)
