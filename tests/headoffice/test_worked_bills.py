"""The worked bills of docs/head-office.md come out of a run as they stand there, line by line, to the cent."""

import re
from pathlib import Path

import pytest

from tests.cli.commands import file
from tests.headoffice.billing_world import DAY, bare_billing

GUIDE = Path(__file__).parents[2] / "docs" / "head-office.md"
ROW = re.compile(r"\| (M\d) \| (.+?) \| (\S.*?) \| .*\|")
LINE = re.compile(r"(.+?)\s+((?:KES )?-?[\d,]+\.\d\d)")


def told(paper: str) -> list[tuple[str, str]]:
    """Return the lines of a paper that end in an amount."""
    found = (LINE.fullmatch(line.strip().replace("\u00a0", " ")) for line in paper.splitlines())
    return [(match[1], match[2]) for match in found if match]


def test_the_worked_bills_are_right_to_the_cent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METERPOS_HEADOFFICE_HOME", str(tmp_path / "home"))
    guide = GUIDE.read_text(encoding="utf-8").split("### Worked bills")[1].split("\n## ")[0]
    tariffs, readings = re.findall(r"```csv\n(.*?)```", guide, re.DOTALL)
    wanted: dict[str, list[tuple[str, str]]] = {}
    for meter, line, amount in ROW.findall(guide):
        wanted.setdefault(meter, []).append((line, amount))
    billing = bare_billing(f"sqlite:///{(tmp_path / 'home' / 'lake.db').as_posix()}", tmp_path)
    billing.do("tariff", "import", file(tmp_path, "tariffs.csv", tariffs))
    billing.do("readings", "import", file(tmp_path, "readings.csv", readings))
    assert billing.run_month("2024-11", *DAY)["invoices"] == len(wanted) == 3
    shown = {f"M{n}": told(billing.do("invoice", "show", f"INV-00000{n}").out) for n in (1, 2, 3)}
    assert shown == wanted
