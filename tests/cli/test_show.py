"""What commands print looks made for people at a terminal and for programs in a pipe."""

import io
import sys

import pytest

from meterpos.cli import show


class Terminal(io.StringIO):
    """A standard output that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def printed(out: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr(sys, "stdout", out)
    show.as_table(("meter", "balance"), [("MTR-001", "2,300.00"), ("[bold]", "1.00")], right=("balance",))
    return out.getvalue()


def test_a_table_in_a_pipe_is_plain_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    assert printed(io.StringIO(), monkeypatch).splitlines() == [
        "meter     balance",
        "MTR-001  2,300.00",
        "[bold]       1.00",
    ]


def test_a_table_at_a_terminal_has_a_rule_and_takes_no_orders_from_its_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    told = printed(Terminal(), monkeypatch)
    assert "─" in told and "2,300.00" in told and "[bold]" in told


def test_an_empty_table_is_its_header(capsys: pytest.CaptureFixture[str]) -> None:
    show.as_table(("meter", "balance"), [], right=("balance",))
    assert capsys.readouterr().out == "meter  balance\n"


def test_progress_is_a_bar_at_a_terminal_and_nothing_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    for told, error in ((True, Terminal()), (False, io.StringIO())):
        monkeypatch.setattr(sys, "stderr", error)
        say = show.progress("customers")
        say(50, 100)
        assert ("█" * 12 + "░" * 12 + " 50 of 100 customers" in error.getvalue()) is told
        say(100, 100)
