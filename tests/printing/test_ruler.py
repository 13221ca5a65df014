"""The test paper: a person reads off it how many columns their roll has."""

from pathlib import Path

import pytest

from meterpos.printing.preview import render_text
from meterpos.printing.ruler import LETTERS, WIDTHS, compose_ruler, ruler
from meterpos.printing.trial import print_trial
from tests.printing.paper_machine import print_out


def paper(language: str = "en", *, training: bool = False) -> object:
    """Return a test paper."""
    return compose_ruler(
        language=language,
        till_title="KSM01 Kisumu Market",
        device="cups:Counter",
        local_time="2026-11-20 09:41",
        training=training,
    )


@pytest.mark.parametrize("columns", WIDTHS)
def test_a_ruler_is_exactly_as_wide_as_it_says(columns: int) -> None:
    assert len(ruler(columns)) == columns
    assert f"<{columns}>" in ruler(columns)
    assert " " not in ruler(columns)


@pytest.mark.parametrize("language", ["en", "sw"])
def test_every_ruler_that_fits_the_roll_stands_in_one_row(language: str) -> None:
    for columns in WIDTHS:
        lines = render_text(paper(language), columns=columns).splitlines()
        assert [one for one in WIDTHS if ruler(one) in lines] == [one for one in WIDTHS if one <= columns]


def test_the_test_paper_prints_its_letters_and_opens_no_drawer(tmp_path: Path) -> None:
    assert print_trial(f"file:{tmp_path / 'paper'}", paper()).confirmed
    roll = print_out((tmp_path / "paper").read_bytes())
    assert (roll.cuts, roll.drawer_pulses) == (1, 0)
    assert LETTERS in render_text(paper(), columns=48)


def test_the_test_paper_of_a_training_till_says_so() -> None:
    assert render_text(paper(training=True), columns=32).count("TRAINING") == 2
    assert render_text(paper("sw", training=True), columns=32).count("MAFUNZO") == 2
