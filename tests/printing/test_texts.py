"""The texts of papers: both languages say the same things, with the same values in them."""

import json
from string import Formatter

import pytest

from meterpos.printing.invoice_labels import invoice_labels_in
from meterpos.printing.labels import Labels, labels_in
from meterpos.printing.report_labels import report_labels_in
from meterpos.printing.texts import LANGUAGES, texts_of
from meterpos.resources import resource_path


def said(language: str) -> dict[str, str]:
    """Return every text of a language by its path."""

    def walk(node: object, path: str) -> None:
        if isinstance(node, str):
            found[path] = node
        else:
            assert isinstance(node, dict | list)
            for name, one in node.items() if isinstance(node, dict) else enumerate(node):
                walk(one, f"{path}/{name}")

    found: dict[str, str] = {}
    walk(json.loads(resource_path(f"translations/papers.{language}.json").read_text(encoding="utf-8")), "")
    return found


def test_both_languages_say_everything_with_the_same_values() -> None:
    english, swahili = map(said, LANGUAGES)
    assert english.keys() == swahili.keys()
    for path, text in english.items():
        assert text and swahili[path], path
        values = [{name for _, name, _, _ in Formatter().parse(one) if name} for one in (text, swahili[path])]
        assert values[0] == values[1], path


@pytest.mark.parametrize("labels", [labels_in, report_labels_in, invoice_labels_in])
def test_a_language_nobody_translated_reads_english(labels: object) -> None:
    assert labels("fr") == labels("en") != labels("sw")  # type: ignore[operator]


def test_texts_that_are_not_those_a_paper_asks_for_break_off_before_it() -> None:
    with pytest.raises(TypeError, match="unexpected keyword"):
        texts_of(Labels, "invoice", "en")
