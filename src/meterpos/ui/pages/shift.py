"""The shift: opening it, what was taken so far, moving its cash, counting and closing it, and its papers."""

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QStackedLayout, QStackedWidget, QWidget

from meterpos.errors import UserError
from meterpos.ui import messages, words
from meterpos.ui.desk import Desk
from meterpos.ui.models import asking
from meterpos.ui.models.asking import ShiftView
from meterpos.ui.models.counting import Counted
from meterpos.ui.models.printer import Outcome, Printer
from meterpos.ui.pages.shift_count import CountPanel
from meterpos.ui.pages.shift_deeds import Deeds
from meterpos.ui.pages.shift_move import MovePanel
from meterpos.ui.pages.shift_open import OpenShift
from meterpos.ui.pages.shift_papers import ShiftPapers
from meterpos.ui.pages.shift_so_far import SoFar
from meterpos.ui.pages.shift_verdict import VerdictPanel
from meterpos.ui.theme import METRICS
from meterpos.ui.widgets.basic import horizontal, vertical
from meterpos.ui.widgets.buttons import Button

if TYPE_CHECKING:
    from meterpos.ledger.journal import Entry

OPENING, RUNNING, PAPERS = range(3)
MOVES = ("drop", "banking", "payout", "drawer")
COUNTS = {"close": "close", "handover": "handover"}


class ShiftPage(QWidget):
    """The form to open a shift; or its card beside what can be done; or one of its papers."""

    def __init__(self, desk: Desk, printer: Printer) -> None:
        super().__init__()
        self.setObjectName("page")
        self._desk, self._printer = desk, printer
        self._purpose = "close"
        self.opening = OpenShift(desk)
        self.earlier = Button("link", key="shift.deed.earlier", shortcut="Ctrl+7")
        self.so_far = SoFar(desk)
        self.deeds = Deeds()
        self._clerk: str | None = None
        self._build()
        self.deeds.wanted.connect(self.begin)
        self.earlier.clicked.connect(lambda: self._read("earlier"))
        self.so_far.slip_wanted.connect(self._show_slip)

    def _build(self) -> None:
        self._stack = QStackedLayout(self)
        opening = QWidget()
        column = vertical(opening, margins=(20, 28, 20, 20))
        for widget in (self.opening, self.earlier):
            row = horizontal(None)
            row.addStretch(1)
            row.addWidget(widget)
            row.addStretch(1)
            column.addLayout(row)
        column.addStretch(1)
        running = QWidget()
        margin = METRICS.margin
        row = horizontal(running, margins=(margin, METRICS.gap, margin, METRICS.gap), spacing=METRICS.gap)
        self._side = QStackedWidget()
        self._side.addWidget(self.deeds)
        row.addWidget(self.so_far, 3)
        row.addWidget(self._side, 2)
        self._stack.addWidget(opening)
        self._stack.addWidget(running)

    # --- made when they are first wanted: together they would hold the window for too long ----------------------

    @cached_property
    def moving(self) -> MovePanel:
        """The form of a drop, a banking, a pay-out, or the drawer opened alone."""
        made = MovePanel(self._desk)
        made.done.connect(self._moved)
        made.cancelled.connect(self._back_to_deeds)
        self._side.addWidget(made)
        return made

    @cached_property
    def counting(self) -> CountPanel:
        """The count of the drawer."""
        made = CountPanel(self._desk)
        made.counted.connect(self._judge)
        made.cancelled.connect(self._back_to_deeds)
        self._side.addWidget(made)
        return made

    @cached_property
    def verdict(self) -> VerdictPanel:
        """What the count is over or short."""
        made = VerdictPanel(self._desk)
        made.again.connect(lambda: self._count(self._purpose))
        made.done.connect(self._verdict_done)
        self._side.addWidget(made)
        return made

    @cached_property
    def papers(self) -> ShiftPapers:
        """One paper, or the reports of closed shifts."""
        made = ShiftPapers(self._desk, self._printer)
        made.left.connect(self._leave_paper)
        self._stack.addWidget(made)
        return made

    # --- the page's life -----------------------------------------------------------------------------------------

    def shown(self, what: object = None) -> None:
        """Come to the front; `what` names a deed to begin with, as its button would."""
        self.refresh()
        if isinstance(what, str) and self._stack.currentIndex() == RUNNING:
            self.begin(what)
        else:
            self._walk_in()

    def refresh(self) -> None:
        """Read the shift again."""
        self._desk.tasks.read(asking.shift_totals, self._show, topic="shift")

    def mark_stale(self) -> None:
        """Nothing is kept: the page reads when it comes to the front."""

    def stand(self) -> None:
        """The till's standing was read anew."""
        self.opening.tell()
        standing = self._desk.standing
        if standing is not None and self._stack.currentIndex() != PAPERS:
            self._stack.setCurrentIndex(OPENING if standing.shift is None else RUNNING)
            if standing.shift is None or self._clerk != self._desk.clerk:
                self._side.setCurrentWidget(self.deeds)  # what another began is not gone on with
        self._clerk = self._desk.clerk
        self.so_far.tell()
        self.deeds.offer(self._desk)

    def _walk_in(self) -> None:
        if self._stack.currentIndex() == OPENING:
            self.opening.walk_in()
        elif self._stack.currentIndex() == PAPERS:
            self.papers.walk_in()
        else:
            front = self._side.currentWidget()
            assert isinstance(front, (Deeds, MovePanel, CountPanel, VerdictPanel))
            front.walk_in()

    def _show(self, view: ShiftView | None) -> None:
        if view is not None:
            self.so_far.show_shift(view)
            self.deeds.show_shift(view.shift.shift)
            if self._side.currentWidget() is self.__dict__.get("verdict"):
                self.verdict.renew(view)

    # --- deeds ---------------------------------------------------------------------------------------------------

    def begin(self, deed: str) -> None:
        """Begin one of the deeds."""
        self.deeds.tell("")
        if deed in MOVES:
            self.moving.open_for(deed)
            self._side.setCurrentWidget(self.moving)
            self.moving.walk_in()
        elif deed in COUNTS:
            self.verdict.forget()
            self._count(deed)
        else:
            self._read(deed)

    def _back_to_deeds(self) -> None:
        self._side.setCurrentWidget(self.deeds)
        self.deeds.walk_in()

    def _moved(self, entry: "Entry") -> None:
        body = entry.content.body
        self._back_to_deeds()
        if entry.content.kind == "drawer_opened":
            from meterpos.printing.thermal import drawer_pulse

            self.deeds.tell(words.say("moved.drawer"))
            self._printer.send("drawer", drawer_pulse, self._pulsed)
            return
        said = words.say(f"moved.told.{body['kind']}", amount=self._desk.money(body["amount"]), number=body["number"])
        self.deeds.tell(said)
        self._printer.run(body["number"], lambda outcome: self._printed(said, outcome))

    def _pulsed(self, outcome: Outcome) -> None:
        if outcome.state == "none":
            self.deeds.tell(words.say("moved.drawer.none"))
        elif outcome.state == "failed":
            self.deeds.tell(outcome.sentence(), trouble=True)

    def _printed(self, said: str, outcome: Outcome) -> None:
        self.deeds.tell(f"{said} {outcome.sentence()}", trouble=outcome.is_trouble)

    # --- counting ------------------------------------------------------------------------------------------------

    def _count(self, purpose: str) -> None:
        self._purpose = purpose
        self.counting.begin(purpose)
        self._side.setCurrentWidget(self.counting)
        self.counting.walk_in()

    def _judge(self, counted: Counted) -> None:
        """The count is in: read what must be there now, and only then show it."""

        def show(view: ShiftView | None) -> None:
            if view is not None:
                self.verdict.judge(self._purpose, counted, view)
                self._side.setCurrentWidget(self.verdict)
                self.verdict.walk_in()

        self._desk.tasks.read(asking.shift_totals, show, topic="verdict")

    def _verdict_done(self, entry: "Entry") -> None:
        if entry.content.kind == "cash_movement":
            self._desk.enter(entry.content.body["to"])  # their PIN was checked a moment ago
            self._moved(entry)
            return
        self._side.setCurrentWidget(self.deeds)
        self._show_paper(entry)
        self.papers.await_printing()
        self._printer.run(entry.content.body["number"], self.papers.watch)

    # --- papers --------------------------------------------------------------------------------------------------

    def _read(self, deed: str) -> None:
        if deed == "earlier":
            self.papers.show_earlier()
            self._stack.setCurrentIndex(PAPERS)
            return
        till, clerk = self._desk.till, self._desk.clerk or ""
        self._desk.tasks.in_lane(lambda: till.report_so_far(clerk=clerk), self._show_paper, self._refuse)

    def _refuse(self, error: UserError) -> None:
        self.deeds.tell(messages.sentence(error), trouble=True)

    def _show_slip(self, number: str) -> None:
        self.papers.show_number(number)
        self._stack.setCurrentIndex(PAPERS)
        self.papers.walk_in()

    def _show_paper(self, entry: "Entry") -> None:
        self.papers.show_one(entry)
        self._stack.setCurrentIndex(PAPERS)
        self.papers.walk_in()

    def _leave_paper(self) -> None:
        self._stack.setCurrentIndex(RUNNING)
        self.stand()
        self.shown()
