"""Settings: environment over file over default."""

from pathlib import Path

import pytest

from meterpos.settings import UnusableSettings, load_headoffice_settings, load_till_settings


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
