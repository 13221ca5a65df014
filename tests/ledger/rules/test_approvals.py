"""Approval by telephone: what is read out and what answers it."""

from dataclasses import replace

import pytest

from meterpos.ledger.rules.approvals import Challenge, ChallengeMistyped, code_of, new_nonce, read_challenge, subject_of

KEY, STREAM = bytes(range(32)), bytes(16)
CHALLENGE = Challenge(
    till_name="KSM01",
    label="B7K",
    kind="reverse",
    subject="KSM01-B7K-000123",
    amount_minor=250_000,
    nonce=new_nonce(b"12345"),
)


def answer(challenge: Challenge = CHALLENGE, key: bytes = KEY, stream: bytes = STREAM, by: str = "otieno") -> str:
    return code_of(challenge, key=key, stream=stream, by=by)


def test_what_is_read_out_is_understood() -> None:
    assert CHALLENGE.text.startswith("KSM01/B7K/reverse/KSM01-B7K-000123/250000/GEZDGNBV/")
    assert read_challenge(f" {CHALLENGE.text[:20]} {CHALLENGE.text[20:-2]}{CHALLENGE.text[-2:].lower()}") == CHALLENGE


@pytest.mark.parametrize(
    "text",
    ["", "KSM01", CHALLENGE.text[:-1], CHALLENGE.text.replace("250000", "260000"), CHALLENGE.text.replace("/", "-")],
)
def test_a_slip_of_the_tongue_is_noticed(text: str) -> None:
    with pytest.raises(ChallengeMistyped, match="read out again"):
        read_challenge(text)


def test_what_is_never_approved_by_telephone_is_refused() -> None:
    with pytest.raises(ChallengeMistyped, match="not approved by telephone"):
        read_challenge(replace(CHALLENGE, kind="raise").text)
    with pytest.raises(ChallengeMistyped, match="not approved by telephone"):
        read_challenge(replace(CHALLENGE, amount_minor=-1).text)


@pytest.mark.parametrize(
    ("text", "said"), [("SJK4T2LM9Q", "SJK4T2LM9Q"), ("TT/2026 é", "TT-2026--"), ("9" * 50, "9" * 40), ("", "-")]
)
def test_any_reference_can_be_read_out(text: str, said: str) -> None:
    challenge = replace(CHALLENGE, kind="reference", subject=subject_of(text))
    assert read_challenge(challenge.text).subject == said


def test_the_digits_are_for_this_act_this_till_and_this_person_alone() -> None:
    assert len(answer()) == 8 and answer().isdigit() and answer() == answer()
    others = {
        answer(replace(CHALLENGE, amount_minor=250_001)),
        answer(replace(CHALLENGE, subject="KSM01-B7K-000124")),
        answer(replace(CHALLENGE, kind="correct")),
        answer(replace(CHALLENGE, nonce="ABCDEFGH")),
        answer(stream=bytes(range(16))),
        answer(key=bytes(32)),
        answer(by="wanjiru"),
    }
    assert len(others) == 7 and answer() not in others
