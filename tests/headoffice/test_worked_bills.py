"""The worked bills of docs/head-office.md come out of a run as they stand there, line by line, to the cent."""

import re
from pathlib import Path

import pytest

from tests.cli.commands import file
from tests.headoffice.billing_world import DAY, Billing, bare_billing

GUIDE = Path(__file__).parents[2] / "docs" / "head-office.md"
ROW = re.compile(r"\| ([AM]\d) \| (.+?) \| (\S.*?) \| .*\|")
LINE = re.compile(r"(.+?)\s+((?:KES )?-?[\d,]+\.\d\d)")


def told(paper: str) -> list[tuple[str, str]]:
    """Return the lines of a paper that end in an amount."""
    found = (LINE.fullmatch(line.strip().replace("\u00a0", " ")) for line in paper.splitlines())
    return [(match[1], match[2]) for match in found if match]


def worked(section: str, folder: Path) -> tuple[Billing, str, dict[str, list[tuple[str, str]]]]:
    """Set a utility up as a section of the guide says; return it, the section, and the lines it promises."""
    guide = GUIDE.read_text(encoding="utf-8").split(f"### {section}")[1].split("\n#")[0]
    tariffs, readings = re.findall(r"```csv\n(.*?)```", guide, re.DOTALL)
    wanted: dict[str, list[tuple[str, str]]] = {}
    for whose, line, amount in ROW.findall(guide):
        wanted.setdefault(whose, []).append((line, amount))
    billing = bare_billing(f"sqlite:///{(folder / 'home' / 'lake.db').as_posix()}", folder)
    billing.do("tariff", "import", file(folder, "tariffs.csv", tariffs))
    billing.do("readings", "import", file(folder, "readings.csv", readings))
    return billing, guide, wanted


def test_the_worked_bills_are_right_to_the_cent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METERPOS_HEADOFFICE_HOME", str(tmp_path / "home"))
    billing, _, wanted = worked("Worked bills", tmp_path)
    assert billing.run_month("2024-11", *DAY)["invoices"] == len(wanted) == 3
    shown = {f"M{n}": told(billing.do("invoice", "show", f"INV-00000{n}").out) for n in (1, 2, 3)}
    assert shown == wanted


def test_who_leaves_and_who_comes_share_the_worked_month_to_the_cent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METERPOS_HEADOFFICE_HOME", str(tmp_path / "home"))
    billing, guide, wanted = worked("A month of two customers", tmp_path)
    (typed,) = re.findall(r"```\nmeterpos headoffice (account handover .*)\n```", guide)
    billing.do(*typed.split())
    billing.do("readings", "add", "M3", "16", "--on", "2024-11-29")
    billing.run_month("2024-11", "--on", "2024-11-30")
    shown = {
        account: told(billing.do("invoice", "show", number).out)
        for account, number in (("A3", "INV-000001"), ("A9", "INV-000002"))
    }
    assert shown == wanted
    last = billing.ask("account", "close", "A9", "--reading", "16", "--on", "2024-11-30")["invoice"]
    assert told(billing.do("invoice", "show", last).out) == [
        ("This invoice", "0.00"),
        ("Balance brought forward", "855.00"),
        ("TO PAY", "KES 855.00"),
    ], "the month's bill asked for all its days"
