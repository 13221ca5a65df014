"""Head office imports a utility's files whole or not at all."""

import shutil
from datetime import date
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import func, select, text

from meterpos.errors import UserError
from meterpos.headoffice.feed import page
from meterpos.headoffice.importing import BadImport, import_directory
from meterpos.headoffice.office import Office
from meterpos.ledger.posting import fact_of
from meterpos.ledger.rules.balances import movements_of
from meterpos.ledger.rules.digest import WRAP, digest_share
from meterpos.ledger.tables import accounts, facts, movements
from tests.support.headoffice import TOWN

TABLES = ("customers", "meters", "accounts", "facts", "movements", "feed", "claims", "zone_digests")


def contents(office: Office) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table an import writes."""
    with office.store.read() as conn:
        found = {name: sorted(map(tuple, conn.execute(text(f"SELECT * FROM {name}"))), key=repr) for name in TABLES}
        found["counters"] = [tuple(row) for row in conn.execute(text("SELECT * FROM counters"))]
    return found


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """A copy of the town's import that a test may spoil."""
    return Path(shutil.copytree(TOWN / "import", tmp_path / "town"))


def spoil(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    content = path.read_text(encoding="utf-8")
    assert content.count(old) >= 1, f"{old} is not in {file}"
    path.write_text(content.replace(old, new, 1), encoding="utf-8")


def test_head_office_counts_the_rows_it_imported(office: Office) -> None:
    imported = import_directory(office.store, TOWN / "import")
    assert imported.rows == {
        "customers.csv": 60,
        "meters.csv": 101,
        "accounts.csv": 107,
        "invoices.csv": 1022,
        "payments.csv": 860,
        "adjustments.csv": 7,
    }


def test_head_office_imports_the_movements_that_the_rules_would_make(office: Office) -> None:
    import_directory(office.store, TOWN / "import")
    with office.store.read() as conn:
        expected = movements_of(map(fact_of, conn.execute(select(facts))))
        found = {tuple(row) for row in conn.execute(select(movements))}
    assert found == {msgspec.structs.astuple(movement) for movement in expected}


def test_head_office_places_every_fact_of_an_import_in_the_feed_with_its_digest(office: Office) -> None:
    import_directory(office.store, TOWN / "import")
    with office.store.read() as conn:
        zones = list(conn.execute(select(accounts.c.zone).distinct()).scalars())
        got = page(conn, zones=zones, after=0, limit=10_000)
        rows = list(map(fact_of, conn.execute(select(facts))))
    assert not got.more
    assert sum(digest.count for digest in got.digests.values()) == len(rows)
    shares = (
        digest_share(fact_id=f.fact_id, stands_on=f.stands_on, amount_minor=f.amount_minor, decision=f.decision)
        for f in rows
    )
    assert sum(digest.total for digest in got.digests.values()) % WRAP == sum(shares) % WRAP
    assert {row.position for row in got.rows if row.kind == "fact"} == {fact.position for fact in rows}


def test_head_office_keeps_nothing_of_a_dry_run(office: Office) -> None:
    before = contents(office)
    imported = import_directory(office.store, TOWN / "import", dry_run=True)
    assert imported.dry_run
    assert imported.rows["payments.csv"] == 860
    assert contents(office) == before


BAD_ROWS = [
    ("customers.csv", "AC-10002", "AC-10001", "customers.csv, line 3, column customer_no: AC-10001 is here already."),
    ("customers.csv", "Achieng Kariuki", "", "customers.csv, line 2, column name: is empty."),
    ("customers.csv", "Achieng Kariuki", "Achieng\x07", "customers.csv, line 2, column name: holds a character"),
    ("customers.csv", "Achieng Kariuki", "A" * 501, "customers.csv, line 2, column name: has 501 characters"),
    ("customers.csv", ",Mamboleo,", ",till:KSM01,", "customers.csv, line 2, column zone: 'till:KSM01' cannot be"),
    (
        "customers.csv",
        "active,2025-10-16",
        "lost,2025-10-16",
        "customers.csv, line 2, column status: 'lost' is not one",
    ),
    ("customers.csv", "customer_no,name", "customer_no,nom", "customers.csv, line 1, column name: is missing"),
    ("customers.csv", "name,phone", "name,name", "customers.csv, line 1, column name: stands twice"),
    (
        "customers.csv",
        "2025-10-16\n",
        "2025-10-16,more\n",
        "customers.csv, line 2: has 7 values where the header names 6",
    ),
    ("meters.csv", "MTR-000002", "MTR-000001", "meters.csv, line 3, column meter_no: MTR-000001 is here already."),
    ("meters.csv", ",power,", ",gas,", "meters.csv, line 2, column utility: 'gas' is not one of water, power."),
    ("accounts.csv", "A0000002", "A0000001", "accounts.csv, line 3, column account_no: A0000001 is here already."),
    (
        "accounts.csv",
        "AC-10001",
        "AC-99999",
        "accounts.csv, line 2, column customer_no: there is no customer AC-99999.",
    ),
    (
        "accounts.csv",
        "MTR-000001",
        "MTR-999999",
        "accounts.csv, line 2, column meter_no: there is no meter MTR-999999.",
    ),
    (
        "accounts.csv",
        "MTR-000002",
        "MTR-000001",
        "accounts.csv, line 3, column meter_no: meter MTR-000001 would have two",
    ),
    ("accounts.csv", "16,,0.00", "16,2025-10-01,0.00", "accounts.csv, line 2, column closed_on: 2025-10-01 is before"),
    (
        "accounts.csv",
        "16,,0.00",
        "16,,nought",
        "accounts.csv, line 2, column opening_balance: 'nought' is not an amount.",
    ),
    (
        "invoices.csv",
        "INV-0000002",
        "INV-0000001",
        "invoices.csv, line 3, column invoice_no: INV-0000001 is here already.",
    ),
    ("invoices.csv", "A0000001", "A9999999", "invoices.csv, line 2, column account_no: there is no account A9999999."),
    ("invoices.csv", "2025-10-30", "2025-13-30", "invoices.csv, line 2, column due_date: '2025-13-30' is not a date"),
    ("invoices.csv", "2025-10-30", "30/10/2025", "invoices.csv, line 2, column due_date: '30/10/2025' is not a date"),
    ("invoices.csv", "2324.08", "2324.085", "invoices.csv, line 2, column amount: '2324.085' is not an amount."),
    ("payments.csv", "P00000002", "P00000001", "payments.csv, line 3, column payment_no: P00000001 is here already."),
    ("payments.csv", "A0000001", "A9999999", "payments.csv, line 2, column account_no: there is no account A9999999."),
    ("payments.csv", "2644.83", "-2644.83", "payments.csv, line 2, column amount: '-2644.83' is not above zero."),
    ("payments.csv", ",cheque,", ",cowries,", "payments.csv, line 2, column method: 'cowries' is not one of"),
    (
        "payments.csv",
        ",,completed,",
        ",INV-9,completed,",
        "payments.csv, line 2, column invoice_no: there is no invoice",
    ),
    (
        "payments.csv",
        "completed,",
        "completed,2020-01-01",
        "payments.csv, line 2, column reversed_on: 2020-01-01 is before",
    ),
    ("adjustments.csv", "ADJ-00002", "ADJ-00001", "adjustments.csv, line 3, column adjustment_no: ADJ-00001 is here"),
    (
        "adjustments.csv",
        "A0000005",
        "A9999999",
        "adjustments.csv, line 2, column account_no: there is no account A9999999.",
    ),
    ("payments.csv", "P00000001", '"P0000', "payments.csv, line 2: is not a CSV row"),
]


@pytest.mark.parametrize(("file", "old", "new", "said"), BAD_ROWS)
def test_head_office_names_what_is_wrong_in_an_import_and_keeps_nothing(
    office: Office, town: Path, file: str, old: str, new: str, said: str
) -> None:
    spoil(town, file, old, new)
    before = contents(office)
    with pytest.raises(BadImport) as raised:
        import_directory(office.store, town)
    assert str(raised.value.problems[0]).startswith(said)
    assert said in str(raised.value)
    assert contents(office) == before


def test_head_office_says_that_a_file_is_not_text(office: Office, town: Path) -> None:
    (town / "customers.csv").write_bytes("customer_no,name\nAC-1,Café\n".encode("latin-1"))
    with pytest.raises(BadImport, match=r"customers.csv: is not UTF-8 text"):
        import_directory(office.store, town)


def test_head_office_says_that_a_file_is_empty(office: Office, town: Path) -> None:
    (town / "customers.csv").write_bytes(b"")
    with pytest.raises(BadImport, match=r"customers.csv, line 1: is empty"):
        import_directory(office.store, town)


def test_head_office_says_that_a_folder_holds_nothing_to_import(office: Office, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds none of the files"):
        import_directory(office.store, tmp_path)


def test_head_office_refuses_the_same_import_a_second_time(office: Office) -> None:
    import_directory(office.store, TOWN / "import")
    before = contents(office)
    with pytest.raises(BadImport) as raised:
        import_directory(office.store, TOWN / "import")
    assert raised.value.count == 60 + 101 + 107 + 1022 + 860 + 7
    assert contents(office) == before


def test_head_office_imports_what_came_later_onto_what_is_here(office: Office, tmp_path: Path) -> None:
    import_directory(office.store, TOWN / "import")
    later = tmp_path / "later"
    later.mkdir()
    (later / "contacts.csv").write_text("customer_no,name,phone,consent\nAC-10001,Otieno,0722000000,yes\n")
    (later / "plans.csv").write_text(
        "plan_no,customer_no,capacity_kw,total,opened_on\nPLN-1,AC-10001,1.5,45000.00,2026-11-20\n"
    )
    (later / "payments.csv").write_text(
        "payment_no,account_no,paid_on,amount,method,reference,unheard_of\nL1,A0000001,2026-11-20,10,mpesa,,x\n"
    )
    imported = import_directory(office.store, later)
    assert imported.rows == {"contacts.csv": 1, "plans.csv": 1, "payments.csv": 1}
    assert [str(warning) for warning in imported.warnings] == [
        "payments.csv, line 1, column unheard_of: is not a column of this file and is left out.",
        "payments.csv, line 2, column reference: payment L1 was made by mpesa and has no reference.",
    ]
    with office.store.read() as conn:
        rows = {row.account_no: row for row in conn.execute(select(accounts))}
    assert rows["PLN-1"].net_minor == 4_500_000
    assert rows["A0000001"].net_minor == 64_95 - 10_00


def test_head_office_lists_invoices_that_bring_forward_another_amount_than_was_owed(
    office: Office, tmp_path: Path
) -> None:
    (tmp_path / "customers.csv").write_text("customer_no,name\nC1,Achieng\n")
    (tmp_path / "meters.csv").write_text("meter_no,utility\nM1,water\n")
    (tmp_path / "accounts.csv").write_text(
        "account_no,customer_no,meter_no,opened_on,opening_balance\nA1,C1,M1,2026-01-01,100.00\n"
    )
    (tmp_path / "invoices.csv").write_text(
        "invoice_no,account_no,invoice_date,due_date,amount,balance_brought_forward\n"
        "I1,A1,2026-01-01,2026-01-15,50.00,100.00\n"
        "I2,A1,2026-02-01,2026-02-15,50.00,150.00\n"
        "I3,A1,2026-03-01,2026-03-15,50.00,150.00\n"
    )
    imported = import_directory(office.store, tmp_path)
    assert [str(warning) for warning in imported.warnings] == [
        "invoices.csv, line 4, column balance_brought_forward: invoice I3 brings forward 150.00, "
        "the account stood at 200.00: -50.00 apart."
    ]


def test_head_office_lists_references_that_two_payments_share(office: Office, town: Path) -> None:
    spoil(town, "payments.csv", "MP0010000002", "ch0010 000001")
    spoil(town, "payments.csv", ",mpesa,ch", ",cheque,ch")
    imported = import_directory(office.store, town)
    said = [str(warning) for warning in imported.warnings]
    assert "payments.csv, line 3, column reference: CH0010000001 is also that of payment P00000001." in said


def test_head_office_takes_a_reversed_payment_as_a_payment_and_its_reversal(office: Office) -> None:
    import_directory(office.store, TOWN / "import")
    with office.store.read() as conn:
        reversals = conn.execute(select(func.count()).where(facts.c.kind == "reversal")).scalar_one()
        sums = conn.execute(
            select(func.sum(movements.c.amount_minor)).where(movements.c.kind.in_(("payment", "reversal")))
        ).scalar_one()
        paid = conn.execute(select(func.sum(accounts.c.total_paid_minor))).scalar_one()
        day = conn.execute(select(facts.c.fact_date).limit(1)).scalar_one()
    assert reversals == 45
    assert sums == -paid
    assert isinstance(day, date)
