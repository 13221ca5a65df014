"""Who may do what."""

import pytest

from meterpos.ledger.rules.rights import LEFT_WHEN_ENDED, OF_THE_DRAWER, RIGHTS, Act, may


@pytest.mark.parametrize(
    ("act", "roles", "left"),
    [
        ("look", "clerk supervisor manager auditor", True),
        ("take_money", "clerk supervisor manager", True),
        ("open_shift", "clerk supervisor manager", True),
        ("close_shift", "clerk supervisor manager", True),
        ("any_drawer", "supervisor manager", False),
        ("move_cash", "clerk supervisor manager", True),
        ("bank", "clerk supervisor manager", True),
        ("pay_out", "clerk supervisor manager", False),
        ("reverse", "clerk supervisor manager", False),
        ("correct", "clerk supervisor manager", False),
        ("reprint", "clerk supervisor manager", True),
        ("report", "clerk supervisor manager", True),
        ("approve", "supervisor manager", False),
        ("ask_settings", "clerk supervisor manager", False),
        ("recalculate", "clerk supervisor manager", True),
        ("settings", "manager", False),
    ],
)
def test_each_act_has_its_roles_and_some_outlive_a_grant(act: Act, roles: str, left: bool) -> None:
    assert [role for role in RIGHTS if may(role, act)] == roles.split()
    assert may("manager", act, has_ended=True) is left


def test_the_table_speaks_of_no_act_that_nobody_has() -> None:
    assert frozenset().union(*RIGHTS.values()) >= LEFT_WHEN_ENDED | OF_THE_DRAWER


def test_a_role_of_tomorrow_may_only_look() -> None:
    assert may("treasurer", "look") and not may("treasurer", "take_money")
