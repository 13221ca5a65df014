"""Help for every page, in both languages, opened and closed by keys; F1 itself is Pay, as on the reference screen."""

import re
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt

from meterpos.ui import words
from meterpos.ui.pages.made import PAGES
from meterpos.ui.widgets.helppanel import WIDTH, catalogue
from meterpos.ui.window import Window
from tests.ui import looking, stand
from tests.ui.stand import press, settle

UI = Path(words.__file__).parent
KEY = re.compile(r"(?:Ctrl|Alt|Shift)\+(?:F\d+|[A-Z])|F\d+")


def test_every_page_has_its_help_in_both_languages_with_the_same_keys() -> None:
    english, swahili = catalogue("en"), catalogue("sw")
    assert set(english) == set(swahili) == {"pay", "signin", *PAGES}
    for page, about in english.items():
        other = swahili[page]
        assert about["title"] and other["title"] and len(about["text"]) == len(other["text"]), page
        assert [key for key, _ in about["keys"]] == [key for key, _ in other["keys"]], page


def test_every_key_that_help_names_is_a_key_of_the_window() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in UI.rglob("*.py"))
    for page, about in catalogue("en").items():
        for keys, _ in about["keys"]:
            for key in KEY.findall(keys):
                assert f'"{key}"' in source or "Ctrl+{" in source, f"{page}: {key}"


def test_shift_f1_opens_help_for_the_page_and_escape_gives_the_keyboard_back(window: Window) -> None:
    before = stand.app().focusWidget()
    press(Qt.Key.Key_F1, Qt.KeyboardModifier.ShiftModifier)
    assert window.help.isVisible() and window.help.title.text() == "Pay"
    assert looking.complaints(window) == []
    press(Qt.Key.Key_Escape)
    assert not window.help.isVisible()
    assert stand.app().focusWidget() is before


def test_help_follows_to_the_next_page_and_into_the_other_language(window: Window) -> None:
    window.top.help.click()
    press(Qt.Key.Key_F9)
    settle(window)
    assert window.help.title.text() == "Settings"
    words.speak("sw")
    assert window.help.title.text() == "Mipangilio"
    window.top.help.click()
    assert not window.help.isVisible()


def test_help_lies_inside_a_small_window(window: Window) -> None:
    window.resize(910, 512)
    window.top.help.click()
    settle(window)
    panel: Any = window.help
    assert window.rect().contains(panel.geometry())
    assert panel.width() <= WIDTH


@pytest.mark.parametrize("page", ["enrol", "guide"])
def test_help_knows_the_pages_without_a_key_of_their_own(window: Window, page: str) -> None:
    window.go(page)
    window._stack.setCurrentWidget(window.page(page))
    window.top.help.click()
    assert window.help.title.text() == catalogue("en")[page]["title"]
    settle(window)
