"""Qt's own words in Swahili, which Qt does not bring: the menus of fields, the dialogs for files.

Asked whenever Qt makes a menu or a dialog, so that a change of language needs nothing to be installed anew.
"""

import json
from functools import cache

from PySide6.QtCore import QObject, QTranslator

from meterpos.resources import resource_path
from meterpos.ui import words


class QtWords(QTranslator):
    """Installed once in the application; what it does not know stays as Qt says it (an empty answer would be shown)."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)

    def isEmpty(self) -> bool:
        return False

    def translate(self, _context: str, source: str, _disambiguation: str | None = None, _n: int = -1) -> str:
        return catalogue(words.language()).get(source, source)


@cache
def catalogue(language: str) -> dict[str, str]:
    """Return Qt's English words with their translations; none for English."""
    if language == "en":
        return {}
    text = resource_path(f"translations/qt.{language}.json").read_text(encoding="utf-8")
    loaded: dict[str, str] = json.loads(text)
    return loaded
