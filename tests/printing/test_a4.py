"""Papers on A4: every page numbered, its fonts inside, its text to be found, its money in columns."""

from datetime import date

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from meterpos.printing import charts, sheet, typeset
from meterpos.printing.a4 import render_a4
from meterpos.printing.aging import percents_of
from meterpos.printing.document import Bar, Bars, Column, Document, Element, Row, Size, Table, Tiles, pair, text
from meterpos.printing.page import Box, Letters
from meterpos.printing.preview import render_page, render_text
from meterpos.printing.report import say_period
from tests.printing.papers import PAGES, Case
from tests.printing.reading import read_qr
from tests.printing.report_samples import account, statement
from tests.printing.samples import SEAL


def read(pdf: bytes) -> list[str]:
    """Return the text of each page."""
    document = pypdfium2.PdfDocument(pdf)
    found = []
    for page in document:
        words = page.get_textpage()
        found.append(str(words.get_text_range()))
        words.close()
        page.close()
    document.close()
    return found


def picture(pdf: bytes, number: int = 0) -> Image.Image:
    document = pypdfium2.PdfDocument(pdf)
    page = document[number]
    drawn = page.render(scale=3).to_pil().convert("L")
    page.close()
    document.close()
    return drawn


def paper(*elements: Element) -> Document:
    return Document(title="T", language="en", elements=elements)


def rows(count: int) -> Table:
    return Table(
        columns=(Column(title="Number", grows=1), Column(title="Amount", figures=True)),
        rows=tuple(Row(cells=(f"INV-{n:05d}", f"{n:,}.00"), narrow=()) for n in range(count)),
    )


@pytest.mark.parametrize("case", [case for case in PAGES if case.name != "report-finances"], ids=str)
def test_all_text_of_a_paper_is_on_its_pages(case: Case) -> None:
    found = "".join("".join(read(render_a4(case.document))).split())
    for word in render_text(case.document, columns=48).replace("-" * 48, "").split():
        bare = word.strip("+-,_()")  # a signed amount stands in the column of its sign
        if bare and word not in {"[QR]", "[|||||||||||]"} and not word.startswith("##"):
            assert bare in found, word


def test_every_page_bears_its_number_and_the_titles_of_the_table() -> None:
    pages = read(render_a4(paper(rows(100))))
    assert len(pages) > 1
    for number, words in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in words
        assert "Number Amount" in words.replace("\r\n", " ")


def test_what_asks_how_far_it_is_hears_of_every_page() -> None:
    heard: list[tuple[int, int]] = []
    render_a4(paper(rows(100)), progress=lambda done, whole: heard.append((done, whole)))
    assert heard == [(number, len(heard)) for number in range(1, len(heard) + 1)]


def test_who_asks_how_far_it_is_can_end_it() -> None:
    def enough(_done: int, _whole: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render_a4(paper(rows(100)), progress=enough)


@given(first=st.integers(0, 10**12), second=st.integers(0, 10**12))
@settings(max_examples=30)
def test_money_of_as_many_digits_is_as_wide(first: int, second: int) -> None:
    """Figures stand in columns: only the count of letters decides how wide an amount is."""
    one, other = f"{first:,}.00", f"{second:,}.00"
    if len(one) == len(other):
        assert typeset.width(one, size=9, figures=True) == pytest.approx(typeset.width(other, size=9, figures=True))


def test_amounts_end_at_one_edge_of_the_table() -> None:
    (page,) = sheet.pages(paper(rows(20)))
    marks = [mark for _, block in page.blocks for mark in block.marks if isinstance(mark, Letters) and mark.figures]
    ends = {
        round(mark.left + typeset.width(mark.text, size=mark.size, bold=mark.bold, figures=True), 2) for mark in marks
    }
    assert len(ends) == 1


def test_a_heading_without_anything_below_it_stands_all_the_same() -> None:
    assert "Alone" in read(render_a4(paper(text("Alone", bold=True, size=Size.HEADING))))[0]


def test_a_page_that_begins_with_no_table_repeats_no_titles() -> None:
    pages = read(render_a4(paper(rows(4), *(text(f"line {n}") for n in range(80)))))
    assert len(pages) == 2 and "Amount" not in pages[1]


def test_digits_stand_in_columns_where_no_engine_knows_them(monkeypatch: pytest.MonkeyPatch) -> None:
    amount = Tiles((pair("Paid", "KES 1,111.11"), pair("Owed", "8,888.88 王")))
    with_engine = render_page(paper(amount), 1, scale=1)
    monkeypatch.setattr("meterpos.printing.picture._KNOWS_FEATURES", False)
    assert len(render_page(paper(amount), 1, scale=1)) == pytest.approx(len(with_engine), rel=0.2)
    one, eight = (list(typeset.pieces(said, size=9, figures=True)) for said in ("11.1", "88.8"))
    assert [piece.text for piece in one] == ["1", "1", ".", "1"]
    assert one[2].left == pytest.approx(eight[2].left)


def test_no_mark_leaves_the_page() -> None:
    long = "Wilhelmina" * 30
    document = paper(
        text(long),
        pair(long, long),
        Tiles((pair(long, "1" * 60), pair("b", "2"))),
        Bars((Bar(long, 5, "5.00"), Bar("zero", 0, "0.00", "bad"))),
        Bars(()),
        Table(
            columns=(Column(title="Text", grows=1), Column(title=long[:40]), Column(title="Amount", figures=True)),
            rows=(Row(cells=(long, long[:20], "1,000.00"), narrow=()),),
        ),
    )
    for page in sheet.pages(document):
        for down, block in page.blocks:
            for mark in block.marks:
                wide = mark.width if isinstance(mark, Box) else typeset.width(mark.text, size=mark.size, bold=mark.bold)
                assert mark.left >= 0
                assert mark.left + wide <= sheet.PAGE[0]
                assert down >= 0


@pytest.mark.parametrize("count", range(30, 46))
def test_the_last_words_of_a_paper_stand_below_figures_and_never_on_a_page_alone(count: int) -> None:
    *_, last = sheet.pages(paper(rows(count), text("From the books."), text("Every one of them.")))
    letters = [mark.text for _, block in last.blocks for mark in block.marks if isinstance(mark, Letters)]
    assert letters[-4:] == [f"INV-{count - 1:05d}", f"{count - 1:,}.00", "From the books.", "Every one of them."]


@pytest.mark.parametrize("tone", ["plain", "good", "bad"])
def test_a_longer_bar_is_longer_and_says_its_figure(tone: str) -> None:
    bars = Bars((Bar("One", 100, "1.00", tone), Bar("Two", 200, "2.00", tone)))  # type: ignore[arg-type]
    (page,) = sheet.pages(paper(bars))
    drawn = [mark.width for _, block in page.blocks for mark in block.marks if isinstance(mark, Box)][1::2]
    assert drawn[1] == pytest.approx(2 * drawn[0])
    assert {"1.00", "2.00"} <= set(read(render_a4(paper(bars)))[0].split())


def test_a_scanner_reads_the_seal_from_the_page() -> None:
    document = Case("cash", "en", 48).document
    assert read_qr(picture(render_a4(document))) == SEAL


def test_a_name_in_another_script_is_seen_and_found() -> None:
    name = "王小明 شارع"
    pdf = render_a4(paper(text(name, bold=True)))
    assert "王小明" in read(pdf)[0] and "شارع" in read(pdf)[0]
    empty = picture(render_a4(paper(text(""))))
    assert sum(picture(pdf).histogram()[:128]) > sum(empty.histogram()[:128])


@given(words=st.text(min_size=1, max_size=30))
@settings(max_examples=25)
def test_any_name_makes_a_page(words: str) -> None:
    document = paper(text(words), pair(words, words), Tiles((pair(words, words),)))
    assert len(read(render_a4(document))) == 1


@given(parts=st.lists(st.integers(0, 10**12), min_size=1, max_size=7).filter(any))
def test_the_shares_of_a_debt_come_to_a_hundred(parts: list[int]) -> None:
    percents = percents_of(parts)
    assert sum(percents) == 100
    assert all(
        abs(percent * sum(parts) - part * 100) < sum(parts) for percent, part in zip(percents, parts, strict=True)
    )


@pytest.mark.parametrize(("language", "to"), [("en", "to"), ("sw", "hadi")])
def test_a_period_of_one_day_is_that_day(language: str, to: str) -> None:
    first, last = date(2026, 11, 19), date(2026, 11, 20)
    assert say_period(first, first, language=language).replace("\u00a0", " ") == "19 Nov 2026"
    said = say_period(first, last, language=language).replace("\u00a0", " ")
    assert said == f"19 Nov 2026 {to} 20 Nov 2026"


def test_a_bar_of_nothing_is_not_drawn() -> None:
    (nothing, something, _) = charts.bars(Bars((Bar("a", 0, "0.00"), Bar("b", 1, "0.01"))), left=0, room=500)
    assert (len(nothing.marks), len(something.marks)) == (3, 4)


def test_the_screen_shows_a_page_as_it_is_printed() -> None:
    document = paper(rows(100))
    pages = sheet.count_pages(document)
    first, last, beyond = (render_page(document, number, scale=1) for number in (1, pages, pages + 5))
    assert first != last
    assert last == beyond


def test_a_page_before_the_first_is_a_mistake_that_is_named() -> None:
    with pytest.raises(AssertionError, match="Pages are numbered from 1; there is no page 0"):
        render_page(paper(rows(1)), 0)


def test_a_code_is_on_the_screen_too(tmp_path: object) -> None:
    import io

    shown = Image.open(io.BytesIO(render_page(Case("cash", "en", 48).document, 1, scale=3)))
    assert read_qr(shown.convert("L")) == SEAL


def test_a_closed_statement_adds_up() -> None:
    found = statement(account(), opening=100, moves=())
    assert found.opening_minor + found.invoiced_minor + found.adjusted_minor - found.paid_minor == found.closing_minor
