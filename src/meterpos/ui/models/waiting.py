"""Payments that wait: the one being typed, kept after each pause, and those put aside; a crash loses none of them."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal

from meterpos.ui.desk import Desk
from meterpos.ui.models import draft as drafts
from meterpos.ui.models.draft import Draft, Found

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from meterpos.ledger.queries.receipts import Receipt

KEEP_AFTER_MS: Final = 400
PARKED_MAX: Final = 9


class Waiting(QObject):
    """`parked` are the payments put aside, the oldest first. Everything is written in the lane."""

    changed = Signal()
    recovered = Signal(object)  # a Receipt taken before the window stopped, of which nobody was told

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self.parked: list[Draft] = []
        self._make: Callable[[], Draft | None] = lambda: None
        self._kept: Draft | None = None
        self._later = QTimer(self, singleShot=True, interval=KEEP_AFTER_MS)
        self._later.timeout.connect(self.keep_now)

    def watch(self, make: Callable[[], Draft | None]) -> None:
        """Name what tells the payment being typed, None while nothing of it was typed."""
        self._make = make

    # --- the payment being typed ---------------------------------------------------------------------------------

    def keep_soon(self) -> None:
        """Something was typed: keep it when the typing pauses."""
        self._later.start()

    def keep_now(self) -> None:
        """Keep what is typed, if it differs from what is kept."""
        self._later.stop()
        draft = self._make()
        if draft is None:
            self._drop_kept()
        elif self._kept is None or drafts.as_data(draft) | {"at": ""} != drafts.as_data(self._kept) | {"at": ""}:
            self._keep(draft)

    def let_go(self) -> None:
        """The payment being typed is thrown away: with an amount in it, the journal notes it."""
        self._later.stop()
        draft = self._make()
        if draft is not None and draft.total_minor:
            self._give_up(draft)
            self._kept = None
        else:
            self._drop_kept()

    def part_with(self) -> Draft | None:
        """Let go of the payment being typed without giving it up: somebody else keeps it. None where nothing is."""
        self._later.stop()
        self._kept = None
        return self._make()

    def taken(self, tender_id: str) -> None:
        """The payment was taken and the window has shown it."""
        self._later.stop()
        self._kept = None
        self._drop(tender_id)

    # --- put aside -----------------------------------------------------------------------------------------------

    @property
    def is_full(self) -> bool:
        """Whether no more payments can be put aside."""
        return len(self.parked) >= PARKED_MAX

    def park(self, draft: Draft) -> None:
        """Put the payment being typed aside."""
        self._later.stop()
        self._kept = None
        self._keep(draft)
        self._kept = None
        self.parked.append(draft)
        self.changed.emit()

    def take_back(self, draft: Draft) -> None:
        """Bring one back: it is the payment being typed again."""
        self.parked.remove(draft)
        self._kept = draft
        self.changed.emit()

    def hand_on(self, draft: Draft) -> None:
        """Another page goes on with one that was put aside."""
        self.parked.remove(draft)
        self.changed.emit()

    def go_on(self, draft: Draft) -> None:
        """Go on with one that was handed on: it is the payment being typed."""
        self._kept = draft

    def receive(self, draft: Draft) -> None:
        """Let one wait that another page had in hand; it is kept already, or is now."""
        self._keep_as_it_is(draft)
        self.parked.append(draft)
        self.changed.emit()

    def throw_away(self, draft: Draft) -> None:
        """Give up a payment that was put aside."""
        self.parked.remove(draft)
        self._give_up(draft)
        self.changed.emit()

    def put_back(self, draft: Draft) -> None:
        """It could not be brought back: let it wait on."""
        self._kept = None
        self.parked.insert(0, draft)
        self.changed.emit()

    # --- after a start -------------------------------------------------------------------------------------------

    def find(self) -> None:
        """Look for what an earlier life of the window left behind."""
        self._desk.tasks.read(drafts.find, self._have_found)

    def _have_found(self, found: Found) -> None:
        known = {draft.tender_id for draft in self.parked}
        self.parked = [*(draft for draft in found.open if draft.tender_id not in known), *self.parked][:PARKED_MAX]
        if found.open:
            self.changed.emit()
        for tender_id, number in found.taken:
            self._drop(tender_id)
            self._desk.tasks.read(partial(_receipt, number=number), self.recovered.emit)

    # --- the ledger ----------------------------------------------------------------------------------------------

    def _keep(self, draft: Draft) -> None:
        self._kept = draft
        self._keep_as_it_is(draft)

    def _keep_as_it_is(self, draft: Draft) -> None:
        till, data = self._desk.till, drafts.as_data(draft)
        self._desk.tasks.in_lane(lambda: till.keep_draft(tender_id=draft.tender_id, data=data), lambda _: None)

    def _drop_kept(self) -> None:
        if self._kept is not None:
            self._drop(self._kept.tender_id)
            self._kept = None

    def _drop(self, tender_id: str) -> None:
        till = self._desk.till
        self._desk.tasks.in_lane(lambda: till.drop_draft(tender_id=tender_id), lambda _: None)

    def _give_up(self, draft: Draft) -> None:
        till, clerk = self._desk.till, self._desk.clerk or ""
        self._desk.tasks.write(lambda: till.abandon(drafts.given_up(draft), clerk=clerk), lambda _: None)


def _receipt(conn: "Connection", *, number: str) -> "Receipt":
    from meterpos.ui.models import asking

    return asking.receipt(conn, number)
