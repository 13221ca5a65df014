"""Head office's own tables, by noun; the ledger's tables stand beside them in the same database.

base    metadata            feed    feed, counters, generations
tills   tills               desk    exceptions, assignments, answers, claims, receipt_claims, side_entries, witnesses
billing readings, tariffs, metering, bills, bill_runs, bill_errors, invoice_papers, paper_frames, notes, meter_events
legacy  the staging tables of a migration
access  tokens, done_once
messages  sms, sms_templates, sms_gateway, sms_opt_outs    money_in  what M-Pesa and the bank say came in
"""

from meterpos.headoffice.tables import legacy
from meterpos.headoffice.tables.access import done_once, tokens
from meterpos.headoffice.tables.base import metadata
from meterpos.headoffice.tables.billing import (
    bill_errors,
    bill_runs,
    bills,
    invoice_papers,
    meter_events,
    metering,
    notes,
    paper_frames,
    readings,
    tariffs,
)
from meterpos.headoffice.tables.desk import (
    answers,
    assignments,
    claims,
    exceptions,
    receipt_claims,
    side_entries,
    witnesses,
)
from meterpos.headoffice.tables.feed import counters, feed, generations
from meterpos.headoffice.tables.messages import sms, sms_gateway, sms_opt_outs, sms_templates
from meterpos.headoffice.tables.money_in import money_in
from meterpos.headoffice.tables.tills import tills

__all__ = [
    "answers",
    "assignments",
    "bill_errors",
    "bill_runs",
    "bills",
    "claims",
    "counters",
    "done_once",
    "exceptions",
    "feed",
    "generations",
    "invoice_papers",
    "legacy",
    "metadata",
    "meter_events",
    "metering",
    "money_in",
    "notes",
    "paper_frames",
    "readings",
    "receipt_claims",
    "side_entries",
    "sms",
    "sms_gateway",
    "sms_opt_outs",
    "sms_templates",
    "tariffs",
    "tills",
    "tokens",
    "witnesses",
]
