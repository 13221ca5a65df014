"""What M-Pesa tells the moment somebody paid by paybill: read strictly, and only from who knows the secret."""

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from meterpos.errors import UserError
from meterpos.headoffice.matching.money import Money
from meterpos.ledger.money import AmountError, parse_amount
from meterpos.vault import read_or_make

SECRET: Final = "c2b-callback"  # noqa: S105 - the name of a secret, not one
BODY_BYTES_MAX: Final = 8_000
SIGNED_FOR_S: Final = 300
_TRANSACTION: Final = re.compile(r"[A-Z0-9]{8,16}", re.ASCII)
_SIGNATURE: Final = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})", re.ASCII)
_TEXT_MAX: Final = 60


class UnusableCallback(UserError):
    """What was told cannot be read as a payment by paybill."""


class Unsigned(UserError):
    """The signature is missing, wrong, or too old."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """One payment by paybill as M-Pesa tells of it."""

    money: Money
    shortcode: str


def secret(home: Path) -> str:
    """Return the secret of the addresses M-Pesa tells payments to, made when first asked for."""
    return read_or_make(home, SECRET).hex()


def is_secret(home: Path, text: str) -> bool:
    """Tell whether ``text`` is the secret, in a time that says nothing about it."""
    return hmac.compare_digest(text.encode(), secret(home).encode())


def sign(home: Path, body: bytes, *, at: datetime) -> str:
    """Return the header that signs a body at a moment: ``t=1700000000,v1=…``."""
    stamp = str(int(at.timestamp()))
    return f"t={stamp},v1={_digest(home, stamp, body)}"


def check_signature(home: Path, header: str, body: bytes, *, at: datetime) -> None:
    """See that a body was signed with the secret just now. Raises: Unsigned."""
    match = _SIGNATURE.fullmatch(header.strip())
    if match is None or not hmac.compare_digest(match[2], _digest(home, match[1], body)):
        raise Unsigned("The message is not signed with the secret of this head office. Nothing was kept.")
    if abs(at.timestamp() - int(match[1])) > SIGNED_FOR_S:
        raise Unsigned("The message was signed at another time: it is old, or was sent again. Nothing was kept.")


def _digest(home: Path, stamp: str, body: bytes) -> str:
    return hmac.new(secret(home).encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


def read_callback(body: bytes, *, paybill: str) -> Callback:
    """Read the JSON of a C2B confirmation or validation; amounts never pass through a float.

    Raises: UnusableCallback.
    """
    try:
        said = json.loads(body, parse_float=str, parse_int=str)
    except (ValueError, RecursionError) as error:
        raise UnusableCallback("The message is not JSON.") from error
    if not isinstance(said, dict):
        raise UnusableCallback("The message is not a JSON object.")
    reference = _text(said, "TransID").upper()
    if not _TRANSACTION.fullmatch(reference):
        raise UnusableCallback("TransID is no M-Pesa code.")
    shortcode = _text(said, "BusinessShortCode")
    if paybill and shortcode != paybill:
        raise UnusableCallback(f"BusinessShortCode {shortcode or '(none)'} is not the paybill of this utility.")
    return Callback(
        money=Money(
            method="mpesa",
            reference=reference,
            amount_minor=_amount(said),
            paid_on=_moment(said).date(),
            account_ref=_text(said, "BillRefNumber") or _text(said, "InvoiceNumber"),
            payer=" ".join(filter(None, (_text(said, name) for name in ("FirstName", "MiddleName", "LastName")))),
        ),
        shortcode=shortcode,
    )


def _text(said: dict[str, object], name: str) -> str:
    value = said.get(name)
    text = value.strip() if isinstance(value, str) else ""
    return text[:_TEXT_MAX] if text.isprintable() else ""


def _amount(said: dict[str, object]) -> int:
    try:
        amount_minor = parse_amount(_text(said, "TransAmount"), field=None)
    except AmountError as error:
        raise UnusableCallback(f"TransAmount: {error}") from error
    if amount_minor <= 0:
        raise UnusableCallback("TransAmount is not above zero.")
    return amount_minor


def _moment(said: dict[str, object]) -> datetime:
    try:
        return datetime.strptime(_text(said, "TransTime"), "%Y%m%d%H%M%S")  # noqa: DTZ007 - M-Pesa's local calendar
    except ValueError as error:
        raise UnusableCallback("TransTime is no moment, as in 20261120094107.") from error
