"""The list of instalment plans: whose, which, what is pending, how far it is paid."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from meterpos.ui import theme, words
from meterpos.ui.desk import Desk
from meterpos.ui.models import instalments
from meterpos.ui.theme import Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.progress import bar
from meterpos.ui.widgets.rows import RowList, RowState, highlight

if TYPE_CHECKING:
    from meterpos.ledger.queries.plans import PlanRow

ROW = 66


class PlanList(RowList["PlanRow"]):
    """One row a plan."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(row_height=ROW, painter=self._paint, spoken=self._speak)
        self._desk = desk
        words.bind(self.setAccessibleName, "page.plans")

    def _money(self, row: "PlanRow") -> tuple[str, str]:
        state = row.state
        if state.status in ("completed", "cancelled"):
            return words.say(f"plans.status.{state.status}"), instalments.TONES[state.status]
        return self._desk.money(state.pending_minor), "ink"

    def _far(self, row: "PlanRow") -> str:
        return words.say("plans.percent", percent=instalments.percent(row.state))

    def _speak(self, row: "PlanRow") -> str:
        money, _ = self._money(row)
        return ", ".join((row.customer_name, row.number, f"{row.capacity_kw} kW", money, self._far(row)))

    def _paint(self, painter: QPainter, rect: QRectF, row: "PlanRow", state: RowState) -> None:
        colors = theme.palette()
        ground = highlight(painter, rect.adjusted(0, 1, 0, -1), state)
        room = rect.adjusted(10, 7, -10, -9)
        upper = QRectF(room.left(), room.top(), room.width(), 20)
        lower = QRectF(room.left(), room.top() + 20, room.width(), 18)
        said, tone = self._money(row)
        wide = paint.text(
            painter, upper, said, Type.small_strong, getattr(colors, tone), align=paint.RIGHT, whole=True, ground=ground
        )
        name = upper.adjusted(0, 0, -wide - 12, 0)
        paint.text(painter, name, row.customer_name, Type.text_strong, colors.ink, ground=ground)
        far = self._far(row)
        wide = paint.text(painter, lower, far, Type.helper, colors.muted, align=paint.RIGHT, whole=True, ground=ground)
        which = lower.adjusted(0, 0, -wide - 12, 0)
        paint.text(painter, which, f"{row.number} · {row.capacity_kw} kW", Type.helper, colors.muted, ground=ground)
        place = QRectF(room.left(), room.bottom() - 6, room.width(), 6)
        done = "muted" if row.state.status == "cancelled" else "action"
        bar(painter, place, instalments.share(row.state), done=done)
