"""Files and messages from outside for the fuzzing: imports, tables, statements, what M-Pesa tells; how each is read."""

import json
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, Final

from meterpos.headoffice.importing import reader
from meterpos.headoffice.importing.layout import FILES
from meterpos.headoffice.importing.load import import_directory
from meterpos.headoffice.matching.callbacks import read_callback
from meterpos.headoffice.matching.statements import parse_statement
from meterpos.ledger.store import Store
from tests.faults import disk
from tests.support.headoffice import make_office

MARK: Final = "=== "
TOWN: Final = Path(__file__).parents[1] / "data" / "town"
MESSAGE: Final = json.dumps(
    {
        "TransactionType": "Pay Bill",
        "TransID": "SKJ3XY71AB",
        "TransTime": "20261120094107",
        "TransAmount": "1500.00",
        "BusinessShortCode": "600638",
        "BillRefNumber": "MTR-001",
        "InvoiceNumber": "",
        "MSISDN": "2547****678",
        "FirstName": "GRACE",
        "LastName": "OTIENO",
    },
    sort_keys=True,
).encode()
_MPESA: Final = b"""Organization Name,Lake Water
Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Other Party Info,A/C No.,Linked Transaction ID
SKJ3XY71AB,20-11-2026 09:41:07,"Pay Bill from 2547****678, MTR-001",Completed,"1,500.00",,2547 - GRACE OTIENO,MTR-001,
SKJ3XY71AC,20-11-2026 09:50:00,Reversal,Completed,,-1500.00,2547 - GRACE OTIENO,MTR-001,SKJ3XY71AB
SKJ3XY71AD,20-11-2026 09:52:00,Declined,Failed,200.00,,,,
"""
_BANK: Final = b"""Date;Description;Reference;Debit;Credit
20/11/2026;CHEQUE 000123 DEPOSIT;000123;;2500.00
2026-11-21;RETURNED 000123;000123;2500.00;
"""


def imports() -> list[bytes]:
    """Return a small import as one text: each file's name in a line of its own before it."""
    folder = TOWN / "import"
    pieces = []
    for name in FILES:
        if (folder / name).is_file():
            lines = (
                (folder / name)
                .read_text(encoding="utf-8")
                .splitlines(keepends=True)[: 5 if name != "adjustments.csv" else 1]
            )
            pieces.append(f"{MARK}{name}\n" + "".join(lines))
    return ["".join(pieces).encode()]


def imported(data: bytes) -> object:
    """Import it without keeping anything."""
    with tempfile.TemporaryDirectory(prefix="meterpos-faults-", dir=disk.fast()) as folder:
        for piece in data.split(MARK.encode())[1:]:
            name, _, content = piece.partition(b"\n")
            known = name.decode("utf-8", "replace")
            (Path(folder) / (known if known in FILES else "payments.csv")).write_bytes(content)
        return import_directory(_office(), Path(folder), dry_run=True)


@cache
def _office() -> Store:
    folder = Path(tempfile.mkdtemp(prefix="meterpos-faults-", dir=disk.fast()))
    return make_office(folder, f"sqlite:///{folder / 'office.db'}").store


def tables() -> list[bytes]:
    """Return one file of each kind, its name in a line before it."""
    return [piece.encode() for piece in imports()[0].decode().split(MARK)[1:]]


def read_rows(data: bytes) -> object:
    """Read a table's rows; bad ones are noted, none is an error."""
    name, _, content = data.partition(b"\n")
    known = name.decode("utf-8", "replace")
    columns = FILES.get(known, FILES["payments.csv"])
    findings = reader.Findings()
    path = _folder() / "table.csv"
    path.write_bytes(content)
    rows: list[Any] = list(reader.rows(path, columns, findings))
    assert all(len(values) == len(columns) for _, values in rows)
    return rows


def statements() -> list[bytes]:
    """Return a statement of M-Pesa's and one of a bank's."""
    return [_MPESA, _BANK]


def read_statement(data: bytes) -> object:
    """Read a statement."""
    return parse_statement(data, name="statement.csv")


def read_message(data: bytes) -> object:
    """Read what M-Pesa tells of a payment."""
    return read_callback(data, paybill="600638")


@cache
def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="meterpos-faults-", dir=disk.fast()))
