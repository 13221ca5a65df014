"""What the ledger and the printers say, in another language than English: sentence by sentence, its values kept.

`translations/said.<language>.json` has each English sentence of the code, `{}` where a value stands, with its
translation, where `{0}`, `{1}` … name the values in the English order. A value may itself be a sentence.
"""

import json
import re
from functools import cache, lru_cache
from typing import Final

from meterpos.resources import resource_path

DEPTH_MAX: Final = 3


@lru_cache(maxsize=512)
def translated(sentence: str, language: str, *, depth: int = 0) -> str | None:
    """Return the sentence in another language, None where the catalogue does not know it."""
    for pattern, form in _patterns(language):
        found = pattern.fullmatch(sentence)
        if found is not None:
            return form.format(*(_value(value, language, depth) for value in found.groups()))
    return None


def _value(value: str, language: str, depth: int) -> str:
    if depth >= DEPTH_MAX:
        return value
    return translated(value, language, depth=depth + 1) or value


@cache
def catalogue(language: str) -> dict[str, str]:
    """Return the English sentences with their translations; none for English."""
    if language == "en":
        return {}
    text = resource_path(f"translations/said.{language}.json").read_text(encoding="utf-8")
    loaded: dict[str, str] = json.loads(text)
    return loaded


@cache
def _patterns(language: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return each sentence as a pattern, those with the most words of their own first: they are the most certain."""
    forms = sorted(catalogue(language).items(), key=lambda form: -len(form[0].replace("{}", "")))
    return tuple((_pattern(english), other) for english, other in forms)


def _pattern(english: str) -> re.Pattern[str]:
    return re.compile("(.*?)".join(map(re.escape, english.split("{}"))), re.DOTALL)
