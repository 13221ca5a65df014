"""Every sentence exists in both languages and takes the same values."""

import ast
import json
import re
from pathlib import Path

import pytest

from meterpos.ui import words

UI = Path(__file__).parents[2] / "src" / "meterpos" / "ui"
KEY = re.compile(r"[a-z_]+(\.[a-z_0-9]+)+")


def forms(form: words.Form) -> list[str]:
    return list(form.values()) if isinstance(form, dict) else [form]


def placeholders(form: words.Form) -> set[str]:
    return {name for text in forms(form) for name in re.findall(r"\{(\w+)\}", text)}


def keys_in_code() -> set[str]:
    found = set()
    for path in UI.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and KEY.fullmatch(node.value):
                found.add(node.value)
    return {key for key in found if not key.startswith("meterpos.")}


def test_every_sentence_named_in_the_code_exists() -> None:
    assert keys_in_code() - set(words.catalogue("en")) == set()


def test_no_sentence_stands_twice_in_a_catalogue() -> None:
    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        names = [name for name, _ in pairs]
        assert sorted(names) == sorted(set(names)), {name for name in names if names.count(name) > 1}
        return dict(pairs)

    for path in (UI.parents[2] / "resources" / "translations").glob("*.json"):
        assert json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=once)


def test_both_languages_have_the_same_sentences_with_the_same_values() -> None:
    english, swahili = words.catalogue("en"), words.catalogue("sw")
    assert set(english) == set(swahili)
    for key, form in english.items():
        assert type(form) is type(swahili[key]), key
        assert placeholders(form) == placeholders(swahili[key]), key


@pytest.mark.parametrize(
    "prefix", ["method", "utility", "role", "kind", "print", "print.short", "look", "settings.way", "settings.name"]
)
def test_names_that_are_put_together_exist(prefix: str) -> None:
    wanted = {
        "method": ("cash", "mpesa", "bank", "cheque"),
        "utility": ("water", "power", ""),
        "role": ("clerk", "supervisor", "manager", "auditor"),
        "kind": ("opening", "invoice", "adjustment", "payment", "reversal"),
        "print": ("queued", "sent", "confirmed", "unconfirmed", "failed", "none"),
        "print.short": ("queued", "sent", "confirmed", "unconfirmed", "failed", "none"),
        "look": ("light", "dark"),
        "settings.way": ("dev", "serial", "cups", "windows"),
        "settings.name": ("printer", "columns", "lock_after_min", "exchange_every_s"),
    }
    for name in wanted[prefix]:
        assert words.has(f"{prefix}.{name}"), f"{prefix}.{name}"
