"""Choosing a person: the name on a button, the others in a menu, walked by keys."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QMenu, QSizePolicy, QWidget

from meterpos.ui import theme, words
from meterpos.ui.theme import METRICS, Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.basic import Label, vertical

if TYPE_CHECKING:
    from meterpos.ledger.queries.people import User


class _Choice(QAbstractButton):
    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(METRICS.field)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def sizeHint(self) -> QSize:
        return QSize(160, METRICS.field)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Down, Qt.Key.Key_Space):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        colors = theme.palette()
        painter = QPainter(self)
        focused = self.hasFocus()
        line = colors.action if focused else colors.field_line
        paint.box(painter, QRectF(self.rect()), fill=colors.card, line=line, weight=2 if focused else 1, radius=9)
        paint.picture(painter, "circle-user-round", colors.muted, 12, self.height() / 2)
        paint.picture(painter, "chevron-down", colors.muted, self.width() - 28, self.height() / 2, 16)
        place = QRectF(42, 0, self.width() - 76, self.height())
        paint.text(painter, place, self.text(), Type.text_strong, colors.ink)


class PersonField(QWidget):
    """A labelled choice of one person."""

    chosen = Signal(object)

    def __init__(self, label_key: str) -> None:
        super().__init__()
        self._people: tuple[User, ...] = ()
        self._person: User | None = None
        self.label = Label(Type.small, "muted", key=label_key)
        self.choice = _Choice()
        words.bind(lambda _: self._tell(), label_key, owner=self)
        column = vertical(self, spacing=4)
        column.addWidget(self.label)
        column.addWidget(self.choice)
        self.choice.clicked.connect(self._offer)
        self.setFocusProxy(self.choice)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)

    def set_people(self, people: "tuple[User, ...]") -> None:
        """Offer these; one alone is chosen at once."""
        self._people = people
        names = {person.user_name for person in people}
        if self._person is None or self._person.user_name not in names:
            self._person = people[0] if len(people) == 1 else None
        else:
            self._person = next(one for one in people if one.user_name == self._person.user_name)
        self._tell()

    def person(self) -> "User | None":
        """Return who is chosen."""
        return self._person

    def choose(self, user_name: str) -> None:
        """Choose one by user name."""
        self._take(next(one for one in self._people if one.user_name == user_name))

    def _take(self, person: "User") -> None:
        self._person = person
        self._tell()
        self.chosen.emit(person)

    def _offer(self) -> None:
        menu = QMenu(self)
        menu.setMinimumWidth(self.width())
        for person in self._people:
            action = QAction(f"{person.display_name} · {words.say(f'role.{person.role}')}", menu)
            action.triggered.connect(lambda _=False, person=person: self._take(person))
            menu.addAction(action)
        if not self._people:
            menu.addAction(words.say("person.nobody")).setEnabled(False)
        elif menu.actions():
            menu.setActiveAction(menu.actions()[0])
        menu.popup(self.choice.mapToGlobal(self.choice.rect().bottomLeft()))

    def _tell(self) -> None:
        text = self._person.display_name if self._person is not None else words.say("person.choose")
        self.choice.setText(text)
        self.choice.setAccessibleName(f"{self.label.text()}: {text}")
        self.choice.update()
