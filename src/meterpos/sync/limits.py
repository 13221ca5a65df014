"""How much one message may hold, the same on both sides of protocol 1."""

from typing import Final

ENTRIES_MAX: Final = 5_000
ENTRY_BYTES_MAX: Final = 256 * 1024
ROWS_MAX: Final = 10_000
NONCE_BYTES: Final = 8
