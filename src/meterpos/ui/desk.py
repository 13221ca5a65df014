"""What every page stands at: the till, the three verbs, and what the window last read of till, shift and settings."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from meterpos.ledger.money import format_money
from meterpos.ui.tasks import Tasks

if TYPE_CHECKING:
    from meterpos.ledger.queries.settings import UtilitySettings
    from meterpos.ledger.queries.shifts import Shift
    from meterpos.ledger.queries.status import Status
    from meterpos.till import Till


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One reading of how the till stands; `held_minor` is what the drawer holds where the utility limits that."""

    status: "Status"
    shift: "Shift | None"
    clerk_name: str
    settings: "UtilitySettings"
    today: date
    held_minor: int | None = None


class Desk(QObject):
    """Handed to every page; `stands` fires after each new reading of the till's standing."""

    stands = Signal()
    go_to = Signal(str, object)  # a page's name and what it should show there
    printer_said = Signal(str)  # the sentence of a printer in trouble, "" when all is well
    online_changed = Signal()

    def __init__(self, tasks: Tasks) -> None:
        super().__init__()
        self.tasks = tasks
        self.standing: Standing | None = None
        self.online = False
        self._till: Till | None = None
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

    @property
    def clerk(self) -> str | None:
        """The user name of the clerk whose shift is open."""
        shift = self.standing.shift if self.standing is not None else None
        return shift.clerk if shift is not None else None

    def money(self, amount_minor: int) -> str:
        """Return money with its currency: "KES 2,500.00"."""
        return format_money(amount_minor, currency=self.currency)

    def refresh(self, then: Callable[[], object] | None = None) -> None:
        """Read again how the till stands; of several wishes at once the newest reading answers all."""
        from meterpos.ui.models import asking

        if then is not None:
            self._afterwards.append(then)
        moment = self.till.moment()
        self.tasks.read(lambda conn: asking.standing(conn, moment), self._take, topic="standing")

    def _take(self, standing: Standing) -> None:
        self.standing = standing
        self.stands.emit()
        afterwards, self._afterwards = self._afterwards, []
        for then in afterwards:
            then()
