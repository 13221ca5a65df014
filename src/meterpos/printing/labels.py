"""What papers say, by name: a text that nobody knows is a type error, one that is missing breaks off before a paper."""

from dataclasses import dataclass
from functools import cache

from meterpos.printing.texts import texts_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """The fixed texts of papers in one language; names in braces are filled in by the composers."""

    months: tuple[str, ...]

    payment_receipt: str
    reversal: str
    shift_report: str
    copy: str
    copy_note: str
    training: str
    training_note: str
    test_title: str
    test_how: str
    shift: str
    business_day: str

    meter: str
    account: str
    utilities: dict[str, str]
    paid: str
    methods: dict[str, str]
    cash_received: str
    change_given: str
    unconfirmed: str
    pending: str

    to_invoice: str
    to_opening: str
    to_adjustment: str
    of_date: str
    left_on_it: str
    dated_left: str
    to_other: str
    to_credit: str
    to_credit_account: str
    waits_for_clearing: str
    kept_aside: str
    balance_now: str
    credit_now: str
    invoice_not_known: str
    meter_not_known: str
    name_given: str
    phone_given: str
    as_known: str
    as_known_many: str
    as_known_account: str
    never_heard: str
    plan: str
    plan_total: str
    plan_paid: str
    plan_pending: str
    plan_payment: str
    plan_paid_on: str
    notes: str
    sms_goes_to: str
    genuine: str

    reversed_amount: str
    takes_back: str
    paid_on: str
    reason: str
    approved_by: str
    approved_how: dict[str, str]
    given_back: str
    given_back_cash: str
    not_given_back: str
    paid_again: str
    corrects: str
    corrected_by: str
    customer_signs: str

    opened: str
    receipts: str
    first: str
    last: str
    reversals: str
    copies_printed: str
    taken: str
    counted_times: str
    total_taken: str
    drawer: str
    float_given: str
    cash_taken: str
    cash_refunded: str
    expected: str
    counted: str
    short: str
    over: str
    agrees: str
    waiting: str
    waiting_worth: str
    nothing_waits: str
    grand_total: str
    signed_through: str
    chain_head: str
    clerk_signs: str
    supervisor_signs: str

    cash_slips: dict[str, str]
    cash_moved: dict[str, str]
    slip_no: str
    to_clerk: str
    next_clerk_signs: str
    report_so_far: str
    not_closed: str
    drawer_openings: str
    abandoned: str
    reconnection: str
    reconnect_now: str
    debt_cleared: str
    serial_no: str
    receipt_no: str
    reconnected_by: str
    reconnected_on: str
    recounted: str
    from_the_safe: str
    count_of: str
    counted_before: str


@cache
def labels_in(language: str) -> Labels:
    """Return the texts in ``language`` ("en" or "sw"); any other language reads English."""
    return texts_of(Labels, "receipt", language)
