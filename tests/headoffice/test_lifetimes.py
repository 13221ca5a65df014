"""Accounts and meters through time: last bills, new hardware, and what one person asks for and another agrees to."""

import pytest

from tests.headoffice.billing_world import NOVEMBER, Billing, billing, kept, small, still

__all__ = ["billing", "kept", "small", "still"]

ON = ("--on", "2024-11-20")


def staff(billing: Billing) -> None:
    """Let two supervisors and a clerk work there, and notes of 100.00 and more want approval."""
    for name, role in (("achieng", "supervisor"), ("otieno", "supervisor"), ("njeri", "clerk")):
        billing.do("user", "add", name, "--role", role)
    billing.do("setting", "set", "approval_from_minor", "100")


def test_who_leaves_gets_a_last_bill_and_who_comes_pays_only_what_came_after(billing: Billing) -> None:
    done = billing.ask("account", "handover", "M2", "--customer", "C3", "--account", "A5", "--reading", "5010", *ON)
    assert (done["closed"], done["opened"], done["invoice"]) == ("A2", "A5", "INV-000001")
    assert billing.billed() == [("A2", "FINAL", 209_70, "INV-000001")]
    billing.do("readings", "import", billing.readings("M2,2024-11-30,5012", *(NOVEMBER[0], NOVEMBER[2])))
    billing.run_month("2024-11", "--on", "2024-12-01")
    assert [(account, amount) for account, kind, amount, _ in billing.billed() if kind == "POWER"] == [("A5", 41_94)]
    assert (billing.nets()["A2"], billing.nets()["A5"]) == ("209.70", "41.94")
    assert billing.do("check").out == "Everything holds.\n"


def test_new_hardware_counts_on_from_the_old(billing: Billing) -> None:
    billing.do("account", "replace-meter", "M2", "--serial", "SN9", "--final", "5010", "--start", "3", *ON)
    billing.do("readings", "import", billing.readings("M2,2024-11-30,8"))
    billing.run_month("2024-11", "--on", "2024-12-01")
    assert [amount for _, kind, amount, _ in billing.billed() if kind == "POWER"] == [15 * 20_97]
    told = billing.do("account", "history", "M2").out
    assert "2024-11-20  replaced         SN2 by SN9" in told and "5010 (final): 10 units" in told
    assert [one["what"] for one in billing.ask("account", "history", "M2")["history"]] == [
        "opened", "read", "replaced", "read", "register fitted", "read",
    ]  # fmt: skip


def test_a_note_waits_for_a_second_person(billing: Billing) -> None:
    staff(billing)
    asked = billing.ask("adjust", "A1", "--amount", "-150", "--reason", "leak", "--by", "achieng", *ON)
    assert (asked["note_no"], asked["status"], billing.nets()["A1"]) == ("NOTE-000001", "waiting", "1000.00")
    assert [item["code"] for item in billing.ask("exceptions", "list")["exceptions"]] == ["note_waiting"]
    assert "achieng asked for NOTE-000001" in billing.refused("note", "approve", "NOTE-000001", "--by", "achieng", *ON)
    assert "no supervisor or manager" in billing.refused("note", "approve", "NOTE-000001", "--by", "njeri", *ON)
    done = billing.ask("note", "approve", "NOTE-000001", "--by", "otieno", *ON)
    assert (done["status"], done["decided_by"], done["adjustment_no"]) == ("approved", "otieno", "ADJ-000001")
    assert billing.nets()["A1"] == "850.00"
    assert billing.ask("exceptions", "list")["exceptions"] == []
    assert "was approved by otieno already" in billing.refused("note", "approve", "NOTE-000001", "--by", "otieno", *ON)


def test_a_refused_note_changes_nothing(small: Billing) -> None:
    staff(small)
    small.do("note", "debit", "A1", "--amount", "500", "--reason", "misread", "--by", "achieng", *ON)
    assert (
        "waits for a second person"
        in small.do("note", "credit", "A1", "--amount", "100", "--reason", "leak", "--by", "achieng", *ON).out
    )
    assert small.do("note", "list").out.count("waiting") == 2
    assert "is refused; nothing was changed" in small.do("note", "refuse", "NOTE-000001", "--by", "otieno", *ON).out
    assert "refused by otieno" in small.do("note", "list", "--all").out
    assert [note["note_no"] for note in small.ask("note", "list")["notes"]] == ["NOTE-000002"]
    assert small.nets()["A1"] == "1000.00"


def test_what_is_below_the_limit_is_posted_at_once(small: Billing) -> None:
    staff(small)
    told = small.do("note", "credit", "A1", "--amount", "99.99", "--reason", "leak", "--by", "achieng", *ON).out
    assert told == "NOTE-000001: credit-note of 99.99 on account A1 is posted as ADJ-000001.\n"


def test_a_transfer_wants_the_same_approval(small: Billing) -> None:
    staff(small)
    move = ("transfer", "A3", "A1", "--amount", "200", "--reason", "same house", "--by", "achieng", *ON)
    assert "There is no account A9" in small.refused("transfer", "A3", "A9", "--amount", "1", "--reason", "x", *ON)
    assert small.ask(*move)["status"] == "waiting"
    assert small.ask("note", "approve", "NOTE-000001", "--by", "otieno", *ON)["adjustment_no"] == "TRF-000001"
    assert (small.nets()["A1"], small.nets()["A3"]) == ("800.00", "0.00")


def test_a_write_off_always_waits_and_never_gives_up_more_than_is_owed(small: Billing) -> None:
    staff(small)
    small.do("account", "write-off", "A1", "--reason", "moved away", "--by", "achieng", *ON)
    assert small.ask("note", "approve", "NOTE-000001", "--by", "otieno", *ON)["amount_minor"] == 1_000_00
    assert small.nets()["A1"] == "0.00"
    told = small.refused("account", "write-off", "A1", "--amount", "1", "--reason", "x", "--by", "achieng", *ON)
    assert "Account A1 owes 0.00, not 1.00" in told


def test_a_write_off_that_was_paid_meanwhile_is_not_posted(small: Billing) -> None:
    staff(small)
    small.do("account", "write-off", "A1", "--reason", "moved away", "--by", "achieng", *ON)
    small.do("adjust", "A1", "--amount", "-50", "--reason", "leak", *ON)
    assert "owes 950.00, not 1,000.00" in small.refused("note", "approve", "NOTE-000001", "--by", "otieno", *ON)


def test_a_waiver_gives_up_the_penalties_once(small: Billing) -> None:
    late = ("late,2024-01-01,,block,,20.97,", "late,2024-01-01,,penalty-fixed,,45,")
    small.do("tariff", "import", small.tariffs(*late))
    small.do("tariff", "assign", "M1", "late")
    small.do("readings", "import", small.readings(*NOVEMBER))
    small.run_month()
    waive = ("note", "waive", "A1", "--reason", "was in hospital", "--by", "achieng", *ON)
    assert small.ask(*waive)["amount_minor"] == 45_00
    assert "above zero" in small.refused(*waive)


def test_an_account_is_closed_with_what_waits_and_its_last_units(small: Billing) -> None:
    small.do("bill", "create", small.bills("A1,RECONNECTION,500"), *ON)
    assert "its last invoice is INV-000001" in small.do("account", "close", "A1", "--reading", "101", *ON).out
    assert [(kind, amount, invoice) for _, kind, amount, invoice in small.billed()] == [
        ("RECONNECTION", 500_00, "INV-000001"),
        ("FINAL", 327_84, "INV-000001"),
        ("BALANCE", 1_000_00, "INV-000001"),
    ]
    assert small.do("account", "close", "A3", *ON).out == "Account A3 is closed.\n"


def test_meters_are_disconnected_and_connected_again_with_day_and_reason(small: Billing) -> None:
    small.do("account", "disconnect", "M1", "--reason", "three months late", *ON)
    small.do("readings", "import", small.readings(*NOVEMBER[1:]))
    assert small.run_month()["errors"] == 0
    small.do("account", "reconnect", "M1", "--on", "2024-11-25")
    told = small.do("account", "history", "M1").out
    assert "2024-11-20  disconnected  three months late" in told and "2024-11-25  reconnected" in told


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("account", "close", "A1", "--reading", "99", *ON), "99 is below the last reading, 100"),
        (("account", "close", "A9", "--reading", "99", *ON), "There is no account A9"),
        (("account", "close", "A1", "--reading", "x", *ON), "'x' is no reading"),
        (("account", "close", "A1", "--reading", "101", "--on", "2024-10-01"), "before the last reading"),
        (("account", "handover", "M9", "--customer", "C2", "--account", "A5"), "Meter M9 has no active account"),
        (("account", "handover", "M1", "--customer", "C1", "--account", "A5", "--reading", "101", *ON), "C1's already"),
        (("account", "replace-meter", "M9", "--serial", "S"), "There is no meter M9"),
        (("account", "replace-meter", "M1", "--serial", "SN1"), "another than SN1"),
        (("account", "replace-meter", "M1", "--serial", "S", "--final", "99", *ON), "below the last reading"),
        (("account", "disconnect", "M9"), "There is no meter M9"),
        (("account", "history", "M9"), "There is no meter M9"),
        (("account", "write-off", "A9", "--reason", "x", "--by", "a"), "There is no account A9"),
        (("note", "approve", "NOTE-9", "--by", "otieno"), "There is no note NOTE-9"),
        (("note", "credit", "A1", "--amount", "0", "--reason", "x", "--by", "a"), "above zero"),
        (("note", "credit", "A1", "--amount", "5", "--reason", " ", "--by", "a"), "Give the reason"),
        (("note", "credit", "A1", "--amount", "5", "--reason", "x", "--by", " "), "Say who asks"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_half_done(
    still: Billing, arguments: tuple[str, ...], sentence: str
) -> None:
    assert sentence in still.refused(*arguments)
    assert [still.count(table) for table in ("readings", "bills", "meter_events", "notes")] == [3, 0, 0, 0]
