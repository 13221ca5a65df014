"""`meterpos headoffice sms`, `match` and `payments place | callback`: what staff type, and what they read."""

from pathlib import Path

import pytest

from tests.cli.commands import Staff
from tests.headoffice.test_commands import set_up
from tests.support.books import FILES


@pytest.fixture
def staff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_url: str) -> Staff:
    """A head office with two customers."""
    made = set_up(sqlite_url, tmp_path / "home", monkeypatch)
    files = tmp_path / "files"
    files.mkdir()
    for name, text in FILES.items():
        (files / name).write_text(text)
    made.do("import", str(files))
    return made


def test_messages_are_set_up_looked_at_sent_and_listed(staff: Staff, tmp_path: Path) -> None:
    assert "sms setup" in staff.refused("sms", "send")
    (tmp_path / "key.txt").write_text("atsk-1\n")
    assert staff.ask("sms", "key", str(tmp_path / "key.txt")) == {"kept": "file"}
    set_up = staff.ask("sms", "setup", "--gateway", "log", "--part-cost", "0.80", "--hours", "0-24")
    assert staff("sms", "setup", "--gateway", "log", "--hours", "day").code == 2
    assert (set_up["part_cost_minor"], set_up["has_key"]) == (80, True)
    staff.do("invoice", "add", "INV-1", "--account", "A1", "--amount", "2300")
    assert staff.ask("sms", "send")["accepted"] == 2
    seen = staff.ask("sms", "bulk", "--dry-run")
    assert (seen["messages"], seen["queued"], seen["cost_minor"]) == (2, 0, 160)
    assert "--yes" in staff.refused("sms", "bulk")
    told = staff.do("sms", "bulk", "--per-meter", "--yes").out
    assert "2 messages of 2 parts to 1 customers, about 1.60, asked for, 2 of them new and queued." in told
    assert staff.ask("sms", "opt-out", "0712345678") == {"phone": "+254712345678", "opted_out": True}
    assert "1 sent" in staff.do("sms", "send").out
    box = staff.ask("sms", "outbox", "--state", "cancelled")
    assert box["counts"] == {"sent": 3, "cancelled": 1} and len(box["messages"]) == 1
    assert "sent" in staff.do("sms", "outbox").out
    assert staff.ask("sms", "send", "--again", box["messages"][0]["sms_id"])["accepted"] == 1
    assert staff.ask("sms", "opt-out", "0712345678", "--undo")["opted_out"] is False
    assert staff("sms", "opt-out", "nobody").code == 2


def test_words_are_listed_set_and_refused(staff: Staff) -> None:
    assert len(staff.ask("sms", "template", "list")["templates"]) == 18
    assert "payment (sw): " in staff.do("sms", "template", "list").out
    assert "There is no field {shoe_size}" in staff.refused("sms", "template", "set", "payment", "en", "{shoe_size}")
    assert staff.ask("sms", "template", "set", "payment", "en", "Got {paid_amount}")["text"] == "Got {paid_amount}"
    assert staff.ask("sms", "template", "set", "payment", "en")["text"].startswith("{customer_name}, we received")


def test_a_statement_is_looked_at_matched_and_what_waits_is_placed(staff: Staff, tmp_path: Path) -> None:
    file = tmp_path / "statement.csv"
    file.write_text(
        "Receipt No.,Completion Time,Transaction Status,Paid In,A/C No.\n"
        "SKJ3XY71AB,18-11-2026 09:41:07,Completed,700.00,MTR-001\n"
        "SKJ3XY71AC,18-11-2026 09:41:07,Completed,50.00,\n"
        "SKJ3XY71AD,18-11-2026 09:41:07,Completed,20.00,NOBODY\n"
    )
    for _ in range(2):
        seen = staff.ask("match", str(file), "--dry-run")
        assert (seen["posted"], seen["waiting"], seen["in_suspense"], seen["known"]) == (1, 1, 1, 0)
    told = staff.do("match", str(file)).out
    assert "posted to their meters               1" in told
    assert "3 lines matched, 0 left out." in told
    assert staff.ask("match", str(file))["known"] == 2
    assert "1000.00" not in staff.do("balances", "--format", "csv").out
    open_ = staff.ask("payments", "waiting")["waiting"]
    assert [(one["state"], one["reference"]) for one in open_] == [("no payment", "SKJ3XY71AC")]
    assert "1 wait, 50.00 in all." in staff.do("payments", "waiting", "--method", "mpesa").out
    placed = staff.ask("payments", "place", "SKJ3XY71AC", "--to", "MTR-002", "--reason", "payer called")
    assert placed == {"number": "PB-SKJ3XY71AC", "account": "A2", "amount_minor": 5000}
    staff.do("payments", "place", "PB-SKJ3XY71AD", "--to", "MTR-003", "--reason", "payer called")
    assert staff.ask("exceptions", "list")["exceptions"] == []
    assert staff.do("check", "--rebuild").out == "Everything holds.\n"
    callback = staff.ask("payments", "callback")
    assert callback["confirmation_path"] == f"/v1/c2b/{callback['secret']}/confirmation"
    file.write_text("meter_no,amount\nMTR-001,5\n")
    assert "layout that is not known" in staff.refused("match", str(file))
    assert "cannot be read" in staff.refused("match", str(tmp_path / "absent.csv"))
