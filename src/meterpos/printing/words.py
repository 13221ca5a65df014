"""Amounts of money in words, in English and Swahili, so that a figure on a paper cannot be altered unseen."""

from collections.abc import Callable
from typing import Final

_ONES: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
).split()
_TENS: Final = "- - twenty thirty forty fifty sixty seventy eighty ninety".split()
_SCALES: Final = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"))

_MOJA: Final = "sifuri moja mbili tatu nne tano sita saba nane tisa".split()
_KUMI: Final = "- kumi ishirini thelathini arobaini hamsini sitini sabini themanini tisini".split()
_VIPIMO: Final = ((10**12, "trilioni"), (10**9, "bilioni"), (10**6, "milioni"), (1000, "elfu"))

_SHILLINGS: Final = frozenset({"KES", "TZS", "UGX", "SOS"})
"""Currencies that people call shillings; any other is called by its code."""


def amount_in_words(minor: int, *, currency: str, language: str) -> str:
    """Return the amount as a receipt says it: 250050 is "Two thousand five hundred shillings and fifty cents only".

    ``minor`` in minor units, not negative. Any language but Swahili ("sw") is English.
    """
    assert minor >= 0, "a paper says what was paid or given back, never less than nothing"
    whole, cents = divmod(minor, 100)
    say = _swahili if language == "sw" else _english
    return say(whole, cents, currency)


def _english(whole: int, cents: int, currency: str) -> str:
    unit = "shilling" if currency in _SHILLINGS else currency
    parts = []
    if whole or not cents:
        plural = "s" if whole != 1 and currency in _SHILLINGS else ""
        parts.append(f"{_number(whole)} {unit}{plural}")
    if cents:
        parts.append(f"{_number(cents)} cent{'' if cents == 1 else 's'}")
    return _sentence(" and ".join(parts) + " only")


def _swahili(whole: int, cents: int, currency: str) -> str:
    unit = "shilingi" if currency in _SHILLINGS else currency
    parts = []
    if whole or not cents:
        parts.append(f"{unit} {_namba(whole)}")
    if cents:
        parts.append(f"senti {_namba(cents)}")
    return _sentence(" na ".join(parts) + " tu")


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:]


def _number(value: int) -> str:
    """Return ``value`` in English, with the "and" before what is below a hundred."""
    if value < 100:
        return _below_hundred(value)
    words = _scaled(value, _SCALES, lambda count, name: f"{_number(count)} {name}")
    rest = value % 1000
    if rest >= 100:
        words.append(f"{_ONES[rest // 100]} hundred")
    if rest % 100:
        words.append(f"and {_below_hundred(rest % 100)}")
    return " ".join(words)


def _below_hundred(value: int) -> str:
    if value < 20:
        return _ONES[value]
    tens, ones = divmod(value, 10)
    return f"{_TENS[tens]}-{_ONES[ones]}" if ones else _TENS[tens]


def _namba(value: int) -> str:
    """Return ``value`` in Swahili.

    Swahili says the scale before its count, so "elfu ishirini na tano" could be 25,000 or 20,005: a comma closes each
    count, and 20,005 is "elfu ishirini, na tano".
    """
    words = _scaled(value, _VIPIMO, lambda count, name: f"{name} {_namba(count)}")
    rest = value % 1000
    if rest or not words:
        below = _chini_ya_elfu(rest)
        words.append(f"na {below}" if words and " " not in below else below)
    return ", ".join(words)


def _chini_ya_elfu(value: int) -> str:
    if value == 0:
        return _MOJA[0]
    words = []
    if value >= 100:
        words.append(f"mia {_MOJA[value // 100]}")
    tens, ones = divmod(value % 100, 10)
    if tens:
        words.append(_KUMI[tens])
    if ones:
        words.append(_MOJA[ones])
    if len(words) > 1:
        words.insert(-1, "na")
    return " ".join(words)


def _scaled(value: int, scales: tuple[tuple[int, str], ...], say: Callable[[int, str], str]) -> list[str]:
    """Return what ``value`` holds of each scale, largest first, in words; what is below a thousand is left out."""
    words = []
    for size, name in scales:
        count, value = divmod(value, size)
        if count:
            words.append(say(count, name))
    return words
