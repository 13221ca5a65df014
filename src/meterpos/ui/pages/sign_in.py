"""Who stands at the till: a list of names, and a PIN; the first time a code from head office and a new PIN, twice.

The PIN is checked in the lane (argon2, 0.3 s). Wrong PINs wait ever longer: the page counts the seconds down.
"""

from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QEvent, QObject, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QWidget

from meterpos.errors import UserError
from meterpos.ui import messages, theme, words
from meterpos.ui.desk import Desk
from meterpos.ui.models import asking
from meterpos.ui.theme import METRICS, Type
from meterpos.ui.widgets import paint
from meterpos.ui.widgets.basic import EmptyState, Label, Surface, announce, horizontal, vertical
from meterpos.ui.widgets.buttons import Button, MainAction
from meterpos.ui.widgets.fields import Field, Problem
from meterpos.ui.widgets.rows import RowList, RowState, highlight

if TYPE_CHECKING:
    from meterpos.ledger.queries.people import User

LIST_WIDTH = 300
FORM_WIDTH = 380
HEIGHT = 470
ROW = 56
SECOND_MS = 1_000


class SignInPage(QWidget):
    """`signed_in` carries the user name of someone whose PIN was right."""

    signed_in = Signal(str)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("page")
        self._desk = desk
        self._busy = False
        self._renewing = False
        self._waits: dict[str, tuple[QElapsedTimer, int]] = {}
        self._wanted: str | None = None
        self.where = Label(Type.title)
        self.why = Label(Type.name, wrap=True)
        self.people: RowList[User] = RowList(row_height=ROW, painter=_paint_person, spoken=_spoken)
        self.nobody = EmptyState("users", "gate.choose")
        self.name = Label(Type.name, wrap=True)
        self.role = Label(Type.small, "muted", wrap=True)
        self.code = Field("gate.code")
        self.pin = Field("person.pin", secret=True)
        self.again = Field("gate.again", secret=True)
        self.problem = Problem()
        self.button = MainAction()
        self.renew = Button("link", step=Type.small_strong)
        self.language = Button("link", step=Type.small_strong)
        self._second = QTimer(self, interval=SECOND_MS)
        self._build()
        self._connect()
        self._show_person()

    def _build(self) -> None:
        card = Surface("card")
        card.setFixedSize(LIST_WIDTH + FORM_WIDTH, HEIGHT)
        halves = horizontal(card, spacing=0)
        left = QWidget()
        left.setFixedWidth(LIST_WIDTH)
        column = vertical(left, margins=(12, 14, 6, 12), spacing=8)
        heading = Label(Type.small, "muted", key="gate.who")
        heading.setContentsMargins(10, 0, 0, 0)
        column.addWidget(heading)
        column.addWidget(self.people, 1)
        column.addStretch(0)
        self._form = QWidget()
        column = vertical(self._form, margins=(22, 22, 24, 14), spacing=8)
        column.addWidget(self.name)
        column.addWidget(self.role)
        column.addSpacing(6)
        for part in (self.code, self.pin, self.again, self.problem, self.button):
            column.addWidget(part)
        column.addWidget(self.renew, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        halves.addWidget(left)
        halves.addWidget(_Line())
        halves.addWidget(self.nobody, 1)
        halves.addWidget(self._form, 1)
        self.why.setFixedWidth(LIST_WIDTH + FORM_WIDTH)
        column = vertical(self, spacing=10)
        column.addWidget(self._bar())
        column.addStretch(2)
        column.addWidget(self.why, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(card, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        words.bind(self.people.setAccessibleName, "gate.who")

    def _bar(self) -> QFrame:
        """The till's name where it always stands, and the other language."""
        bar = QFrame()
        bar.setObjectName("topbar")
        bar.setFixedHeight(METRICS.topbar)
        row = horizontal(bar, margins=(20, 0, 20, 0))
        row.addWidget(self.where, 1)
        row.addWidget(self.language)
        return bar

    def _connect(self) -> None:
        self.people.moved.connect(lambda _: self._choose())
        self.people.picked.connect(lambda _: self._choose(walk=True))
        self.code.entered.connect(self.pin.line.setFocus)
        self.pin.entered.connect(self._leave_pin)
        self.again.entered.connect(self.press)
        self.button.clicked.connect(self.press)
        self.renew.clicked.connect(self._turn_renewing)
        self.language.clicked.connect(_speak_other)
        self._second.timeout.connect(self._tell_wait)
        for field in (self.code, self.pin, self.again):
            field.line.installEventFilter(self)
        words.notifier().changed.connect(self._show_person)

    # --- the page's life -----------------------------------------------------------------------------------------

    def open_for(self, user_name: str | None, *, locked: bool) -> None:
        """Ask who is there; who was signed in last, else whose shift is open, is chosen already."""
        standing = self._desk.standing
        assert standing is not None
        shift = standing.shift
        self._wanted = user_name or (shift.clerk if shift is not None else None)
        self._locked = locked
        self.forget()
        self._show_where()
        self.people.setFocus()
        self._desk.tasks.read(asking.people_here, self._offer, topic="sign-in")

    def refresh(self) -> None:
        """Read again who may sign in: head office may have sent somebody meanwhile. What is typed stays."""
        self._desk.tasks.read(asking.people_here, self._offer_again, topic="sign-in again")

    def forget(self) -> None:
        """Forget what was typed."""
        self._renewing = False
        self._clear()

    def _clear(self) -> None:
        for field in (self.code, self.pin, self.again):
            field.set_text("")
            field.tell("")
        self.problem.tell("")

    def _show_where(self) -> None:
        standing = self._desk.standing
        assert standing is not None
        self.where.setText(standing.status.title or standing.status.till_name)
        shift = standing.shift
        key = "gate.locked" if self._locked else "gate.welcome" if shift is None else "gate.shift"
        values = {}
        if key == "gate.shift" and shift is not None:
            values = {"number": shift.shift, "clerk": standing.clerk_name or shift.clerk}
        self.why.setText(words.say(key, **values))

    def _offer(self, people: "tuple[User, ...]") -> None:
        at = next((place for place, one in enumerate(people) if one.user_name == self._wanted), -1)
        if at < 0 and len(people) == 1:
            at = 0
        self.people.set_rows(people, current=at)
        self._choose(walk=at >= 0)

    def _offer_again(self, people: "tuple[User, ...]") -> None:
        chosen = self.people.current()
        at = next((n for n, one in enumerate(people) if chosen is not None and one.user_name == chosen.user_name), -1)
        self.people.set_rows(people, current=at)
        self._show_person()

    # --- choosing ------------------------------------------------------------------------------------------------

    def choose(self, user_name: str) -> None:
        """Choose a name as a click on it would."""
        self.people.go([person.user_name for person in self.people.rows()].index(user_name))
        self._choose(walk=True)

    def _choose(self, *, walk: bool = False) -> None:
        person = self.people.current()
        if person is not None and person.user_name != self._wanted:
            self._wanted = person.user_name
            self._renewing = False
            self._clear()
        self._show_person()
        if walk and person is not None:
            (self.code if self._sets_pin() else self.pin).line.setFocus()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """The arrows walk the names from any field."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
            if step is not None:
                self.people.step(step)
                self._choose(walk=True)
                return True
        return False

    def _sets_pin(self) -> bool:
        person = self.people.current()
        return person is not None and (self._renewing or not person.has_pin)

    def _turn_renewing(self) -> None:
        self._renewing = not self._renewing
        self._clear()
        self._choose(walk=True)

    def _show_person(self) -> None:
        person = self.people.current()
        self.nobody.setVisible(person is None)
        self._form.setVisible(person is not None)
        self.language.say(words.LANGUAGES[_other_language()])
        if self._desk.standing is not None and self.isVisible():
            self._show_where()
        if person is None:
            return
        sets = self._sets_pin()
        self.name.setText(person.display_name)
        role = words.say(f"role.{person.role}")
        if person.expires_on is not None and person.has_ended(self._desk.today):
            day = words.day(person.expires_on, today=self._desk.today)
            role = words.say("gate.ended", role=role, day=day)
        self.role.setText(words.say("gate.first", role=role) if not person.has_pin else role)
        self.code.setVisible(sets)
        self.again.setVisible(sets)
        self.pin.relabel(words.say("person.new_pin" if sets else "person.pin"))
        self.button.show_lines(words.say("gate.set" if sets else "gate.button"), person.display_name)
        self.renew.setVisible(person.has_pin)
        self.renew.say(words.say("gate.renew.back" if self._renewing else "gate.renew"))
        self._tell_wait()

    # --- signing in ----------------------------------------------------------------------------------------------

    def _leave_pin(self) -> None:
        if self._sets_pin():
            self.again.line.setFocus()
        else:
            self.press()

    def press(self) -> None:
        """Sign in, or say what is missing."""
        person = self.people.current()
        if self._busy or person is None or not self.button.isEnabled():
            return
        sets = self._sets_pin()
        self.problem.tell("")
        for field, key in ((self.code, "wrong.no_code"), (self.pin, "wrong.no_pin"), (self.again, "wrong.no_again")):
            if (sets or field is self.pin) and not field.text():
                self._point_at(field, words.say(key))
                return
        if sets and self.pin.text() != self.again.text():
            self.again.set_text("")
            self._point_at(self.again, words.say("wrong.pins_differ"))
            return
        self._send(person, sets=sets)

    def _send(self, person: "User", *, sets: bool) -> None:
        self._busy = True
        self.button.setEnabled(False)
        till, name, code, pin = self._desk.till, person.user_name, self.code.text(), self.pin.text()

        def work() -> str:
            if sets:
                till.set_pin(user_name=name, code=code, pin=pin)
            till.sign_in(user_name=name, pin=pin)
            return name

        self._desk.tasks.in_lane(work, self._done, lambda error: self._refuse(name, error))

    def _done(self, user_name: str) -> None:
        self._busy = False
        self.button.setEnabled(True)
        self._clear()
        self.signed_in.emit(user_name)

    def _refuse(self, user_name: str, error: UserError) -> None:
        self._busy = False
        self.button.setEnabled(True)
        wait_s = getattr(error, "wait_s", 0)
        field = {"code": self.code, "pin": self.pin}.get(error.field or "")
        if wait_s:
            since = QElapsedTimer()
            since.start()
            self._waits[user_name] = (since, wait_s)
            self.pin.set_text("")
            announce(self.pin, messages.sentence(error))
            self._tell_wait()
        elif field is not None:
            self._point_at(field, messages.sentence(error))
        else:
            self.problem.tell(messages.sentence(error))

    def _point_at(self, field: Field, sentence: str) -> None:
        field.tell(sentence)
        field.line.setFocus()
        field.line.selectAll()

    # --- waiting after wrong PINs --------------------------------------------------------------------------------

    def left_s(self) -> int:
        """Return how many seconds the one who is chosen has to wait."""
        person = self.people.current()
        since, wait_s = self._waits.get(person.user_name if person is not None else "", (None, 0))
        return 0 if since is None else max(wait_s - since.elapsed() // SECOND_MS, 0)

    def _tell_wait(self) -> None:
        left_s = self.left_s()
        waits = left_s > 0 and not self._sets_pin()
        if waits:
            self.pin.tell(words.say("wrong.too_many_tries", wait=words.span(left_s)))
            self._second.start()
        elif self._second.isActive():
            self._second.stop()
            self.pin.tell("")
        if not self._busy:
            self.button.setEnabled(not waits)


class _Line(QWidget):
    """The thin line between the names and the form."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedWidth(1)

    def paintEvent(self, _event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), theme.color(theme.palette().line))


def _other_language() -> str:
    return next(name for name in words.LANGUAGES if name != words.language())


def _speak_other() -> None:
    words.speak(_other_language())


def _spoken(person: "User") -> str:
    return f"{person.display_name}, {words.say(f'role.{person.role}')}"


def _paint_person(painter: QPainter, rect: QRectF, person: "User", state: RowState) -> None:
    colors = theme.palette()
    ground = highlight(painter, rect.adjusted(0, 2, 0, -2), state)
    paint.picture(painter, "circle-user-round", colors.muted, rect.left() + 10, rect.center().y())
    room = rect.adjusted(42, 9, -10, -9)
    name = QRectF(room.left(), room.top(), room.width(), 20)
    paint.text(painter, name, person.display_name, Type.text_strong, colors.ink, ground=ground)
    role = QRectF(room.left(), room.top() + 20, room.width(), 17)
    paint.text(painter, role, words.say(f"role.{person.role}"), Type.helper, colors.muted, ground=ground)
