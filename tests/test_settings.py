"""Settings: environment over file over default."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meterpos.settings import (
    UnusableSettings,
    is_fixed_by_environment,
    load_headoffice_settings,
    load_till_settings,
    write_till_settings,
)


def write(home: Path, text: str) -> None:
    home.mkdir(exist_ok=True)
    (home / "meterpos.toml").write_text(text)


def test_the_file_is_read_and_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, '[till]\nprinter = "file:a"\ncolumns = 32\ntheme = "dark"\n')
    monkeypatch.setenv("METERPOS_TILL_COLUMNS", "42")
    found = load_till_settings(tmp_path)
    assert (found.printer, found.columns, found.theme, found.language) == ("file:a", 42, "dark", "en")
    assert found.ledger_path == tmp_path / "ledger.db"


def test_a_home_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METERPOS_HOME", str(tmp_path / "till"))
    assert load_till_settings().home == tmp_path / "till"
    monkeypatch.delenv("METERPOS_HOME")
    assert load_till_settings().home.name == "till"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[till]\ncolumns = 40", "32, 42 or 48"),
        ('[till]\ncolumns = "wide"', "whole number"),
        ("[till]\ntext_size = 110", "100, 125 or 150"),
        ('[till]\nlanguage = "fr"', "en or sw"),
        ('[till]\ntime_zone = "Mars/Base"', "Africa/Nairobi"),
        ("[till", "cannot be read"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    write(tmp_path, text)
    with pytest.raises(UnusableSettings, match=sentence):
        load_till_settings(tmp_path)


def test_head_office_is_sqlite_in_its_home_unless_it_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METERPOS_HEADOFFICE_HOME", str(tmp_path))
    assert load_headoffice_settings(utility="lake").database_url.endswith("lake/headoffice.db")
    assert load_headoffice_settings(database="postgresql://x").database_url == "postgresql://x"
    with pytest.raises(UnusableSettings, match="no name for a utility"):
        load_headoffice_settings(utility="../x")


LIVED_IN = """# Kisumu, counter 1
[headoffice]
database = "sqlite:///x.db"

[till]
# the long roll
columns = 48  # of Mary's printer
printer = 'file:a'   # until the new one comes
unknown_to_this_version = [1, 2]

[other]
columns = 7
"""


def test_a_setting_is_written_where_it_stood_and_all_else_stays(tmp_path: Path) -> None:
    write(tmp_path, LIVED_IN)
    write_till_settings(tmp_path, {"columns": 32, "printer": "tcp:10.0.0.7#1", "language": "sw"})
    assert (tmp_path / "meterpos.toml").read_text() == LIVED_IN.replace(
        "columns = 48  # of", "columns = 32  # of", 1
    ).replace("printer = 'file:a'   #", 'printer = "tcp:10.0.0.7#1"   #').replace(
        "= [1, 2]\n", '= [1, 2]\nlanguage = "sw"\n'
    )


def test_a_setting_is_taken_away(tmp_path: Path) -> None:
    write(tmp_path, LIVED_IN)
    write_till_settings(tmp_path, {"printer": None, "theme": None})
    assert load_till_settings(tmp_path).printer is None
    assert "Kisumu" in (tmp_path / "meterpos.toml").read_text()


def test_the_first_setting_makes_the_file_and_its_folder(tmp_path: Path) -> None:
    write_till_settings(tmp_path / "till", {"theme": "dark"})
    assert load_till_settings(tmp_path / "till").theme == "dark"
    assert [path.name for path in (tmp_path / "till").iterdir()] == ["meterpos.toml"]


def test_a_file_without_the_tills_table_gains_it(tmp_path: Path) -> None:
    write(tmp_path, '[headoffice]\ndatabase = "x"\n')
    write_till_settings(tmp_path, {"text_size": 150})
    assert load_till_settings(tmp_path).text_size == 150
    assert (tmp_path / "meterpos.toml").read_text().startswith("[headoffice]")


@pytest.mark.parametrize("text", ['[till]\nprinter = """\nfile:a"""\n', 'till = {printer = "file:a"}\n', "[till"])
def test_a_file_this_program_cannot_change_is_left_as_it_is(tmp_path: Path, text: str) -> None:
    write(tmp_path, text)
    with pytest.raises(UnusableSettings, match=r"by hand|cannot be read"):
        write_till_settings(tmp_path, {"printer": "file:b"})
    assert (tmp_path / "meterpos.toml").read_text() == text


def test_a_folder_that_takes_nothing_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "till").write_text("a file")
    with pytest.raises(UnusableSettings, match="cannot be written"):
        write_till_settings(tmp_path / "till" / "home", {"theme": "dark"})


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=30).map(lambda text: "file:" + text))
def test_whatever_a_printer_is_called_reads_back(tmp_path_factory: pytest.TempPathFactory, printer: str) -> None:
    home = tmp_path_factory.mktemp("home")
    try:
        write_till_settings(home, {"printer": printer, "columns": 42})
    except UnusableSettings:
        return  # a sign TOML cannot hold
    found = load_till_settings(home)
    assert (found.printer, found.columns) == (printer, 42)


def test_what_the_environment_sets_is_known_to_be_fixed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("METERPOS_TILL_PRINTER", "file:x")
    assert is_fixed_by_environment("printer") and not is_fixed_by_environment("columns")


def test_lock_and_guide_are_read_within_their_bounds(tmp_path: Path) -> None:
    write(tmp_path, '[till]\nlock_after_min = 9999\nguide = "printer"\n')
    found = load_till_settings(tmp_path)
    assert (found.lock_after_min, found.guide) == (240, "printer")
