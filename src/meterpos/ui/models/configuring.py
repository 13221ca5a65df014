"""The till's own settings behind the window: changed off the GUI thread, in force at once, without Qt's widgets."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from meterpos.errors import UserError
from meterpos.settings import is_fixed_by_environment
from meterpos.ui.desk import Desk

if TYPE_CHECKING:
    from meterpos.ledger.journal import Approval
    from meterpos.printing.devices import Sent
    from meterpos.printing.devices.finding import Found

Value = str | int | None


class Configuring(QObject):
    """`applied` tells the names of settings that are new, once they are written; `practice_wanted` opens the town."""

    applied = Signal(object)
    practice_wanted = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk

    @staticmethod
    def is_fixed(name: str) -> bool:
        """Whether this machine's environment sets it, so that the till cannot."""
        return is_fixed_by_environment(name)

    def choose(self, **changes: Value) -> None:
        """Apply what nobody has to agree to: looks, language, text size, the guide's step."""
        self.apply(changes)

    def apply(
        self,
        changes: Mapping[str, Value],
        *,
        approve: "Callable[[], Approval] | None" = None,
        then: Callable[[], object] = lambda: None,
        failed: Callable[[UserError], object] | None = None,
    ) -> None:
        """Apply settings; `approve` is called in the lane, right before."""
        if not self._desk.is_open:
            return
        till, clerk = self._desk.till, self._desk.clerk or ""

        def work() -> frozenset[str]:
            return till.apply_settings(changes=changes, clerk=clerk, approval=approve() if approve else None)

        def done(names: frozenset[str]) -> None:
            self.applied.emit(names)
            then()

        self._desk.tasks.write(work, done, failed)

    def whether_needed(self, names: frozenset[str], then: Callable[[bool], object]) -> None:
        """Tell `then` whether a manager has to agree to a change of these."""
        till = self._desk.till
        self._desk.tasks.in_lane(lambda: till.needs_approval(names), then)

    def find(self, then: "Callable[[tuple[Found, ...]], object]") -> None:
        """Look for printers on this machine."""

        def work() -> "tuple[Found, ...]":
            from meterpos.printing.devices.finding import find_printers

            return find_printers()

        self._desk.tasks.outside(work, then)

    def try_printer(
        self,
        device: str,
        language: str,
        then: "Callable[[Sent], object]",
        failed: Callable[[UserError], object],
    ) -> None:
        """Print the test paper."""
        till = self._desk.till
        self._desk.tasks.outside(lambda: till.print_test(device=device, language=language), then, failed)

    def try_drawer(self, device: str, then: "Callable[[Sent], object]", failed: Callable[[UserError], object]) -> None:
        """Open the drawer, noted in the journal once the till has worked."""
        till, clerk = self._desk.till, self._desk.clerk or ""
        self._desk.tasks.outside(lambda: till.test_drawer(device=device, clerk=clerk), then, failed)
