"""Payments begun: kept while they are typed, forgotten, given up."""

from collections.abc import Mapping
from typing import Any

from meterpos.ledger.journal import Entry
from meterpos.ledger.operations import drafts
from meterpos.till.base import TillBase


class Drafts(TillBase):
    """The verbs of what is not yet a payment."""

    __slots__ = ()

    def keep_draft(self, *, tender_id: str, data: Mapping[str, Any]) -> None:
        """Keep what was typed so far of a payment."""
        with self.store.write() as connection:
            drafts.keep_draft(connection, tender_id=tender_id, data=data)

    def drop_draft(self, *, tender_id: str) -> None:
        """Forget what was typed of a payment."""
        with self.store.write() as connection:
            drafts.drop_draft(connection, tender_id=tender_id)

    def abandon(self, given_up: drafts.Abandoned, *, clerk: str) -> Entry | None:
        """Note a payment that was begun and thrown away; None where it was taken after all."""
        with self.store.write() as connection:
            return drafts.abandon_payment(connection, given_up=given_up, moment=self.moment(), clerk=clerk)
