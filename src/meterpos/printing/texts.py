"""The fixed texts of papers, from `resources/translations/papers.<language>.json`, beside the words of the window."""

import json
from functools import cache
from typing import Any, Final, TypeVar

from meterpos.resources import resource_path

LANGUAGES: Final = ("en", "sw")
Texts = TypeVar("Texts")


def texts_of(kind: type[Texts], part: str, language: str) -> Texts:
    """Return the texts of a part of the papers in a language; in any that is not known, in English.

    A text that is missing, or that nobody knows, breaks off here and not on a paper; a test looks at both languages.
    """
    given = _read(language if language in LANGUAGES else LANGUAGES[0])[part]
    return kind(**{name: tuple(said) if isinstance(said, list) else said for name, said in given.items()})


@cache
def _read(language: str) -> dict[str, dict[str, Any]]:
    text = resource_path(f"translations/papers.{language}.json").read_text(encoding="utf-8")
    parts: dict[str, dict[str, Any]] = json.loads(text)
    return parts
