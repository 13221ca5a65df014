"""How the pay page is laid out: search, customer and payment side by side, or two of them on a narrow screen.

pay.py says what it does.
"""

from typing import TYPE_CHECKING

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QStackedLayout, QStackedWidget, QWidget

from meterpos.ui.desk import Desk
from meterpos.ui.pages.pay_search import SearchPanel
from meterpos.ui.theme import METRICS
from meterpos.ui.widgets.basic import EmptyState, Surface, horizontal, vertical
from meterpos.ui.widgets.scrolled import Stack

if TYPE_CHECKING:
    from meterpos.ledger.queries.customers import Customer
    from meterpos.ui.pages.pay_customer import CustomerPanel
    from meterpos.ui.pages.pay_done import DonePanel
    from meterpos.ui.pages.pay_form import PaymentPanel
    from meterpos.ui.pages.pay_last import LastStrip
    from meterpos.ui.widgets.paper import PaperView


class _Below(QWidget):
    """What stands under the search line: it takes the room that is left, and its lists scroll in themselves."""

    def hasHeightForWidth(self) -> bool:
        """Say no: else it would press upon what stands under it, as high as all its rows."""
        return False


class PayShape(QWidget):
    """The parts of the pay page and where they stand. At first there is the search alone, typable at once."""

    person: "CustomerPanel"
    payment: "PaymentPanel"
    done: "DonePanel"
    paper: "PaperView"
    last: "LastStrip"

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("page")
        self._desk = desk
        self._customer: Customer | None = None
        self._awaited: str | None = None
        self._wide: bool | None = None
        self.search = SearchPanel(desk)
        self._is_complete = False
        self._build()

    def _build(self) -> None:
        self._middle = Stack()
        self._right = QStackedWidget()
        self._left = QWidget()
        self._left_column = column = vertical(self._left, spacing=0)
        column.addWidget(self.search.line)
        column.addSpacing(7)
        column.addWidget(self.search.hint)
        column.addSpacing(8)
        self._below = _Below()
        self._below_stack = QStackedLayout(self._below)
        found = QWidget()
        inside = vertical(found, spacing=0)
        inside.addWidget(self.search.card, 1)
        inside.addStretch(0)
        self.search.card.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self._below_stack.addWidget(found)
        column.addWidget(self._below, 1)
        margin = METRICS.margin
        self._row = horizontal(self, margins=(margin, METRICS.gap, margin, METRICS.gap), spacing=METRICS.gap)
        self._row.addWidget(self._left)
        self._row.addWidget(self._middle, 1)
        self._row.addWidget(self._right)
        self._fit(wide=True)

    def _build_rest(self) -> None:
        """Build what is not needed to type the first name: customer, payment, change, paper."""
        from meterpos.ui.pages.pay_customer import CustomerPanel
        from meterpos.ui.pages.pay_done import DonePanel
        from meterpos.ui.pages.pay_form import PaymentPanel
        from meterpos.ui.pages.pay_last import LastStrip
        from meterpos.ui.widgets.paper import PaperView

        self.person = CustomerPanel(self._desk)
        self.payment = PaymentPanel(self._desk)
        self.done = DonePanel(self._desk)
        self.paper = PaperView()
        self.last = LastStrip()
        self._middle.addWidget(self.person)
        self._middle.addWidget(self.done)
        self._right.addWidget(self.payment)
        holder = Surface("card")
        inside = vertical(holder, margins=(10, 10, 4, 10))
        inside.addWidget(self.paper)
        self._right.addWidget(holder)
        self.barred = EmptyState("lock")
        barred = Surface("card")
        vertical(barred).addWidget(self.barred)
        self._right.addWidget(barred)
        self._left_column.addSpacing(10)
        self._left_column.addWidget(self.last)
        self._is_complete = True
        self._give_room()

    def hasHeightForWidth(self) -> bool:
        """Its lists and the payment scroll in themselves: they take the room there is."""
        return False

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit(wide=self.window().width() >= METRICS.narrow_below)
        self._give_room()

    def _give_room(self) -> None:
        """Under one amber band, or two, everything moves closer together before anything scrolls."""
        tight = self.height() < METRICS.tight_below
        gap = METRICS.gap_tight if tight else METRICS.gap
        self._row.setContentsMargins(METRICS.margin, gap, METRICS.margin, gap)
        if self._is_complete:
            self.payment.give_room(snug=self.height() < METRICS.snug_below, tight=tight)

    def _fit(self, *, wide: bool) -> None:
        """On a narrow screen the customer takes the place of the hits, once one is chosen."""
        if wide == self._wide:
            return
        self._wide = wide
        if wide:
            self._left.setFixedWidth(METRICS.search)
            self._right.setFixedWidth(METRICS.payment)
            self._row.insertWidget(1, self._middle, 1)
        else:
            self._left.setMinimumWidth(0)
            self._left.setMaximumWidth(16_777_215)
            self._right.setFixedWidth(METRICS.payment_narrow)
            self._below_stack.addWidget(self._middle)
        self._row.setStretch(0, 0 if wide else 1)
        self._show_below()
        self._middle.show()

    def _show_below(self) -> None:
        if not self._is_complete:
            return
        busy = self._customer is not None or self._middle.currentWidget() is self.done
        roomy = bool(self._wide) or self._middle.currentWidget() is not self.done
        self.last.give_room(roomy=roomy, wide=bool(self._wide))
        if not self._wide:
            nothing = not self.search.line.text().strip()
            self._below_stack.setCurrentIndex(1 if busy or nothing else 0)
        else:
            self._below_stack.setCurrentIndex(0)
