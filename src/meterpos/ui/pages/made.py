"""Making a page the first time it is wanted: one that nobody opens costs neither memory nor the start."""

from importlib import import_module
from typing import Final

from PySide6.QtWidgets import QWidget

from meterpos.ui.desk import Desk
from meterpos.ui.models.exchanging import Exchanging
from meterpos.ui.models.printer import Printer

PAGES: Final = {
    "customers": "CustomersPage",
    "meters": "MetersPage",
    "receipts": "ReceiptsPage",
    "plans": "PlansPage",
    "shift": "ShiftPage",
    "sync": "SyncPage",
    "enrol": "EnrolPage",
}
"""Module in this package, and its page."""
PRINTING: Final = ("receipts", "plans", "shift", "sync")


def make_page(name: str, *, desk: Desk, printer: Printer, exchanging: Exchanging) -> QWidget | None:
    """Return a new page by name, None where there is no such page."""
    if name not in PAGES:
        return None
    kind = getattr(import_module(f"meterpos.ui.pages.{name}"), PAGES[name])
    tools = [desk, *([printer] if name in PRINTING else []), *([exchanging] if name == "sync" else [])]
    page: QWidget = kind(*tools)
    return page
