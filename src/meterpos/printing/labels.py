"""What papers say, in every language, in one place: a missing text is a type error, not a hole on a receipt."""

from dataclasses import dataclass
from typing import Final


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


_ENGLISH: Final = Labels(
    months=tuple("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()),
    payment_receipt="PAYMENT RECEIPT",
    reversal="REVERSAL",
    shift_report="SHIFT REPORT",
    copy="COPY {n}",
    copy_note="The same paper again, not another payment.",
    training="TRAINING",
    training_note="Made for practice. No money was recorded.",
    test_title="TEST PAPER",
    test_how="Which is the longest line that stands in one row? The number in it is the columns of this roll.",
    shift="Shift {n}",
    business_day="Business day {date}",
    meter="Meter",
    account="Account",
    utilities={"water": "water", "power": "power"},
    paid="PAID",
    methods={"cash": "Cash", "mpesa": "M-Pesa", "bank": "Bank", "cheque": "Cheque"},
    cash_received="Cash received",
    change_given="Change given",
    unconfirmed="{leg} counts now; head office has yet to confirm it.",
    pending="{leg} counts only once the bank has cleared it.",
    to_invoice="To {number}",
    to_opening="To the opening debt",
    to_adjustment="To debit {number}",
    of_date=" of {date}",
    left_on_it="left on it",
    dated_left="of {date}, left",
    to_other="To {number}",
    to_credit="To credit on this meter",
    to_credit_account="To credit on this account",
    waits_for_clearing="Waits to be cleared",
    kept_aside="Kept for this meter",
    balance_now="Balance now",
    credit_now="Credit now",
    invoice_not_known="{number} is not known here yet; it will be applied when it arrives.",
    meter_not_known="This meter is not known here yet. Head office will place the money on it.",
    name_given="Name given",
    phone_given="Phone given",
    as_known="This meter as head office knew it on {date} at {time}, with what was paid here since.",
    as_known_many="These meters as head office knew them on {date} at {time}, with what was paid here since.",
    as_known_account="This account as head office knew it on {date} at {time}, with what was paid here since.",
    never_heard="This till has not yet heard from head office: balances are what it knows by itself.",
    plan="Plan",
    plan_total="Plan total",
    plan_paid="Paid so far",
    plan_pending="Still to pay",
    plan_payment="Payment {n} on this plan",
    plan_paid_on="Payment date",
    notes="Notes: {notes}",
    sms_goes_to="SMS goes to",
    genuine="Any pay point can tell if this is genuine.",
    reversed_amount="REVERSED",
    takes_back="Takes back",
    paid_on="Paid on",
    reason="Reason: {reason}",
    approved_by="Approved by",
    approved_how={"pin": "{name}", "code": "{name}, by phone code"},
    given_back="{method} given back",
    given_back_cash="Cash given back",
    not_given_back="{method}, not given back",
    paid_again="{method}, paid in again",
    corrects="Put right: was receipt {number}, taken back by {reversal}.",
    corrected_by="Paid again on meter {meter}: receipt {number}",
    customer_signs="Customer",
    opened="Opened",
    receipts="Receipts",
    first="First",
    last="Last",
    reversals="Reversals ({n})",
    copies_printed="Copies printed",
    taken="TAKEN",
    counted_times="{method} ({n})",
    total_taken="Total taken",
    drawer="CASH DRAWER",
    float_given="Float at the start",
    cash_taken="Cash taken",
    cash_refunded="Cash given back",
    expected="Expected",
    counted="Counted",
    short="SHORT",
    over="OVER",
    agrees="AGREES",
    waiting="Waiting for head office",
    waiting_worth="worth",
    nothing_waits="Head office has everything.",
    grand_total="Grand total of this till",
    signed_through="Signed for up to entry",
    chain_head="Journal",
    clerk_signs="Clerk",
    supervisor_signs="Supervisor",
    cash_slips={"drop": "CASH TO THE SAFE", "payout": "PAID OUT", "banking": "TO THE BANK", "handover": "HANDOVER"},
    cash_moved={"drop": "To the safe", "payout": "Paid out", "banking": "Safe to bank", "handover": "Handed over"},
    slip_no="Deposit slip",
    to_clerk="Taken over by",
    next_clerk_signs="Next clerk",
    report_so_far="X REPORT",
    not_closed="The shift is still open.",
    drawer_openings="Drawer opened without a sale",
    abandoned="Payments begun and given up",
    reconnection="RECONNECTION SLIP",
    reconnect_now="The debt is paid. Please connect this supply again.",
    debt_cleared="Debt paid off",
    serial_no="Serial number",
    receipt_no="Receipt",
    reconnected_by="Connected by",
    reconnected_on="Date and time",
    recounted="Difference at handover",
    from_the_safe="FROM THE SAFE",
    count_of="{n} x {denomination}",
    counted_before="Counted before",
)

_SWAHILI: Final = Labels(
    months=tuple("Jan Feb Mac Apr Mei Jun Jul Ago Sep Okt Nov Des".split()),
    payment_receipt="RISITI YA MALIPO",
    reversal="KUBATILISHA MALIPO",
    shift_report="RIPOTI YA ZAMU",
    copy="NAKALA {n}",
    copy_note="Ni risiti ileile, si malipo mengine.",
    training="MAFUNZO",
    training_note="Ya mazoezi tu. Hakuna pesa iliyorekodiwa.",
    test_title="KARATASI YA MAJARIBIO",
    test_how="Ni mstari gani mrefu zaidi unaosimama katika safu moja? Nambari yake ndiyo herufi za karatasi hii.",
    shift="Zamu {n}",
    business_day="Siku ya kazi {date}",
    meter="Mita",
    account="Akaunti",
    utilities={"water": "maji", "power": "umeme"},
    paid="IMELIPWA",
    methods={"cash": "Taslimu", "mpesa": "M-Pesa", "bank": "Benki", "cheque": "Hundi"},
    cash_received="Taslimu iliyopokelewa",
    change_given="Chenji",
    unconfirmed="{leg} inahesabiwa sasa; makao makuu bado hayajaithibitisha.",
    pending="{leg} itahesabiwa benki ikishaipitisha.",
    to_invoice="Kwa {number}",
    to_opening="Kwa deni la mwanzo",
    to_adjustment="Kwa deni {number}",
    of_date=" ya {date}",
    left_on_it="iliyobaki",
    dated_left="ya {date}, iliyobaki",
    to_other="Kwa {number}",
    to_credit="Kwa akiba ya mita hii",
    to_credit_account="Kwa akiba ya akaunti hii",
    waits_for_clearing="Inasubiri kupitishwa",
    kept_aside="Imewekwa kwa mita hii",
    balance_now="Deni sasa",
    credit_now="Akiba sasa",
    invoice_not_known="{number} bado haijulikani hapa; italipwa itakapofika.",
    meter_not_known="Mita hii bado haijulikani hapa. Makao makuu yataiwekea pesa hizi.",
    name_given="Jina lililotajwa",
    phone_given="Simu iliyotajwa",
    as_known="Mita hii kama makao makuu yalivyoijua {date} saa {time}, pamoja na yaliyolipwa hapa tangu hapo.",
    as_known_many="Mita hizi kama makao makuu yalivyozijua {date} saa {time}, pamoja na yaliyolipwa hapa tangu hapo.",
    as_known_account="Akaunti hii kama makao makuu yalivyoijua {date} saa {time}, na yaliyolipwa hapa tangu hapo.",
    never_heard="Kituo hiki bado hakijapata habari za makao makuu: salio ni kadiri kinavyojua chenyewe.",
    plan="Mpango",
    plan_total="Jumla ya mpango",
    plan_paid="Imelipwa hadi sasa",
    plan_pending="Imebaki kulipwa",
    plan_payment="Malipo ya {n} ya mpango huu",
    plan_paid_on="Tarehe ya malipo",
    notes="Maelezo: {notes}",
    sms_goes_to="SMS kwa",
    genuine="Kituo chochote cha malipo kinaweza kuthibitisha.",
    reversed_amount="IMEBATILISHWA",
    takes_back="Inabatilisha",
    paid_on="Ililipwa",
    reason="Sababu: {reason}",
    approved_by="Imeidhinishwa na",
    approved_how={"pin": "{name}", "code": "{name}, kwa namba ya simu"},
    given_back="{method} iliyorudishwa",
    given_back_cash="Taslimu iliyorudishwa",
    not_given_back="{method}, haikurudishwa",
    paid_again="{method}, imelipwa tena",
    corrects="Marekebisho: ilikuwa risiti {number}, iliyobatilishwa na {reversal}.",
    corrected_by="Imelipwa tena kwa mita {meter}: risiti {number}",
    customer_signs="Mteja",
    opened="Ilifunguliwa",
    receipts="Risiti zilizotolewa",
    first="Ya kwanza",
    last="Ya mwisho",
    reversals="Zilizobatilishwa ({n})",
    copies_printed="Nakala zilizochapishwa",
    taken="ZILIZOPOKELEWA",
    counted_times="{method} ({n})",
    total_taken="Jumla iliyopokelewa",
    drawer="DROO YA PESA",
    float_given="Pesa za kuanzia",
    cash_taken="Taslimu iliyopokelewa",
    cash_refunded="Taslimu iliyorudishwa",
    expected="Inayotarajiwa",
    counted="Iliyohesabiwa",
    short="PUNGUFU",
    over="ZIADA",
    agrees="SAWA",
    waiting="Zinasubiri makao makuu",
    waiting_worth="za thamani",
    nothing_waits="Makao makuu yana kila kitu.",
    grand_total="Jumla kuu ya kituo",
    signed_through="Imesainiwa hadi namba",
    chain_head="Jarida",
    clerk_signs="Karani",
    supervisor_signs="Msimamizi",
    cash_slips={
        "drop": "PESA KWENDA SEFU",
        "payout": "PESA ZILIZOTOLEWA",
        "banking": "PESA KWENDA BENKI",
        "handover": "MAKABIDHIANO",
    },
    cash_moved={
        "drop": "Kwenda sefu",
        "payout": "Zilizotolewa",
        "banking": "Sefu hadi benki",
        "handover": "Makabidhiano",
    },
    slip_no="Hati ya benki",
    to_clerk="Amepokea",
    next_clerk_signs="Karani anayepokea",
    report_so_far="RIPOTI X",
    not_closed="Zamu bado haijafungwa.",
    drawer_openings="Droo kufunguliwa bila malipo",
    abandoned="Malipo yaliyoachwa",
    reconnection="HATI YA KUUNGANISHA",
    reconnect_now="Deni limelipwa. Tafadhali unganisha huduma hii tena.",
    debt_cleared="Deni lililolipwa",
    serial_no="Nambari ya kifaa",
    receipt_no="Risiti",
    reconnected_by="Imeunganishwa na",
    reconnected_on="Tarehe na saa",
    recounted="Tofauti ya makabidhiano",
    from_the_safe="KUTOKA SEFU",
    count_of="{n} x {denomination}",
    counted_before="Hesabu ya kwanza",
)

_LANGUAGES: Final = {"en": _ENGLISH, "sw": _SWAHILI}


def labels_in(language: str) -> Labels:
    """Return the texts in ``language`` ("en" or "sw"); any other language reads English."""
    return _LANGUAGES.get(language, _ENGLISH)
