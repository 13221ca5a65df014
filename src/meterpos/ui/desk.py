"""What every page stands at: the till, the three verbs, and what the window last read of till, shift and settings."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from meterpos.ledger.money import format_money
from meterpos.ledger.rules.rights import OF_THE_DRAWER, may
from meterpos.ui import words
from meterpos.ui.tasks import Tasks

if TYPE_CHECKING:
    from meterpos.ledger.queries.people import Person
    from meterpos.ledger.queries.settings import UtilitySettings
    from meterpos.ledger.queries.shifts import Shift
    from meterpos.ledger.queries.status import Status
    from meterpos.ledger.rules.rights import Act
    from meterpos.till import Till


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One reading of how the till stands; `held_minor` is what the drawer holds where the utility limits that.

    `me` is who is signed in, None before anybody is; `knows_people` whether head office has sent anybody.
    """

    status: "Status"
    shift: "Shift | None"
    clerk_name: str
    settings: "UtilitySettings"
    today: date
    held_minor: int | None = None
    me: "Person | None" = None
    knows_people: bool = False


class Desk(QObject):
    """Handed to every page; `stands` fires after each new reading of the till's standing."""

    stands = Signal()
    go_to = Signal(str, object)  # a page's name and what it should show there
    printer_said = Signal(str)  # the sentence of a printer in trouble, "" when all is well
    online_changed = Signal()
    counting_changed = Signal()
    payment_waits = Signal(object)  # a Draft that another page than Pay had in hand
    leaving = Signal()  # another clerk stands here, or the window closes: what is typed is kept

    def __init__(self, tasks: Tasks) -> None:
        super().__init__()
        self.tasks = tasks
        self.standing: Standing | None = None
        self.online = False
        self.is_counting = False
        self._till: Till | None = None
        self._user_name: str | None = None
        self._afterwards: list[Callable[[], object]] = []

    @property
    def till(self) -> "Till":
        """The open till; asked for only after it was attached."""
        assert self._till is not None, "the till is not open yet"
        return self._till

    @property
    def is_open(self) -> bool:
        """Whether the till was attached."""
        return self._till is not None

    def attach(self, till: "Till") -> None:
        """Stand at an open till."""
        self._till = till
        self.tasks.attach(till.store)

    @property
    def currency(self) -> str:
        """The utility's currency."""
        return self.standing.settings.currency if self.standing is not None else "KES"

    @property
    def today(self) -> date:
        """The business date of the open shift, else today on the utility's calendar."""
        if self.standing is None:
            return self.till.moment().today
        return self.standing.today

    # --- who stands here -----------------------------------------------------------------------------------------

    @property
    def clerk(self) -> str | None:
        """The user name of who is signed in; the open shift may be another's."""
        return self._user_name

    @property
    def me(self) -> "Person | None":
        """Who is signed in, as last read."""
        return self.standing.me if self.standing is not None else None

    def enter(self, user_name: str, then: Callable[[], object] | None = None) -> None:
        """Someone signed in: everything from now on is done in their name."""
        self._user_name = user_name
        self.refresh(then)

    def may(self, act: "Act") -> bool:
        """Tell whether who is signed in may do this now; pages show no action that they may not do."""
        return not self.why_not(act)

    def why_not(self, act: "Act") -> str:
        """Return why who is signed in may not do this now, one sentence to show instead; "" where they may."""
        standing, me = self.standing, self.me
        if standing is None or me is None:
            return ""
        if not me.may(act):
            if may(me.role, act):
                day = words.day(me.expires_on, today=standing.today) if me.expires_on is not None else "—"
                return words.say("why.ended", name=me.display_name, day=day)
            key = "why.auditor" if me.role == "auditor" else "why.role"
            return words.say(key, name=me.display_name, role=words.say(f"role.{me.role}").lower())
        if act in OF_THE_DRAWER and self._is_anothers_drawer(standing, me):
            return words.say("why.drawer", holder=standing.clerk_name)
        return ""

    @staticmethod
    def _is_anothers_drawer(standing: Standing, me: "Person") -> bool:
        shift = standing.shift
        is_mine = shift is None or shift.clerk == me.user_name or not standing.clerk_name
        return not is_mine and not me.may("any_drawer")

    def set_counting(self, *, counting: bool) -> None:
        """Say whether a drawer is being counted: what must lie in it is told nowhere meanwhile."""
        self.is_counting = counting
        self.counting_changed.emit()

    # --- facts ---------------------------------------------------------------------------------------------------

    def money(self, amount_minor: int) -> str:
        """Return money with its currency: "KES 2,500.00"."""
        return format_money(amount_minor, currency=self.currency)

    def refresh(self, then: Callable[[], object] | None = None) -> None:
        """Read again how the till stands; of several wishes at once the newest reading answers all."""
        from meterpos.ui.models import asking

        if then is not None:
            self._afterwards.append(then)
        moment, user_name = self.till.moment(), self._user_name
        self.tasks.read(lambda conn: asking.standing(conn, moment, user_name), self._take, topic="standing")

    def _take(self, standing: Standing) -> None:
        self.standing = standing
        self.stands.emit()
        afterwards, self._afterwards = self._afterwards, []
        for then in afterwards:
            then()
