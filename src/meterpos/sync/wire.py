"""The messages between till and head office: pure bytes to frozen records and back, version 1.

Each is the envelope of framing.py. A request carries a random `nonce` (8 bytes); its answer names the
request by the digest of the request's header line (`batch`, `request`), so a stale or another's answer
is never taken for this one's. Whatever a `read_…` returns has been checked whole: sizes, form, ranges,
body hash, signature, purpose and binding; anything else is a WireError.

    till  -> head office   deliveries.py: push; pages.py: pull; certificates.py: enrol; recovery.py: recall, witness
    till <-  head office   ack, page; certificate; recalled (a witness is answered by an ack of no entries)
"""

from meterpos.sync import fields
from meterpos.sync.certificates import (
    code_fingerprint,
    make_certificate,
    make_code,
    make_enrol,
    read_certificate,
    read_code,
    read_enrol,
)
from meterpos.sync.deliveries import make_ack, make_push, read_ack, read_push
from meterpos.sync.framing import (
    PROTOCOL,
    Opened,
    WireError,
    header_digest,
    open_unverified,
)
from meterpos.sync.limits import ENTRIES_MAX, ENTRY_BYTES_MAX, NONCE_BYTES, ROWS_MAX
from meterpos.sync.pages import make_page, make_pull, read_page, read_pull
from meterpos.sync.records import (
    Ack,
    Answer,
    Certificate,
    Enrol,
    FeedRow,
    Lineage,
    Outcome,
    Page,
    Pull,
    Push,
    Recall,
    Recalled,
    Witness,
    ZoneDigest,
)
from meterpos.sync.recovery import (
    NO_STREAM,
    make_recall,
    make_recalled,
    make_witness,
    read_recall,
    read_recalled,
    read_witness,
)

__all__ = [
    "ENTRIES_MAX",
    "ENTRY_BYTES_MAX",
    "NONCE_BYTES",
    "NO_STREAM",
    "PROTOCOL",
    "ROWS_MAX",
    "Ack",
    "Answer",
    "Certificate",
    "Enrol",
    "FeedRow",
    "Lineage",
    "Opened",
    "Outcome",
    "Page",
    "Pull",
    "Push",
    "Recall",
    "Recalled",
    "WireError",
    "Witness",
    "ZoneDigest",
    "code_fingerprint",
    "header_digest",
    "make_ack",
    "make_certificate",
    "make_code",
    "make_enrol",
    "make_page",
    "make_pull",
    "make_push",
    "make_recall",
    "make_recalled",
    "make_witness",
    "open_unverified",
    "read_ack",
    "read_certificate",
    "read_code",
    "read_enrol",
    "read_page",
    "read_pull",
    "read_push",
    "read_recall",
    "read_recalled",
    "read_witness",
    "sender_of",
]


def sender_of(opened: Opened) -> str:
    """Return the device a push, pull or witness says it comes from, so that its key can be looked up; nothing is
    believed yet.
    """
    return fields.Header(opened.sealed.header).text("device")
