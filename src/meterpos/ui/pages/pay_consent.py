"""A second person's consent to a payment that was stopped: a drawer that is full, a reference that was used before."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from meterpos.errors import UserError
from meterpos.ui import messages
from meterpos.ui.desk import Desk
from meterpos.ui.models.payment import Form
from meterpos.ui.theme import Type
from meterpos.ui.widgets.approval import ApprovalBox
from meterpos.ui.widgets.basic import Label, Surface, announce, vertical

if TYPE_CHECKING:
    from meterpos.ledger.journal import Approval
    from meterpos.ledger.rules.approvals import Wanted


class Consent(Surface):
    """Hidden until a payment was stopped for what a supervisor may allow; `entered` when they have agreed."""

    entered = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__("question")
        self.sentence = Label(Type.small_strong, wrap=True)
        self.approval = ApprovalBox(desk)
        column = vertical(self, margins=(12, 8, 12, 10), spacing=6)
        column.addWidget(self.sentence)
        column.addWidget(self.approval)
        self.approval.entered.connect(self.entered)
        self.hide()

    def ask(self, error: UserError, form: Form) -> bool:
        """Ask for consent where this error can be allowed by a second person; else tell that it cannot."""
        wanted = _wanted(error, form)
        if wanted is None:
            return False
        self.sentence.setText(messages.sentence(error))
        self.approval.open_for(wanted)
        self.show()
        announce(self, self.sentence.text())
        return True

    def walk_in(self) -> None:
        """Put the cursor where the second person begins."""
        self.approval.focus_first()

    def given(self) -> "Callable[[], Approval] | None":
        """Return what approves, None while something is missing, which is then said."""
        return self.approval.ready()

    def refuse(self, error: UserError) -> bool:
        """Say what was wrong with the consent; False where the error is about something else."""
        return self.isVisible() and self.approval.refuse(error)


def _wanted(error: UserError, form: Form) -> "Wanted | None":
    from meterpos.ledger.operations.cash import TooMuchCash
    from meterpos.ledger.operations.tenders import ReferenceUsed
    from meterpos.ledger.rules.approvals import NO_SUBJECT, Wanted, subject_of
    from meterpos.ledger.rules.tenders import normalise_reference

    if isinstance(error, TooMuchCash):
        return Wanted("over-limit", NO_SUBJECT, form.total_minor)
    given = [normalise_reference(leg.reference) for leg in form.legs if leg.method != "cash"]
    used = next((reference for reference in given if reference and reference in str(error)), None)
    if isinstance(error, ReferenceUsed) and used is not None:
        return Wanted("reference", subject_of(used), form.total_minor)
    return None
