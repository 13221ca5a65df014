"""Whether the QR of a paper is true, as far as this ledger can tell with no network."""

from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import Connection, bindparam, func, select

from meterpos.ledger.journal import SHORT_BYTES, parse, short_id
from meterpos.ledger.rules.facts import till_fact_id
from meterpos.ledger.seal import Seal, is_signed_by, read_seal
from meterpos.ledger.tables import devices, facts, journal, streams, tenders

Truth = Literal["genuine", "reversed", "forged", "unknown_till"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is known of a paper by its seal.

    ``truth``: genuine when printed; reversed: genuine, but taken back since; forged: no device of that till made it;
    unknown_till: no key of that till is known here, so nothing can be said. ``is_reversal`` tells whether the paper is
    itself a reversal, None where only its till knows. ``by_revoked_device``: it is signed by a device that head office
    has since turned away, so ask there.
    """

    truth: Truth
    seal: Seal
    is_reversal: bool | None = None
    reversed_by: str | None = None
    by_revoked_device: bool = False


@dataclass(frozen=True, slots=True)
class _Device:
    public_key: bytes
    revoked: bool


_opened: Final = (
    select(journal.c.data)
    .join_from(streams, journal, (journal.c.stream == streams.c.stream) & (journal.c.seq == 1))
    .where(streams.c.till_name == bindparam("till_name"))
)
_devices: Final = select(devices.c.public_key, devices.c.revoked).where(devices.c.till_name == bindparam("till_name"))
_papers: Final = select(tenders.c.kind, tenders.c.entry_id).where(tenders.c.number == bindparam("number"))
_payment_fact: Final = facts.alias("payment_fact")
_reversals: Final = (
    select(facts.c.number)
    .join(_payment_fact, _payment_fact.c.fact_id == facts.c.of_fact_id, isouter=True)
    .where(
        facts.c.of_fact_id == bindparam("payment"),
        facts.c.kind == "reversal",
        facts.c.decision.is_distinct_from("none"),
        func.coalesce(_payment_fact.c.number, bindparam("number")) == bindparam("number"),
    )
)


def verdict(connection: Connection, text: str) -> Verdict:
    """Return what the QR ``text`` of a paper is worth. Raises: NotASeal when it is not one of ours or is cut short."""
    seal = read_seal(text.strip())
    known = _keys(connection, seal.till_name)
    signers = [device for device in known if is_signed_by(seal, public_key=device.public_key)]
    if not signers:
        return Verdict(truth="forged" if known else "unknown_till", seal=seal)
    reversed_by = _reversed_by(connection, seal)
    return Verdict(
        truth="reversed" if reversed_by else "genuine",
        seal=seal,
        is_reversal=_is_reversal(connection, seal),
        reversed_by=reversed_by,
        by_revoked_device=all(device.revoked for device in signers),
    )


def _keys(connection: Connection, till_name: str) -> tuple[_Device, ...]:
    """Return the devices of a till; before the feed has brought any, those its own journal here says it had."""
    told = connection.execute(_devices, {"till_name": till_name})
    known = tuple(_Device(row.public_key, row.revoked) for row in told)
    if known:
        return known
    opened = connection.execute(_opened, {"till_name": till_name}).scalars()
    bodies = [entry.body for entry in map(parse, opened) if entry.kind == "stream_opened"]
    return tuple(_Device(bytes.fromhex(body["public_key"]), revoked=False) for body in bodies if "public_key" in body)


def _is_reversal(connection: Connection, seal: Seal) -> bool | None:
    papers = connection.execute(_papers, {"number": seal.number})
    kinds = [paper.kind for paper in papers if paper.entry_id[:SHORT_BYTES] == seal.entry_prefix]
    return kinds[0] == "reversal" if kinds else None


def _reversed_by(connection: Connection, seal: Seal) -> str | None:
    """Return the number of the paper's reversal, made here or come down the feed; a reversal undoes a whole tender.

    Of a correction, what is undone later is its payment, and not the paper that takes the first one back.
    """
    payment = till_fact_id(short_id(seal.entry_prefix), 0)
    return connection.execute(_reversals, {"payment": payment, "number": seal.number}).scalars().first()
