"""Statements and reports to compose papers from, in the shape the queries answer."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from meterpos.ledger.queries.accounts import Account
from meterpos.ledger.queries.statements import Addressee, Statement, StatementLine
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


REPORTS: dict[str, Callable[[str], Report]] = {
    "statement": one_meter,
    "statement-per-meter": per_meter,
    "statement-consolidated": consolidated,
    "statement-of-nobody": of_nobody,
}
