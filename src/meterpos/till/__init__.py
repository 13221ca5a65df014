"""The assembled till: one home opened, its ledger, keys and clock, and what the window and the commands do with it.

Its verbs by noun: payments.py (take, put right), drafts.py (begun, given up), custody.py (shift and cash), people.py
(PIN, approval), papers.py (print again), customers.py (what they say), configuration.py (settings), line.py (head
office), care.py (checks), all on base.py; assembly.py opens a home with them.
A verb that changes something is one transaction. They may wait for the disk: never call them on a GUI thread.
"""

from meterpos.till.assembly import Till, open_till
from meterpos.till.base import MaybeSaved, NotSaved, new_tender_id

__all__ = ["MaybeSaved", "NotSaved", "Till", "new_tender_id", "open_till"]
