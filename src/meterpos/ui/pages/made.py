"""Making a page the first time it is wanted: one that nobody opens costs neither memory nor the start."""

from importlib import import_module
from typing import Final

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from meterpos.ui.desk import Desk

PAGES: Final = {
    "customers": "CustomersPage",
    "meters": "MetersPage",
    "receipts": "ReceiptsPage",
    "plans": "PlansPage",
    "shift": "ShiftPage",
    "reports": "ReportsPage",
    "sync": "SyncPage",
    "settings": "SettingsPage",
    "guide": "GuidePage",
    "enrol": "EnrolPage",
}
"""Module in this package, and its page."""
TOOLS: Final = {
    "receipts": ("printer",),
    "plans": ("printer",),
    "shift": ("printer",),
    "reports": ("printer",),
    "sync": ("printer", "exchanging"),
    "settings": ("configuring",),
    "guide": ("configuring",),
    "enrol": ("configuring",),
}
"""What a page is handed beside the desk, in order."""
PARTS: Final = (("plans", "form"), ("plans", "done"), ("plans", "new"), ("receipts", "correcting"))
"""Page, and what of it is made when it is first wanted: a piece of work of its own, also where it is made ahead."""


def make_page(name: str, *, desk: Desk, **tools: QObject) -> QWidget | None:
    """Return a new page by name with those of the tools it uses, None where there is no such page."""
    if name not in PAGES:
        return None
    kind = getattr(import_module(f"meterpos.ui.pages.{name}"), PAGES[name])
    page: QWidget = kind(desk, *(tools[tool] for tool in TOOLS.get(name, ())))
    return page
