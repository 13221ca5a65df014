"""Approval by telephone: what the clerk reads to head office, and the eight digits that answer it.

The digits are an HMAC under a key of this till that head office alone can unwrap, over who approves what.
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Final, Literal, get_args

from meterpos.errors import UserError

Asked = Literal["reverse", "correct", "payout", "over-limit", "reference", "settings", "plan"]
ASKED: Final[tuple[Asked, ...]] = get_args(Asked)
NO_SUBJECT: Final = "-"
TRIES_MAX: Final = 5
CODE_DIGITS: Final = 8
NONCE_BYTES: Final = 5
_UNSAYABLE: Final = re.compile(r"[^A-Za-z0-9._-]", re.ASCII)
_TAG: Final = b"meterpos approval v1\0"
SUBJECT_MAX: Final = 40
_FIELD: Final = re.compile(r"[A-Za-z0-9._-]{1,40}", re.ASCII)


class ChallengeMistyped(UserError):
    """The text is not one a till shows."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a clerk wants approved: of which paper (``-`` where there is none yet), how much.

    Of using a *reference* again, the subject is the reference (`subject_of`); of *settings*, ``-`` and nothing;
    of a *plan*, its customer and its total.
    """

    kind: Asked
    subject: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """What is to be approved: by which till, what, of which paper (``-`` where there is none yet), how much."""

    till_name: str
    label: str
    kind: str
    subject: str
    amount_minor: int
    nonce: str

    @property
    def text(self) -> str:
        """What is read out; its last two letters show a slip of the tongue."""
        said = "/".join((self.till_name, self.label, self.kind, self.subject, str(self.amount_minor), self.nonce))
        return f"{said}/{_check(said)}"


def subject_of(text: str) -> str:
    """Return any text as the subject of a challenge, in which not every letter can stand."""
    return _UNSAYABLE.sub("-", text)[:SUBJECT_MAX] or NO_SUBJECT


def new_nonce(random: bytes) -> str:
    """Return ``NONCE_BYTES`` random bytes as eight letters."""
    return base64.b32encode(random[:NONCE_BYTES]).decode("ascii")


def read_challenge(text: str) -> Challenge:
    """Return what was read out. Raises: ChallengeMistyped."""
    said, _, check = "".join(text.split()).rpartition("/")
    fields = said.split("/")
    if len(fields) != 6 or check.upper() != _check(said) or not all(map(_FIELD.fullmatch, fields)):
        raise ChallengeMistyped("That is not what the till shows. Have it read out again.", field="challenge")
    till_name, label, kind, subject, amount, nonce = fields
    if kind not in ASKED or not amount.isdigit():
        raise ChallengeMistyped("This asks for something that is not approved by telephone.", field="challenge")
    return Challenge(
        till_name=till_name, label=label, kind=kind, subject=subject, amount_minor=int(amount), nonce=nonce
    )


def code_of(challenge: Challenge, *, key: bytes, stream: bytes, by: str) -> str:
    """Return the digits with which ``by`` approves; no other act, amount, till or person has the same but by luck."""
    message = _TAG + stream + challenge.text.encode() + b"\0" + by.encode()
    number = int.from_bytes(hmac.digest(key, message, "sha256")[:8], "big") % 10**CODE_DIGITS
    return f"{number:0{CODE_DIGITS}d}"


def _check(said: str) -> str:
    return base64.b32encode(hashlib.sha256(said.encode()).digest()[:2]).decode("ascii")[:2]
