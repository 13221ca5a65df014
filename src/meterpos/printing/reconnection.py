"""The slip that asks for a meter to be connected again, composed from the payment that cleared its debt, alone."""

from meterpos.ledger.journal import Entry
from meterpos.ledger.money import format_amount
from meterpos.ledger.queries.papers import reconnections_of, slip_number
from meterpos.printing import frame
from meterpos.printing.document import Blank, Document, Element, Rule, Run, Signature, Size, pair, text
from meterpos.printing.labels import Labels, labels_in


def compose_reconnection(entry: Entry, *, seal: str, copy_no: int = 0) -> Document:
    """Compose the slip of a tender that cleared what disconnected meters owed; one slip names all of them.

    ``seal`` is the receipt's; ``copy_no`` 0 is the original, n the n-th copy.
    """
    body = entry.content.body
    parts = reconnections_of(entry)
    assert parts, "no disconnected meter was cleared by this payment"
    labels = labels_in(body["language"])
    number = slip_number(body["number"])
    elements: list[Element] = [
        *frame.opening(entry, title=labels.reconnection, labels=labels, copy_no=copy_no, number=number),
        Rule(),
        pair(body["customer"]["name"], body["customer"]["no"], stacked_left=True),
    ]
    for part in parts:
        elements += [Rule(), *_meter(part, labels)]
    elements += [
        Rule(),
        text(labels.reconnect_now, bold=True),
        pair(labels.receipt_no, body["number"]),
        Signature(labels.reconnected_by),
        Signature(labels.reconnected_on),
    ]
    return Document(
        title=number,
        language=body["language"],
        elements=(*elements, *frame.closing(body, foot=(), seal=seal, labels=labels)),
    )


def _meter(part: dict[str, object], labels: Labels) -> list[Element]:
    """Return where the meter is and what it owed and owes."""
    said = part["reconnect"]
    assert isinstance(said, dict)
    utility = labels.utilities.get(str(part["utility"]), str(part["utility"] or ""))
    elements: list[Element] = [
        pair((Run(f"{labels.meter} "), Run(str(part["meter"]), bold=True)), utility, size=Size.NORMAL),
    ]
    if said["serial"]:
        elements.append(pair(labels.serial_no, said["serial"]))
    if part["place"]:
        elements.append(text(str(part["place"])))
    return [
        *elements,
        Blank(),
        pair(labels.debt_cleared, format_amount(said["owed"]), bold=True),
        pair(labels.balance_now, format_amount(0)),
    ]
