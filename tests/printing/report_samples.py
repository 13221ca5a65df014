"""Statements and reports to compose papers from, in the shape the queries answer."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from meterpos.ledger.queries.accounts import Account
from meterpos.ledger.queries.collections import Collected
from meterpos.ledger.queries.debts import AgedDebt, Debtor
from meterpos.ledger.queries.differences import KeptWrong
from meterpos.ledger.queries.finances import Debt, Finances, Month
from meterpos.ledger.queries.listings import AgingRow
from meterpos.ledger.queries.statements import Addressee, Statement, StatementLine
from meterpos.ledger.rules.aging import Aging
from meterpos.printing.aging import compose_aging
from meterpos.printing.collections import compose_collections
from meterpos.printing.finances import compose_finances
from meterpos.printing.recalculation import compose_recalculation
from meterpos.printing.report import Imprint, Report
from meterpos.printing.statement import compose_statement

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


def no_finances(language: str) -> Report:
    """A utility before its first invoice."""
    found = Finances(
        from_date=FIRST,
        to_date=LAST,
        active_meters=0,
        owing_accounts=0,
        outstanding_minor=0,
        overpayments_minor=0,
        months=(),
        debts=(),
    )
    return compose_finances(found, imprint=imprint(language))


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
    "report-recalculation": recalculation,
    "report-recalculation-none": nothing_recalculated,
}
