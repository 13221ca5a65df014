"""The bar code of an invoice, read back from every paper by a reader that shares nothing with who drew it."""

import io

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from meterpos.printing import code128
from meterpos.printing.a4 import render_a4
from meterpos.printing.document import Barcode, Document
from meterpos.printing.invoice import compose_invoice
from meterpos.printing.layout import COLUMNS, BarcodeLine, QrLine, set_lines
from meterpos.printing.pdf import render_pdf
from meterpos.printing.preview import render_page, render_png, render_text
from meterpos.printing.thermal import render_escpos
from tests.printing.invoice_samples import INVOICES, invoice
from tests.printing.paper_machine import print_out
from tests.printing.reading import read_bars, read_qr

EDGE_DOTS = {32: 32, 42: 32, 48: 32}
"""What a roll of 58 or 80 mm leaves empty beside the printed columns: 4 mm at the least."""

NUMBERS = st.from_regex(r"[A-Z]{1,4}-[0-9]{1,9}", fullmatch=True) | st.text(
    st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12
)


def paper(number: str) -> Document:
    return Document(title=number, language="en", elements=(Barcode(number),))


def rolled(document: Document, *, columns: int) -> Image.Image:
    """Return the one image on the roll, with the paper that a roll has beside it."""
    (image,) = print_out(render_escpos(document, columns=columns)).images
    edge = EDGE_DOTS[columns]
    sheet = Image.new("L", (columns * 12 + 2 * edge, image.height + 40), 255)
    sheet.paste(image.convert("L"), (edge, 20))
    return sheet


def drawn(pdf: bytes, *, dots_per_inch: int) -> Image.Image:
    document = pypdfium2.PdfDocument(pdf)
    shown = document[0].render(scale=dots_per_inch / 72).to_pil().convert("L")
    document.close()
    return shown


@settings(max_examples=60)
@given(number=NUMBERS, columns=st.sampled_from(COLUMNS))
def test_a_laser_reads_any_number_from_the_roll(columns: int, number: str) -> None:
    assert read_bars(rolled(paper(number), columns=columns)) == number


@settings(max_examples=8)
@given(number=NUMBERS | st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=20, max_size=30))
def test_a_laser_reads_any_number_from_a_page_that_an_office_printer_printed(number: str) -> None:
    assert read_bars(drawn(render_a4(paper(number)), dots_per_inch=300).crop((600, 150, 1900, 500))) == number


@pytest.mark.parametrize(("name", "language"), [("issued", "en"), ("issued", "sw"), ("issued-imported", "en")])
def test_every_way_an_invoice_is_shown_says_its_number_in_bars(name: str, language: str) -> None:
    document = compose_invoice(INVOICES[name](language))
    for columns in COLUMNS:
        assert read_bars(rolled(document, columns=columns)) == "INV-000456"
        assert read_bars(Image.open(io.BytesIO(render_png(document, columns=columns)))) == "INV-000456"
        assert read_bars(drawn(render_pdf(document, columns=columns), dots_per_inch=203)) == "INV-000456"
    assert read_bars(drawn(render_a4(document), dots_per_inch=200)) == "INV-000456"
    for scale in (1.0, 1.3):
        assert read_bars(Image.open(io.BytesIO(render_page(document, 1, scale=scale))).convert("L")) == "INV-000456"


def test_a_number_of_head_office_has_the_widest_bars_on_every_roll() -> None:
    for columns in COLUMNS:
        assert set_lines(paper("INV-000456"), columns=columns)[0] == BarcodeLine("INV-000456", module_dots=3)


@pytest.mark.parametrize("number", ["LAKE-WATER-INV-2026-000456", "ANKARA/Ñ-7", "发票-7"])
def test_a_number_whose_bars_a_narrow_roll_cannot_hold_gets_a_code_that_it_can(number: str) -> None:
    (line, *_) = set_lines(paper(number), columns=32)
    assert line == QrLine(number)
    assert any(read_qr(image) == number for image in print_out(render_escpos(paper(number), columns=32)).images)


def test_a_number_that_no_page_holds_in_bars_gets_a_code_there() -> None:
    assert read_qr(drawn(render_a4(paper("发票-7")), dots_per_inch=200)) == "发票-7"
    assert read_qr(drawn(render_a4(paper("INV-" * 16)), dots_per_inch=200)) == "INV-" * 16


@pytest.mark.parametrize("columns", COLUMNS)
def test_the_number_stands_in_letters_below_its_bars(columns: int) -> None:
    assert render_text(compose_invoice(invoice("en")), columns=columns).count("INV-000456") == 2


def test_digits_go_two_by_two_where_that_is_shorter() -> None:
    assert code128.width_modules("12345678") == 11 * 6 + 13
    assert code128.width_modules("A1234") == 11 * 6 + 13
    assert code128.width_modules("123") == 11 * 5 + 13


@settings(max_examples=60)
@given(number=NUMBERS)
def test_the_bars_are_never_wider_than_what_another_program_makes(number: str) -> None:
    from reportlab.graphics.barcode.code128 import Code128Auto

    other = Code128Auto(number, barWidth=1, quiet=0)
    assert code128.width_modules(number) <= other.width


def test_a_spoiled_bar_code_is_not_read() -> None:
    sheet = rolled(paper("INV-000456"), columns=48)
    sheet.paste(255, (200, 0, 300, sheet.height))
    assert read_bars(sheet) is None


@pytest.mark.parametrize("text", ["", "ñ", "a\nb"])
def test_what_is_no_plain_letter_has_no_bars(text: str) -> None:
    assert not code128.can_hold(text)
