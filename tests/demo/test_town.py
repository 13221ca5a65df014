"""The made-up town is an import set that hangs together."""

import csv
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

import pytest

from demo.town import Town, write_town

AS_OF = date(2026, 11, 20)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Town]:
    directory = tmp_path_factory.mktemp("town")
    return directory, write_town(directory, customers=3_000, months=12, seed=7, as_of=AS_OF)


def _rows(directory: Path, name: str) -> list[dict[str, str]]:
    with (directory / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _minor(text: str) -> int:
    return round(float(text) * 100)


def _net(directory: Path, account_no: str) -> int:
    net = sum(_minor(row["opening_balance"]) for row in _rows(directory, "accounts") if row["account_no"] == account_no)
    for name, sign in (("invoices", 1), ("payments", -1), ("adjustments", 1)):
        for row in _rows(directory, name):
            counts = not row.get("reversed_on") and row.get("status") != "pending"
            if row["account_no"] == account_no and counts:
                net += sign * _minor(row["amount"])
    return net


def test_the_town_has_the_size_asked_for(town: tuple[Path, Town]) -> None:
    directory, size = town
    assert size.customers == len(_rows(directory, "customers")) == 3_000
    assert size.meters == len(_rows(directory, "meters"))
    assert size.accounts == len(_rows(directory, "accounts"))


def test_the_town_is_the_same_for_the_same_seed(town: tuple[Path, Town], tmp_path: Path) -> None:
    directory, _ = town
    write_town(tmp_path, customers=3_000, months=12, seed=7, as_of=AS_OF)
    for file in sorted(directory.iterdir()):
        assert (tmp_path / file.name).read_bytes() == file.read_bytes(), file.name


def test_each_invoice_brings_forward_what_was_owed_just_before_it(town: tuple[Path, Town]) -> None:
    directory, _ = town
    events: dict[str, list[tuple[str, int, int | None]]] = defaultdict(list)
    for row in _rows(directory, "accounts"):
        events[row["account_no"]].append(("", _minor(row["opening_balance"]), None))
    for row in _rows(directory, "invoices"):
        brought = _minor(row["balance_brought_forward"])
        events[row["account_no"]].append((row["invoice_date"], _minor(row["amount"]), brought))
    for row in _rows(directory, "adjustments"):
        events[row["account_no"]].append((row["made_on"], _minor(row["amount"]), None))
    for row in _rows(directory, "payments"):
        if row["status"] == "completed":
            events[row["account_no"]].append((row["paid_on"], -_minor(row["amount"]), None))
            if row["reversed_on"]:
                events[row["account_no"]].append((row["reversed_on"], _minor(row["amount"]), None))
    for account_no, happened in events.items():
        net = 0
        for day, change, forward in sorted(happened, key=lambda event: event[0]):
            if forward is not None:
                assert forward == max(net, 0), (account_no, day)
            net += change


def test_numbers_and_references_of_the_town_never_repeat(town: tuple[Path, Town]) -> None:
    directory, _ = town
    for name, column in (
        ("customers", "customer_no"),
        ("meters", "meter_no"),
        ("meters", "serial_no"),
        ("accounts", "account_no"),
        ("invoices", "invoice_no"),
        ("payments", "payment_no"),
        ("adjustments", "adjustment_no"),
    ):
        numbers = [row[column] for row in _rows(directory, name)]
        assert len(numbers) == len(set(numbers)), column
    references = Counter(row["reference"] for row in _rows(directory, "payments") if row["reference"])
    assert max(references.values()) == 1


def test_a_meter_of_the_town_has_at_most_one_open_account(town: tuple[Path, Town]) -> None:
    directory, _ = town
    accounts = _rows(directory, "accounts")
    still_open = Counter(row["meter_no"] for row in accounts if not row["closed_on"])
    assert max(still_open.values()) == 1
    assert any(row["closed_on"] for row in accounts)
    assert all(not row["closed_on"] or row["opened_on"] <= row["closed_on"] for row in accounts)


def test_the_town_holds_every_kind_of_payment(town: tuple[Path, Town]) -> None:
    directory, _ = town
    payments = _rows(directory, "payments")
    assert {row["method"] for row in payments} == {"cash", "mpesa", "bank", "cheque"}
    assert {row["status"] for row in payments} == {"completed", "pending"}
    assert any(row["reversed_on"] for row in payments)
    assert any(row["invoice_no"] for row in payments)
    assert all(bool(row["reference"]) != (row["method"] == "cash") for row in payments)
    assert max(row["paid_on"] for row in payments) <= AS_OF.isoformat()


@pytest.mark.parametrize(
    ("meter_no", "owed"),
    [
        ("MTR-001", 230_000),
        ("MTR-045", -50_000),
        ("MTR-078", 510_000),
        ("MTR-112", 0),
        ("MTR-131", -35_000),
        ("MTR-150", 112_000),
    ],
)
def test_the_people_of_the_reference_picture_live_in_the_town(
    town: tuple[Path, Town], meter_no: str, owed: int
) -> None:
    directory, _ = town
    [account] = [row for row in _rows(directory, "accounts") if row["meter_no"] == meter_no]
    assert _net(directory, account["account_no"]) == owed


def test_a_small_town_still_has_the_people_of_the_picture(tmp_path: Path) -> None:
    size = write_town(tmp_path, customers=40, months=2, seed=3, as_of=date(2027, 1, 5))
    names = {row["customer_no"]: row["name"] for row in _rows(tmp_path, "customers")}
    assert size.customers == 40
    assert names["AC-10482"] == "Grace Akinyi Otieno"
