"""What the ledger and the printers say is said in Swahili too, every sentence of it, with its values."""

import ast
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtWidgets import QApplication, QLineEdit

from meterpos.errors import UserError
from meterpos.ledger.rules.tenders import REFERENCE_NAMES
from meterpos.printing.devices import PrinterError
from meterpos.ui import messages, said, words
from meterpos.ui.qt_words import QtWords
from meterpos.ui.window import Window
from tests.support.tills import Counter
from tests.ui.sentences import Source, pieces, told

FORM = re.compile(r"\{(\d*)\}")


@pytest.fixture
def in_swahili() -> object:
    """The window speaks Swahili for one test."""
    words.speak("sw")
    yield
    words.speak("en")


def test_every_sentence_a_clerk_can_meet_has_swahili() -> None:
    missing = {sentence: where for sentence, where in told().items() if sentence not in said.catalogue("sw")}
    assert missing == {}


def test_a_translation_keeps_every_value() -> None:
    for english, swahili in said.catalogue("sw").items():
        named = sorted(FORM.findall(swahili))
        assert named == [str(place) for place in range(english.count("{}"))], english


def test_no_translation_is_left_over_from_a_sentence_nobody_says() -> None:
    left = [
        english
        for english in said.catalogue("sw")
        if english not in told() and not all(any(part in text for text in pieces()) for part in english.split("{}"))
    ]
    assert left == []


def test_a_sentence_without_swahili_is_found(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text(
        "WHY = 'A constant says so.'\n"
        "def why(n):\n    return f'{n} is {n}.' if n else 'Nothing is.'\n"
        "def f(n):\n    raise E(WHY or why(n))\n"
    )
    source = Source.read(tmp_path / "m.py")
    call = next(node for node in ast.walk(source.tree) if isinstance(node, ast.Call) and node.func.id == "E")  # type: ignore[attr-defined]
    assert set(source.sentences(call.args[0])) == {"A constant says so.", "{} is {}.", "Nothing is."}


@pytest.mark.usefixtures("in_swahili")
@pytest.mark.parametrize(
    ("english", "swahili"),
    [
        ("Shift 7 is still open. Close it first.", "Zamu 7 bado imefunguliwa. Ifunge kwanza."),
        ("Enter the M-Pesa code.", "Weka msimbo wa M-Pesa."),
        (
            "The printer is out of paper. Put in a roll, then press Print again.",
            "Karatasi ya printa imeisha. Weka nyingine, kisha ubonyeze Chapa tena.",
        ),
        (
            "The methods add up to 900.00 and the meters to 1,000.00: 100.00 missing. Make them equal.",
            "Njia za kulipa zina jumla ya 900.00 na mita 1,000.00: 100.00 zimepungua. Zilinganishe.",
        ),
        ("Nobody ever wrote this sentence.", "Nobody ever wrote this sentence."),
    ],
)
def test_what_is_said_in_english_is_said_in_swahili(english: str, swahili: str) -> None:
    assert messages.sentence(UserError(english)) == swahili


def test_in_english_every_sentence_stays_as_it_is() -> None:
    assert messages.sentence(PrinterError("Shift 7 is still open. Close it first.")).startswith("Shift 7")


@pytest.mark.parametrize("name", REFERENCE_NAMES.values())
def test_the_names_of_references_are_known(name: str) -> None:
    assert said.translated(name, "sw")


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_whatever_its_values_are_a_sentence_is_translated_with_them(data: st.DataObject) -> None:
    english = data.draw(st.sampled_from([one for one in told() if one.count("{}")]))
    values = data.draw(st.lists(st.text(min_size=1, max_size=12), min_size=9, max_size=9))
    parts = english.split("{}")
    spoken = "".join(part + value for part, value in zip(parts, [*values[: len(parts) - 1], ""], strict=True))
    assert said.translated(spoken, "sw") is not None


@pytest.mark.usefixtures("in_swahili")
def test_qts_own_menus_speak_swahili(qapp: QApplication, counter: Counter, opened: Callable[..., Window]) -> None:
    translator = QtWords(qapp)
    qapp.installTranslator(translator)
    try:
        line = QLineEdit("abc")
        menu = line.createStandardContextMenu()
        texts = [action.text().partition("\t")[0] for action in menu.actions() if action.text()]
        assert texts == ["&Tendua", "&Rudia", "&Kata", "&Nakili", "&Bandika", "Futa", "Chagua yote"]
        words.speak("en")
        assert line.createStandardContextMenu().actions()[0].text().startswith("&Undo")
    finally:
        qapp.removeTranslator(translator)
