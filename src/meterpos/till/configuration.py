"""The till's own settings: changed, noted in the journal, and in force at once; its printers found and tried."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from meterpos.ledger.journal import Approval
from meterpos.ledger.operations import configuration
from meterpos.ledger.operations.configuration import Value
from meterpos.settings import (
    UnusableSettings,
    is_fixed_by_environment,
    load_till_settings,
    write_till_settings,
)
from meterpos.till.base import TillBase

if TYPE_CHECKING:
    from meterpos.printing.devices import Sent

WRITABLE = frozenset(
    {"printer", "columns", "language", "theme", "text_size", "lock_after_min", "exchange_every_s", "guide", "mirror"}
)


class Configuration(TillBase):
    """The verbs of the settings page."""

    __slots__ = ()

    def needs_approval(self, names: frozenset[str]) -> bool:
        """Tell whether a manager has to agree to a change of these settings."""
        with self.store.read() as connection:
            return configuration.needs_approval(connection, names)

    def apply_settings(
        self, *, changes: Mapping[str, Value], clerk: str, approval: Approval | None = None
    ) -> frozenset[str]:
        """Write settings and note them in the journal, both or neither; return the names of those that are new.

        Raises: UnusableSettings when the file cannot be written or would not be understood, UnknownDevice, NotApproved,
        MayNot.
        """
        assert set(changes) <= WRITABLE, changes
        if changes.get("printer") is not None:
            from meterpos.printing.devices import open_device

            open_device(str(changes["printer"]))
        home = self.settings.home
        before = load_till_settings(home)
        new = {name: (getattr(before, name), to) for name, to in changes.items() if getattr(before, name) != to}
        if not new:
            return frozenset()
        _refuse_fixed(new)
        with self.store.write() as connection:
            noted = {name: pair for name, pair in new.items() if name != "guide"}
            if noted:
                now = self.moment()
                configuration.apply_settings(connection, changes=noted, moment=now, clerk=clerk, approval=approval)
            write_till_settings(home, {name: to for name, (_, to) in new.items()})
        self.settings = load_till_settings(home)
        return frozenset(new)

    def test_drawer(self, *, device: str, clerk: str) -> "Sent":
        """Open the drawer to try it, noted in the journal once the till has worked; waits for the printer.

        Raises: NoOpenShift, PrinterError, UnknownDevice.
        """
        from meterpos.printing.devices import open_device
        from meterpos.printing.trial import open_drawer

        open_device(device)
        with self.store.write() as connection:
            configuration.try_drawer(connection, moment=self.moment(), clerk=clerk)
        return open_drawer(device)

    def print_test(self, *, device: str, language: str) -> "Sent":
        """Print the test paper with its ruler on any printer; waits for it. Raises: PrinterError, UnknownDevice."""
        from meterpos.printing.ruler import compose_ruler
        from meterpos.printing.trial import print_trial

        who = self.identity()
        document = compose_ruler(
            language=language,
            till_title="meterpos" if who is None else who.full_title,
            device=device,
            local_time=self.moment().at.astimezone(self.settings.time_zone).strftime("%Y-%m-%d %H:%M"),
            training=who is not None and who.training,
        )
        return print_trial(device, document)


def _refuse_fixed(names: Iterable[str]) -> None:
    """Raise UnusableSettings for a setting the environment decides: the file would say what the till does not do."""
    for name in names:
        if is_fixed_by_environment(name):
            raise UnusableSettings(
                f"This machine sets {name} for all its programs (METERPOS_TILL_{name.upper()}). Change it there.",
                field=name,
            )
