"""How typed text meets names and numbers: folding, the forms a number is known by, and the marks of a match.

Names are compared without case, accents, apostrophes and punctuation; numbers also without dashes, spaces and
leading zeros; phones with or without 0 and +254.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

TEXT_MAX: Final = 80
"""What is typed beyond this is not looked at: no name or number is longer."""

WORDS_MAX: Final = 6
DROPPED: Final = frozenset("'`\u2018\u2019\u00b4\u02bc")
"""Apostrophes of every kind: Ng'ang'a is one word, with or without them."""

COUNTRY_CODE: Final = "254"
_SUBSCRIBER_DIGITS: Final = 9

_DIGITS: Final = re.compile(r"\d+", re.ASCII)
_ZEROS: Final = re.compile(r"(?<!\d)0+(?=\d)", re.ASCII)
_APART: Final = re.compile(r"[^0-9a-z]+", re.ASCII)

_SPACED: Final = {code: " " for code in range(128) if not chr(code).isalnum()}
_SEPARATORS: Final = {ord(letter): None for letter in " -/._()+"}

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What typed text asks for.

    ``words``: of a name, folded; ``whole``: all of it folded, as a name that begins with it would be; ``numbers``: the
    forms in which a number may begin with the whole of it; ``phone``: the same for a phone, None where it is none;
    ``is_phone``: it is written as few other numbers are.
    """

    words: tuple[str, ...]
    whole: str
    numbers: tuple[str, ...]
    phone: str | None
    is_phone: bool

    @property
    def has_digits(self) -> bool:
        """A number, or a part of one, is among it."""
        return any(letter.isdigit() for letter in self.whole)


def wanted(text: str) -> Wanted:
    """Return what ``text`` asks for."""
    text = text[:TEXT_MAX]
    whole = fold(text)
    digits = _joined_digits(text)
    return Wanted(
        words=tuple(dict.fromkeys(whole.split()))[:WORDS_MAX],
        whole=whole,
        numbers=number_forms(text, is_whole=False),
        phone=None if digits is None else subscriber(digits),
        is_phone=digits is not None and is_phone_like(digits),
    )


def fold(text: str) -> str:
    """Return ``text`` as names are compared: small letters and digits without accents, one space between words."""
    return "".join(letter for letter, _ in _folded(text)).strip()


def _folded(text: str) -> Iterator[tuple[str, int]]:
    """Yield each folded letter with its place in ``text``; runs of anything else become one space."""
    was_space = True
    for place, letter in enumerate(text):
        if letter in DROPPED:
            continue
        for plain in letter if letter.isascii() else unicodedata.normalize("NFKD", letter):
            if unicodedata.combining(plain):
                continue
            if plain.isalnum():
                was_space = False
                yield from ((part, place) for part in plain.casefold())
            elif not was_space:
                was_space = True
                yield " ", place


def number_forms(number: str, *, is_whole: bool = True) -> tuple[str, ...]:
    """Return the forms a customer, meter or account number is known by: as written, and without leading zeros.

    ``is_whole`` adds its last run of digits alone, so that 45 and 045 find MTR-045.
    """
    compact = _APART.sub("", number.casefold())
    stripped = _ZEROS.sub("", _APART.sub("", _ZEROS.sub("", number.casefold())))
    forms = [compact, stripped]
    runs = _DIGITS.findall(number)
    if is_whole and runs and runs[-1] != compact:
        forms += [runs[-1], runs[-1].lstrip("0") or "0"]
    return tuple(dict.fromkeys(form for form in forms if form))


def phone_form(phone: str) -> str:
    """Return the one form a phone number is kept in for comparing: 712345678 for 0712 345 678 and +254712345678."""
    return subscriber("".join(_DIGITS.findall(phone)))


def subscriber(digits: str) -> str:
    """Return the digits of a phone number without country code or leading zero."""
    if digits.startswith(COUNTRY_CODE) and len(digits) > len(COUNTRY_CODE):
        digits = digits[len(COUNTRY_CODE) :]
    return digits.lstrip("0") or digits


def is_phone_like(digits: str) -> bool:
    """Tell whether digits begin as phones do and few other numbers would."""
    mobile = digits.startswith(("07", "01")) and len(digits) >= len("0712")
    abroad = digits.startswith((f"{COUNTRY_CODE}7", f"{COUNTRY_CODE}1"))
    return mobile or abroad or (len(digits) == _SUBSCRIBER_DIGITS and digits[0] in "71")


def _joined_digits(text: str) -> str | None:
    """Return the digits of a text of digits, spaces, dashes and a plus; None where it has anything else."""
    joined = "".join(letter for letter in text if letter not in " -+()./")
    return joined if joined.isascii() and joined.isdecimal() else None


def without_separators(numbers: str) -> str:
    """Return a text of numbers as their pieces are compared: small letters, nothing between the digits."""
    return numbers.lower().translate(_SEPARATORS)


def trigrams(words: Sequence[str]) -> tuple[str, ...]:
    """Return the pieces of three letters of all words that have one, each once."""
    pieces = (word[at : at + 3] for word in words for at in range(len(word) - 2))
    return tuple(dict.fromkeys(pieces))


def marks(name: str, words: Sequence[str]) -> tuple[Span, ...]:
    """Return the spans of ``name`` that match, in order and apart: beginnings of words first, else pieces of them."""
    pairs = _lettered(name)
    folded = "".join(letter for letter, _ in pairs) if pairs else _plain(name)
    found: set[int] = set()
    for word in words:
        places = list(_places(" " + folded, " " + word)) or list(_places(folded, word))[:1]
        for at in places:
            found.update(range(at, min(at + len(word), len(folded))))
    return _joined_spans(name, sorted({pairs[at][1] for at in found} if pairs else found))


def _lettered(name: str) -> list[tuple[str, int]]:
    """Return the folded letters with their places; nothing where each stands in its own place anyway (most names)."""
    return [] if name.isascii() and DROPPED.isdisjoint(name) else list(_folded(name))


def _plain(name: str) -> str:
    """Fold a name of plain letters without moving any."""
    return name.lower().translate(_SPACED)


def _places(text: str, piece: str) -> Iterator[int]:
    at = text.find(piece)
    while at >= 0:
        yield at
        at = text.find(piece, at + 1)


def _joined_spans(name: str, places: Sequence[int]) -> tuple[Span, ...]:
    """Join single places into spans; what folding dropped between two marked letters is marked with them."""
    spans: list[Span] = []
    for place in places:
        if spans and all(letter in DROPPED or unicodedata.combining(letter) for letter in name[spans[-1][1] : place]):
            spans[-1] = (spans[-1][0], place + 1)
        else:
            spans.append((place, place + 1))
    return tuple(spans)
