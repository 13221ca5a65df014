"""Every paper at every width and in every language is held to its golden file."""

import io

import pytest
from PIL import Image

from meterpos.printing.preview import render_png
from meterpos.printing.thermal import render_escpos
from tests.printing.paper_machine import print_out
from tests.printing.papers import BYTES, GOLDEN, PAGES, TEXTS, Case
from tests.printing.reading import columns_of, read_qr
from tests.printing.samples import SEAL

WITHOUT_SEAL = ("shift", "statement", "report", "issued")
HAS_QR = [case for case in TEXTS if not case.name.startswith(WITHOUT_SEAL)]


@pytest.mark.parametrize("case", TEXTS, ids=str)
def test_a_paper_reads_as_it_did(case: Case) -> None:
    assert case.text() == case.text_file.read_text(encoding="utf-8")


@pytest.mark.parametrize("case", BYTES, ids=str)
def test_a_paper_prints_as_it_did(case: Case) -> None:
    assert case.bytes() == case.bytes_file.read_bytes()


@pytest.mark.parametrize("case", PAGES, ids=str)
def test_a_page_is_set_as_it_was(case: Case) -> None:
    assert case.page() == case.page_file.read_text(encoding="utf-8")


def test_no_golden_file_is_left_over() -> None:
    expected = {case.text_file for case in TEXTS} | {case.bytes_file for case in BYTES}
    expected |= {case.page_file for case in PAGES}
    assert set(GOLDEN.iterdir()) == expected


@pytest.mark.parametrize("case", TEXTS, ids=str)
def test_a_paper_fits_its_roll(case: Case) -> None:
    for line in case.text().splitlines():
        assert columns_of(line) <= case.columns, line
        assert line == line.rstrip()
    roll = print_out(case.bytes())
    for printed in roll.lines:
        if isinstance(printed, Image.Image):
            assert printed.width <= case.columns * 12
        else:
            assert roll.columns_of(printed) <= case.columns


@pytest.mark.parametrize("case", TEXTS, ids=str)
def test_a_paper_is_cut_once_and_opens_the_drawer_for_cash_alone(case: Case) -> None:
    document = case.document
    roll = print_out(render_escpos(document, columns=case.columns, drawer=document.drawer))
    no_cash = (
        "mpesa",
        "pending",
        "plan",
        "long-names",
        "known-and",
        "reversal",
        "correction",
        "reconnection",
        "shift",
        "statement",
        "report",
        "issued",
    )
    opens = not case.name.endswith("-copy") and not case.name.startswith(no_cash)
    assert (roll.cuts, roll.drawer_pulses) == (1, int(opens))


@pytest.mark.parametrize("case", HAS_QR, ids=str)
def test_a_scanner_reads_the_seal_from_the_roll(case: Case) -> None:
    codes = [found for image in print_out(case.bytes()).images if (found := read_qr(image))]
    assert codes == [SEAL]


@pytest.mark.parametrize("case", [case for case in HAS_QR if case.name in {"cash", "several-parts"}], ids=str)
def test_a_scanner_reads_the_seal_from_the_picture(case: Case) -> None:
    picture = Image.open(io.BytesIO(render_png(case.document, columns=case.columns)))
    assert read_qr(picture) == SEAL


def test_a_scanner_reads_nothing_from_a_spoiled_code() -> None:
    picture = Image.open(io.BytesIO(render_png(Case("cash", "en", 48).document, columns=48)))
    picture.paste(255, (0, picture.height // 2, picture.width, picture.height))
    assert read_qr(picture) is None


@pytest.mark.parametrize("columns", [32, 42, 48])
def test_money_stands_at_the_right_edge(columns: int) -> None:
    lines = Case("cash", "en", columns).text().splitlines()
    for amount in ("KES 2,500.00", "3,000.00", "500.00", "2,300.00", "200.00", "0.00"):
        assert any(line.endswith(f" {amount}") and len(line) == columns for line in lines), amount


def test_the_design_is_kept_word_for_word() -> None:
    """The order and the words of the reference that the house was given, at 48 columns."""
    lines = [line.strip() for line in Case("cash", "en", 48).text().splitlines() if line.strip(" -")]
    assert lines == [
        "LAKE WATER COMPANY",
        "Kisumu  0800 720 111  lakewater.example",
        "PAYMENT RECEIPT                 KSM01-B7K-000123",
        "20 Nov 2026  09:41                    Achieng O.",
        "KSM01 Kisumu Market                    Shift 214",
        "Grace Akinyi Otieno                     AC-10482",
        "Meter MTR-001  water           House, Kondele Rd",
        "PAID                                KES 2,500.00",
        "Two thousand five hundred shillings only",
        "Cash received                           3,000.00",
        "Change given                              500.00",
        "To INV-2026-00456 of 10 Nov             2,300.00",
        "left on it                               0.00",
        "To credit on this meter                   200.00",
        "Balance now                                 0.00",
        "Credit now                                200.00",
        "This meter as head office knew it on 20 Nov 2026",
        "at 09:14, with what was paid here since.",
        "[QR]",
        "Any pay point can tell if this is genuine.",
        "Asante. Thank you.",
    ]
