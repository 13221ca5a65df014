"""Tenders: legs fill parts in listed order; change; references."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterpos.ledger.rules.tenders import (
    Cell,
    ReferenceMissing,
    TenderDoesNotAdd,
    TooLittleCash,
    cells,
    change_minor,
    normalise_reference,
    reference_warning,
    required_reference,
)


def test_legs_fill_parts_in_the_order_in_which_both_are_listed() -> None:
    assert cells([100, 50], [30, 120]) == (Cell(0, 0, 30), Cell(0, 1, 70), Cell(1, 1, 50))
    assert cells([100, 50], [100, 50]) == (Cell(0, 0, 100), Cell(1, 1, 50))


@st.composite
def sides(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    total = draw(st.integers(5, 500))
    return draw(cuts(total)), draw(cuts(total))


def cuts(total: int) -> st.SearchStrategy[list[int]]:
    def between(points: set[int]) -> list[int]:
        edges = [0, *sorted(points), total]
        return [b - a for a, b in itertools.pairwise(edges)]

    return st.sets(st.integers(1, total - 1), max_size=5).map(between)


@given(sides())
def test_cells_add_up_both_ways_and_are_as_few_as_can_be(pair: tuple[list[int], list[int]]) -> None:
    legs, parts = pair
    filled = cells(legs, parts)
    assert [sum(c.amount_minor for c in filled if c.leg == i) for i in range(len(legs))] == legs
    assert [sum(c.amount_minor for c in filled if c.part == i) for i in range(len(parts))] == parts
    assert [(c.leg, c.part) for c in filled] == sorted({(c.leg, c.part) for c in filled})
    assert len(filled) <= len(legs) + len(parts) - 1


@pytest.mark.parametrize(
    ("legs", "parts", "says"),
    [
        ([], [1], "needs a meter and a method"),
        ([1], [], "needs a meter and a method"),
        ([0, 1], [1], "above zero"),
        ([1], [2, -1], "above zero"),
        ([250_000], [230_000], "2,500.00 and the meters to 2,300.00: 200.00 too much"),
        ([1], [2], "0.01 missing"),
    ],
)
def test_a_tender_that_does_not_add_up_is_refused_in_a_sentence(legs: list[int], parts: list[int], says: str) -> None:
    with pytest.raises(TenderDoesNotAdd, match=says) as refused:
        cells(legs, parts)
    assert refused.value.field == "amount"


def test_change_is_what_was_received_over_what_is_paid_in_cash() -> None:
    assert change_minor(cash_minor=250_000, tendered_minor=300_000) == 50_000
    assert change_minor(cash_minor=250_000, tendered_minor=None) == 0
    with pytest.raises(TooLittleCash, match=r"500\.00 missing"):
        change_minor(cash_minor=250_000, tendered_minor=200_000)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" skj3 xy-71ab\n", "SKJ3XY71AB"),
        ("a\u2013b\u2014c\u00a0d\u200b", "ABCD"),
        ("\uff33\uff2b\uff11", "SK1"),
        ("  -- ", ""),
    ],
)
def test_a_reference_is_kept_the_one_way_it_is_compared(typed: str, kept: str) -> None:
    assert normalise_reference(typed) == kept
    assert normalise_reference(kept) == kept


def test_every_method_but_cash_needs_a_reference() -> None:
    assert required_reference("cash", "what") is None
    assert required_reference("cheque", " 000-123 ") == "000123"
    with pytest.raises(ReferenceMissing, match="Enter the M-Pesa code"):
        required_reference("mpesa", None)
    with pytest.raises(ReferenceMissing, match="65 characters, 64 at most"):
        required_reference("bank", "7" * 65)


@pytest.mark.parametrize(
    ("method", "reference", "says"),
    [
        ("mpesa", "SKJ3XY71AB", None),
        ("mpesa", "SKJ3XY71A", "has 9"),
        ("mpesa", "SKJ3XY71A/", "has 10"),
        ("bank", "FT26324", None),
        ("bank", "SLIP", "with the slip"),
        ("cheque", "000123", None),
        ("cheque", "12", "with the cheque"),
        ("cash", "X", None),
    ],
)
def test_a_reference_of_an_unusual_shape_is_asked_about_never_refused(
    method: str, reference: str, says: str | None
) -> None:
    warning = reference_warning(method, reference)
    assert warning is None if says is None else says in (warning or "")
