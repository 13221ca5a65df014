"""Bytes for thermal printers: every letter comes out, none as a silent "?", and no line leans on the one before."""

import subprocess
import sys
from pathlib import Path

import pytest
from escpos.printer import Dummy
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from meterpos.printing.document import Align, Banner, Document, Element, Qr, Size, pair, text
from meterpos.printing.thermal import CODE_PAGES, UnknownCodePage, drawer_pulse, render_escpos
from tests.printing.paper_machine import NotUnderstood, Roll, print_out
from tests.printing.papers import Case
from tests.printing.reading import read_qr

NAMES = st.text(min_size=1, max_size=60)
AMOUNTS = st.integers(0, 99_999_999_999_999)


def document(*elements: Element) -> Document:
    return Document(title="T", language="en", elements=elements)


def printed(*elements: Element, columns: int = 48, code_page: str = "cp858") -> Roll:
    return print_out(render_escpos(document(*elements), columns=columns, code_page=code_page))


@example(name="Grace", place="0" * 33, columns=32, page="cp858")
@given(name=NAMES, place=NAMES, columns=st.sampled_from([32, 42, 48]), page=st.sampled_from(sorted(CODE_PAGES)))
@settings(max_examples=150)
def test_any_name_comes_out_whole_and_within_the_roll(name: str, place: str, columns: int, page: str) -> None:
    roll = printed(
        text(name, align=Align.CENTRE, size=Size.LARGE, bold=True),
        pair(name, place, stacked_left=True),
        pair(place, "KES 1,234.00", size=Size.LARGE),
        columns=columns,
        code_page=page,
    )
    for line in roll.lines:
        if isinstance(line, Image.Image):
            assert line.width <= (columns * 12 + 7) // 8 * 8
        else:
            assert roll.columns_of(line) <= columns
    questions = sum(text.count("?") for text in roll.texts)
    assert questions <= 2 * (name + place).count("?")


def test_the_count_of_question_marks_is_seen_to_fail() -> None:
    """What python-escpos would do on its own: the letter is gone, and nobody is told."""
    printer = Dummy()
    printer.charcode("CP437")
    printer.magic.force_encoding("CP437")
    printer.text("Wambũi")
    assert b"Wamb?i" in printer.output


@pytest.mark.parametrize(
    ("name", "comes_out"),
    [
        ("Bénédicte", "Bénédicte"),
        ("Wambũi Mũthoni", "Wambui Muthoni"),
        ("Łukasz Đorđe Øre", "Lukasz Dorde Øre"),
        ("Ng’ang’a – “Sons” …", "Ng'ang'a - \"Sons\" ..."),
        ("e\u0301", "é"),
        ("a\u00a0b\u2009c\u3000d", "a b c d"),
        ("ﬁne ½ ™", "fine ½ TM"),
        ("Ngũgĩ wa Thiong'o?", "Ngugi wa Thiong'o?"),
    ],
)
def test_a_letter_the_page_lacks_is_written_as_near_as_it_can(name: str, comes_out: str) -> None:
    assert printed(text(name)).texts == [comes_out]


def test_accents_are_kept_where_the_page_has_them() -> None:
    assert printed(text("Ågot Čapek"), code_page="cp852").texts == ["Agot Čapek"]
    assert printed(text("Čapek"), code_page="cp437").texts == ["Capek"]
    assert printed(text("€ 5"), code_page="cp858").texts == ["€ 5"]
    assert printed(text("€ 5"), code_page="cp437").texts == ["EUR 5"]


@pytest.mark.parametrize(
    "name", ["王小明", "شارع الميناء", "አዲስ አበባ", "김철수", "देवी पटेल", "દેવી પટેલ", "😀", "Grace 王"]
)
def test_a_name_in_other_letters_is_drawn(name: str) -> None:
    roll = printed(pair(name, "AC-20011"))
    (image,) = roll.images
    assert roll.texts == []
    assert image.size == (48 * 12, 30)
    ink = image.convert("L").point(lambda grey: 255 - grey).getbbox()
    assert ink is not None
    assert ink[2] > 40 * 12, "the number at the right edge is drawn with it"


def test_a_drawn_name_does_not_change_the_lines_around_it() -> None:
    plain = printed(text("before"), text("after", bold=True)).texts
    assert printed(text("before"), text("王"), text("after", bold=True)).texts == plain


@pytest.mark.parametrize("letter", [chr(code) for code in (0, 7, 9, 10, 13, 27, 28, 29, 127, 0x85, 0x9B)])
def test_a_name_cannot_command_the_printer(letter: str) -> None:
    assert printed(text(f"Grace{letter}pOtieno")).texts == ["Grace pOtieno"]


@pytest.mark.parametrize("letter", ["\u202e", "\u200b", "\u2066", "\ufeff", "\u00ad"])
def test_a_name_cannot_turn_the_line_round(letter: str) -> None:
    assert printed(text(f"Grace{letter}Otieno")).texts == ["GraceOtieno"]


def test_bold_and_large_are_set_for_their_letters_alone() -> None:
    roll = printed(pair("PAID", "KES 2,500.00", bold=True, size=Size.LARGE), pair("Change", "5.00"))
    large, normal = roll.lines
    assert isinstance(large, list)
    assert isinstance(normal, list)
    assert [(one.text, one.bold, one.large) for one in large if one.text.strip()] == [
        ("PAID", True, True),
        ("KES 2,500.00", True, True),
    ]
    assert roll.columns_of(large) == roll.columns_of(normal) == 48
    assert not any(one.bold or one.large for one in normal)


def test_what_is_too_long_for_large_letters_is_printed_in_normal_ones() -> None:
    roll = printed(pair("IMELIPWA", "KES 99,999,999.00", bold=True, size=Size.LARGE), columns=32)
    assert [one.large for line in roll.lines for one in line if one.text.strip()] == [False, False]
    roll = printed(pair("IMELIPWA", "KES 99,999.00", bold=True, size=Size.LARGE), columns=32)
    assert roll.texts == ["IMELIPWA", "      KES 99,999.00"]


def test_a_banner_is_white_on_black_from_edge_to_edge() -> None:
    for columns in (32, 42, 48):
        roll = printed(Banner("COPY 1"), text("next"), columns=columns)
        banner, following = roll.lines
        assert isinstance(banner, list)
        assert isinstance(following, list)
        assert all(one.inverse for one in banner)
        assert roll.columns_of(banner) == columns
        assert not any(one.inverse for one in following)


def test_a_banner_too_long_to_be_large_still_fills_its_line() -> None:
    (banner,) = printed(Banner("A WORD OF TWENTY-FIVE LETTERS"), columns=48).lines
    assert isinstance(banner, list)
    assert sum(one.columns for one in banner) == 48
    assert not any(one.large for one in banner)


@pytest.mark.parametrize("columns", [32, 42, 48])
def test_the_code_stands_in_the_middle_and_is_read(columns: int) -> None:
    (image,) = printed(Qr("MP1" + "A7" * 115), columns=columns).images
    assert read_qr(image) == "MP1" + "A7" * 115
    left, _, right, _ = image.convert("L").point(lambda grey: 255 - grey).getbbox() or (0, 0, 0, 0)
    assert abs(left - (columns * 12 - right)) <= 1


def test_the_drawer_opens_only_when_asked() -> None:
    case = Case("cash", "en", 48)
    assert print_out(render_escpos(case.document, columns=48)).drawer_pulses == 0
    assert print_out(render_escpos(case.document, columns=48, drawer=True)).drawer_pulses == 1


def test_an_unknown_code_page_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownCodePage, match=r"'cp999', which is none of cp437") as caught:
        render_escpos(document(), columns=48, code_page="cp999")
    assert caught.value.field == "code_page"


def test_the_bytes_are_the_same_without_assertions() -> None:
    """`python -O` drops assertions: nothing that matters may hang on one."""
    script = (
        "import sys; from tests.printing.papers import BYTES\n"
        "same = all(case.bytes() == case.bytes_file.read_bytes() for case in BYTES)\n"
        "sys.stdout.write(f'{__debug__} {same}')"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-O", "-c", script], cwd=root, capture_output=True, text=True, check=False)
    assert done.stdout == "False True", done.stderr


def test_the_commands_are_those_of_python_escpos() -> None:
    printer = Dummy()
    printer.hw("INIT")
    printer.cashdraw(2)
    init, drawer = b"\x1b@", printer.output.removeprefix(b"\x1b@")
    data = render_escpos(document(), columns=48, drawer=True)
    assert data.startswith(init)
    assert data.count(drawer) == 1
    assert drawer_pulse() == drawer


@pytest.mark.parametrize(
    "data",
    [
        b"hello\n",
        b"\x1bt\x13hello\n",
        b"\x1bt\x13\x1b!\x08bold\n",
        b"\x1bt\x13\x1b!\x00one\x1b!\x00\ntwo\n",
        b"\x1bt\x13\x1b!\x10tall\x1b!\x00\n",
        b"\x1bt\x13\x1dB\x01\x1b!\x00black\x1b!\x00\n",
        b"\x1b!\x00\x1dv0\x00\x02\x00\x02\x00\xff",
        b"\x1bt\x13\x1b!\x00never ended",
        b"\x1bZ",
        b"\x1b",
    ],
)
def test_the_paper_machine_refuses_what_leaks_or_is_no_command(data: bytes) -> None:
    with pytest.raises((NotUnderstood, KeyError)):
        print_out(data)
