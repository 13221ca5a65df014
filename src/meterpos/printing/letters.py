"""Letters on a grid of columns: how wide they are, what a paper can hold of them, and where a line may break."""

import unicodedata
from collections.abc import Iterable, Sequence

from meterpos.printing.document import NO_BREAK, Run

Letter = tuple[str, bool]
"""A letter and whether it is bold."""


def width(text: str) -> int:
    """Return how many columns ``text`` takes: two for wide letters (Chinese), none for marks on a letter."""
    if text.isascii():
        return len(text)
    return sum(_letter_width(letter) for letter in text)


def clean(text: str) -> str:
    """Return ``text`` as a paper can hold it.

    Letters are composed; any kind of space and control becomes a plain space, so that no name can send a command to a
    printer or break a line; marks that only steer direction and joining are left out.
    """
    if text.isascii() and text.isprintable():
        return text
    kept = []
    for letter in unicodedata.normalize("NFC", text):
        category = unicodedata.category(letter)
        if category in {"Cc", "Zs", "Zl", "Zp"}:
            kept.append(letter if letter == NO_BREAK else " ")
        elif category not in {"Cf", "Cs"}:
            kept.append(letter)
    return "".join(kept)


def runs_width(runs: Iterable[Run]) -> int:
    """Return how many columns ``runs`` take side by side at normal size."""
    return sum(width(run.text) for run in runs)


def wrap(runs: Sequence[Run], *, columns: int) -> list[tuple[Run, ...]]:
    """Return ``runs`` broken at spaces into rows of at most ``columns``; a longer word is broken within.

    There is always one row, even of nothing.
    """
    rows: list[list[Letter]] = [[]]
    for word in words_of(runs):
        is_space = word[0][0] == " "
        if fits(rows[-1], word, columns):
            rows[-1] += word
        elif not is_space:
            _drop_spaces(rows[-1])
            for piece in _pieces(word, columns):
                if rows[-1]:
                    rows.append([])
                rows[-1] += piece
        elif rows[-1]:
            rows.append([])
    for row in rows:
        _drop_spaces(row)
    return [_runs(row) for row in rows if row] or [(Run(""),)]


def balance(runs: Sequence[Run], *, columns: int) -> list[tuple[Run, ...]]:
    """Return ``runs`` wrapped into as few rows as ``wrap`` needs, of widths as even as words allow."""
    rows = wrap(runs, columns=columns)
    if len(rows) == 1:
        return rows
    for narrower in range(columns - 1, columns // 2, -1):
        attempt = wrap(runs, columns=narrower)
        if len(attempt) > len(rows):
            break
        rows = attempt
    return rows


def words_of(runs: Sequence[Run]) -> list[list[Letter]]:
    """Return words and the spaces between them, each as its letters with their weight."""
    words: list[list[Letter]] = []
    for run in runs:
        for letter in run.text:
            if words and (words[-1][-1][0] == " ") == (letter == " "):
                words[-1].append((letter, run.bold))
            else:
                words.append([(letter, run.bold)])
    return words


def _pieces(word: list[Letter], columns: int) -> list[list[Letter]]:
    pieces: list[list[Letter]] = [[]]
    for letter in word:
        if pieces[-1] and not fits(pieces[-1], [letter], columns):
            pieces.append([])
        pieces[-1].append(letter)
    return pieces


def fits(row: list[Letter], word: list[Letter], columns: int) -> bool:
    return sum(_letter_width(letter) for letter, _ in (*row, *word)) <= columns


def _drop_spaces(row: list[Letter]) -> None:
    while row and row[-1][0] == " ":
        row.pop()


def _runs(row: list[Letter]) -> tuple[Run, ...]:
    runs: list[Run] = []
    for letter, bold in row:
        if runs and runs[-1].bold == bold:
            runs[-1] = Run(runs[-1].text + letter, bold)
        else:
            runs.append(Run(letter, bold))
    return tuple(runs)


def _letter_width(letter: str) -> int:
    if unicodedata.category(letter) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in {"W", "F"} else 1
