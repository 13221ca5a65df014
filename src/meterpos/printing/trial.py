"""Trying a printer out: a paper and a drawer's pulse that stand in no queue and no journal of papers."""

from meterpos.printing.devices import Sent, open_device
from meterpos.printing.document import Document
from meterpos.printing.thermal import drawer_pulse, render_escpos

WIDEST = 48
"""The width a ruler is laid out for: what is too wide for the roll shows there, and nowhere else."""


def print_trial(device: str, document: Document) -> Sent:
    """Send a test paper. Waits for the printer.

    Raises: PrinterError when not a byte was sent, UnknownDevice.
    """
    return open_device(device).send(render_escpos(document, columns=WIDEST))


def open_drawer(device: str) -> Sent:
    """Send the pulse that opens the drawer, and nothing else. Raises: as `print_trial`."""
    return open_device(device).send(drawer_pulse())
