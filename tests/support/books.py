"""A head office with two customers and three meters, for tests that need to know every shilling."""

from datetime import date, timedelta
from pathlib import Path

from meterpos.headoffice import books
from meterpos.headoffice.importing import import_directory
from meterpos.headoffice.office import Office

FILES = {
    "customers.csv": (
        "customer_no,name,phone,zone,status,opened_on,language\n"
        "AC-1,Grace Akinyi,0712345678,Kondele,active,2024-01-01,en\n"
        "AC-2,Juma Baraka,,Kondele,active,2024-01-01,sw\n"
    ),
    "contacts.csv": (
        "customer_no,name,phone,consent\n"
        "AC-1,Otieno,0722000111,yes\n"
        "AC-1,Nosy,0722000222,no\n"
        "AC-2,Mama Juma,+254733000333,yes\n"
    ),
    "meters.csv": (
        "meter_no,serial_no,utility,status,location\n"
        "MTR-001,S1,water,active,House\n"
        "MTR-002,S2,power,active,Shop\n"
        "MTR-003,S3,water,active,Farm\n"
    ),
    "accounts.csv": (
        "account_no,customer_no,meter_no,opened_on,closed_on,opening_balance\n"
        "A1,AC-1,MTR-001,2024-01-01,,0\n"
        "A2,AC-1,MTR-002,2024-01-01,,0\n"
        "A3,AC-2,MTR-003,2024-01-01,,0\n"
    ),
}


def small_books(office: Office, folder: Path) -> None:
    """Import the two customers."""
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    import_directory(office.store, folder)


def issue(office: Office, number: str, account_no: str, amount_minor: int, *, on: date | None = None) -> None:
    """Issue one invoice, due in a fortnight."""
    moment = office.moment()
    day = on or moment.today
    made = books.Invoice(
        invoice_no=number,
        account_no=account_no,
        invoice_date=day,
        due_date=day + timedelta(days=14),
        amount_minor=amount_minor,
    )
    with office.write() as (conn, outgoing):
        books.add_invoices(conn, outgoing, [made], at=moment.at)
