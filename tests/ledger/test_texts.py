"""What is text and what is not, in values as JSON holds them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import literal, select

from meterpos.ledger.store import Store
from meterpos.ledger.texts import MARK, UnusableText, is_text, readable, readable_all, require_text

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters()), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_what_was_made_readable_is_text_that_utf_8_can_write(value: object) -> None:
    made = readable_all(value)
    require_text(made)
    written = json.dumps(made, ensure_ascii=False).encode()
    assert b"\\u0000" not in written.replace(b"\\\\", b"")
    try:
        require_text(value)
    except UnusableText:
        assert made != value
    else:
        assert made == value


@pytest.mark.parametrize("code", [0, 0xD800, 0xDFFF, 0xDC80])
def test_nul_and_half_a_pair_are_no_letters(code: int) -> None:
    wrong = f"a{chr(code)}b"
    assert not is_text(wrong)
    assert (readable(wrong), readable(wrong, mark="")) == (f"a{MARK}b", "ab")
    for value in (wrong, [wrong], {"name": wrong}, {wrong: 1}, ("a", wrong)):
        with pytest.raises(UnusableText, match="no letter"):
            require_text(value)


def test_other_odd_signs_are_letters_enough() -> None:
    assert all(map(is_text, ("", "\n\t", "\u202e", "\U0010ffff", "😀", "\\u0000")))


def test_the_database_says_so_of_what_no_door_has_looked_at(database_url: str) -> None:
    store = Store(database_url)
    wrong = ["\udc80"] if store.dialect == "sqlite" else ["\udc80", "\0"]
    for text in wrong:
        with pytest.raises(UnusableText, match="no letter"), store.write() as connection:
            connection.execute(select(literal(text)))
        with pytest.raises(UnusableText, match="no letter"), store.read() as connection:
            connection.execute(select(literal(text)))
    store.close()
