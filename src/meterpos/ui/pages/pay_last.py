"""The strip under the search: the last payment, printed again or put right; and the payments that wait."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QWidget

from meterpos.ledger.money import format_amount
from meterpos.ui import theme, words
from meterpos.ui.pages.pay_done import Taken
from meterpos.ui.theme import METRICS, Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.basic import Elided, Label, SectionLabel, Surface, horizontal, vertical
from meterpos.ui.widgets.buttons import Button
from meterpos.ui.widgets.rows import RowList, RowState, highlight

if TYPE_CHECKING:
    from meterpos.ui.models.draft import Draft


PARKED_SHOWN, PARKED_SHOWN_NARROW = 3, 2


class ParkedList(RowList["Draft"]):
    """The payments that wait: Enter or Alt+number brings one back, Delete throws one away."""

    thrown = Signal(object)

    def __init__(self) -> None:
        super().__init__(row_height=METRICS.touch, painter=self._paint_row, spoken=self._speak)
        words.bind(self.setAccessibleName, "pay.parked.title")
        self._most = PARKED_SHOWN

    def show_drafts(self, drafts: "Sequence[Draft]") -> None:
        """Show these; a few are in sight, the others scroll."""
        self.set_rows(tuple(drafts), current=0)
        self._fit()

    def show_most(self, rows: int) -> None:
        """Have no more than so many in sight."""
        if rows != self._most:
            self._most = rows
            self._fit()

    def _fit(self) -> None:
        self.setFixedHeight(min(len(self.rows()), self._most) * METRICS.touch + 2)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        draft = self.current()
        if event.key() == Qt.Key.Key_Delete and draft is not None:
            self.thrown.emit(draft)
            return
        super().keyPressEvent(event)

    def _speak(self, draft: "Draft") -> str:
        return f"{draft.payer}, {', '.join(draft.meters)}, {format_amount(draft.total_minor)}"

    def _paint_row(self, painter: QPainter, rect: QRectF, draft: "Draft", state: RowState) -> None:
        colors = theme.palette()
        calm = RowState(current=state.current and state.focused, focused=state.focused, hovered=state.hovered)
        ground = highlight(painter, rect.adjusted(0, 1, 0, -1), calm) if calm.current else colors.waiting_soft
        room = rect.adjusted(8, 0, -8, 0)
        key = f"Alt+{self.rows().index(draft) + 1}"
        shown = paint.text(painter, room, key, Type.label, colors.muted, ground=ground)
        amount = format_amount(draft.total_minor)
        wide = paint.text(
            painter, room, amount, Type.small_strong, colors.ink, align=paint.RIGHT, whole=True, ground=ground
        )
        who = " · ".join(part for part in (draft.payer, *draft.meters) if part)
        left = room.adjusted(shown + 10, 0, -wide - 10, 0)
        paint.text(painter, left, who, Type.small_strong, colors.ink, ground=ground)


class LastStrip(QWidget):
    """Two small cards: what waits (F11) and the last payment (Ctrl+P, Ctrl+R)."""

    again = Signal()
    put_right = Signal()
    bring_back = Signal(object)  # Draft
    throw_away = Signal(object)  # Draft
    leave = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._last: Taken | None = None
        self._state = ""
        self._roomy = True
        self.who = Elided(Type.text_strong)
        self.amount = Label(Type.text_strong)
        self.more = Elided(Type.helper, "muted")
        self.again_button = Button("link", key="pay.print_again", shortcut="Ctrl+P", step=Type.small_strong)
        self.right_button = Button("link", key="pay.put_right", shortcut="Ctrl+R", step=Type.small_strong)
        self.parked = ParkedList()
        self.parked_title = SectionLabel()
        words.bind(lambda text: self.parked_title.setText(f"{text.upper()}   F11"), "pay.parked.title", owner=self)
        self.parked_hint = Label(Type.helper, "muted", key="pay.parked.hint", wrap=True)
        self.last_card = Surface("card")
        self._told = QWidget()
        self.parked_card = Surface("question")
        self._build()
        self.again_button.clicked.connect(self.again)
        self.right_button.clicked.connect(self.put_right)
        self.parked.picked.connect(self.bring_back)
        self.parked.thrown.connect(self.throw_away)
        self.parked.leave_up.connect(self.leave)
        words.notifier().changed.connect(self._tell)
        self.last_card.hide()
        self.parked_card.hide()

    def _build(self) -> None:
        told = vertical(self._told, spacing=2)
        told.addWidget(SectionLabel("pay.last_payment"))
        row = horizontal(None)
        row.addWidget(self.who, 1)
        row.addWidget(self.amount)
        told.addLayout(row)
        told.addWidget(self.more)
        self._inside = inside = vertical(self.last_card, spacing=2)
        inside.addWidget(self._told)
        self._margins()
        row = horizontal(None, spacing=14)
        row.addWidget(self.again_button)
        row.addWidget(self.right_button)
        row.addStretch(1)
        inside.addLayout(row)
        inside = vertical(self.parked_card, margins=(6, 8, 6, 6), spacing=2)
        self.parked_title.setContentsMargins(8, 0, 8, 0)
        self.parked_hint.setContentsMargins(8, 0, 8, 0)
        for part in (self.parked_title, self.parked, self.parked_hint):
            inside.addWidget(part)
        column = vertical(self, spacing=8)
        column.addWidget(self.parked_card)
        column.addWidget(self.last_card)

    def last(self) -> Taken | None:
        """Return the last payment of this window."""
        return self._last

    def show_last(self, done: Taken, state: str) -> None:
        """Show the last payment and what became of its paper."""
        self._last, self._state = done, state
        self.last_card.show()
        self._tell()

    def show_parked(self, drafts: "Sequence[Draft]") -> None:
        """Show the payments that wait."""
        had_keyboard = self.parked.hasFocus()
        self.parked.show_drafts(drafts)
        self.parked_card.setVisible(self._roomy and bool(drafts))
        self.parked_hint.setText(words.say("pay.parked.hint"))
        self.parked_hint.set_tone("muted")
        if had_keyboard and not drafts:
            self.leave.emit()

    def give_room(self, *, roomy: bool, wide: bool) -> None:
        """On a narrow screen what waits makes room for the change, which tells the last payment: its keys stay."""
        self._roomy = roomy
        self.parked.show_most(PARKED_SHOWN if wide else PARKED_SHOWN_NARROW)
        self.parked_card.setVisible(roomy and bool(self.parked.rows()))
        self._told.setVisible(roomy)
        self._margins()

    def _margins(self) -> None:
        self._inside.setContentsMargins(14, 9 if self._roomy else 0, 14, 0)

    def tell_parked(self, sentence: str) -> None:
        """Say why one could not be brought back."""
        self.parked_hint.setText(sentence)
        self.parked_hint.set_tone("danger")

    def _tell(self) -> None:
        done = self._last
        if done is None:
            return
        self.who.setText(" · ".join(part for part in (done.payer, done.meters) if part))
        self.amount.setText(format_amount(done.total_minor))
        change = (
            words.say("pay.change_of", amount=format_amount(done.change_minor)) if done.cash_minor is not None else ""
        )
        self.more.setText(" · ".join(part for part in (done.number, self._state, change) if part))
