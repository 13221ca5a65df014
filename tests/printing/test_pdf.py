"""Papers as PDF: as long as they are, with their fonts inside, their text to be found, their code to be scanned."""

from collections.abc import Iterator
from contextlib import contextmanager

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from meterpos.printing.document import Document, Size, pair, text
from meterpos.printing.pdf import render_pdf
from meterpos.printing.preview import render_text
from tests.printing.papers import TEXTS, Case
from tests.printing.reading import read_qr
from tests.printing.samples import SEAL

MM = 72 / 25.4


@contextmanager
def page_of(pdf: bytes) -> Iterator[pypdfium2.PdfPage]:
    """Open the one page of a PDF."""
    document = pypdfium2.PdfDocument(pdf)
    assert len(document) == 1
    page = document[0]
    try:
        yield page
    finally:
        page.close()
        document.close()


def words_of(page: pypdfium2.PdfPage) -> str:
    textpage = page.get_textpage()
    try:
        return str(textpage.get_text_range())
    finally:
        textpage.close()


def seen(page: pypdfium2.PdfPage, *, scale: float = 4) -> Image.Image:
    return page.render(scale=scale).to_pil().convert("L")


@pytest.mark.parametrize("case", [case for case in TEXTS if case.columns == 48], ids=str)
def test_all_text_of_a_paper_is_in_its_pdf(case: Case) -> None:
    with page_of(render_pdf(case.document)) as page:
        found = "".join(words_of(page).split())
    for word in render_text(case.document, columns=48).replace("-" * 48, "").split():
        if word not in {"[QR]", "[|||||||||||]"} and not word.startswith("##"):
            assert word in found, word


@pytest.mark.parametrize(
    ("width_mm", "columns", "wide_mm"), [(80, None, 80), (58, None, 58), (80, 42, 80), (None, 32, 58), (None, None, 80)]
)
def test_the_roll_is_as_wide_as_asked_and_as_long_as_the_paper(
    width_mm: int | None, columns: int | None, wide_mm: int
) -> None:
    case = Case("several-parts", "en", 48)
    with page_of(render_pdf(case.document, width_mm=width_mm, columns=columns)) as page:
        width, height = page.get_size()
        picture = seen(page)
    assert width == pytest.approx(wide_mm * MM, abs=0.1)
    ink = picture.point(lambda grey: 255 - grey).getbbox()
    assert ink is not None
    bottom_mm = (picture.height - ink[3]) / 4 / MM
    assert 2 < bottom_mm < 8
    assert height > width


@pytest.mark.parametrize("width_mm", [58, 80])
def test_a_scanner_reads_the_seal_from_the_pdf(width_mm: int) -> None:
    with page_of(render_pdf(Case("cash", "en", 48).document, width_mm=width_mm)) as page:
        assert read_qr(seen(page)) == SEAL


def test_its_fonts_are_inside() -> None:
    pdf = render_pdf(Case("other-scripts", "en", 48).document)
    for name in (b"JetBrainsMono-Regular", b"JetBrainsMono-Bold"):
        assert name in pdf
    assert pdf.count(b"/FontFile2") >= 5


def test_letters_of_other_scripts_are_seen_and_found() -> None:
    name, place = "王小明", "شارع الميناء القديم"
    document = Document(title="T", language="en", elements=(pair(name, "AC-20011"), pair("left", place, bold=True)))
    empty = Document(title="T", language="en", elements=(pair("", "AC-20011"), pair("left", "", bold=True)))
    with page_of(render_pdf(document)) as page, page_of(render_pdf(empty)) as bare:
        found = words_of(page)
        ink, less = ((seen(one).histogram()[:128]) for one in (page, bare))
    assert name in found
    assert place in found
    assert "AC-20011" in found
    assert sum(ink) > sum(less)


def test_the_number_beside_a_drawn_name_is_seen() -> None:
    """Unseen text must not hide what is written after it."""
    document = Document(title="T", language="en", elements=(pair("王", "AC-20011"),))
    with page_of(render_pdf(document)) as page:
        picture = seen(page)
    right = picture.crop((picture.width * 3 // 4, 0, picture.width, picture.height))
    assert right.point(lambda grey: 255 - grey).getbbox() is not None


@given(name=st.text(min_size=1, max_size=40), bold=st.booleans())
@settings(max_examples=40)
def test_any_name_makes_a_pdf_that_opens(name: str, bold: bool) -> None:
    document = Document(title=name, language="en", elements=(pair(name, name, bold=bold), text(name, size=Size.LARGE)))
    with page_of(render_pdf(document)) as page:
        assert page.get_size()[1] > 0


def test_a_mark_without_a_letter_takes_no_place() -> None:
    with page_of(render_pdf(Document(title="T", language="en", elements=(text("\u20e3"),)))) as page:
        assert page.get_size()[1] > 0


def test_a_banner_is_black_with_white_letters() -> None:
    with page_of(render_pdf(Case("cash-copy", "en", 48).document)) as page:
        picture = seen(page)
    band = picture.crop((int(5 * MM * 4), int(5 * MM * 4), int(75 * MM * 4), int(10 * MM * 4)))
    dark = sum(band.histogram()[:64])
    assert dark > band.width * band.height * 0.6
    assert band.getextrema()[1] > 200


def test_the_same_paper_gives_the_same_bytes() -> None:
    case = Case("cash", "en", 48)
    assert render_pdf(case.document) == render_pdf(case.document)
    assert case.document.title.encode("utf-16-be") in render_pdf(case.document) or b"KSM01-B7K-000123" in render_pdf(
        case.document
    )
