"""Fields to type in, each with its label above and, when something is wrong, a sentence beneath."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QWidget

from meterpos.errors import UserError
from meterpos.ledger.money import format_amount, parse_amount
from meterpos.ledger.texts import is_text, readable
from meterpos.ui import theme, words
from meterpos.ui.theme import METRICS, Step, Type
from meterpos.ui.widgets.basic import Label, Surface, announce, horizontal, restyle, vertical


class Line(QLineEdit):
    """A line edit whose Enter is a signal of its own (`entered`) and which selects all when walked into."""

    entered = Signal()

    def __init__(self, *, step: Step = Type.strong, naked: bool = False) -> None:
        super().__init__()
        self.setFont(theme.font(step))
        self.setProperty("naked", naked)
        if not naked:
            self.setFixedHeight(METRICS.field)
        self.textChanged.connect(self._keep_letters)

    def _keep_letters(self, text: str) -> None:
        """Let go of what was pasted and is no letter: no ledger could keep it."""
        if not is_text(text):
            at = self.cursorPosition()
            self.setText(readable(text, mark=""))
            self.setCursorPosition(at)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if not event.isAutoRepeat():
                self.entered.emit()
            return
        super().keyPressEvent(event)

    def set_wrong(self, wrong: bool) -> None:
        """Show or clear the red border."""
        if bool(self.property("wrong")) != wrong:
            self.setProperty("wrong", wrong)
            restyle(self)


class Problem(Label):
    """The sentence beneath a field; hidden while all is well."""

    def __init__(self) -> None:
        super().__init__(Type.helper_strong, "danger", wrap=True)
        self.hide()

    def tell(self, sentence: str) -> None:
        """Show a sentence, or hide with an empty one."""
        if sentence != self.text() or self.isHidden() == bool(sentence):
            self.setText(sentence)
            self.setVisible(bool(sentence))
            if sentence:
                announce(self, sentence)


class Field(QWidget):
    """A labelled text field with a place for its problem."""

    edited = Signal()
    entered = Signal()

    def __init__(
        self, label_key: str, *, step: Step = Type.strong, secret: bool = False, line: Line | None = None
    ) -> None:
        super().__init__()
        self.label = Label(Type.small, "muted")
        self.line = line if line is not None else Line(step=step)
        if secret:
            self.line.setEchoMode(QLineEdit.EchoMode.Password)
        self.problem = Problem()
        self.label.setBuddy(self.line)
        words.bind(self._name, label_key)
        column = self.column = vertical(self, spacing=4)
        column.addWidget(self.label)
        column.addWidget(self.line)
        column.addWidget(self.problem)
        column.addStretch(1)
        self.line.textEdited.connect(self._on_edit)
        self.line.entered.connect(self.entered)
        self.setFocusProxy(self.line)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)

    def text(self) -> str:
        """Return what stands in the field, without spaces around it."""
        return self.line.text().strip()

    def set_text(self, value: str) -> None:
        """Write into the field as a program, not as a person."""
        self.line.setText(value)

    def tell(self, sentence: str) -> None:
        """Show what is wrong beside the field, or clear it."""
        self.problem.tell(sentence)
        self.line.set_wrong(bool(sentence))

    def relabel(self, text: str) -> None:
        """Change the label (a reference is called otherwise with each method)."""
        self._name(text)

    def _name(self, text: str) -> None:
        self.label.setText(text)
        self.line.setAccessibleName(text)

    def _on_edit(self) -> None:
        self.tell("")
        self.edited.emit()


class MoneyField(Field):
    """A field for money: right-aligned, written out in full when left."""

    def __init__(self, label_key: str) -> None:
        super().__init__(label_key, step=Type.strong)
        tame(self.line)

    def amount_minor(self) -> int | None:
        """Return the amount, None when empty. Raises: UserError when it cannot be read as money."""
        return amount_of(self.line)


class AmountBox(Surface):
    """The amount, large, with its currency."""

    edited = Signal()
    entered = Signal()

    def __init__(self) -> None:
        super().__init__("field")
        self.setFixedHeight(METRICS.amount)
        self.currency = Label(Type.search, "muted")
        self.line = Line(step=Type.amount, naked=True)
        tame(self.line)
        words.bind(self.line.setAccessibleName, "pay.amount")
        row = horizontal(self, margins=(16, 0, 20, 0), spacing=8)
        row.addWidget(self.currency)
        row.addWidget(self.line, 1)
        self.line.textEdited.connect(self.edited)
        self.line.entered.connect(self.entered)
        self.line.installEventFilter(self)
        self.setFocusProxy(self.line)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.setProperty("focused", event.type() == QEvent.Type.FocusIn)
            restyle(self)
        return super().eventFilter(watched, event)

    def set_wrong(self, wrong: bool) -> None:
        """Show or clear the red border."""
        if bool(self.property("wrong")) != wrong:
            self.setProperty("wrong", wrong)
            restyle(self)

    def amount_minor(self) -> int | None:
        """Return the amount, None when empty. Raises: UserError when it cannot be read as money."""
        return amount_of(self.line)

    def set_amount(self, amount_minor: int | None) -> None:
        """Write an amount as a program."""
        self.line.setText("" if amount_minor is None else format_amount(amount_minor))


def amount_of(line: QLineEdit) -> int | None:
    """Return the money in a line, None when empty. Raises: UserError when it cannot be read as money."""
    text = line.text().strip()
    return parse_amount(text) if text else None


def tame(line: QLineEdit) -> None:
    """Make a line a money line: right-aligned, digits only where that is possible, written out when left."""
    line.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    made = QFont(line.font())
    made.setFeature(QFont.Tag("tnum"), 1)
    line.setFont(made)
    line.setMaxLength(18)
    line.setInputMethodHints(Qt.InputMethodHint.ImhFormattedNumbersOnly)

    def write_out() -> None:
        try:
            amount = amount_of(line)
        except UserError:
            return
        if amount is not None:
            line.setText(format_amount(amount))

    line.editingFinished.connect(write_out)
