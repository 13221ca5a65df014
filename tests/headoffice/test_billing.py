"""A month is billed: readings and tariffs come in, each account gets its bills and one invoice, once."""

import threading
from pathlib import Path

import pypdfium2
import pytest
from sqlalchemy import event, text

from meterpos.headoffice.billing import lists, periods
from tests.cli.commands import file
from tests.headoffice.billing_world import DAY, NOVEMBER, TARIFF_COLUMNS, Billing, billing, kept, small, still
from tests.printing.reading import read_bars

__all__ = ["billing", "kept", "small", "still"]

WATER_23 = 330_00 + 1_015_07 + 270_84 + 50_00 + 124_94 + 7_71 + 5_00
WATER_1 = 300_00 + 22_50 + 34 + 5_00


def test_a_month_is_billed_once_whoever_runs_it_how_often(billing: Billing) -> None:
    assert billing.ask("readings", "import", billing.readings(*NOVEMBER)) == {"taken": 3, "estimated": 0, "had": 0}
    done = billing.run_month()
    assert (done["bills"], done["invoices"], done["errors"]) == (3, 3, 0)
    assert done["amount_minor"] == WATER_23 + 209_70 + WATER_1
    assert billing.billed() == [
        ("A1", "WATER", WATER_23, "INV-000001"),
        ("A2", "POWER", 209_70, "INV-000002"),
        ("A3", "WATER", WATER_1, "INV-000003"),
        ("A1", "BALANCE", 1_000_00, "INV-000001"),
        ("A3", "BALANCE", -200_00, "INV-000003"),
    ]
    assert billing.nets() == {"A1": "2803.56", "A2": "209.70", "A3": "127.84", "A4": "0.00"}
    again = billing.run_month()
    assert (again["bills"], again["invoices"], again["new_bills"], again["new_invoices"]) == (3, 3, 0, 0)
    assert "billed by run 2024-11. Nothing is billed twice" in billing.refused(
        "bill", "run", "--period", "2024-11", "--run", "other", *DAY
    )
    rows = billing.do("invoices", "--as-of", "2024-11-20", "--format", "csv").out.splitlines()[1:]
    assert rows[0] == "INV-000001,A1,2024-11-20,2024-12-04,1803.56,0.00,1803.56,unpaid,0"
    assert billing.do("check").out == "Everything holds.\n"
    assert billing.ask("exceptions", "list")["exceptions"] == []


def test_two_runs_at_once_give_one_result(billing: Billing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meterpos.headoffice.billing.runs.AT_ONCE", 1)
    billing.do("readings", "import", billing.readings(*NOVEMBER))
    offices = [billing.office(), billing.office()]
    made: list[periods.RunResult] = []

    def go(index: int) -> None:
        office = offices[index]
        on = periods.read_period("2024-11").ends_on
        done = periods.run_period(
            office.store, period=periods.read_period("2024-11"), run_id=None, on=on, due_on=None, now=office.now
        )
        made.append(done)

    threads = [threading.Thread(target=go, args=(index,)) for index in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    for office in offices:
        office.close()
    assert sum(done.new_bills for done in made) == sum(done.new_invoices for done in made) == 3
    assert sorted(invoice for _, kind, _, invoice in billing.billed() if kind != "BALANCE") == [
        "INV-000001", "INV-000002", "INV-000003",
    ]  # fmt: skip
    assert billing.do("check").out == "Everything holds.\n"


def test_an_invoice_is_shown_as_text_page_and_printer_bytes_with_the_code_the_till_reads(small: Billing) -> None:
    small.do("bill", "create", small.bills("A1,RECONNECTION,500"), *DAY)
    small.do("readings", "import", small.readings(*NOVEMBER))
    small.run_month()
    told = small.do("invoice", "show", "inv-000001").out
    for said in (
        "INVOICE INV-000001",
        "28 Oct 2024: 100",
        "14 units at 72.505",
        "1,015.07",
        "Reconnection",
        "3,303.56",
    ):
        assert said in told.replace("\u00a0", " ")
    page = pypdfium2.PdfDocument(small.do("invoice", "show", "INV-000001", "--format", "pdf").raw)
    assert read_bars(page[0].render(scale=2).to_pil().convert("L")) == "INV-000001"
    page.close()
    assert small.do("invoice", "show", "INV-000001", "--format", "escpos", "--columns", "32").raw.startswith(b"\x1b@")
    answer = small.ask("invoice", "show", "INV-000001")
    assert (answer["amount_minor"], answer["forward_minor"], answer["total_minor"]) == (2_303_56, 1_000_00, 3_303_56)
    assert "There is no invoice INV-9." in small.refused("invoice", "show", "INV-9")


def test_an_invoice_says_for_ever_what_it_said_when_it_was_issued(billing: Billing) -> None:
    billing.do("readings", "import", billing.readings(*NOVEMBER))
    billing.run_month()
    billing.do("invoice", "add", "EXTRA-1", "--account", "A1", "--amount", "70", "--on", "2024-11-21")
    ways = [("INV-000001", "text"), ("INV-000001", "pdf"), ("INV-000001", "escpos"), ("EXTRA-1", "text")]
    printed = [billing.do("invoice", "show", number, "--format", way).raw for number, way in ways]
    assert b"Grace Akinyi Otieno" in printed[0]
    office = billing.office()
    with office.store.write() as conn:
        conn.execute(text("UPDATE customers SET name = 'Grace Ouma', phone = '', place = 'Far', language = 'sw'"))
        conn.execute(text("UPDATE meters SET location = 'Elsewhere'"))
    office.close()
    for key, value in (
        ("utility_name", "Other Water"),
        ("receipt_head", "Line one|Line two"),
        ("receipt_foot", "Kwaheri."),
        ("currency", "TZS"),
        ("paybill", "1234"),
    ):
        billing.do("setting", "set", key, value)
    billing.do("account", "handover", "M1", "--customer", "C2", "--account", "A9", "--on", "2024-12-01")
    price = ("water,2024-12-01,,block,,200,", "water,2024-12-01,,levy-percent,,9,Sewage")
    billing.do("tariff", "import", billing.tariffs(*price))
    again = [billing.do("invoice", "show", number, "--format", way).raw for number, way in ways]
    assert again == printed
    billing.do("invoice", "add", "EXTRA-2", "--account", "A1", "--amount", "70", "--on", "2024-12-01")
    assert b"Grace Ouma" in billing.do("invoice", "show", "EXTRA-2").raw
    assert billing.do("check").out == "Everything holds.\n"


def test_an_imported_invoice_is_shown_too(small: Billing) -> None:
    old = small.folder / "old"
    old.mkdir()
    columns = "invoice_no,account_no,invoice_date,due_date,amount,balance_brought_forward"
    file(old, "invoices.csv", (columns, "OLD-1,A1,2024-11-01,2024-11-15,70.00,0"))
    small.do("import", str(old))
    told = small.do("invoice", "show", "OLD-1", "--columns", "32").out
    assert "Charges" in told and "KES 70.00" in told and "Grace Akinyi Otieno" in told


def test_a_run_that_was_cut_off_goes_on_where_it_was(small: Billing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meterpos.headoffice.billing.runs.AT_ONCE", 1)
    small.do("readings", "import", small.readings(*NOVEMBER))
    office = small.office()
    month = periods.read_period("2024-11")
    told = iter((office.now(), office.now()))
    with pytest.raises(StopIteration):
        periods.run_period(
            office.store, period=month, run_id=None, on=month.ends_on, due_on=None, now=lambda: next(told)
        )
    office.close()
    assert [invoice for *_, invoice in small.billed()] == ["INV-000001", None, None, "INV-000001"]
    done = small.run_month()
    assert (done["bills"], done["new_bills"], done["invoices"], done["new_invoices"]) == (3, 0, 3, 2)
    assert sorted({invoice for *_, invoice in small.billed()}) == ["INV-000001", "INV-000002", "INV-000003"]
    rows = small.do("invoices", "--as-of", "2024-12-01", "--format", "csv").out
    assert rows.count("2024-11-30") == 3  # its days are those of its beginning


def test_a_list_is_billed_to_accounts_and_to_all_meters_of_a_customer(billing: Billing) -> None:
    columns = "account_no,customer_no,kind,amount,description,reference"
    listed = billing.bills(
        "A1,,reconnection,500,Connected again,JOB-7", ",C1,connection,1200.50,,", "A9,,WATER,10,,", columns=columns
    )
    done = billing.ask("bill", "create", listed, *DAY)
    assert (done["bills"], done["invoices"], done["errors"]) == (3, 0, 1)
    assert done["reasons"] == {"A9": "There is no account A9."}
    assert billing.nets()["A1"] == "1000.00"
    done = billing.ask("bill", "create", listed, "--invoice", *DAY)
    assert (done["new_bills"], done["new_invoices"], done["invoices"]) == (0, 2, 2)
    assert billing.nets() == {"A1": "2700.50", "A2": "1200.50", "A3": "-200.00", "A4": "0.00"}
    assert billing.ask("bill", "create", listed, "--invoice", *DAY)["new_invoices"] == 0


def test_queries_grow_with_accounts_and_not_with_their_bills(small: Billing) -> None:
    asked: list[str] = []

    def invoice(run_id: str, times: int) -> int:
        path = Path(small.bills(*(f"{account},WATER,{n + 1}" for account in ("A1", "A2", "A3") for n in range(times))))
        office = small.office()
        event.listen(office.store._writer, "before_cursor_execute", lambda *said: asked.append(said[2]))
        before = len(asked)
        made_on = periods.read_period("2024-11").ends_on
        lists.create_bills(office.store, path, run_id=run_id, invoice=True, on=made_on, due_on=None, now=office.now)
        office.close()
        return len(asked) - before

    assert invoice("once", 1) and invoice("one", 1) == invoice("many", 40)
    assert len({number for *_, number in small.billed()}) == 9


def test_bills_that_wait_stand_on_the_next_invoice_of_their_account(small: Billing) -> None:
    small.do("readings", "import", small.readings(*NOVEMBER))
    small.do("bill", "create", small.bills("A1,RECONNECTION,500", "A4,RECONNECTION,500"), *DAY)
    assert small.run_month()["invoices"] == 3
    on = {(account, kind): invoice for account, kind, _, invoice in small.billed()}
    assert on["A1", "RECONNECTION"] == on["A1", "WATER"] == "INV-000001"
    assert on["A4", "RECONNECTION"] is None


def test_an_earlier_invoice_stays_open_and_ages_by_its_own_day(small: Billing) -> None:
    small.run_month("2024-10", "--on", "2024-10-31")
    small.do("setting", "set", "due_days", "7")
    small.do("readings", "import", small.readings(*NOVEMBER))
    small.run_month()
    rows = small.do("invoices", "--as-of", "2024-12-04", "--format", "csv").out.splitlines()[1:]
    of_a1 = [row.split(",") for row in rows if row.split(",")[1] == "A1"]
    assert [(row[3], row[-2], row[-1]) for row in of_a1] == [
        ("2024-11-14", "unpaid", "20"), ("2024-11-27", "unpaid", "7")
    ]  # fmt: skip


def test_an_invoice_brings_forward_what_was_owed_and_never_counts_it(small: Billing) -> None:
    for index, reading in enumerate(("5010", "5020", "5030")):
        small.do("readings", "import", small.readings(f"M2,2024-{10 + index}-{29 - index},{reading}"))
        small.run_month(f"2024-{10 + index}", "--on", f"2024-{10 + index}-{29 - index}")
    amounts = [(kind, amount) for account, kind, amount, _ in small.billed() if account == "A2"]
    assert amounts == [
        ("POWER", 209_70), ("POWER", 209_70), ("BALANCE", 209_70), ("POWER", 209_70), ("BALANCE", 419_40)
    ]  # fmt: skip
    assert small.nets()["A2"] == "629.10"


def test_a_balance_that_is_not_what_was_owed_is_an_open_item(small: Billing) -> None:
    small.do("bill", "create", small.bills("A1,BALANCE,900", "A1,WATER,100"), "--invoice", *DAY)
    (item,) = small.ask("exceptions", "list")["exceptions"]
    assert (item["code"], item["subject"], small.nets()["A1"]) == ("brought_forward_differs", "INV-000001", "1100.00")


def test_an_account_that_cannot_be_billed_does_not_stop_the_others(small: Billing) -> None:
    small.do("readings", "import", small.readings(*NOVEMBER[:2]))
    small.do("tariff", "import", small.tariffs("trade,2025-01-01,,block,,1,"))
    small.do("tariff", "assign", "M2", "trade")
    done = small.run_month()
    assert (done["bills"], done["invoices"], done["errors"]) == (1, 1, 2)
    assert "Tariff trade has nothing in force on 18 Nov 2024" in done["reasons"]["A2"]
    assert done["reasons"]["A3"] == "Meter M3 has no reading of 2024-11. Read or estimate it."
    assert "2 accounts could not be billed" in small.do("bill", "run", "--period", "2024-11", *DAY).out
    small.do("readings", "add", "M3", "4", "--estimated", "--on", "2024-11-19")
    small.do("tariff", "assign", "M2")
    done = small.run_month()
    assert (done["bills"], done["new_bills"], done["errors"], done["reasons"]) == (3, 2, 0, {})


def test_what_the_database_refuses_of_one_account_is_that_accounts_error(small: Billing) -> None:
    small.do("readings", "import", small.readings(*NOVEMBER))
    office = small.office()
    with office.store.write() as conn:
        conn.execute(
            text(
                "CREATE TRIGGER broken BEFORE INSERT ON bills WHEN NEW.account_no = 'A2' "
                "BEGIN SELECT RAISE(ABORT, 'a disk sector of account A2'); END"
            )
        )
    office.close()
    done = small.run_month()
    assert (done["bills"], done["invoices"], done["errors"]) == (2, 2, 1)
    assert done["reasons"] == {"A2": "The database refused it: a disk sector of account A2"}


def test_who_is_late_is_asked_the_penalty(small: Billing) -> None:
    late = ("late,2024-01-01,,block,,20.97,", "late,2024-01-01,,penalty-percent,,2.5,")
    small.do("tariff", "import", small.tariffs(*late, "late,2024-01-01,,penalty-fixed,,20,"))
    for meter in ("M1", "M2"):
        small.do("tariff", "assign", meter, "late")
    small.do("readings", "import", small.readings(*NOVEMBER[:2]))
    small.run_month()
    assert [(account, amount) for account, kind, amount, _ in small.billed() if kind == "PENALTY"] == [("A1", 45_00)]


def test_estimates_roll_overs_and_corrections_bill_each_unit_once(small: Billing) -> None:
    columns = "meter_no,read_on,reading,source,rollover,digits"
    small.do("readings", "import", small.readings("M2,2024-11-10,5100,estimated,,", columns=columns))
    small.run_month()
    small.do("readings", "import", small.readings("M2,2024-12-10,5040,,,4", columns=columns))
    small.run_month("2024-12", "--on", "2024-12-15")
    small.do("readings", "import", small.readings("M2,2025-01-10,9990,,,", columns=columns))
    small.do("readings", "import", small.readings("M2,2025-01-20,20,,yes,", columns=columns))
    small.run_month("2025-01", "--on", "2025-01-25")
    amounts = [amount for account, kind, amount, _ in small.billed() if (account, kind) == ("A2", "POWER")]
    assert amounts == [100 * 20_97, 0, (5_020 - 100) * 20_97]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("M1,2024-11-18,99.5,,", "readings.csv, line 2, column reading: meter M1: 99.5 is below the last reading, 100"),
        ("M1,2024-10-28,101,,", "There is a reading of 28 Oct 2024 already, 100, not 101"),
        ("M1,2024-10-27,99,,", "27 Oct 2024 is before the last reading, of 28 Oct 2024"),
        ("M9,2024-11-18,1,,", "column meter_no: there is no meter M9."),
        ("M1,2199-11-18,1,,", "column read_on: 2199-11-18 has not come yet."),
        ("M1,18/11/2024,1,,", "column read_on: '18/11/2024' is not a date"),
        ("M1,2024-11-18,12a,,", "column reading: '12a' is no reading."),
        ("M1,2024-11-18,1,,2", "column digits: '2' is no number of digits"),
        ("M1,2024-11-18,1,guess,", "column source: 'guess' is not one of actual, estimated, final."),
        ("M1,2024-11-18", "has 2 values where the header names 5 columns."),
    ],
)
def test_a_bad_reading_stops_its_file(still: Billing, line: str, sentence: str) -> None:
    columns = "meter_no,read_on,reading,source,digits"
    listed = still.readings(line, "M3,2024-11-19,5,,", columns=columns)
    assert sentence in still.refused("readings", "import", listed)
    assert still.count("readings") == 3


def test_readings_that_are_here_already_are_passed_over(small: Billing) -> None:
    assert small.ask("readings", "import", small.readings("M1,2024-10-28,100.0"))["had"] == 1
    assert "is here already" in small.do("readings", "add", "M1", "100", "--on", "2024-10-28").out


def test_tariffs_follow_each_other(small: Billing) -> None:
    assert "1 tariff versions taken" in small.do("tariff", "import", small.tariffs("power,2024-12-01,,block,,25,")).out
    told = small.do("tariff", "list").out
    assert "2024-11-30  20.97 beyond" in told and "2024-12-01" in told
    assert small.ask("tariff", "import", small.tariffs("power,2024-01-01,,block,,20.97,"))["had"] == 1
    small.do("readings", "import", small.readings("M2,2024-11-30,5010", "M2,2024-12-30,5020"))
    small.run_month("2024-11", "--on", "2024-12-02")
    small.run_month("2024-12", "--on", "2024-12-31")
    assert [amount for account, kind, amount, _ in small.billed() if kind == "POWER"] == [209_70, 250_00]


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (("gas,2024-01-01,2024-03-31,block,,1,", "gas,2024-05-01,,block,,1,"), "nothing in force between 31 Mar 2024"),
        (("gas,2024-01-01,2024-06-30,block,,1,", "gas,2024-05-01,,block,,1,"), "two versions in force on 01 May 2024"),
        (("gas,2024-01-01,,block,6,1,",), "line 2, column upto: Tariff gas of 01 Jan 2024 has no price for the units"),
        (("gas,2024-01-01,,block,,-1,",), "column price: '-1' is no price"),
        (("gas,2024-01-01,,block,,1e3,",), "column price: '1e3' is no price"),
        (("gas,2024-01-01,,block,,99999999999999,",), "is too much"),
        (("gas,2024-01-01,,block,x,1,",), "column upto: 'x' is no number of units"),
        (("gas,2024-01-01,,block,,1,", "gas,2024-01-01,,levy-fixed,,1,"), "line 3, column name: is empty"),
        (("gas,2024-01-01,,block,,1,", "gas,2024-01-01,,standing,,1.005,"), "has more than two decimals"),
        (("gas,2024-01-01,,block,,1,", *["gas,2024-01-01,,standing,,1,"] * 2), "has two rows of 'standing'"),
        (("gas,2024-01-01,2024-03-01,block,,1,", "gas,2024-01-01,2024-02-01,standing,,1,"), "ends on several days"),
        (("power,2024-01-01,,block,,30,",), "is here already and says something else"),
        ((), "names no tariff"),
    ],
)
def test_a_bad_tariff_stops_its_file(still: Billing, lines: tuple[str, ...], sentence: str) -> None:
    assert sentence in still.refused("tariff", "import", still.tariffs(*lines))
    assert still.count("tariffs") == 2


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("A1,WATER,", "line 2, column amount: is empty."),
        ("A1,WATER,ten", "line 2, column amount: 'ten' is not an amount"),
        ("A1,WATER,0", "line 2, column amount: is nothing."),
        (",WATER,10", "line 2, column account_no: Name an account, or a customer"),
        ("A1,?,10", "line 2, column kind: '?' is no kind of bill"),
    ],
)
def test_a_bad_bill_stops_its_file(still: Billing, line: str, sentence: str) -> None:
    assert sentence in still.refused("bill", "create", still.bills(line, "A2,WATER,10"), "--invoice", *DAY)
    assert still.count("bills") == still.count("bill_runs") == 0


def test_a_closed_account_and_a_customer_without_meters_are_errors_of_their_own(small: Billing) -> None:
    small.do("account", "close", "A2", "--on", "2024-11-01")
    columns = "account_no,customer_no,kind,amount"
    done = small.ask("bill", "create", small.bills("A2,,WATER,10", ",C9,WATER,10", ",C1,WATER,10", columns=columns))
    assert sorted(done["reasons"]) == ["A2", "C9"] and done["bills"] == 1
    assert "closed on 01 Nov 2024" in done["reasons"]["A2"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("bill", "run", "--period", "2024-13"), "'2024-13' is no period. Write the month as 2026-11."),
        (("bill", "run", "--period", "2024-12", *DAY), "2024-12 has not begun yet on 20 Nov 2024"),
        (("bill", "run", "--period", "2024-11", *DAY, "--due", "2024-11-19"), "would be before 20 Nov 2024"),
        (("bill", "run", "--period", "2024-11", "--on", "9999-12-31"), "9999-12-31 is no day anything is billed on"),
        (("bill", "run", "--period", "2024-11", *DAY, "--run", "x\ty"), "A run's name is one line"),
        (("invoice", "show", "\x07"), "There is no invoice"),
        (("bill", "create", "nowhere.csv"), "nowhere.csv cannot be read"),
        (("tariff", "assign", "M1", "gold"), "There is no tariff gold."),
        (("tariff", "assign", "M9", "water"), "There is no meter M9."),
        (("readings", "add", "M9", "5"), "There is no meter M9."),
        (("setting", "set", "invoice_series", "1"), "one to eight capital letters"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence(
    still: Billing, arguments: tuple[str, ...], sentence: str
) -> None:
    assert sentence in still.refused(*arguments)
    assert still.count("bills") == still.count("bill_runs") == 0


def test_a_name_of_a_run_stands_for_one_period_or_list(small: Billing) -> None:
    small.do("readings", "import", small.readings(*NOVEMBER))
    small.run_month("2024-11", "--run", "first", *DAY)
    assert "Run first bills 2024-11" in small.refused("bill", "create", small.bills("A1,WATER,1"), "--run", "first")


def test_numbers_go_on_without_a_gap_and_never_collide_with_imported_ones(small: Billing) -> None:
    small.do("invoice", "add", "INV-000002", "--account", "A4", "--amount", "5", "--on", "2024-11-01")
    small.do("bill", "create", small.bills("A1,WATER,10"), "--invoice", *DAY)
    listed = small.bills("A2,WATER,10")
    assert "setting set invoice_series INVB" in small.refused("bill", "create", listed, "--invoice", *DAY)
    small.do("setting", "set", "invoice_series", "INVB")
    small.do("bill", "create", listed, "--invoice", *DAY)
    assert [invoice for *_, invoice in small.billed() if invoice] == ["INV-000001", "INV-000001", "INVB-000001"]


def test_a_file_without_its_columns_says_which(small: Billing) -> None:
    (small.folder / "tariffs.csv").write_text(TARIFF_COLUMNS.replace("price", "cost") + "\n")
    told = small.refused("tariff", "import", str(small.folder / "tariffs.csv"))
    assert "line 1, column price: is missing from the header." in told


def test_readings_and_bills_come_with_an_import_too(small: Billing) -> None:
    small.readings("M2,2024-11-18,5010")
    small.bills("A2,RECONNECTION,500")
    assert small.ask("import", str(small.folder))["rows"] == {"readings.csv": 1, "bills.csv": 1}
    assert [(account, amount, invoice) for account, _, amount, invoice in small.billed()] == [("A2", 500_00, None)]
    small.run_month()
    assert {invoice for account, _, _, invoice in small.billed() if account == "A2"} == {"INV-000001"}


def test_an_import_is_refused_whole_for_a_bad_reading_or_bill(still: Billing) -> None:
    still.readings("M2,2024-11-18,5010", "M1,2024-11-18,99")
    still.bills("A9,RECONNECTION,500")
    told = still.refused("import", str(still.folder))
    assert "readings.csv, line 3, column reading: meter M1: 99 is below the last reading, 100" in told
    assert "bills.csv, line 2, column account_no: There is no account A9." in told
    assert (still.count("readings"), still.count("bills")) == (3, 0)


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        ("UPDATE bills SET amount_minor = amount_minor + 1 WHERE kind = 'POWER'", "Invoice INV-000002: it says 209.70"),
        ("UPDATE bills SET amount_minor = 0 WHERE kind = 'BALANCE' AND account_no = 'A1'", "1,000.00 brought forward"),
        ("UPDATE bills SET invoice_no = 'INV-000009' WHERE kind = 'POWER'", "INV-000009 is not there"),
        ("UPDATE bills SET invoice_no = 'INV-000001' WHERE kind = 'POWER'", "another account's"),
        ("DELETE FROM bills WHERE kind = 'POWER'", "Series INV: 3 numbers were given, 2 are there."),
        ("DELETE FROM invoice_papers WHERE invoice_no = 'INV-000002'", "Invoice INV-000002: what its paper said"),
        ("DELETE FROM paper_frames", "Invoice INV-000001: what its paper said"),
    ],
)
def test_a_check_finds_bills_that_were_harmed(small: Billing, harm: str, sentence: str) -> None:
    small.do("readings", "import", small.readings(*NOVEMBER))
    small.run_month()
    assert small("check").code == 0
    office = small.office()
    with office.store.write() as conn:
        conn.execute(text(harm))
    office.close()
    found = small("check")
    assert found.code == 3 and sentence in found.out, found.out


def test_who_could_not_be_read_is_estimated_from_before(billing: Billing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meterpos.headoffice.billing.runs.AT_ONCE", 1)
    billing.do("readings", "import", billing.readings("M2,2024-11-07,5010", "M1,2024-11-08,105"))
    billing.do("account", "handover", "M3", "--customer", "C1", "--account", "A5", "--on", "2024-11-01")
    done = billing.ask("readings", "estimate", "--period", "2024-12", "--on", "2024-12-07")
    assert (done["estimated"], sorted(done["reasons"])) == (2, ["M3"])
    assert "5040 (estimated): 30 units" in billing.do("account", "history", "M2").out
    assert (
        "M3: There are no two readings"
        in billing.do("readings", "estimate", "--period", "2024-12", "--on", "2024-12-08").out
    )
    assert "is no day of 2024-12" in billing.refused(
        "readings", "estimate", "--period", "2024-12", "--on", "2024-11-30"
    )
