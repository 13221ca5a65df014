"""The fonts that papers are drawn with: which has which letter."""

import pytest

from meterpos.printing import fonts
from meterpos.resources import ResourceMissing


@pytest.mark.parametrize(
    ("letters", "name"),
    [
        ("A", fonts.REGULAR),
        ("é", fonts.REGULAR),
        ("ũ", fonts.REGULAR),
        ("€", fonts.REGULAR),
        ("م", "DejaVuSans.ttf"),
        ("አ", "NotoSansEthiopic-Regular.ttf"),
        ("द", "NotoSansDevanagari-Regular.ttf"),
        ("દ", "NotoSansGujarati-Regular.ttf"),
        ("த", "NotoSansTamil-Regular.ttf"),
        ("ท", "NotoSansThai-Regular.ttf"),
        ("王", "DroidSansFallback.ttf"),
        ("김", "DroidSansFallback.ttf"),
        ("カ", "DroidSansFallback.ttf"),
        ("\U0010ffff", fonts.REGULAR),
    ],
)
def test_a_letter_has_its_font(letters: str, name: str) -> None:
    assert fonts.font_for(letters, bold=False) == name


def test_every_letter_that_papers_say_is_in_their_own_font() -> None:
    from meterpos.printing.labels import labels_in

    for language in ("en", "sw"):
        assert fonts.is_own(repr(labels_in(language)))


def test_latin_letters_are_all_in_the_papers_own_font() -> None:
    for name in (fonts.REGULAR, fonts.BOLD):
        missing = (set(range(0x20, 0x7F)) | set(range(0xA1, 0x180))) - fonts.coverage(name)
        assert missing <= {0xAD, 0x132, 0x133, 0x149}, "soft hyphen and three signs nobody writes"


def test_words_of_one_script_are_one_stretch() -> None:
    assert list(fonts.stretches("Wáng 王小明 Ltd", bold=True)) == [
        (fonts.BOLD, "Wáng "),
        ("DroidSansFallback.ttf", "王小明 "),
        (fonts.BOLD, "Ltd"),
    ]
    assert list(fonts.stretches("شارع الميناء", bold=False)) == [("DejaVuSans.ttf", "شارع الميناء")]


def test_nothing_has_no_stretch() -> None:
    assert list(fonts.stretches("", bold=False)) == []


def test_a_font_without_its_table_is_named() -> None:
    with pytest.raises(ResourceMissing, match="cmap"):
        fonts._table(b"\0\1\0\0\0\0", b"cmap")
