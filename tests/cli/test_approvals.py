"""Approvals by telephone, by commands: the till asks, head office answers, the digits are used."""

import pytest
from sqlalchemy import insert

from meterpos.ledger.rules.approvals import code_of, read_challenge
from meterpos.ledger.tables import settings
from meterpos.vault import APPROVAL_KEY, write_secret
from tests.cli.commands import TillCommands
from tests.support.tills import STREAM, Counter

KEY = bytes(range(1, 33))
PAY = ("pay", "--meter", "MTR-001", "--amount", "2500", "--method", "cash")


def answered(counter: Counter, till: TillCommands, *asked: str) -> str:
    """Return head office's answer to what the till asks."""
    write_secret(counter.till.settings.home, APPROVAL_KEY, KEY)
    text = till.ask("challenge", *asked)["challenge"]
    assert till.do("challenge", *asked).out == f"{text}\n"
    return code_of(read_challenge(text), key=KEY, stream=STREAM, by="otieno")


def test_a_receipt_is_reversed_with_digits_once(counter: Counter, open_till: TillCommands) -> None:
    number = open_till.ask(*PAY)["receipt_no"]
    code = answered(counter, open_till, "--kind", "reverse", "--receipt", number)
    reverse = ("reverse", number, "--reason", "wrong amount", "--refund", "cash", "--approval-code")
    assert "Those digits are not right" in open_till(*reverse, f"{(int(code) + 1) % 10**8:08d}").told
    assert open_till.ask(*reverse, code)["approved_by"] == "otieno"
    assert "No approval of this is open" in open_till(*reverse, code).told


def test_a_receipt_is_corrected_with_digits(counter: Counter, open_till: TillCommands) -> None:
    number = open_till.ask(*PAY)["receipt_no"]
    code = answered(counter, open_till, "--kind", "correct", "--receipt", number)
    correct = ("correct", number, "--to-meter", "MTR-045", "--reason", "wrong meter", "--approval-code", code)
    assert open_till.ask(*correct)["approved_by"] == "otieno"


def test_a_payout_is_approved_with_digits(counter: Counter, open_till: TillCommands) -> None:
    code = answered(counter, open_till, "--kind", "payout", "--amount", "50")
    payout = ("cash", "--kind", "payout", "--reason", "soap", "--approval-code", code, "--amount")
    assert "No approval of this is open" in open_till(*payout, "60").told
    assert open_till.ask(*payout, "50")["amount_minor"] == 5000


def test_nothing_is_put_right_without_a_second_person(open_till: TillCommands) -> None:
    number = open_till.ask(*PAY)["receipt_no"]
    refused = open_till("reverse", number, "--reason", "x", "--refund", "none")
    assert refused.code == 1 and "A second person has to approve" in refused.told


@pytest.mark.parametrize("asked", [(), ("--receipt", "KSM01-B7K-000001", "--amount", "1")])
def test_a_challenge_is_about_a_receipt_or_an_amount(open_till: TillCommands, asked: tuple[str, ...]) -> None:
    assert open_till("challenge", "--kind", "payout", *asked).code == 2


def test_the_rest_of_a_reference_is_used_with_digits(counter: Counter, open_till: TillCommands) -> None:
    mpesa = ("pay", "--meter", "MTR-001", "--method", "mpesa", "--reference", "SKJ3XY71AB", "--amount")
    open_till.ask(*mpesa, "1000")
    refused = open_till(*mpesa, "500")
    assert refused.code == 1 and "was already used" in refused.told
    code = answered(counter, open_till, "--kind", "reference", "--subject", "SKJ3XY71AB", "--amount", "500")
    assert open_till.ask(*mpesa, "500", "--approval-code", code)["total_minor"] == 50_000


def test_cash_over_the_limit_is_taken_with_digits(counter: Counter, open_till: TillCommands) -> None:
    with counter.till.store.write() as connection:
        connection.execute(insert(settings), {"key": "cash_stop_minor", "value": 600_000})
    refused = open_till(*PAY)
    assert refused.code == 1 and "would pass its limit" in refused.told
    code = answered(counter, open_till, "--kind", "over-limit", "--amount", "2500")
    assert open_till.ask(*PAY, "--approval-code", code)["total_minor"] == 250_000
