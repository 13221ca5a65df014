"""Typed text meets names and numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterpos.ledger.rules.searching import (
    fold,
    is_phone_like,
    marks,
    number_forms,
    phone_form,
    trigrams,
    wanted,
)


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("Grace Akinyi Otieno", "grace akinyi otieno"),
        ("Ng'ang'a", "nganga"),
        ("Nyong\u2019o", "nyongo"),
        ("Otieno & Sons Hardware", "otieno sons hardware"),
        ("  Al-Amin   (shop) ", "al amin shop"),
        ('Café "Jua", Ltd', "cafe jua ltd"),
        ("Straße 12", "strasse 12"),
        ("ǅ Đoković", "dz đokovic"),
        ("\N{ARABIC LETTER ALEF}", "\N{ARABIC LETTER ALEF}"),
        ("!!!", ""),
    ],
)
def test_names_are_compared_without_case_accents_and_punctuation(name: str, folded: str) -> None:
    assert fold(name) == folded


@given(st.text(max_size=40))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("number", "forms"),
    [
        ("MTR-001", ("mtr001", "mtr1", "001", "1")),
        ("AC-10482", ("ac10482", "10482")),
        ("3714000000007", ("3714000000007",)),
        ("KSM/001-22", ("ksm00122", "ksm122", "22")),
        ("000", ("000", "0")),
        ("-", ()),
    ],
)
def test_a_number_is_known_with_and_without_its_zeros_and_dashes(number: str, forms: tuple[str, ...]) -> None:
    assert number_forms(number) == forms


@pytest.mark.parametrize("phone", ["0712345678", "+254 712 345 678", "254712345678", "712-345-678", "0712 345678"])
def test_a_phone_has_one_form_however_it_is_written(phone: str) -> None:
    assert phone_form(phone) == "712345678"
    assert wanted(phone).phone == "712345678"


@pytest.mark.parametrize(
    ("digits", "is_phone"),
    [
        ("0712", True),
        ("0110", True),
        ("2547", True),
        ("712345678", True),
        ("07", False),
        ("001", False),
        ("10482", False),
    ],
)
def test_a_phone_number_is_recognised_by_how_it_begins(digits: str, is_phone: bool) -> None:
    assert is_phone_like(digits) is is_phone


def test_text_with_letters_is_no_phone() -> None:
    assert wanted("otieno 0712").phone is None
    assert wanted("0712").phone == "712"
    assert wanted("٠٧١٢").phone is None


def test_only_so_much_of_a_text_is_looked_at() -> None:
    assert len(wanted("a b c d e f g h i j").words) == 6
    assert len(wanted("x" * 500).whole) == 80


def test_pieces_of_three_letters_are_each_named_once() -> None:
    assert trigrams(["otieno", "tie", "ab"]) == ("oti", "tie", "ien", "eno")


@pytest.mark.parametrize(
    ("name", "words", "marked"),
    [
        ("Grace Akinyi Otieno", ["ot"], ["Ot"]),
        ("Grace Akinyi Otieno", ["gr", "ak"], ["Gr", "Ak"]),
        ("Otieno Otieno", ["otieno"], ["Otieno", "Otieno"]),
        ("Ng'ang'a", ["ngang"], ["Ng'ang"]),
        ("Cafe\N{COMBINING ACUTE ACCENT} Jua", ["cafe"], ["Cafe"]),
        ("Grace Otieno", ["tien"], ["tien"]),
        ("Straße", ["strass"], ["Straß"]),
        ("Grace", ["x"], []),
    ],
)
def test_a_match_is_marked_where_it_stands_in_the_name(name: str, words: list[str], marked: list[str]) -> None:
    assert [name[start:end] for start, end in marks(name, words)] == marked


@given(st.text(max_size=30), st.lists(st.text(min_size=1, max_size=5), max_size=3))
def test_marks_lie_apart_and_inside_the_name(name: str, typed: list[str]) -> None:
    spans = marks(name, fold(" ".join(typed)).split())
    edges = [edge for span in spans for edge in span]
    assert edges == sorted(edges)
    assert all(0 <= start < end <= len(name) for start, end in spans)
