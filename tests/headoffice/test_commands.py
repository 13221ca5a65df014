"""`meterpos headoffice`: each command does one thing, says so, and refuses what is wrong in one sentence."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from meterpos.headoffice import exceptions
from meterpos.headoffice.office import open_office
from meterpos.settings import load_headoffice_settings
from meterpos.sync import wire
from tests.cli.commands import Staff
from tests.support.headoffice import TOWN

AS_OF = ("--as-of", "2026-11-20")


def set_up(database_url: str, home: Path, patch: pytest.MonkeyPatch) -> Staff:
    patch.setenv("METERPOS_HEADOFFICE_HOME", str(home))
    staff = Staff(database_url)
    staff.do("init")
    return staff


@pytest.fixture
def staff(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Staff:
    """An empty head office, on both databases."""
    return set_up(database_url, tmp_path / "home", monkeypatch)


@pytest.fixture(scope="module")
def town_home(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A head office with the town, on SQLite, for tests that copy it."""
    home = tmp_path_factory.mktemp("office")
    url = f"sqlite:///{(home / 'town.db').as_posix()}"
    with pytest.MonkeyPatch.context() as patch:
        set_up(url, home, patch).do("import", str(TOWN / "import"))
    return home, url


@pytest.fixture
def town(town_home: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Staff:
    """A head office of the test's own with the town imported, on SQLite."""
    import shutil

    home = tmp_path / "office"
    shutil.copytree(town_home[0], home)
    monkeypatch.setenv("METERPOS_HEADOFFICE_HOME", str(home))
    return Staff(f"sqlite:///{(home / 'town.db').as_posix()}")


def test_the_town_matches_to_the_byte(staff: Staff) -> None:
    staff.do("import", str(TOWN / "import"))
    expected = {name: (TOWN / "expected" / f"{name}.csv").read_bytes() for name in ("balances", "invoices", "aging")}
    assert staff.do("balances", "--format", "csv").raw == expected["balances"]
    assert staff.do("invoices", *AS_OF, "--format", "csv").raw == expected["invoices"]
    assert staff.do("aging", *AS_OF, "--format", "csv").raw == expected["aging"]
    assert staff.do("check").out == "Everything holds.\n"


def test_an_import_is_told_in_rows_and_warnings(staff: Staff) -> None:
    dry = staff.ask("import", str(TOWN / "import"), "--dry-run")
    assert (dry["rows"]["payments.csv"], dry["dry_run"], dry["warning_count"]) == (860, True, len(dry["warnings"]))
    assert staff.do("balances", "--format", "csv").out.count("\n") == 1
    told = staff.do("import", str(TOWN / "import")).out
    assert "2,157 rows imported" in told
    assert "payments.csv" in told


def test_a_bad_row_is_refused_with_its_place(staff: Staff, tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text("customer_no,name\nAC-1,\n")
    told = staff.refused("import", str(tmp_path))
    assert told == (
        "Nothing was imported, because 1 thing is wrong. Correct the files and import again.\n"
        "  customers.csv, line 2, column name: is empty.\n"
    )


def test_a_second_init_changes_nothing(staff: Staff) -> None:
    assert "has its keys already" in staff.refused("init")


def test_a_head_office_that_was_not_set_up_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_url: str
) -> None:
    monkeypatch.setenv("METERPOS_HEADOFFICE_HOME", str(tmp_path / "home"))
    assert "Run: meterpos headoffice init" in Staff(sqlite_url).refused("balances")
    assert "cannot be used" in Staff("nonsense").refused("init")


def test_an_old_database_asks_for_an_upgrade_and_gets_it(staff: Staff, tmp_path: Path, sqlite_url: str) -> None:
    fresh = Staff(f"sqlite:///{(tmp_path / 'other.db').as_posix()}")
    assert "meterpos headoffice upgrade" in fresh.refused("balances")
    assert fresh.ask("upgrade") == {"upgraded": True}


def test_tills_are_added_listed_and_revoked(staff: Staff) -> None:
    added = staff.ask("till", "add", "KSM01", "--zone", "Kondele", "--zone", "Migosi", "--title", "Kisumu Market")
    assert len(added["code"]) == 26
    assert added["zones"] == ["Kondele", "Migosi"]
    said = staff.do("till", "add", "KSM01", "--again").out
    assert "KSM01" in said and re.match(r"(\w{4}-){6}\w{2}\n", said), "read out by fours"
    assert wire.read_code(said.split("\n")[0])[0] == said.split("\n")[0].replace("-", "")
    (till,) = staff.ask("till", "list")["tills"]
    assert (till["till_name"], till["title"], till["zones"], till["status"]) == (
        "KSM01", "Kisumu Market", ["Kondele", "Migosi"], "waiting",
    )  # fmt: skip
    staff.do("till", "revoke", "KSM01")
    assert "revoked" in staff.do("till", "list").out


def test_users_and_settings_are_kept(staff: Staff) -> None:
    added = staff.ask("user", "add", "achieng", "--role", "clerk", "--display", "Achieng O.", "--expires", "2027-01-31")
    assert [len(part) for part in added["code"].split("-")] == [4, 4, 4]
    assert staff.do("user", "add", "achieng", "--role", "supervisor", "--again").code == 0
    assert "achieng" in staff.do("user", "list").out
    (user,) = staff.ask("user", "list")["users"]
    assert (user["role"], user["expires_on"]) == ("supervisor", None)
    staff.do("user", "revoke", "achieng")
    assert staff.ask("user", "list")["users"] == []
    for key, value, kept in [
        ("utility_name", "LAKE WATER COMPANY", "LAKE WATER COMPANY"),
        ("receipt_foot", "Asante.|Karibu tena.", ["Asante.", "Karibu tena."]),
        ("receipt_head", "", []),
        ("currency", "UGX", "UGX"),
        ("policy", '{"cheque": "unconfirmed"}', {"cheque": "unconfirmed"}),
        ("unusual_factor", "8", 8),
        ("offline_amber_minor", "50,000", 5_000_000),
        ("cash_stop_minor", "0", 0),
        ("count_total_alone", "no", False),
    ]:
        assert staff.ask("setting", "set", key, value)["value"] == kept
    assert staff.ask("setting", "list")["settings"]["currency"] == "UGX"
    assert "Karibu tena." in staff.do("setting", "list").out


def test_accounts_live_through_time(town: Staff) -> None:
    town.do("account", "handover", "MTR-000001", "--customer", "AC-10002", "--account", "A-NEW", "--on", "2026-11-20")
    town.do("account", "close", "A-NEW", "--on", "2026-11-21")
    town.do("account", "open", "A-3", "--customer", "AC-10003", "--meter", "MTR-000001", "--opening", "250.00")
    town.do("account", "disconnect", "MTR-000001")
    town.do("account", "reconnect", "MTR-000001")
    rows = {row["account_no"]: row for row in town.ask("balances")["balances"]}
    assert (rows["A-NEW"]["net_minor"], rows["A-3"]["net_minor"]) == (0, 25_000)
    assert "A-3" in town.do("statement", "--meter", "A-3").out
    assert town.do("statement", "--meter", "A-3", "--format", "pdf").raw.startswith(b"%PDF")
    assert b"From the books of head office." in town.do("statement", "--meter", "A-3", "--format", "escpos").raw
    town.do("check")


def test_money_moves_by_facts(town: Staff) -> None:
    before = net(town, "A0000001")
    assert before == 6_495
    adjusted = town.ask("adjust", "A0000001", "--amount", "-150", "--reason", "meter misread", "--on", "2026-11-20")
    assert adjusted == {"number": "ADJ-000001", "account": "A0000001", "amount_minor": -15_000}
    invoice = town.ask("invoice", "add", "INV-9", "--account", "A0000001", "--amount", "50", "--on", "2026-11-20")
    assert invoice["due_date"] == "2026-12-04"
    assert net(town, "A0000001") == before - 15_000 + 5_000
    held = next(row for row in town.ask("balances")["balances"] if row["overpayment_minor"] > 50_000)
    moved = town.ask("transfer", held["account_no"], "A0000001", "--amount", "10", "--reason", "same owner")
    assert moved["number"] == "TRF-000001"
    assert net(town, held["account_no"]) == held["net_minor"] + 1_000
    assert town.ask("payments", "confirm", "MP0010000002")["receipt"] == "P00000002"
    town.do("payments", "bounce", "CH0010000001", "--reason", "no funds")
    assert net(town, "A0000001") == before - 15_000 + 5_000 - 1_000 + 264_483
    town.do("check")


def net(town: Staff, account_no: str) -> int:
    rows = {row["account_no"]: row["net_minor"] for row in town.ask("balances")["balances"]}
    return int(rows[account_no])


def test_the_desk_lists_shows_and_resolves(town: Staff) -> None:
    assert town.do("exceptions", "list").out.endswith("0 items.\n")
    number = open_one(town)
    assert "clock_suspect" in town.do("exceptions", "list").out
    assert "1 item." in town.do("exceptions", "list", "--code", "clock_suspect").out
    assert [one["age_days"] for one in town.ask("exceptions", "list", "--owner", "support")["exceptions"]] == [0]
    assert town.ask("exceptions", "list", "--owner", "accounts")["exceptions"] == []
    assert "Kisumu" in town.do("exceptions", "show", number.lower()).out
    assert town.ask("exceptions", "show", number)["details"] == {"where": "Kisumu"}
    assert "Say what was done" in town.refused("exceptions", "resolve", number, "--by", "otieno", "--resolution", " ")
    town.do("exceptions", "resolve", number, "--by", "otieno", "--resolution", "battery changed")
    assert "already resolved by otieno" in town.refused("exceptions", "assign", number, "--to", "me", "--by", "me")
    assert "already resolved by otieno" in town.refused(
        "exceptions", "resolve", number, "--by", "me", "--resolution", "x"
    )
    assert town.ask("exceptions", "list")["exceptions"] == []
    (item,) = town.ask("exceptions", "list", "--all")["exceptions"]
    assert item["resolution"] == "battery changed"
    assert "battery changed" in town.do("exceptions", "show", number).out
    assert open_one(town) == number
    assert len(town.ask("exceptions", "list")["exceptions"]) == 1


def test_an_item_is_given_to_a_person_and_who_had_it_stays_known(town: Staff) -> None:
    number = open_one(town)
    assert town.ask("exceptions", "assign", number, "--to", "Achieng", "--by", "otieno")["assigned_to"] == "Achieng"
    for _ in range(2):
        given = ("--to", "wanjiru", "--by", "otieno", "--note", "knows the till")
        assert town.do("exceptions", "assign", number, *given).out == f"{number} is wanjiru's.\n"
    assert "wanjiru" in town.do("exceptions", "list").out
    listed = {
        who: len(town.ask("exceptions", "list", "--owner", who)["exceptions"])
        for who in ("Wanjiru", "Achieng", "support")
    }
    assert listed == {"Wanjiru": 1, "Achieng": 0, "support": 1}
    told = town.ask("exceptions", "show", number)
    assert [(one["assigned_to"], one["note"]) for one in told["assignments"]] == [
        ("Achieng", ""),
        ("wanjiru", "knows the till"),
    ]
    assert "to wanjiru by otieno (knows the till)" in town.do("exceptions", "show", number).out
    back = town.do("exceptions", "assign", number, "--back", "--by", "wanjiru").out
    assert back == f"{number} is for support again.\n"
    assert town.ask("exceptions", "show", number)["assigned_to"] is None


def test_an_item_that_comes_again_is_nobodys(town: Staff) -> None:
    number = open_one(town)
    town.do("exceptions", "assign", number, "--to", "wanjiru", "--by", "otieno")
    town.do("exceptions", "resolve", number, "--by", "wanjiru", "--resolution", "battery changed")
    assert town.ask("exceptions", "show", number)["assigned_to"] == "wanjiru"
    assert open_one(town) == number
    told = town.ask("exceptions", "show", number)
    assert (told["assigned_to"], len(told["assignments"])) == (None, 1)


def test_an_item_is_given_by_somebody_to_somebody(town: Staff) -> None:
    number = open_one(town)
    for wrong in (("--by", "me"), ("--to", "you", "--back", "--by", "me"), ("--to", " ", "--by", "me")):
        assert town("exceptions", "assign", number, *wrong).code == 2
    assert "who gives it" in town.refused("exceptions", "assign", number, "--to", "you", "--by", " ")
    assert "at most 60" in town.refused("exceptions", "assign", number, "--to", "y" * 61, "--by", "me")
    assert "one line" in town.refused("exceptions", "assign", number, "--to", "y", "--note", "a\nb", "--by", "me")


def open_one(town: Staff) -> str:
    settings = load_headoffice_settings(database=town.database_url)
    office = open_office(settings)
    with office.write() as (conn, _):
        opening = exceptions.Opening(
            code="clock_suspect", subject="KSM01", till_name="KSM01", details={"where": "Kisumu"}
        )
        exceptions.open_all(conn, [opening], at=office.moment().at)
    office.close()
    return exceptions.exception_id("clock_suspect", "KSM01")


def test_a_customer_is_put_right(town: Staff) -> None:
    answer = town.ask("customer", "correct", "AC-10001", "--phone", "0712345678", "--place", "Kondele Rd")
    assert answer == {"customer": "AC-10001", "phone": "0712345678", "place": "Kondele Rd"}
    town.do("check")


REFUSED = [
    (("till", "add", "ksm 1", "--zone", "Kondele"), "is no name for a till"),
    (("till", "add", "KSM01", "--zone", "*"), "is no name for a zone"),
    (("till", "add", "KSM01", "--again"), "There is no till KSM01"),
    (("till", "revoke", "KSM01"), "There is no till KSM01"),
    (("till", "release", "KSM01"), "There is no till KSM01 that was enrolled"),
    (("user", "add", "Achieng O", "--role", "clerk"), "is no user name"),
    (("user", "add", "achieng", "--role", "clerk", "--again"), "There is no user achieng"),
    (("user", "revoke", "achieng"), "There is no user achieng"),
    (("setting", "set", "colour", "blue"), "There is no setting 'colour'"),
    (("setting", "set", "currency", "shillings"), "three capital letters"),
    (("setting", "set", "utility_name", ""), "one line of 1 to 48"),
    (("setting", "set", "receipt_head", "a|b|c|d|e|f|g"), "at most 6 lines"),
    (("setting", "set", "unusual_factor", "many"), "whole number"),
    (("setting", "set", "policy", '{"cash": "never"}'), "says of methods"),
    (("setting", "set", "policy", "[]"), "says of methods"),
    (("setting", "set", "offline_amber_minor", "much"), "is not an amount"),
    (("account", "open", "A-1", "--customer", "AC-9", "--meter", "MTR-000001"), "There is no customer AC-9"),
    (("account", "open", "A-1", "--customer", "AC-10001", "--meter", "M-9"), "There is no meter M-9"),
    (("account", "open", "A-1", "--customer", "AC-10001", "--meter", "MTR-000001"), "has an active account, A0000001"),
    (("account", "close", "A-9"), "There is no account A-9"),
    (("account", "close", "A0000025"), "was closed on 07 May 2026 already"),
    (("account", "handover", "M-9", "--customer", "AC-10001", "--account", "A-1"), "has no active account"),
    (("account", "handover", "MTR-000001", "--customer", "AC-10001", "--account", "A-1"), "is customer AC-10001's"),
    (("account", "handover", "MTR-000001", "--customer", "AC-10002", "--account", "A0000002"), "already. Choose"),
    (("account", "disconnect", "M-9"), "There is no meter M-9"),
    (("adjust", "A-9", "--amount", "1", "--reason", "x"), "There is no account A-9"),
    (("adjust", "A0000001", "--amount", "0", "--reason", "x"), "changes nothing"),
    (("adjust", "A0000001", "--amount", "1", "--reason", " "), "Give the reason"),
    (("adjust", "A0000001", "--amount", "a lot", "--reason", "x"), "is not an amount"),
    (("transfer", "A-9", "A0000001", "--amount", "1", "--reason", "x"), "There is no account A-9"),
    (("transfer", "A0000001", "A0000001", "--amount", "1", "--reason", "x"), "to another account"),
    (("transfer", "A0000001", "A0000002", "--amount", "1", "--reason", "x"), "holds 0.00, not 1.00: 1.00 too much"),
    (("invoice", "add", "INV-0000001", "--account", "A0000001", "--amount", "1"), "There is a INV-0000001 already"),
    (("invoice", "add", "I-1", "--account", "A-9", "--amount", "1"), "There is no account A-9"),
    (
        ("invoice", "add", "I-1", "--account", "A0000001", "--amount", "1", "--due", "2020-01-01"),
        "due before it is made",
    ),
    (("payments", "confirm", "NOTHING"), "has the number or reference NOTHING"),
    (("customer", "correct", "AC-9", "--name", "Achieng"), "There is no customer AC-9"),
    (("customer", "correct", "AC-10001", "--name", " "), "one line of 1 to 120"),
    (("account", "close", "SUSPENSE-KSM01"), "There is no account SUSPENSE-KSM01"),
    (("import", "nowhere"), "holds none of the files"),
    (("exceptions", "resolve", "X", "--by", "me", "--resolution", "x"), "There is no exception X"),
]


@pytest.mark.parametrize(("arguments", "said"), REFUSED, ids=[" ".join(one[0])[:60] for one in REFUSED])
def test_what_is_wrong_is_refused_in_one_sentence_and_nothing_changes(
    town: Staff, arguments: tuple[str, ...], said: str
) -> None:
    before = everything(town)
    told = town.refused(*arguments)
    assert said in told
    assert told.count("\n") == 1
    assert everything(town) == before


def everything(town: Staff) -> list[Any]:
    return [
        town.ask(*command)
        for command in (("balances",), ("invoices", *AS_OF), ("till", "list"), ("user", "list"), ("setting", "list"))
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ("till", "add", "KSM01"),
        ("user", "add", "achieng"),
        ("user", "add", "achieng", "--role", "king"),
        ("adjust", "A0000001"),
        ("serve", "--workers", "2"),
        ("customer", "correct", "AC-10001"),
        ("bogus",),
    ],
)
def test_wrong_usage_leaves_with_two(town: Staff, arguments: tuple[str, ...]) -> None:
    assert town(*arguments).code == 2


def test_a_check_that_finds_something_leaves_with_three(town: Staff) -> None:
    from sqlalchemy import text

    from meterpos.ledger.store import Store

    store = Store(town.database_url)
    with store.write() as conn:
        conn.execute(text("UPDATE zone_digests SET count = count + 1 WHERE zone = 'Kondele'"))
        conn.execute(text("UPDATE accounts SET net_minor = net_minor + 1 WHERE account_no = 'A0000001'"))
    store.close()
    done = town("check")
    assert done.code == 3
    assert "Zone Kondele" in done.out
    assert "A0000001" in done.out
    assert len(json.loads(town("check", "--json").raw)["problems"]) >= 2


def test_a_table_that_does_not_follow_from_journal_and_feed_is_named(town: Staff) -> None:
    from sqlalchemy import text

    from meterpos.ledger.store import Store

    assert town.do("check", "--rebuild").out == "Everything holds.\n"
    store = Store(town.database_url)
    with store.write() as conn:
        conn.execute(text("UPDATE movements SET number = 'X' WHERE account_no = 'A0000001'"))
    store.close()
    done = town("check", "--rebuild", "--json")
    assert done.code == 3
    assert {problem["check"] for problem in json.loads(done.raw)["problems"]} >= {"rebuilt_movements"}


def test_head_office_is_backed_up_and_restored_as_a_new_generation(town: Staff, tmp_path: Path) -> None:
    file = str(tmp_path / "backup.db")
    saved = town.ask("backup", file)
    assert (saved["entries"], saved["generation"]) == (0, 1) and saved["position"] > 100
    assert "is there already" in town.refused("backup", file)
    assert "Add --yes" in town.refused("restore", file)
    done = town.ask("restore", file, "--yes")
    assert (done["parent"], done["parent_position"], done["problems"]) == (1, saved["position"], [])
    assert done["generation"] > 1 and Path(done["laid_aside"]).exists()
    again = town.ask("restore", "--already", "--yes")
    assert (again["parent"], again["parent_position"]) == (done["generation"], 0)
    assert town("restore", "--yes").code == town("restore", file, "--already", "--yes").code == 2
    town.do("check", "--rebuild")
    assert "not a meterpos courier file" in town.refused("mirror", "read", file)
    assert "cannot be read" in town.refused("courier", "--in", str(tmp_path / "none"), "--out", str(tmp_path / "out"))
    assert "not from a meterpos receipt" in town.refused("claim", "MP1NONSENSE", "--by", "wanjiru")
    assert "No key of till" in town.refused("till", "unlock", "KSM01", "--out", str(tmp_path / "key"))
