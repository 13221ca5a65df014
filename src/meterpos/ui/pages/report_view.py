"""One report as it will be on paper, page by page or as a roll: printed, saved as PDF, saved as CSV."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QStandardPaths, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog, QWidget

from meterpos.errors import UserError
from meterpos.ui import messages, words
from meterpos.ui.desk import Desk
from meterpos.ui.models import reporting
from meterpos.ui.models.printer import Outcome, Printer
from meterpos.ui.models.reporting import Paper, Picture, Reporting, Wanted
from meterpos.ui.theme import Type
from meterpos.ui.widgets.basic import EmptyState, Label, Surface, horizontal, vertical
from meterpos.ui.widgets.buttons import Button, Segment, Segments
from meterpos.ui.widgets.paper import PaperView
from meterpos.ui.widgets.progress import ProgressBar
from meterpos.ui.widgets.scrolled import Stack
from meterpos.ui.widgets.why import WhyNot

if TYPE_CHECKING:
    from meterpos.printing.report import Report

PAPERS = (Segment("page", "file-text", "reports.page"), Segment("roll", "receipt", "reports.roll"))
WIDEST = {"page": 860, "roll": 400}


class ReportView(Surface):
    """The right side of the reports page."""

    put_right = Signal(object)  # Report

    def __init__(self, desk: Desk, printer: Printer) -> None:
        super().__init__("card")
        self._desk, self._printer = desk, printer
        self._making = Reporting(desk)
        self._drawing = Reporting(desk)
        self._writing = Reporting(desk)
        self._report: Report | None = None
        self._shown: Picture | None = None
        self.choose_file: Callable[[str, Callable[[str], object]], object] = self._ask_where
        self.papers = Segments(PAPERS, name_key="reports.paper")
        self.back = Button()
        self.forth = Button()
        for button, arrow, key, name in (
            (self.back, "←", "Ctrl+Left", "reports.back"),
            (self.forth, "→", "Ctrl+Right", "reports.forth"),
        ):
            button.setText(f"Ctrl+{arrow}")
            words.bind(button.setAccessibleName, name)
            words.bind(button.setToolTip, name)
            QShortcut(QKeySequence(key), self, button.click)
        self.place = Label(Type.small, "muted")
        self.view = PaperView()
        self.none = EmptyState("chart-column", "reports.choose")
        self.making = Label(Type.text, "muted", wrap=True)
        self.bar = ProgressBar()
        self.cancel = Button(key="reports.cancel", shown="Esc")
        self.print = Button(key="reports.print", shortcut="Ctrl+P")
        self.pdf = Button(key="reports.pdf", shortcut="Ctrl+S")
        self.csv = Button(key="reports.csv", shortcut="Ctrl+E")
        self.right = Button(key="reports.put_right", shortcut="Ctrl+R")
        self.why = WhyNot()
        self.said = Label(Type.small_strong, "muted", wrap=True)
        self._build()
        self._connect()
        self._enable()

    def _build(self) -> None:
        column = vertical(self, margins=(16, 12, 16, 12), spacing=10)
        top = horizontal(None, spacing=10)
        self.papers.setFixedWidth(216)
        top.addWidget(self.papers)
        top.addStretch(1)
        top.addWidget(self.place)
        top.addWidget(self.back)
        top.addWidget(self.forth)
        column.addLayout(top)
        self._stack = Stack()
        self._stack.addWidget(self.none)
        self._stack.addWidget(self._progress())
        self._stack.addWidget(self.view)
        column.addWidget(self._stack, 1)
        news = horizontal(None, spacing=10)
        news.addWidget(self.said, 1)
        news.addStretch(0)
        news.addWidget(self.right)
        column.addWidget(self.why)
        column.addLayout(news)
        self.said.hide()
        foot = horizontal(None, spacing=10)
        for button in (self.print, self.pdf, self.csv):
            foot.addWidget(button)
        foot.addStretch(1)
        column.addLayout(foot)

    def _progress(self) -> QWidget:
        whole = QWidget()
        column = vertical(whole, margins=(40, 0, 40, 0), spacing=14)
        column.addStretch(1)
        self.making.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self.making)
        column.addWidget(self.bar)
        column.addWidget(self.cancel, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        return whole

    def _connect(self) -> None:
        self._making.progressed.connect(self._tell_progress)
        self._writing.progressed.connect(self._tell_writing)
        self.papers.chosen.connect(lambda _: self._draw(1))
        self.back.clicked.connect(lambda: self._turn(-1))
        self.forth.clicked.connect(lambda: self._turn(1))
        self.cancel.clicked.connect(self.stop)
        self.print.clicked.connect(self._print)
        self.pdf.clicked.connect(lambda: self._save("pdf"))
        self.csv.clicked.connect(lambda: self._save("csv"))
        self.right.clicked.connect(lambda: self.put_right.emit(self._report))
        QShortcut(QKeySequence("Escape"), self, self.stop)
        words.notifier().changed.connect(self._enable)

    # --- making --------------------------------------------------------------------------------------------------

    def show_report(self, wanted: Wanted) -> None:
        """Make a report and show it; what is under way is ended."""
        till = self._desk.till
        self._report, self._shown = None, None
        self._say("")
        self._tell_progress(0, 0)
        self._stack.setCurrentIndex(1)
        self._enable()
        self._making.run(lambda progress: reporting.make(till, wanted, progress), self._have, self._refuse)

    def stop(self) -> None:
        """End what is under way: the making of a report, or the writing of its file."""
        if self._stack.currentIndex() == 1:
            self._making.cancel()
            self._stack.setCurrentIndex(0)
            self._say(words.say("reports.cancelled"))
        else:
            self._writing.cancel()
            self._say("")
        self._enable()

    def report(self) -> "Report | None":
        """Return the report that is shown."""
        return self._report

    def _tell_progress(self, done: int, whole: int) -> None:
        said = words.say("reports.making_of", done=f"{done:,}", whole=f"{whole:,}") if whole else ""
        self.making.setText(said or words.say("reports.making"))
        self.bar.show_share(done / whole if whole else 0.0, spoken=said or words.say("reports.making"))

    def _have(self, report: "Report") -> None:
        self._report = report
        self._draw(1)

    def _refuse(self, error: UserError) -> None:
        self._stack.setCurrentIndex(0 if self._report is None else 2)
        self._say(messages.sentence(error), tone="danger")
        self._enable()

    # --- showing -------------------------------------------------------------------------------------------------

    def paper(self) -> Paper:
        """Return on which paper it is shown and saved."""
        return "roll" if self.papers.value() == "roll" else "page"

    def _turn(self, by: int) -> None:
        if self._shown is not None and 1 <= self._shown.number + by <= self._shown.count:
            self._draw(self._shown.number + by)

    def _draw(self, number: int) -> None:
        report, paper, columns = self._report, self.paper(), self._columns()
        if report is None:
            return
        self.view.paper.widest = WIDEST[paper]
        wide_px = round(WIDEST[paper] * self.devicePixelRatioF())
        self._drawing.run(
            lambda _: reporting.picture(report, paper, number, columns=columns, wide_px=wide_px),
            self._show,
            self._refuse,
        )

    def _show(self, picture: Picture) -> None:
        self._shown = picture
        self.view.paper.show_image(picture.image, spoken=picture.text)
        self.view.verticalScrollBar().setValue(0)
        self._stack.setCurrentIndex(2)
        self._enable()

    def _columns(self) -> int:
        return self._desk.till.settings.columns if self._desk.is_open else 48

    def _enable(self) -> None:
        """Let be pressed what can be done with what is shown."""
        shown = self._shown if self._report is not None else None
        for button in (self.print, self.pdf, self.csv):
            button.setEnabled(shown is not None)
        self.back.setEnabled(shown is not None and shown.number > 1)
        self.forth.setEnabled(shown is not None and shown.number < shown.count)
        for widget in (self.back, self.forth, self.place):
            widget.setVisible(shown is not None and shown.count > 1)
        if shown is not None:
            self.place.setText(words.say("reports.place", n=shown.number, m=shown.count))
        wrong = self._report is not None and self._report.stem.startswith("recalculation") and bool(self._report.rows)
        why_not = self._desk.why_not("recalculate") if wrong else ""
        self.right.setVisible(wrong and not why_not)
        self.why.tell(why_not)

    def stand(self) -> None:
        """The till's standing was read anew."""
        self._enable()

    # --- doing something with it ---------------------------------------------------------------------------------

    def _print(self) -> None:
        report, columns = self._report, self._columns()
        if report is None or not self.isVisible():
            return
        self._say(words.say("print.printing"))
        self._printer.send(report.stem, lambda: reporting.printer_bytes(report, columns=columns), self._printed)

    def _printed(self, outcome: Outcome) -> None:
        said = words.say("reports.no_printer") if outcome.state == "none" else outcome.sentence()
        self._say(said, tone="danger" if outcome.is_trouble or outcome.state == "none" else "muted")

    def _save(self, form: str) -> None:
        report = self._report
        if report is not None and self.isVisible():
            self.choose_file(f"{report.stem}.{form}", lambda path: self._write(report, form, path))

    def _write(self, report: "Report", form: str, path: str) -> None:
        paper, columns = self.paper(), self._columns()
        self._say(words.say("reports.writing"))
        self._writing.run(
            lambda progress: (
                reporting.write_csv(report, path)
                if form == "csv"
                else reporting.write_pdf(report, paper, path, columns=columns, progress=progress)
            ),
            lambda where: self._say(words.say("reports.saved", path=where)),
            lambda error: self._say(messages.sentence(error), tone="danger"),
        )

    def _tell_writing(self, done: int, whole: int) -> None:
        self._say(words.say("reports.writing_page", done=f"{done:,}", whole=f"{whole:,}"))

    def _ask_where(self, name: str, then: Callable[[str], object]) -> None:
        """Ask a person where to write, beginning where they keep their documents."""
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        asking = QFileDialog(self, words.say("reports.where"), str(Path(folder) / name))
        asking.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        asking.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        asking.fileSelected.connect(then)
        asking.open()

    def say_put_right(self, count: int) -> None:
        """Tell that sums were brought in line."""
        self._say(words.say("reports.was_put_right", n=count))

    def _say(self, sentence: str, *, tone: str = "muted") -> None:
        self.said.setText(sentence)
        self.said.set_tone(tone)
        self.said.setVisible(bool(sentence))
