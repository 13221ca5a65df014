"""The files people hand to commands: what is wrong in one is named by file, line, column and reason."""

from pathlib import Path

import pytest

from meterpos.cli.files import UnusableFile, read_counted, read_payments, read_pin


def given(folder: Path, content: str | bytes) -> Path:
    file = folder / "given.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


@pytest.mark.parametrize(
    ("content", "counted_minor"),
    [
        ("8450.50\n", 845050),
        ("8,450.50", 845050),
        ("0", 0),
        ("denomination,count\n1000,7\n200,7\n50,1\n0.50,1\n", 845050),
        ("\ufeffdenomination,count\r\n1000,7\r\n", 700000),
        ("denomination,count\n1000,0\n\n", 0),
    ],
)
def test_a_count_is_one_amount_or_notes_and_coins(tmp_path: Path, content: str, counted_minor: int) -> None:
    counted = read_counted(given(tmp_path, content))
    assert counted.minor == counted_minor
    assert not counted.notes or sum(value * count for value, count in counted.notes) == counted_minor


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "line 1: the header must be denomination,count"),
        ("a lot", "line 1, column amount: 'a lot' is not an amount"),
        ("-5", "line 1, column amount: An amount has no sign here"),
        ("note,pieces\n1000,7\n", "line 1: the header must be denomination,count"),
        ("denomination,count\n", "has no rows"),
        ("denomination,count\n1000\n", "line 2: 1 columns, not denomination,count"),
        ("denomination,count\n1000,7\nten,2\n", "line 3, column denomination: 'ten' is not an amount"),
        ("denomination,count\n1000,7.5\n", "line 2, column count: '7.5' is not a whole number"),
        ("denomination,count\n1000,-7\n", "line 2, column count: '-7' is not a whole number"),
        ('denomination,count\n"1000,7\n', "line 2: unexpected end of data"),
        (b"\xff\xfe1\x000\x00", "is not UTF-8 text"),
        (b"9" * 1_000_001, "is larger than 1,000,000 bytes"),
    ],
)
def test_a_count_that_cannot_be_used_is_named_by_its_place(tmp_path: Path, content: str | bytes, sentence: str) -> None:
    file = given(tmp_path, content)
    with pytest.raises(UnusableFile) as refused:
        read_counted(file)
    assert str(file) in str(refused.value) and sentence in str(refused.value)


def test_payments_are_read_in_their_order(tmp_path: Path) -> None:
    file = given(tmp_path, 'meter_no,amount\nMTR-002,1500\nMTR-001,"1,000.50"\n')
    assert read_payments(file) == (("MTR-002", 150000), ("MTR-001", 100050))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("meter_no,amount\n", "has no rows"),
        ("meter_no,amount\n,100\n", "line 2, column meter_no: empty"),
        ("meter_no,amount\nMTR-001,1e3\n", "line 2, column amount: '1e3' is not an amount"),
        ("meter,amount\nMTR-001,100\n", "line 1: the header must be meter_no,amount"),
    ],
)
def test_payments_that_cannot_be_used_are_named_by_their_place(tmp_path: Path, content: str, sentence: str) -> None:
    with pytest.raises(UnusableFile, match=sentence):
        read_payments(given(tmp_path, content))


def test_a_pin_is_the_first_line_of_its_file(tmp_path: Path) -> None:
    assert read_pin(given(tmp_path, " 4711 \nnot this\n")) == "4711"


def test_an_empty_or_missing_pin_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnusableFile, match="is empty"):
        read_pin(given(tmp_path, "\n"))
    with pytest.raises(UnusableFile, match="cannot be read: No such file"):
        read_pin(tmp_path / "nowhere")
