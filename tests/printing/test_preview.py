"""Papers on the screen: text that keeps its columns, pictures that look like the roll."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from meterpos.ledger.money import format_amount, format_money
from meterpos.printing.document import Document, Either, Signature, Size, pair, text
from meterpos.printing.layout import set_lines
from meterpos.printing.letters import clean
from meterpos.printing.preview import render_png, render_text
from meterpos.printing.receipt import compose_receipt
from tests.printing import samples
from tests.printing.papers import Case
from tests.printing.reading import columns_of, read_qr

NAMES = st.text(max_size=80)
AMOUNTS = st.integers(1, 99_999_999_999_999)
COLUMNS = st.sampled_from([32, 42, 48])


@given(
    name=NAMES,
    place=NAMES,
    clerk=NAMES,
    paid=AMOUNTS,
    balance=AMOUNTS,
    columns=COLUMNS,
    language=st.sampled_from(["en", "sw", "fr", ""]),
)
@settings(max_examples=150)
def test_any_name_and_amount_keep_the_columns(
    name: str, place: str, clerk: str, paid: int, balance: int, columns: int, language: str
) -> None:
    entry = samples.tender(
        language,
        customer={"no": "AC-1", "name": name},
        clerk_name=clerk,
        parts=[samples.part_of(amount=paid, place=place, balance_after=balance)],
        tendered=paid + 5,
        change=5,
    )
    lines = render_text(compose_receipt(entry, seal=samples.SEAL), columns=columns).splitlines()
    assert all(columns_of(line) <= columns for line in lines)
    for amount in (format_money(paid), format_amount(paid), format_amount(balance), format_amount(5)):
        at_the_edge = [line for line in lines if line.endswith(amount)]
        assert at_the_edge, amount
        assert all(columns_of(line) == columns for line in at_the_edge if " " in line)
    assert "".join(lines).count("?") == sum(clean(one).count("?") for one in (name, place, clerk))


@given(name=st.text(min_size=1, max_size=300), columns=COLUMNS)
def test_no_letter_of_a_name_is_lost(name: str, columns: int) -> None:
    document = Document(title="T", language="en", elements=(text(name),))
    printed = render_text(document, columns=columns)
    assert printed.replace("\n", "").replace(" ", "") == clean(name).replace(" ", "").replace("\u00a0", "")


def test_spaces_longer_than_the_roll_are_one_break() -> None:
    document = Document(title="T", language="en", elements=(text(f"one{' ' * 40}two{' ' * 40}"), text(f"{' ' * 40}x")))
    assert render_text(document, columns=32) == "one\ntwo\nx\n"


def test_a_word_longer_than_the_roll_is_broken_within() -> None:
    document = Document(title="T", language="en", elements=(pair("x" * 40, "1.00"), pair("a " + "y" * 40, "2.00")))
    assert render_text(document, columns=32).splitlines() == [
        "x" * 32,
        "x" * 8 + " " * 20 + "1.00",
        "a",
        "y" * 32,
        "y" * 8 + " " * 20 + "2.00",
    ]


def test_the_check_of_columns_is_seen_to_fail() -> None:
    assert columns_of("王小明") == 6
    assert columns_of("Wambu\u0303i") == 6
    assert columns_of("x" * 49) > 48


def test_the_picture_is_as_wide_as_the_roll_and_high_as_the_paper() -> None:
    for columns, width_dots in ((32, 464), (42, 640), (48, 640)):
        document = Case("cash", "en", columns).document
        picture = Image.open(io.BytesIO(render_png(document, columns=columns, scale=1)))
        assert picture.width == width_dots
        assert picture.height > 30 * len(set_lines(document, columns=columns))


def test_a_picture_at_another_scale_shows_the_same() -> None:
    document = Case("cash", "en", 48).document
    one, three = (Image.open(io.BytesIO(render_png(document, columns=48, scale=scale))) for scale in (1, 3))
    assert (one.width * 3, one.height * 3) == three.size
    assert read_qr(one) == read_qr(three) == samples.SEAL


def test_the_picture_has_ink_where_the_text_has_letters() -> None:
    document = Document(title="T", language="en", elements=(pair("left", "right"),))
    picture = Image.open(io.BytesIO(render_png(document, columns=48, scale=1)))
    dark = picture.point(lambda grey: 255 if grey < 128 else 0)
    left, _, right, _ = dark.getbbox() or (0, 0, 0, 0)
    assert left < 32 + 12
    assert right > 640 - 32 - 12


@pytest.mark.parametrize("name", ["王小明", "شارع الميناء القديم", "አዲስ አበባ", "Wambu\u0308\u0303i", "\U0010ffff"])
def test_a_name_in_any_letters_is_drawn_in_its_columns(name: str) -> None:
    def ink(words: str) -> bytes:
        document = Document(title="T", language="en", elements=(pair("x", words, bold=True), text(words)))
        return render_png(document, columns=32, scale=1)

    assert ink(name) != ink("")


@given(name=st.text(min_size=1, max_size=40), columns=COLUMNS)
@settings(max_examples=40)
def test_any_name_makes_a_picture(name: str, columns: int) -> None:
    document = Document(title="T", language="en", elements=(pair(name, name, bold=True), text(name, size=Size.LARGE)))
    picture = Image.open(io.BytesIO(render_png(document, columns=columns, scale=1)))
    assert picture.height >= 2 * 32 + 2 * 30


def test_two_ways_to_say_the_same_take_the_one_that_fits() -> None:
    either = Either(wide=(pair("a" * 30, "1.00"),), narrow=(pair("short", "1.00"),))
    document = Document(title="T", language="en", elements=(either,))
    assert render_text(document, columns=48).startswith("aaa")
    assert render_text(document, columns=32).startswith("short")


def test_a_line_to_sign_on_reaches_the_edge() -> None:
    document = Document(title="T", language="en", elements=(Signature("Clerk"),))
    assert render_text(document, columns=32) == "\n\nClerk  _________________________\n"


def test_dates_are_not_torn_apart() -> None:
    for columns in (32, 42, 48):
        assert "20 Nov 2026 at" in Case("several-parts", "en", columns).text()


def test_another_width_is_a_bug() -> None:
    with pytest.raises(AssertionError, match="40"):
        render_text(Case("cash", "en", 48).document, columns=40)
