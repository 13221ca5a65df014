"""Which lists are only known in order once everything was looked at."""

import pytest

from meterpos.ledger.rules.listing import Order, Show, reads_all


@pytest.mark.parametrize(
    ("text", "show", "order", "expected"),
    [
        ("", "active", "number", False),
        ("  ", "all", "customer", False),
        ("MTR", "active", "number", True),
        ("", "inactive", "number", True),
        ("", "active", "balance", True),
        ("", "active", "last_invoice", True),
    ],
)
def test_what_has_to_look_at_every_meter(text: str, show: Show, order: Order, expected: bool) -> None:
    assert reads_all(text=text, show=show, order=order) == expected
