"""What statements and reports say, by name; receipts and shift papers have theirs in labels.py."""

from dataclasses import dataclass
from functools import cache

from meterpos.printing.texts import texts_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLabels:
    """The fixed texts of reports in one language; names in braces are filled in by the composers."""

    page_of: str
    period: str
    on_day: str
    made: str
    as_known: str
    never_heard: str
    all_known: str
    training: str

    statement: str
    statement_of: str
    customer: str
    account: str
    meter: str
    closed_on: str
    phone: str
    place: str
    date: str
    what: str
    reference: str
    debit: str
    credit: str
    balance: str
    kinds: dict[str, str]
    brought_forward: str
    carried_forward: str
    totals: str
    opening_balance: str
    closing_balance: str
    invoiced: str
    paid: str
    adjusted: str
    below_zero: str
    pending: str
    nothing_happened: str
    together: str

    aging: str
    aging_by_meter: str
    owing_customers: str
    oldest_open: str
    days_overdue: str
    days: str
    latest_shown: str
    buckets: dict[str, str]
    total: str
    owing_meters: str
    oldest: str
    largest_shown: str
    nothing_owed: str
    share: str

    collections: str
    clerk: str
    method: str
    methods: dict[str, str]
    day: str
    count: str
    taken: str
    taken_back: str
    net: str
    by_day: str
    by_clerk: str
    by_method: str
    by_till: str
    till: str
    elsewhere: str
    nothing_taken: str

    custody: str
    in_drawers: str
    in_safes: str
    banked: str
    over_short: str
    shifts: str
    shift_float: str
    expected: str
    counted: str
    still_open: str
    moved: str
    movements: dict[str, str]
    amount: str
    no_shifts: str

    trial_balance: str
    book: str
    books: dict[str, str]
    change: str
    books_balance: str
    books_differ: str

    finances: str
    active_meters: str
    outstanding: str
    overpayments: str
    billed: str
    collected: str
    collection_rate: str
    rate_said: str
    no_rate: str
    by_month: str
    month_billed: str
    month_collected: str
    largest_debts: str
    nothing_billed: str

    recalculation: str
    all_accounts: str
    kept_wrong: str
    kept_right: str
    kept_was: str
    kept_is: str


@cache
def report_labels_in(language: str) -> ReportLabels:
    """Return the texts in ``language`` ("en" or "sw"); any other language reads English."""
    return texts_of(ReportLabels, "report", language)
