"""A count as typed: by note and coin, or the total alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterpos.ledger.rules.cash import NOTES_AND_COINS
from meterpos.ui.models.counting import Counted, WrongCount, piece_name, read_count

KES = NOTES_AND_COINS["KES"]
NOTHING = [""] * len(KES)


@given(st.lists(st.integers(0, 99_999), min_size=len(KES), max_size=len(KES)))
def test_a_count_adds_up_piece_by_piece(counts: list[int]) -> None:
    found = read_count(KES, [f"{count:,}" for count in counts], "")
    assert found.minor == sum(piece * count for piece, count in zip(KES, counts, strict=True))
    assert found.notes == tuple(zip(KES, counts, strict=True))


@given(st.text(max_size=8))
def test_whatever_is_typed_is_a_count_or_a_sentence(text: str) -> None:
    said = text.strip().replace(",", "")
    texts = [text, *NOTHING[1:]]
    if said and not (said.isascii() and said.isdigit() and len(said) <= 5):
        with pytest.raises(WrongCount, match="1,000") as wrong:
            read_count(KES, texts, "12")
        assert wrong.value.field == "piece:0"
    else:
        found = read_count(KES, texts, "12")
        assert found == (Counted(100_000 * int(said), ((100_000, int(said)),)) if said else Counted(1_200))


def test_a_total_alone_is_taken_where_no_piece_is_counted() -> None:
    assert read_count(KES, NOTHING, "1,234.50") == Counted(123_450)
    assert read_count(KES, ["1", *NOTHING[1:]], "999") == Counted(100_000, ((100_000, 1),))


@pytest.mark.parametrize(("total", "field"), [("", "piece:0"), ("a lot", "total")])
def test_nothing_and_letters_are_no_total(total: str, field: str) -> None:
    with pytest.raises(WrongCount) as wrong:
        read_count(KES, NOTHING, total)
    assert wrong.value.field == field


def test_where_no_pieces_are_known_the_total_is_asked_for() -> None:
    with pytest.raises(WrongCount) as wrong:
        read_count((), [], "")
    assert wrong.value.field == "total"


def test_pieces_are_named_as_people_say_them() -> None:
    assert [piece_name(piece) for piece in (100_000, 500, 50)] == ["1,000", "5", "0.50"]
