"""The additive digest by which till and head office see that they hold the same positioned facts."""

import hashlib
from typing import Final

WRAP: Final = 1 << 64


def digest_share(*, fact_id: str, stands_on: str, amount_minor: int, decision: str | None) -> int:
    """Return what one positioned fact adds, modulo 2^64, to the digest of its zone."""
    text = f"{fact_id}|{stands_on}|{amount_minor}|{decision}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
