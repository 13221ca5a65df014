"""The question for a page of the feed, and the page."""

from collections.abc import Mapping, Sequence
from typing import Final

from meterpos.sync import fields
from meterpos.sync.framing import PROTOCOL, Opened, WireError, no_body, seal
from meterpos.sync.limits import NONCE_BYTES, ROWS_MAX
from meterpos.sync.lineage import lineage_in, lineage_out
from meterpos.sync.records import FeedRow, Lineage, Page, Pull, ZoneDigest
from meterpos.sync.rows import row_in, row_out

ZONES_MAX: Final = 500


def make_pull(
    *,
    key: bytes,
    device: str,
    generation: int,
    after: int,
    limit: int,
    software: str,
    nonce: bytes,
    zones: Sequence[str] = (),
    differs: Sequence[str] = (),
    facts: bool = True,
) -> bytes:
    """Sign the question for the next page with the device key; without `facts` it asks for all other rows alone."""
    header: dict[str, object] = {
        "purpose": "pull",
        "protocol": PROTOCOL,
        "device": device,
        "generation": generation,
        "after": after,
        "limit": limit,
        "zones": list(zones),
        "differs": list(differs),
        "facts": facts,
        "software": software,
        "nonce": nonce.hex(),
    }
    return seal(header, key=key)


def read_pull(packed: bytes | Opened, *, key: bytes) -> Pull:
    """Read the question of the till whose device key this is."""
    sealed = fields.open_signed(packed, purpose="pull", key=key)
    header = fields.Header(sealed.header)
    pull = Pull(
        device=header.text("device"),
        generation=header.integer("generation"),
        after=header.integer("after"),
        limit=header.integer("limit", least=1, most=ROWS_MAX),
        zones=header.texts("zones", most=ZONES_MAX),
        differs=header.texts("differs", most=ZONES_MAX),
        facts=header.boolean("facts"),
        software=header.text("software", empty=True),
        digest=sealed.digest,
    )
    header.octets("nonce", size=NONCE_BYTES)
    header.finish()
    no_body(sealed)
    return pull


def make_page(
    *,
    key: bytes,
    request: str,
    generation: int,
    after: int,
    through: int,
    at: str,
    more: bool,
    zones: Sequence[str],
    rows: Sequence[FeedRow],
    digests: Mapping[str, ZoneDigest] | None = None,
    lineage: Sequence[Lineage] = (),
) -> bytes:
    """Sign a page with the server key; `request` is Pull.digest. Rows ascend by position; `digests` only when
    there is no more.
    """
    assert len(rows) <= ROWS_MAX, len(rows)
    header: dict[str, object] = {
        "purpose": "page",
        "protocol": PROTOCOL,
        "request": request,
        "generation": generation,
        "from": after,
        "to": through,
        "count": len(rows),
        "at": at,
        "more": more,
        "zones": list(zones),
        "lineage": lineage_out(lineage),
        "digests": {zone: [digest.count, f"{digest.total:016x}"] for zone, digest in (digests or {}).items()},
    }
    return seal(header, key=key, body=[row_out(row) for row in rows])


def read_page(packed: bytes, *, key: bytes, request: str | None) -> Page:
    """Read the answer of the server whose key this is to the pull with this digest (None: whatever it answers, in a
    courier file); that it continues the cursor is protocol.py's.
    """
    sealed = fields.open_signed(packed, purpose="page", key=key)
    header = fields.Header(sealed.header)
    fields.counted(header, sealed.body, ROWS_MAX)
    page = Page(
        request=header.text("request"),
        generation=header.integer("generation", least=1),
        after=header.integer("from"),
        through=header.integer("to"),
        at=header.instant("at"),
        more=header.boolean("more"),
        zones=header.texts("zones", most=ZONES_MAX),
        rows=tuple(row_in(line) for line in sealed.body),
        digests=_digests(header.mapping("digests", most=ZONES_MAX)),
        lineage=lineage_in(header),
    )
    header.finish()
    if request is not None and page.request != request:
        raise WireError("binding", "the page answers another request")
    _check_ascent(page)
    return page


def _check_ascent(page: Page) -> None:
    last = page.after
    for row in page.rows:
        if not last < row.position <= page.through:
            raise WireError("range", f"row {row.position} does not ascend within {page.after}..{page.through}")
        if row.zone not in page.zones:
            raise WireError("range", f"row {row.position} is of zone {row.zone[:40]}, not asked for")
        last = row.position
    if page.through < page.after or (page.more and page.through == page.after):
        raise WireError("range", "the page does not move on")
    if page.more and page.digests:
        raise WireError("range", "digests before the last page")


def _digests(mapping: Mapping[str, object]) -> dict[str, ZoneDigest]:
    digests = {}
    for zone, pair in mapping.items():
        count, total = fields.pair(pair)
        digests[zone] = ZoneDigest(count=count, total=int.from_bytes(fields.octets(total, size=8), "big"))
    return digests
