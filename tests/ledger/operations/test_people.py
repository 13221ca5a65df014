"""PINs and approvals."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select, update

from meterpos.ledger.operations.people import MayNotApprove, TooManyTries, UnknownUser, WrongCode, WrongPin, code_hash
from meterpos.ledger.operations.reversals import NotApproved
from meterpos.ledger.tables import pins, users
from tests.support.tills import CLERK, Counter


@pytest.fixture
def counter(tmp_path: Path) -> Counter:
    counter = Counter.at(tmp_path / "home")
    with counter.till.store.write() as connection:
        for name in (CLERK, "otieno"):
            connection.execute(
                update(users).where(users.c.user_name == name).values(code_hash=code_hash(name, "AB12-CD34"))
            )
    counter.till.set_pin(user_name="otieno", code="ab12 cd34", pin="4711")
    return counter


def test_a_supervisor_approves_with_a_pin(counter: Counter) -> None:
    approval = counter.till.approve(approver="otieno", pin="4711", clerk=CLERK)
    assert (approval.by, approval.how, len(approval.nonce)) == ("otieno", "pin", 16)


def test_a_code_works_once(counter: Counter) -> None:
    with pytest.raises(WrongCode, match="used before"):
        counter.till.set_pin(user_name="otieno", code="AB12CD34", pin="1234")
    counter.till.sign_in(user_name="otieno", pin="4711")


def test_a_code_is_its_users_alone(counter: Counter) -> None:
    with counter.till.store.write() as connection:
        connection.execute(update(users).where(users.c.user_name == CLERK).values(code_hash=code_hash("otieno", "X")))
    with pytest.raises(WrongCode):
        counter.till.set_pin(user_name=CLERK, code="X", pin="1234")


@pytest.mark.parametrize("pin", ["123", "12a4", "", "1" * 13])
def test_a_pin_is_four_to_twelve_digits(counter: Counter, pin: str) -> None:
    with pytest.raises(WrongPin, match="4 to 12 digits"):
        counter.till.set_pin(user_name=CLERK, code="AB12CD34", pin=pin)


def test_wrong_pins_make_the_next_try_wait_and_the_right_one_forgets_them(counter: Counter) -> None:
    for _ in range(3):
        with pytest.raises(WrongPin, match="not right"):
            counter.till.sign_in(user_name="otieno", pin="0000")
    with pytest.raises(TooManyTries, match="seconds"):
        counter.till.sign_in(user_name="otieno", pin="4711")
    counter.clock.turn(seconds=6)
    counter.till.sign_in(user_name="otieno", pin="4711")
    with counter.till.store.read() as connection:
        assert connection.execute(select(pins.c.failures)).scalar_one() == 0


def test_nobody_approves_their_own_act(counter: Counter) -> None:
    with pytest.raises(NotApproved):
        counter.till.approve(approver="otieno", pin="4711", clerk="otieno")


def test_a_clerk_does_not_approve(counter: Counter) -> None:
    with pytest.raises(MayNotApprove, match="not a supervisor"):
        counter.till.approve(approver=CLERK, pin="1", clerk="otieno")


def test_an_expired_grant_does_not_approve(counter: Counter) -> None:
    with counter.till.store.write() as connection:
        connection.execute(update(users).values(expires_on=date(2026, 11, 19)))
    with pytest.raises(MayNotApprove, match="19 Nov 2026"):
        counter.till.approve(approver="otieno", pin="4711", clerk=CLERK)


def test_an_unknown_or_revoked_user_is_named(counter: Counter) -> None:
    with pytest.raises(UnknownUser, match="mallory"):
        counter.till.sign_in(user_name="mallory", pin="1")
    with pytest.raises(WrongPin, match="No PIN"):
        counter.till.sign_in(user_name=CLERK, pin="1")


def test_a_pin_is_not_kept_as_it_is(counter: Counter) -> None:
    with counter.till.store.read() as connection:
        kept = connection.execute(select(pins.c.pin_hash)).scalar_one()
    assert kept.startswith("$argon2id$")
    assert "4711" not in kept
