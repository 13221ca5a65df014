"""Which lists are only known in order once everything was looked at."""

import pytest

from meterpos.ledger.rules.listing import Show, reads_all


@pytest.mark.parametrize(
    ("text", "show", "expected"),
    [("", "active", False), ("  ", "all", False), ("MTR", "active", True), ("", "inactive", True)],
)
def test_what_has_to_look_at_every_meter(text: str, show: Show, expected: bool) -> None:
    assert reads_all(text=text, show=show) == expected
