"""Reports: statements, collections, aged debt, the financial summary, and kept sums brought in line again."""

from typing import TYPE_CHECKING

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from meterpos.ui.desk import Desk
from meterpos.ui.models import reporting
from meterpos.ui.models.printer import Printer
from meterpos.ui.models.reporting import Wanted, Whose
from meterpos.ui.pages.report_form import ReportForm
from meterpos.ui.pages.report_view import ReportView
from meterpos.ui.theme import METRICS
from meterpos.ui.widgets.basic import horizontal

if TYPE_CHECKING:
    from meterpos.printing.report import Report

FORM, FORM_NARROW = 336, 280


class ReportsPage(QWidget):
    """Choose at the left, look at the right."""

    def __init__(self, desk: Desk, printer: Printer) -> None:
        super().__init__()
        self.setObjectName("page")
        self._desk = desk
        self._wanted: Wanted | None = None
        self.form = ReportForm(desk)
        self.view = ReportView(desk, printer)
        margin = METRICS.margin
        row = horizontal(self, margins=(margin, METRICS.gap, margin, METRICS.gap), spacing=METRICS.gap)
        row.addWidget(self.form)
        row.addWidget(self.view, 1)
        self.form.wanted.connect(self._show)
        self.view.put_right.connect(self._put_right)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.window().width() < METRICS.narrow_below
        self.form.setFixedWidth(FORM_NARROW if narrow else FORM)

    # --- the page's life -----------------------------------------------------------------------------------------

    def shown(self, what: object = None) -> None:
        """Come to the front; `what` is a `Whose`, whose statement is shown."""
        self.form.kinds.setFocus()
        self.form.read_clerks()
        if isinstance(what, Whose):
            self.form.ask_for(what)

    def refresh(self) -> None:
        """A report is of the moment it was made; it is made anew when somebody asks."""

    def mark_stale(self) -> None:
        """See `refresh`."""

    def stand(self) -> None:
        """The till's standing was read anew."""
        self.form.stand()
        self.view.stand()

    # --- doing ---------------------------------------------------------------------------------------------------

    def _show(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self.view.show_report(wanted)

    def _put_right(self, report: "Report") -> None:
        till, wanted, clerk = self._desk.till, self._wanted, self._desk.clerk or ""
        accounts, customers = reporting.wrong_numbers(report)

        def work() -> int:
            return till.recalculate(account_nos=accounts, customer_nos=customers, clerk=clerk)

        def done(_count: int) -> None:
            if wanted is not None:
                self.view.show_report(wanted)
            self.view.say_put_right(len(report.rows))

        self._desk.tasks.write(work, done)
