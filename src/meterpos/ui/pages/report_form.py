"""Which report: its kind, whom it is of, its period; and the one green button that shows it."""

from datetime import date
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from meterpos.ledger.rules.tenders import METHODS
from meterpos.ui import theme, words
from meterpos.ui.desk import Desk
from meterpos.ui.models import asking, reporting
from meterpos.ui.models.instalments import read_day, write_day
from meterpos.ui.models.reporting import KINDS, PERIODS, Kind, Wanted, Whose
from meterpos.ui.models.telling import phone
from meterpos.ui.pages.picking import Picker
from meterpos.ui.theme import Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.basic import SectionLabel, Surface, horizontal, vertical
from meterpos.ui.widgets.buttons import MainAction
from meterpos.ui.widgets.choice import Choice
from meterpos.ui.widgets.fields import Field
from meterpos.ui.widgets.rows import RowList, RowState, highlight
from meterpos.ui.widgets.scrolled import Scrolled

if TYPE_CHECKING:
    from sqlalchemy import Connection

EVERY = "all"
KIND_ROW = 46
HITS_MAX = 4


class ReportForm(Surface):
    """The left side of the reports page."""

    wanted = Signal(object)  # Wanted

    def __init__(self, desk: Desk) -> None:
        super().__init__("card")
        self._desk = desk
        self.kinds: RowList[Kind] = RowList(row_height=KIND_ROW, painter=self._paint, spoken=self._speak)
        words.bind(self.kinds.setAccessibleName, "page.reports")
        self.kinds.set_rows(KINDS, current=0)
        self.kinds.setFixedHeight(len(KINDS) * KIND_ROW + 2)
        self.whose: Picker[Whose] = Picker(
            desk, "reports.whose", topic="reports whose", find=_find, name=lambda one: one.name, lines=_lines
        )
        self.mode = Choice("reports.mode", ("per_meter", "consolidated"), shortcut="Ctrl+1", name_key="reports.mode")
        self.period = Choice("reports.period", PERIODS, shortcut="Ctrl+2", name_key="reports.period")
        self.first = Field("reports.first", step=Type.text)
        self.last = Field("reports.last", step=Type.text)
        self.clerk = Choice("reports.clerk", (EVERY,), shortcut="Ctrl+3", name_key="reports.clerk")
        self.method = Choice("reports.method", (EVERY,), shortcut="Ctrl+4", name_key="reports.method")
        self._clerks: dict[str, str] = {}
        self.button = MainAction()
        self._build()
        self._connect()
        self.method.offer((EVERY, *METHODS), _say_method)
        self._choose_period("this_month")
        self._tell()

    def _build(self) -> None:
        inside = QWidget()
        inside.setObjectName("scrolled")
        column = vertical(inside, margins=(16, 10, 16, 10), spacing=8)
        column.addWidget(self.kinds)
        column.addSpacing(4)
        column.addWidget(self.whose)
        column.addWidget(self.mode)
        self._period_label = SectionLabel("reports.period")
        column.addWidget(self._period_label)
        column.addWidget(self.period)
        days = horizontal(None, spacing=10)
        days.addWidget(self.first, 1)
        days.addWidget(self.last, 1)
        column.addLayout(days)
        column.addWidget(self.clerk)
        column.addWidget(self.method)
        column.addStretch(1)
        outer = vertical(self, margins=(0, 6, 0, 14), spacing=8)
        outer.addWidget(Scrolled(inside), 1)
        foot = horizontal(None, margins=(16, 0, 16, 0))
        foot.addWidget(self.button)
        outer.addLayout(foot)

    def _connect(self) -> None:
        self.kinds.moved.connect(lambda _: self._tell())
        self.kinds.picked.connect(lambda _: self._go_in())
        self.period.chosen.connect(self._choose_period)
        self.whose.changed.connect(self._tell)
        self.whose.picked.connect(lambda _: self.button.setFocus())
        for field in (self.first, self.last):
            field.edited.connect(self._edited)
            field.entered.connect(self.show_it)
        self.button.clicked.connect(self.show_it)
        words.notifier().changed.connect(self._tell)

    # --- what is chosen ------------------------------------------------------------------------------------------

    def kind(self) -> Kind:
        """Return the kind of report chosen."""
        return self.kinds.current() or "statement"

    def choose(self, kind: Kind) -> None:
        """Choose a kind as a program."""
        self.kinds.go(KINDS.index(kind))
        self._tell()

    def ask_for(self, whose: Whose) -> None:
        """Choose the statement of somebody over this year, and show it."""
        self.choose("statement")
        self.whose.take(whose)
        self._choose_period("this_year")
        self.show_it()

    def show_it(self) -> None:
        """Ask for the report as it is chosen, or say beside the field what is missing."""
        days = self._days()
        kind, whose = self.kind(), self.whose.chosen()
        of_somebody = kind == "statement" or (kind == "recalculation" and bool(self.whose.field.text()))
        if of_somebody and whose is None:
            self.whose.tell(words.say("reports.whose_missing"))
            self.whose.setFocus()
        elif days is not None:
            self.wanted.emit(
                Wanted(
                    kind=kind,
                    first=days[0],
                    last=days[1],
                    whose=whose,
                    consolidated=self.mode.value == "consolidated",
                    language=words.language(),
                    clerk=self._only_clerk(),
                    method=None if self.method.value == EVERY else self.method.value,
                )
            )

    def _only_clerk(self) -> tuple[str, str] | None:
        name = self._clerks.get(self.clerk.value)
        return None if name is None else (self.clerk.value, name)

    def _show_clerks(self, clerks: tuple[tuple[str, str], ...]) -> None:
        self._clerks = dict(clerks)
        self.clerk.offer(
            (EVERY, *self._clerks), lambda value: self._clerks.get(value) or words.say("reports.clerk.all")
        )

    def _days(self) -> tuple[date, date] | None:
        """Return first and last day, None where one is no day: it says so beside its field."""
        today = self._desk.today
        read = [read_day(field.text(), today=today) for field in (self.first, self.last)]
        if self.kind() == "recalculation":
            return today, today
        if self.kind() == "aging":
            read[0] = date.min
        for field, day in zip((self.last, self.first), reversed(read), strict=True):
            if day is None:
                field.tell(words.say("reports.no_day"))
                field.setFocus()
        if read[0] is None or read[1] is None:
            return None
        if read[0] > read[1]:
            self.last.tell(words.say("reports.turned_round"))
            self.last.setFocus()
            return None
        return read[0], read[1]

    def _edited(self) -> None:
        if self.period.value != "other":
            self.period.choose("other")

    def _choose_period(self, name: str) -> None:
        if self.period.value != name:
            self.period.choose(name)
            return
        if name != "other" and self._desk.is_open:
            days = reporting.period(name, today=self._desk.today)
            for field, day in zip((self.first, self.last), days, strict=True):
                field.set_text(write_day(day))
                field.tell("")

    def stand(self) -> None:
        """The till's standing was read anew: the business day may be another."""
        self._choose_period(self.period.value)

    def read_clerks(self) -> None:
        """Read anew whose collections can be asked for."""
        self._desk.tasks.read(reporting.clerks, self._show_clerks, topic="reports clerks")

    def _go_in(self) -> None:
        """Enter on a kind walks on: to whom, or to the button."""
        self._tell()
        (self.whose if self.kind() == "statement" else self.button).setFocus()

    def _tell(self) -> None:
        kind = self.kind()
        of_whom = kind in {"statement", "recalculation"}
        of_customer = self.whose.chosen() is None or self.whose.chosen().account_no is None  # type: ignore[union-attr]
        self.whose.setVisible(of_whom)
        self.whose.field.relabel(words.say("reports.whose" if kind == "statement" else "reports.whose_or_all"))
        self.mode.setVisible(kind == "statement" and of_customer)
        for widget in (self._period_label, self.period, self.first):
            widget.setVisible(kind in {"statement", "collections", "finances"})
        for widget in (self.clerk, self.method):
            widget.setVisible(kind == "collections")
        self.last.setVisible(kind != "recalculation")
        self.last.relabel(words.say("reports.as_of" if kind == "aging" else "reports.last"))
        self.button.show_lines(words.say("reports.check" if kind == "recalculation" else "reports.show"))

    # --- painting ------------------------------------------------------------------------------------------------

    def _speak(self, kind: Kind) -> str:
        return f"{words.say(f'reports.kind.{kind}')}, {words.say(f'reports.about.{kind}')}"

    def _paint(self, painter: QPainter, rect: QRectF, kind: Kind, state: RowState) -> None:
        colors = theme.palette()
        ground = highlight(painter, rect.adjusted(0, 1, 0, -1), state)
        room = rect.adjusted(10, 5, -8, -4)
        upper = QRectF(room.left(), room.top(), room.width(), 19)
        paint.text(painter, upper, words.say(f"reports.kind.{kind}"), Type.text_strong, colors.ink, ground=ground)
        about = words.say(f"reports.about.{kind}")
        paint.text(painter, upper.translated(0, 18), about, Type.helper, colors.muted, ground=ground)


def _say_method(method: str) -> str:
    return words.say("reports.method.all" if method == EVERY else f"method.{method}")


def _find(conn: "Connection", text: str, today: date) -> tuple[Whose, ...]:
    """Return whom a text may mean; a meter whose number was typed stands before whose it is."""
    found: list[Whose] = []
    for one in asking.find(conn, text, today)[:HITS_MAX]:
        if one.matched_meter is not None:
            found.append(
                Whose(
                    name=f"{one.matched_meter} · {one.name}",
                    customer_no=one.customer_no,
                    account_no=one.matched_meter,
                    beside=words.say("reports.one_meter"),
                    beneath=one.place,
                )
            )
        found.append(
            Whose(
                name=one.name,
                customer_no=one.customer_no,
                beside=one.customer_no,
                beneath=" · ".join(part for part in (phone(one.phone), one.place) if part),
            )
        )
    return tuple(found[:HITS_MAX])


def _lines(one: Whose) -> tuple[str, str, str]:
    return one.name, one.beside, one.beneath
