"""What statements and reports say, in every language; receipts and shift papers have theirs in labels.py."""

from dataclasses import dataclass
from typing import Final


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


_ENGLISH: Final = ReportLabels(
    page_of="Page {n} of {m}",
    period="{first} to {last}",
    on_day="As of {date}",
    made="Made {date} at {time}",
    as_known="Balances as head office knew them on {date} at {time}, with what was paid at this till since.",
    never_heard="This till has not yet heard from head office: balances are what it knows by itself.",
    all_known="From the books of head office.",
    training="TRAINING",
    statement="STATEMENT",
    statement_of="Statement of {whom}, {first} to {last}",
    customer="Customer",
    account="Account",
    meter="Meter",
    closed_on="closed {date}",
    phone="Phone",
    place="Place",
    date="Date",
    what="Type",
    reference="Reference",
    debit="Debit",
    credit="Credit",
    balance="Balance",
    kinds={
        "opening": "Opening debt",
        "invoice": "Invoice",
        "adjustment": "Adjustment",
        "payment": "Payment",
        "bounce": "Bounced",
        "reversal": "Reversal",
    },
    brought_forward="Brought forward",
    carried_forward="Carried forward",
    totals="Totals",
    opening_balance="Opening balance",
    closing_balance="Closing balance",
    invoiced="Invoiced",
    paid="Paid",
    adjusted="Adjusted",
    below_zero="A balance below zero is the customer's credit.",
    pending="{amount} waits to be cleared by the bank and is not counted yet.",
    nothing_happened="Nothing was invoiced or paid in this period.",
    together="All meters together",
    aging="AGED DEBT",
    aging_by_meter="Aging by meter",
    owing_customers="Customers that owe",
    oldest_open="Oldest open",
    days_overdue="Days late",
    days="{n} days late",
    latest_shown="The {n} most overdue of {m} are listed; the CSV file holds them all.",
    buckets={
        "not_due": "Not due",
        "d1_30": "1-30 days",
        "d31_60": "31-60 days",
        "d61_90": "61-90 days",
        "over_90": "Over 90 days",
    },
    total="Total",
    owing_meters="Meters that owe",
    oldest="Past due",
    largest_shown="The {n} largest of {m} are listed; the CSV file holds them all.",
    nothing_owed="Nobody owes anything.",
    share="{amount} · {percent} %",
    collections="COLLECTIONS",
    clerk="Clerk",
    method="Method",
    methods={"cash": "Cash", "mpesa": "M-Pesa", "bank": "Bank", "cheque": "Cheque"},
    day="Day",
    count="Receipts",
    taken="Taken",
    taken_back="Taken back",
    net="Net",
    by_day="By day",
    by_clerk="By clerk",
    by_method="By method",
    by_till="By till",
    till="Till",
    elsewhere="At no till",
    nothing_taken="No payment was taken here in this period.",
    custody="CASH IN CUSTODY",
    in_drawers="In drawers",
    in_safes="In safes",
    banked="Banked",
    over_short="Over (short -)",
    shifts="Shifts",
    shift_float="Float",
    expected="Expected",
    counted="Counted",
    still_open="still open",
    moved="Cash that was moved",
    movements={"drop": "To the safe", "payout": "Pay-out", "banking": "To the bank", "handover": "Hand-over"},
    amount="Amount",
    no_shifts="No shift was open and no cash was moved in this period.",
    trial_balance="TRIAL BALANCE",
    book="Book",
    books={
        "receivable": "Customers' accounts",
        "suspense": "Suspense",
        "drawer": "Drawers",
        "safe": "Safes",
        "float": "Floats lent",
        "payouts": "Pay-outs",
        "mpesa_clearing": "M-Pesa",
        "bank": "Bank",
        "cheques_in_hand": "Cheques in hand",
        "cheques_uncleared": "Cheques not cleared",
        "refunds_due": "Refunds due",
        "revenue": "Revenue",
        "adjustments": "Adjustments",
        "opening_balances": "Opening balances",
        "cash_over_short": "Cash over and short",
    },
    change="Change",
    books_balance="Debit and credit are equal.",
    books_differ="Debit and credit differ by {amount}. Run: meterpos headoffice check",
    finances="FINANCIAL SUMMARY",
    active_meters="Active meters",
    outstanding="Outstanding",
    overpayments="Overpayments",
    billed="Billed",
    collected="Collected",
    collection_rate="Collection rate",
    rate_said="{percent} %",
    no_rate="–",
    by_month="Billed and collected by month",
    month_billed="{month} billed",
    month_collected="{month} collected",
    largest_debts="Largest debts",
    nothing_billed="Nothing was billed or collected in this period.",
    recalculation="RECALCULATION",
    all_accounts="All accounts",
    kept_wrong="Kept sums that differ from what was billed and paid: {n}.",
    kept_right="Every kept sum is what was billed and paid. There is nothing to put right.",
    kept_was="Was",
    kept_is="Should be",
)

_SWAHILI: Final = ReportLabels(
    page_of="Ukurasa {n} wa {m}",
    period="{first} hadi {last}",
    on_day="Hadi {date}",
    made="Imetolewa {date} saa {time}",
    as_known="Salio kama makao makuu yalivyolijua {date} saa {time}, pamoja na yaliyolipwa kituoni hapa tangu hapo.",
    never_heard="Kituo hiki bado hakijapata habari za makao makuu: salio ni kadiri kinavyojua chenyewe.",
    all_known="Kutoka vitabu vya makao makuu.",
    training="MAFUNZO",
    statement="TAARIFA YA AKAUNTI",
    statement_of="Taarifa ya {whom}, {first} hadi {last}",
    customer="Mteja",
    account="Akaunti",
    meter="Mita",
    closed_on="ilifungwa {date}",
    phone="Simu",
    place="Mahali",
    date="Tarehe",
    what="Aina",
    reference="Kumbukumbu",
    debit="Debiti",
    credit="Krediti",
    balance="Salio",
    kinds={
        "opening": "Deni la mwanzo",
        "invoice": "Ankara",
        "adjustment": "Marekebisho",
        "payment": "Malipo",
        "bounce": "Yaliyorudi",
        "reversal": "Kubatilishwa",
    },
    brought_forward="Salio la mwanzo",
    carried_forward="Salio la mwisho",
    totals="Jumla",
    opening_balance="Salio la mwanzo",
    closing_balance="Salio la mwisho",
    invoiced="Ankara",
    paid="Yaliyolipwa",
    adjusted="Marekebisho",
    below_zero="Salio lililo chini ya sifuri ni akiba ya mteja.",
    pending="{amount} inasubiri kupitishwa na benki na bado haijahesabiwa.",
    nothing_happened="Hakuna ankara wala malipo katika kipindi hiki.",
    together="Mita zote pamoja",
    aging="MADENI KWA UMRI",
    aging_by_meter="Umri wa madeni kwa mita",
    owing_customers="Wateja wanaodaiwa",
    oldest_open="Ankara ya zamani",
    days_overdue="Kuchelewa (siku)",
    days="Kuchelewa siku {n}",
    latest_shown="Wameorodheshwa {n} waliochelewa zaidi kati ya {m}; faili ya CSV ina wote.",
    buckets={
        "not_due": "Bado muda",
        "d1_30": "Siku 1-30",
        "d31_60": "Siku 31-60",
        "d61_90": "Siku 61-90",
        "over_90": "Zaidi ya 90",
    },
    total="Jumla",
    owing_meters="Mita zinazodaiwa",
    oldest="Zimepita muda",
    largest_shown="Zimeorodheshwa {n} kubwa zaidi kati ya {m}; faili ya CSV ina zote.",
    nothing_owed="Hakuna anayedaiwa.",
    share="{amount} · asilimia {percent}",
    collections="MAKUSANYO",
    clerk="Karani",
    method="Njia",
    methods={"cash": "Taslimu", "mpesa": "M-Pesa", "bank": "Benki", "cheque": "Hundi"},
    day="Siku",
    count="Risiti",
    taken="Zilizopokelewa",
    taken_back="Zilizobatilishwa",
    net="Halisi",
    by_day="Kwa siku",
    by_clerk="Kwa karani",
    by_method="Kwa njia ya malipo",
    by_till="Kwa kituo",
    till="Kituo",
    elsewhere="Nje ya vituo",
    nothing_taken="Hakuna malipo yaliyopokelewa hapa katika kipindi hiki.",
    custody="FEDHA TASLIMU ZILIPO",
    in_drawers="Kwenye droo",
    in_safes="Kwenye sefu",
    banked="Benki",
    over_short="Zaidi (pungufu -)",
    shifts="Zamu",
    shift_float="Fedha za kuanzia",
    expected="Zilizotarajiwa",
    counted="Zilizohesabiwa",
    still_open="haijafungwa",
    moved="Fedha zilizohamishwa",
    movements={"drop": "Kwenye sefu", "payout": "Malipo", "banking": "Kwenye benki", "handover": "Makabidhiano"},
    amount="Kiasi",
    no_shifts="Hakuna zamu iliyofunguliwa wala fedha zilizohamishwa katika kipindi hiki.",
    trial_balance="MIZANIA YA MAJARIBIO",
    book="Kitabu",
    books={
        "receivable": "Akaunti za wateja",
        "suspense": "Fedha zisizo na mita",
        "drawer": "Droo",
        "safe": "Sefu",
        "float": "Fedha za kuanzia",
        "payouts": "Malipo kutoka droo",
        "mpesa_clearing": "M-Pesa",
        "bank": "Benki",
        "cheques_in_hand": "Hundi mkononi",
        "cheques_uncleared": "Hundi zisizopitishwa",
        "refunds_due": "Fedha za kurudisha",
        "revenue": "Mapato",
        "adjustments": "Marekebisho",
        "opening_balances": "Salio za mwanzo",
        "cash_over_short": "Taslimu zaidi na pungufu",
    },
    change="Mabadiliko",
    books_balance="Debiti na krediti ni sawa.",
    books_differ="Debiti na krediti zinatofautiana kwa {amount}. Endesha: meterpos headoffice check",
    finances="MUHTASARI WA FEDHA",
    active_meters="Mita zinazotumika",
    outstanding="Madeni",
    overpayments="Akiba za wateja",
    billed="Ankara",
    collected="Makusanyo",
    collection_rate="Kiwango cha makusanyo",
    rate_said="{percent} %",
    no_rate="–",
    by_month="Ankara na makusanyo kwa mwezi",
    month_billed="{month} ankara",
    month_collected="{month} makusanyo",
    largest_debts="Madeni makubwa zaidi",
    nothing_billed="Hakuna ankara wala makusanyo katika kipindi hiki.",
    recalculation="KUKOKOTOA UPYA",
    all_accounts="Akaunti zote",
    kept_wrong="Jumla zisizolingana na ankara na malipo: {n}.",
    kept_right="Kila jumla iliyowekwa inalingana na ankara na malipo. Hakuna cha kurekebisha.",
    kept_was="Ilikuwa",
    kept_is="Inapaswa kuwa",
)

_LANGUAGES: Final = {"en": _ENGLISH, "sw": _SWAHILI}


def report_labels_in(language: str) -> ReportLabels:
    """Return the texts in ``language`` ("en" or "sw"); any other language reads English."""
    return _LANGUAGES.get(language, _ENGLISH)
