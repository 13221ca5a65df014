"""The exchange with head office, by network and by stick, and the printer's queue, as facts; papers printed again."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from meterpos.errors import UserError
from meterpos.ui import messages, theme, words
from meterpos.ui.desk import Desk
from meterpos.ui.models import asking
from meterpos.ui.models.asking import ExchangeView
from meterpos.ui.models.exchanging import Exchanging
from meterpos.ui.models.printer import Outcome, Printer
from meterpos.ui.pages.sync_stick import StickPanel
from meterpos.ui.theme import METRICS, Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.basic import Label, SectionLabel, Surface, horizontal, vertical
from meterpos.ui.widgets.buttons import MainAction
from meterpos.ui.widgets.rows import RowList, RowState, hairline, highlight

if TYPE_CHECKING:
    from meterpos.ledger.queries.spool import Job
    from meterpos.ledger.queries.status import Exchange

TONES = {"queued": "waiting", "sent": "muted", "confirmed": "action", "unconfirmed": "waiting", "failed": "danger"}


class SyncPage(QWidget):
    """What head office has, what it has not, and how the last tries went."""

    def __init__(self, desk: Desk, printer: Printer, exchanging: Exchanging) -> None:
        super().__init__()
        self.setObjectName("page")
        self._desk, self._printer, self._exchanging = desk, printer, exchanging
        self._stale = True
        self._last = ""
        self.waiting = Label(Type.name, wrap=True)
        self.as_of = Label(Type.text, "muted", wrap=True)
        self.result = Label(Type.small_strong, "muted", wrap=True)
        self.button = MainAction()
        self.stick = StickPanel(desk)
        self.history: RowList[Exchange] = RowList(
            row_height=46, painter=self._paint_exchange, spoken=self._speak_exchange, active=False
        )
        self.jobs: RowList[Job] = RowList(row_height=46, painter=self._paint_job, spoken=self._speak_job)
        words.bind(self.jobs.setAccessibleName, "sync.papers")
        self.no_history = Label(Type.text, "muted", key="sync.no_history", wrap=True)
        self.no_jobs = Label(Type.text, "muted", key="sync.no_papers", wrap=True)
        self._build()
        self.button.clicked.connect(exchanging.now)
        exchanging.began.connect(self._began)
        exchanging.ended.connect(self._ended)
        self.stick.told.connect(self._tell_stick)
        self.jobs.picked.connect(self._print_again)
        words.notifier().changed.connect(self._tell)
        if exchanging.running:
            self._began()
        else:
            self._ended()

    def _build(self) -> None:
        margin = METRICS.margin
        page = vertical(self, margins=(margin, METRICS.gap, margin, METRICS.gap), spacing=METRICS.gap)
        top = Surface("card")
        row = horizontal(top, margins=(24, 18, 24, 18), spacing=24)
        facts = vertical(None, spacing=4)
        for label in (self.waiting, self.as_of, self.result):
            facts.addWidget(label)
        row.addLayout(facts, 1)
        self.button.setFixedWidth(230)
        row.addWidget(self.button)
        page.addWidget(top)
        page.addWidget(self.stick)
        below = horizontal(None, spacing=METRICS.gap)
        below.addWidget(_listed("sync.history", self.history, self.no_history), 1)
        below.addWidget(_listed("sync.papers", self.jobs, self.no_jobs, "sync.papers.hint"), 1)
        page.addLayout(below, 1)

    # --- the page's life -----------------------------------------------------------------------------------------

    def shown(self, _what: object = None) -> None:
        """Come to the front."""
        self.refresh()
        self.button.setFocus()

    def refresh(self) -> None:
        """Read history and queue again."""
        self._stale = False
        self._desk.tasks.read(asking.exchange_view, self._show, topic="sync")

    def mark_stale(self) -> None:
        """Remember to read again when shown."""
        self._stale = True

    def stand(self) -> None:
        """The till's standing was read anew."""
        self._tell()

    def _show(self, view: ExchangeView) -> None:
        self.history.set_rows(view.exchanges)
        self.jobs.set_rows(view.jobs, current=max(self.jobs.currentIndex().row(), 0))
        self.history.setVisible(bool(view.exchanges))
        self.no_history.setVisible(not view.exchanges)
        self.jobs.setVisible(bool(view.jobs))
        self.no_jobs.setVisible(not view.jobs)

    def _began(self) -> None:
        self.button.setEnabled(False)
        self._tell()

    def _ended(self) -> None:
        self.button.setEnabled(True)
        self._last = self._exchanging.sentence
        self.result.set_tone("muted" if self._exchanging.went_well else "waiting")
        self._tell()

    def _tell_stick(self, sentence: str, tone: str) -> None:
        self._last = sentence
        self.result.set_tone(tone)
        self._tell()

    def _tell(self) -> None:
        self.button.show_lines(words.say("sync.running" if self._exchanging.running else "sync.now"))
        standing = self._desk.standing
        if standing is None:
            return
        status, moment = standing.status, self._desk.till.moment()
        if status.waiting_papers:
            worth = self._desk.money(status.waiting_minor)
            self.waiting.setText(words.say("sync.waiting", n=status.waiting_papers, worth=worth))
        else:
            self.waiting.setText(words.say("sync.nothing_waits" if status.as_of else "sync.none_waits"))
        if status.as_of is None:
            self.as_of.setText(words.say("sync.never"))
        else:
            at = words.clock(moment.localise(status.as_of), today=moment.today)
            self.as_of.setText(words.say("sync.as_of", time=at))
        self.result.setText(self._last)
        self.result.setVisible(bool(self._last))

    # --- rows ----------------------------------------------------------------------------------------------------

    def _when(self, row: "Exchange") -> str:
        moment = self._desk.till.moment()
        return words.clock(moment.localise(row.started_at), today=moment.today)

    def _what(self, row: "Exchange") -> str:
        moved = words.say("sync.moved", pushed=f"{row.pushed:,}", pulled=f"{row.pulled:,}")
        return moved if row.outcome == "complete" or not row.detail else messages.translated(row.detail)

    def _speak_exchange(self, row: "Exchange") -> str:
        return f"{self._when(row)}, {self._what(row)}"

    def _paint_exchange(self, painter: QPainter, rect: QRectF, row: "Exchange", _state: RowState) -> None:
        colors = theme.palette()
        hairline(painter, rect)
        good = row.outcome == "complete"
        ink = colors.action if good else colors.muted
        paint.picture(painter, "circle-check" if good else "cloud-off", ink, rect.left() + 4, rect.center().y(), 18)
        when = self._when(row)
        room = rect.adjusted(34, 0, -6, 0)
        wide = paint.text(painter, room, when, Type.helper, colors.muted, align=paint.RIGHT)
        paint.text(painter, room.adjusted(0, 0, -wide - 12, 0), self._what(row), Type.small, colors.ink)

    def _speak_job(self, job: "Job") -> str:
        return f"{job.number}, {words.say(f'print.short.{job.state}')}, {messages.translated(job.detail)}"

    def _paint_job(self, painter: QPainter, rect: QRectF, job: "Job", state: RowState) -> None:
        colors = theme.palette()
        ground = highlight(painter, rect.adjusted(0, 1, 0, -1), state) if state.focused else colors.card
        hairline(painter, rect)
        room = rect.adjusted(8, 0, -8, 0)
        said = words.say(f"print.short.{job.state}")
        ink = getattr(colors, TONES.get(job.state, "muted"))
        wide = paint.text(painter, room, said, Type.helper_strong, ink, align=paint.RIGHT, whole=True, ground=ground)
        name = job.number if not job.copy_no else f"{job.number} · {words.say('sync.copy', n=job.copy_no)}"
        left = room.adjusted(0, 0, -wide - 12, 0)
        used = paint.text(painter, left, name, Type.small_strong, colors.ink, ground=ground)
        detail = messages.translated(job.detail)
        paint.text(painter, left.adjusted(used + 10, 0, 0, 0), detail, Type.helper, colors.muted, ground=ground)

    def _print_again(self, job: "Job") -> None:
        why = self._desk.why_not("reprint")
        if why:
            self._desk.tasks.went_wrong.emit(UserError(why))
        elif self.jobs.hasFocus():
            self._printer.again(job.number, self._desk.clerk or "", self._printed)

    def _printed(self, outcome: Outcome) -> None:
        self._last = f"{outcome.number}: {outcome.sentence()}"
        self._tell()
        self.refresh()


def _listed(key: str, rows: "RowList[Exchange] | RowList[Job]", nothing: Label, hint: str = "") -> Surface:
    card = Surface("card")
    column = vertical(card, margins=(20, 16, 20, 12), spacing=6)
    column.addWidget(SectionLabel(key))
    if hint:
        column.addWidget(Label(Type.helper, "muted", key=hint, wrap=True))
    rows.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
    column.addWidget(rows, 1)
    column.addWidget(nothing)
    column.addStretch(0)
    return card
