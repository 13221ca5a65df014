"""Statements and reports to compose papers from, in the shape the queries answer."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from meterpos.ledger.queries.accounts import Account
from meterpos.ledger.queries.collections import Collected
from meterpos.ledger.queries.custody import Custody, Moved, ShiftKept, TillCash
from meterpos.ledger.queries.debts import LARGEST, AgedDebt, Debtor, Owing, OwingRow
from meterpos.ledger.queries.differences import KeptWrong
from meterpos.ledger.queries.finances import Debt, Finances, Month
from meterpos.ledger.queries.listings import AgingRow
from meterpos.ledger.queries.statements import Addressee, Statement, StatementLine
from meterpos.ledger.rules.aging import Aging
from meterpos.ledger.rules.postings import Book
from meterpos.printing.aging import compose_aging, compose_owing
from meterpos.printing.collections import compose_collections
from meterpos.printing.custody import compose_custody
from meterpos.printing.finances import compose_finances
from meterpos.printing.recalculation import compose_recalculation
from meterpos.printing.report import Imprint, Report
from meterpos.printing.statement import compose_statement
from meterpos.printing.trial_balance import compose_trial_balance

GRACE = Addressee(customer_no="AC-10482", name="Grace Akinyi Otieno", phone="0712345678", place="Kondele")
LONG = Addressee(
    customer_no="AC-20001",
    name="Wilhelmina Nasimiyu Wanyonyi-Ochieng’ Makokha wa Nang’ombe 王小明",
    phone="+254799000111",
    place="Nyalenda B, behind the posho mill that was closed in the year of the great flood",
)
FIRST, LAST = date(2026, 9, 1), date(2026, 11, 20)


def imprint(language: str, **changes: Any) -> Imprint:
    """Return who issues the reports."""
    fields: dict[str, Any] = {
        "head": ("LAKE WATER COMPANY", "Kisumu  0800 720 111  lakewater.example"),
        "source": "KSM01 Kisumu Market",
        "currency": "KES",
        "language": language,
        "made_at": datetime(2026, 11, 20, 9, 41, tzinfo=UTC),
        "as_of": datetime(2026, 11, 20, 9, 14, tzinfo=UTC),
    }
    return Imprint(**(fields | changes))


def account(account_no: str = "A1", meter_no: str | None = "MTR-001", **changes: Any) -> Account:
    """Return an account with a meter."""
    fields: dict[str, Any] = {
        "account_no": account_no,
        "kind": "meter",
        "zone": "Kondele",
        "customer_no": "AC-10482",
        "customer_name": "Grace Akinyi Otieno",
        "meter_no": meter_no,
        "utility": "water",
        "location": "House, Kondele Rd",
        "meter_status": "active",
        "opened_on": None,
        "closed_on": None,
        "net_minor": 0,
        "balance_minor": 0,
        "overpayment_minor": 0,
        "total_billed_minor": 0,
        "total_paid_minor": 0,
        "last_invoice_date": None,
    }
    return Account(**(fields | changes))


def statement(*accounts: Account, opening: int = 0, moves: tuple[Any, ...] = (), pending: int = 0) -> Statement:
    """Return a statement over accounts; a move is day, kind, number, amount and what else its line says."""
    lines, balance = [], opening
    sums = {"invoice": 0, "paid": 0, "adjusted": 0}
    for day, kind, number, amount, *more in moves:
        balance += amount
        said: dict[str, Any] = {"method": None, "reference": None, "text": None, "account_no": accounts[0].account_no}
        lines.append(
            StatementLine(
                date=day,
                kind=kind,
                number=number,
                debit_minor=max(amount, 0),
                credit_minor=max(-amount, 0),
                balance_minor=balance,
                **(said | (more[0] if more else {})),
            )
        )
        sums["invoice" if kind == "invoice" else "adjusted" if kind in {"opening", "adjustment"} else "paid"] += amount
    return Statement(
        accounts=accounts,
        from_date=FIRST,
        to_date=LAST,
        opening_minor=opening,
        lines=tuple(lines),
        closing_minor=balance,
        invoiced_minor=sums["invoice"],
        adjusted_minor=sums["adjusted"],
        paid_minor=-sums["paid"],
        pending_minor=pending,
    )


MPESA = {"method": "mpesa", "reference": "SJK4T2LM9Q"}
CASH = {"method": "cash"}
OF_ALL_KINDS = (
    (date(2026, 9, 1), "opening", "", 120_000),
    (date(2026, 9, 10), "invoice", "INV-2026-00312", 205_000),
    (date(2026, 9, 18), "payment", "KSM01-B7K-000871", -205_000, CASH),
    (date(2026, 10, 10), "invoice", "INV-2026-00398", 185_000),
    (date(2026, 10, 12), "adjustment", "ADJ-000014", -35_000, {"text": "meter misread in August"}),
    (date(2026, 10, 21), "payment", "KSM01-B7K-000902", -185_000, MPESA),
    (date(2026, 10, 22), "payment", "KSM02-C3Q-000014", -400_000, {"method": "cheque", "reference": "000417"}),
    (date(2026, 10, 30), "bounce", "", 400_000, {"method": "cheque", "reference": "000417"}),
    (date(2026, 11, 3), "reversal", "KSM01-B7K-000911", 185_000, MPESA),
    (date(2026, 11, 20), "payment", "KSM01-B7K-000942", -500_000, CASH),
)
SHOP = account("A2", "MTR-045", location="Shop, Oginga St", closed_on=date(2026, 10, 31))
HOUSE = account()


def one_meter(language: str) -> Report:
    """Every kind of line on one meter, which ends in credit, and something pending."""
    found = statement(HOUSE, moves=OF_ALL_KINDS, pending=50_000)
    return compose_statement([found], to=GRACE, imprint=imprint(language))


def per_meter(language: str) -> Report:
    """Two meters, one of them closed and without a line, for a customer with a long name."""
    found = [statement(HOUSE, moves=OF_ALL_KINDS[:4]), statement(SHOP, opening=40_000)]
    return compose_statement(found, to=LONG, imprint=imprint(language, as_of=None))


def consolidated(language: str) -> Report:
    """All meters together, from the books of head office."""
    moves = (*OF_ALL_KINDS[:3], (date(2026, 10, 5), "invoice", "INV-2026-00390", 99_900, {"account_no": "A2"}))
    found = statement(HOUSE, SHOP, opening=-20_000, moves=moves)
    return compose_statement([found], to=GRACE, imprint=imprint(language, is_till=False, source=""))


def of_nobody(language: str) -> Report:
    """An account without meter or customer, in training."""
    nobody = account("SUSPENSE-KSM01", None, customer_no=None, customer_name=None, location=None)
    to = Addressee(customer_no="", name="", phone="", place="")
    return compose_statement([statement(nobody)], to=to, imprint=imprint(language, training=True))


def aging(language: str) -> Report:
    """Three accounts that owe, one of them without a customer, and more in the file than on the paper."""
    rows = (
        AgingRow("A1", "MTR-001", "AC-10482", 230_000, 0, 0, 0, 0, 230_000),
        AgingRow("A2", "MTR-045", "AC-20001", 100_000, 90_000, 80_000, 70_000, 12_345_678, 12_685_678),
        AgingRow("A9", None, None, 0, 0, 0, 5_000, 0, 5_000),
        AgingRow("B1", "MTR-301", "AC-11930", 0, 100, 0, 0, 0, 100),
    )
    names = {"A1": ("Grace Akinyi Otieno", "0712345678"), "A2": (LONG.name.removesuffix(" 王小明"), LONG.phone)}
    debt = AgedDebt(
        as_of=LAST,
        aging=Aging(
            not_due_minor=330_000,
            d1_30_minor=90_100,
            d31_60_minor=80_000,
            d61_90_minor=75_000,
            over_90_minor=12_345_678,
        ),
        rows=rows,
        largest=tuple(Debtor(rows[at], *names.get(rows[at].account_no, ("", ""))) for at in (1, 0, 2)),
    )
    return compose_aging(debt, imprint=imprint(language))


def no_debt(language: str) -> Report:
    """Nobody owes anything."""
    return compose_aging(AgedDebt(as_of=LAST, aging=Aging(), rows=(), largest=()), imprint=imprint(language))


def collections(language: str) -> Report:
    """Two days, two clerks, all methods, something taken back."""
    day, before = LAST, date(2026, 11, 19)
    made = [
        (before, "Achieng O.", "cash", 31, 6_250_000, 0),
        (before, "Achieng O.", "mpesa", 12, 3_000_050, 0),
        (day, "Achieng O.", "cash", 40, 8_400_000, 250_000),
        (day, "Wafula K.", "bank", 1, 2_000_000, 0),
        (day, "Wafula K.", "cheque", 2, 40_000_000, 0),
    ]
    names = ("day", "clerk", "method", "receipts", "taken_minor", "taken_back_minor")
    found = [Collected(**dict(zip(names, one, strict=True))) for one in made]
    return compose_collections(found, from_date=before, to_date=day, imprint=imprint(language))


def collections_of_one(language: str) -> Report:
    """What one clerk took by one method."""
    one = Collected(
        day=LAST, clerk="Wafula K.", method="cheque", receipts=2, taken_minor=40_000_000, taken_back_minor=0
    )
    return compose_collections(
        [one], from_date=FIRST, to_date=LAST, imprint=imprint(language), clerk="Wafula K.", method="cheque"
    )


def collections_of_a_day(language: str) -> Report:
    """One clerk and one method on one day."""
    one = Collected(
        day=LAST, clerk="Achieng O.", method="cash", receipts=1, taken_minor=250_000, taken_back_minor=250_000
    )
    return compose_collections([one], from_date=LAST, to_date=LAST, imprint=imprint(language))


def no_collections(language: str) -> Report:
    """Nothing was taken."""
    return compose_collections([], from_date=FIRST, to_date=LAST, imprint=imprint(language))


def finances(language: str) -> Report:
    """Three months, one with more reversed than paid, and debts."""
    found = Finances(
        from_date=FIRST,
        to_date=LAST,
        active_meters=148_201,
        owing_accounts=61_044,
        outstanding_minor=45_123_456_789,
        overpayments_minor=812_345_000,
        months=(
            Month(date(2026, 9, 1), 3_000_000_000, 2_700_000_000),
            Month(date(2026, 10, 1), 3_100_000_000, -5_000),
            Month(date(2026, 11, 1), 0, 1_500_000_000),
        ),
        debts=(
            Debt(account_no="A2", meter_no="MTR-045", customer_name=LONG.name[:52], balance_minor=12_685_678),
            Debt(account_no="A9", meter_no=None, customer_name=None, balance_minor=5_000),
        ),
    )
    return compose_finances(found, imprint=imprint(language))


NO_FINANCES = Finances(
    from_date=FIRST,
    to_date=LAST,
    active_meters=0,
    owing_accounts=0,
    outstanding_minor=0,
    overpayments_minor=0,
    months=(),
    debts=(),
)


def no_finances(language: str) -> Report:
    """A utility before its first invoice."""
    return compose_finances(NO_FINANCES, imprint=imprint(language))


OFFICE = {"is_till": False, "source": ""}


def finances_of_the_office(language: str) -> Report:
    """With the aging of every meter, of which the largest are shown."""
    rows = (
        AgingRow("A2", "MTR-045", "AC-20001", 100_000, 90_000, 80_000, 70_000, 12_345_678, 12_685_678),
        AgingRow("A9", None, None, 0, 0, 0, 5_000, 0, 5_000),
    )
    debt = AgedDebt(
        as_of=LAST,
        aging=Aging(not_due_minor=100_000, d1_30_minor=90_000, d31_60_minor=80_000, over_90_minor=12_345_678),
        rows=rows,
        largest=(Debtor(rows[0], LONG.name.removesuffix(" 王小明"), LONG.phone),),
    )
    found = Finances(
        from_date=FIRST,
        to_date=LAST,
        active_meters=2,
        owing_accounts=2,
        outstanding_minor=12_690_678,
        overpayments_minor=0,
        months=(Month(date(2026, 9, 1), 0, 5_000),),
        debts=(Debt(account_no="A2", meter_no="MTR-045", customer_name=LONG.name[:52], balance_minor=12_685_678),),
    )
    return compose_finances(found, imprint=imprint(language, **OFFICE), debt=debt)


def no_aging(language: str) -> Report:
    """The office's summary where nobody owes."""
    debt = AgedDebt(as_of=LAST, aging=Aging(), rows=(), largest=())
    return compose_finances(NO_FINANCES, imprint=imprint(language, **OFFICE), debt=debt)


def owing(language: str) -> Report:
    """Three that owe: one since long, one not yet late, and an account of nobody's."""
    rows = (
        OwingRow(
            "AC-20001", LONG.name.removesuffix(" 王小明"), LONG.phone, 3, "INV-2026-00100", date(2026, 1, 10),
            date(2026, 1, 24), 300, 0, 0, 0, 0, 12_345_678, 12_345_678,
        ),
        OwingRow("A9", "", "", 1, "", date(2026, 11, 1), date(2026, 11, 1), 19, 0, 5_000, 0, 0, 0, 5_000),
        OwingRow(
            "AC-10482", GRACE.name, GRACE.phone, 1, "INV-2026-00398", date(2026, 11, 10), date(2026, 11, 24), 0,
            230_000, 0, 0, 0, 0, 230_000,
        ),
    )  # fmt: skip
    aging = Aging(not_due_minor=230_000, d1_30_minor=5_000, over_90_minor=12_345_678)
    return compose_owing(Owing(as_of=LAST, aging=aging, rows=rows), imprint=imprint(language, **OFFICE))


def many_owing(language: str) -> Report:
    """More than a paper lists."""
    day = date(2026, 11, 1)
    rows = tuple(
        OwingRow(f"AC-{place:05d}", "", "", 1, f"INV-{place:05d}", day, day, 19, 0, 1, 0, 0, 0, 1)
        for place in range(LARGEST + 1)
    )
    found = Owing(as_of=LAST, aging=Aging(d1_30_minor=LARGEST + 1), rows=rows)
    return compose_owing(found, imprint=imprint(language, **OFFICE))


def nobody_owing(language: str) -> Report:
    """Nobody owes anything."""
    return compose_owing(Owing(as_of=LAST, aging=Aging(), rows=()), imprint=imprint(language, **OFFICE))


def collections_of_the_office(language: str) -> Report:
    """Two tills, and money that came in at none."""
    made = [
        ("KSM01", "Achieng O.", "cash", 40, 8_400_000, 250_000),
        ("KSM02", "Wafula K.", "bank", 1, 2_000_000, 0),
        ("", "", "mpesa", 3, 900_000, 0),
    ]
    names = ("till", "clerk", "method", "receipts", "taken_minor", "taken_back_minor")
    found = [Collected(day=LAST, **dict(zip(names, one, strict=True))) for one in made]
    return compose_collections(found, from_date=LAST, to_date=LAST, imprint=imprint(language, **OFFICE))


def collections_at_no_till(language: str) -> Report:
    """A utility that has no till yet."""
    one = Collected(day=LAST, clerk="", method="mpesa", receipts=1, taken_minor=250_000, taken_back_minor=0)
    return compose_collections([one], from_date=LAST, to_date=LAST, imprint=imprint(language, **OFFICE))


def custody(language: str) -> Report:
    """Two tills: one closed short, one open; a drop, a banking between shifts and a hand-over that was over."""
    shifts = (
        ShiftKept(
            till="KSM01", day=LAST, shift=7, clerk="achieng", float_minor=500_000, expected_minor=1_250_000,
            counted_minor=1_249_500,
        ),
        ShiftKept(
            till="KSM02", day=LAST, shift=1, clerk="wafula", float_minor=0, expected_minor=None, counted_minor=None
        ),
    )  # fmt: skip
    moved = (
        Moved(
            till="KSM01", day=LAST, shift=7, clerk="achieng", kind="drop", number="KSM01-B7K-000124",
            amount_minor=5_000_000, difference_minor=0, slip="", reason="",
        ),
        Moved(
            till="KSM01", day=LAST, shift=None, clerk="otieno", kind="banking", number="KSM01-B7K-000125",
            amount_minor=5_000_000, difference_minor=0, slip="KCB 55812", reason="",
        ),
        Moved(
            till="KSM02", day=LAST, shift=1, clerk="wafula", kind="handover", number="KSM02-C3Q-000003",
            amount_minor=80_000, difference_minor=100, slip="", reason="lunch",
        ),
    )  # fmt: skip
    tills = (
        TillCash(till="KSM01", drawer_minor=0, safe_minor=749_500, banked_minor=5_000_000, difference_minor=-500),
        TillCash(till="KSM02", drawer_minor=80_100, safe_minor=0, banked_minor=0, difference_minor=0),
    )
    found = Custody(from_date=FIRST, to_date=LAST, tills=tills, shifts=shifts, moved=moved)
    return compose_custody(found, imprint=imprint(language, **OFFICE))


def no_custody(language: str) -> Report:
    """No till at all."""
    found = Custody(from_date=FIRST, to_date=LAST, tills=(), shifts=(), moved=())
    return compose_custody(found, imprint=imprint(language, **OFFICE))


def trial_balance(language: str) -> Report:
    """Books before and after, with one that came to nothing."""
    before: dict[Book, int] = {"receivable": 500_000, "revenue": -500_000}
    after: dict[Book, int] = {"receivable": 0, "drawer": 700_000, "revenue": -700_000}
    return compose_trial_balance(
        before, after, from_date=FIRST, to_date=LAST, imprint=imprint(language, **OFFICE)
    )  # fmt: skip


def unbalanced(language: str) -> Report:
    """Books that do not balance say so."""
    return compose_trial_balance(
        {}, {"drawer": 700_001, "revenue": -700_000}, from_date=FIRST, to_date=LAST, imprint=imprint(language, **OFFICE)
    )


def recalculation(language: str) -> Report:
    """An account and a customer whose kept sums are wrong."""
    found = [
        KeptWrong(of="account", number="A1", name="MTR-001 Grace Akinyi Otieno", kept_minor=1, computed_minor=-20_000),
        KeptWrong(of="customer", number="AC-20001", name=LONG.name[:52], kept_minor=5_000, computed_minor=12_345_678),
    ]
    return compose_recalculation(found, whose="", imprint=imprint(language))


def nothing_recalculated(language: str) -> Report:
    """One meter whose kept sums are right."""
    return compose_recalculation([], whose="MTR-001 · Grace Akinyi Otieno", imprint=imprint(language))


REPORTS: dict[str, Callable[[str], Report]] = {
    "statement": one_meter,
    "statement-per-meter": per_meter,
    "statement-consolidated": consolidated,
    "statement-of-nobody": of_nobody,
    "report-aging": aging,
    "report-aging-none": no_debt,
    "report-collections": collections,
    "report-collections-of-a-day": collections_of_a_day,
    "report-collections-of-one": collections_of_one,
    "report-collections-none": no_collections,
    "report-finances": finances,
    "report-finances-none": no_finances,
    "report-finances-office": finances_of_the_office,
    "report-finances-office-none": no_aging,
    "report-owing": owing,
    "report-owing-none": nobody_owing,
    "report-collections-office": collections_of_the_office,
    "report-collections-no-till": collections_at_no_till,
    "report-custody": custody,
    "report-custody-none": no_custody,
    "report-trial-balance": trial_balance,
    "report-trial-balance-unequal": unbalanced,
    "report-recalculation": recalculation,
    "report-recalculation-none": nothing_recalculated,
}
