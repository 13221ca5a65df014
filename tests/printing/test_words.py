"""Amounts in words are right, and no two amounts read the same."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterpos.printing.words import amount_in_words

AMOUNTS = st.one_of(st.integers(0, 3_000_000), st.integers(0, 99_999_999_999_999))

ENGLISH = {
    0: "Zero shillings only",
    1: "One cent only",
    50: "Fifty cents only",
    100: "One shilling only",
    101: "One shilling and one cent only",
    1_900: "Nineteen shillings only",
    2_100: "Twenty-one shillings only",
    10_500: "One hundred and five shillings only",
    100_500: "One thousand and five shillings only",
    250_000: "Two thousand five hundred shillings only",
    250_050: "Two thousand five hundred shillings and fifty cents only",
    100_000_000: "One million shillings only",
    123_456_789_05: (
        "One hundred and twenty-three million four hundred and fifty-six thousand seven hundred and eighty-nine "
        "shillings and five cents only"
    ),
    100_000_000_001_00: "One hundred billion and one shillings only",
    99_999_999_999_999: (
        "Nine hundred and ninety-nine billion nine hundred and ninety-nine million nine hundred and ninety-nine "
        "thousand nine hundred and ninety-nine shillings and ninety-nine cents only"
    ),
    2_000_000_000_000_00: "Two trillion shillings only",
}

SWAHILI = {
    0: "Shilingi sifuri tu",
    1: "Senti moja tu",
    100: "Shilingi moja tu",
    1_000: "Shilingi kumi tu",
    1_100: "Shilingi kumi na moja tu",
    5_500: "Shilingi hamsini na tano tu",
    10_000: "Shilingi mia moja tu",
    15_500: "Shilingi mia moja hamsini na tano tu",
    100_500: "Shilingi elfu moja, na tano tu",
    250_000: "Shilingi elfu mbili, mia tano tu",
    250_050: "Shilingi elfu mbili, mia tano na senti hamsini tu",
    2_000_500: "Shilingi elfu ishirini, na tano tu",
    2_500_000: "Shilingi elfu ishirini na tano tu",
    495_000: "Shilingi elfu nne, mia tisa na hamsini tu",
    123_456_789_05: (
        "Shilingi milioni mia moja ishirini na tatu, elfu mia nne hamsini na sita, mia saba themanini na tisa "
        "na senti tano tu"
    ),
}


@pytest.mark.parametrize(("minor", "words"), ENGLISH.items())
def test_an_amount_reads_in_english(minor: int, words: str) -> None:
    assert amount_in_words(minor, currency="KES", language="en") == words


@pytest.mark.parametrize(("minor", "words"), SWAHILI.items())
def test_an_amount_reads_in_swahili(minor: int, words: str) -> None:
    assert amount_in_words(minor, currency="KES", language="sw") == words


def test_another_currency_is_called_by_its_code() -> None:
    assert (
        amount_in_words(250_050, currency="USD", language="en") == "Two thousand five hundred USD and fifty cents only"
    )
    assert amount_in_words(250_000, currency="USD", language="sw") == "USD elfu mbili, mia tano tu"


def test_an_unknown_language_reads_english() -> None:
    assert amount_in_words(100, currency="KES", language="fr") == "One shilling only"


def test_less_than_nothing_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        amount_in_words(-1, currency="KES", language="en")


@given(AMOUNTS)
def test_english_words_say_the_amount_and_no_other(minor: int) -> None:
    assert from_english(amount_in_words(minor, currency="KES", language="en")) == minor


@given(AMOUNTS)
def test_swahili_words_say_the_amount_and_no_other(minor: int) -> None:
    assert from_swahili(amount_in_words(minor, currency="KES", language="sw")) == minor


ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
TENS = {name: 10 * n for n, name in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}


def from_english(words: str) -> int:
    """Read the words back, by a grammar of its own."""
    words = words.lower().removesuffix(" only")
    found = re.fullmatch(r"(?:(.*) shillings?)?(?: and )?(?:(.*) cents?)?", words)
    assert found is not None
    whole, cents = found.groups(default="")
    return 100 * english_number(whole) + english_number(cents)


def english_number(words: str) -> int:
    total = group = 0
    for word in words.replace("-", " ").split():
        if word in SCALES:
            total, group = total + group * SCALES[word], 0
        elif word == "hundred":
            group *= 100
        elif word in TENS:
            group += TENS[word]
        elif word != "and":
            group += ONES.index(word)
    return total + group


MOJA = "sifuri moja mbili tatu nne tano sita saba nane tisa".split()
KUMI = {
    name: 10 * n
    for n, name in enumerate("kumi ishirini thelathini arobaini hamsini sitini sabini themanini tisini".split(), 1)
}
VIPIMO = {"elfu": 10**3, "milioni": 10**6, "bilioni": 10**9, "trilioni": 10**12}


def from_swahili(words: str) -> int:
    words = words.lower().removesuffix(" tu")
    whole, _, cents = words.partition("senti")
    whole = whole.removesuffix(" na ").removeprefix("shilingi")
    return 100 * swahili_number(whole) + swahili_number(cents)


def swahili_number(words: str) -> int:
    total = 0
    for group in words.split(","):
        scale, count, is_hundred = 1, 0, False
        for word in group.split():
            if word in VIPIMO:
                scale = VIPIMO[word]
            elif word == "mia":
                is_hundred = True
            elif word in KUMI:
                count += KUMI[word]
            elif word != "na":
                count += MOJA.index(word) * (100 if is_hundred else 1)
                is_hundred = False
        total += scale * count
    return total
