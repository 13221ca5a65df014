"""Head office's own tables, by noun; the ledger's tables stand beside them in the same database.

base    metadata            feed    feed, counters, generations
tills   tills               desk    exceptions, answers, claims, receipt_claims, side_entries
legacy  the staging tables of a migration
"""

from meterpos.headoffice.tables import legacy
from meterpos.headoffice.tables.base import metadata
from meterpos.headoffice.tables.desk import answers, claims, exceptions, receipt_claims, side_entries
from meterpos.headoffice.tables.feed import counters, feed, generations
from meterpos.headoffice.tables.tills import tills

__all__ = [
    "answers",
    "claims",
    "counters",
    "exceptions",
    "feed",
    "generations",
    "legacy",
    "metadata",
    "receipt_claims",
    "side_entries",
    "tills",
]
