"""What is left when disks died: mirrors on a second medium, read at head office; receipts, claimed from their QR."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from meterpos.errors import UserError
from meterpos.headoffice.mirrors import read_mirror
from meterpos.headoffice.receipt_claims import CODE, ENTRY_KIND, claim, subject_of
from meterpos.headoffice.tables import exceptions, receipt_claims
from meterpos.ledger import signing
from meterpos.ledger.journal import parse, short_id
from meterpos.ledger.operations.claims import Scanned, claim_receipts
from meterpos.ledger.seal import seal_text
from meterpos.ledger.tables import journal, streams
from meterpos.sync.courier_file import UnusableCourier
from meterpos.sync.mirror import MIRROR_KEY, file_of, grow, take_back
from meterpos.vault import read_secret, write_secret
from tests.faults.line import mangled
from tests.faults.terms import OfficeCut, Receipt, TillCut, Wrong
from tests.faults.world import SUPERVISOR, Place, World

if TYPE_CHECKING:
    from tests.faults.schedule import Schedule

Mirrors = tuple[dict[str, bytes], dict[str, bytes | None]]
"""What lies on the second media by file, and the keys with the tills' secrets."""


# --- mirrors


def folder_of(world: World) -> Path:
    """Return where second media are."""
    return world.folder / "sticks"


def mirrors(world: World) -> Mirrors:
    """Return every mirror as it stands."""
    folder = folder_of(world)
    files = {file.name: file.read_bytes() for file in sorted(folder.iterdir())} if folder.exists() else {}
    places = [place for name, place in world.places.items() if name not in _spares(world)]
    return files, {place.name: read_secret(place.home, MIRROR_KEY) for place in places}


def put_back(world: World, kept: Mirrors) -> None:
    """Let every mirror be as it was."""
    now = mirrors(world)
    for name in now[0].keys() - kept[0].keys():
        (folder_of(world) / name).unlink()
    for name, data in kept[0].items():
        if now[0].get(name) != data:
            (folder_of(world) / name).write_bytes(data)
    for name, key in kept[1].items():
        if key is not None and now[1][name] != key:
            write_secret(world.places[name].home, MIRROR_KEY, key)


def _spares(world: World) -> set[str]:
    return {spare.name for spare in world.spares.values()}


def grow_mirror(schedule: "Schedule") -> None:
    """Bring a till's mirror up to its journal, as the window does when a paper has come out."""
    place = schedule.some_place()
    if place.name not in _spares(schedule.world) and place.name not in schedule.under_way:
        grow_at(schedule, place)


def grow_at(schedule: "Schedule", place: Place) -> None:
    """Bring this till's mirror up to its journal."""
    folder = folder_of(schedule.world)
    folder.mkdir(exist_ok=True)
    before = mirrors(schedule.world)
    try:
        count = grow(place.store, home=place.home, folder=folder, device_key=place.till.device_key)
    except TillCut:
        schedule.start_again(place)
        count = -1
    files, keys = mirrors(schedule.world)
    if keys != before[1] and files.keys() == before[0].keys():  # begun anew, with what head office does not have
        schedule.mirrored.pop(place.name, None)
    if count >= 0:
        schedule.mirrored.setdefault(place.name, []).extend(_waiting(place))
        schedule.tell(f"{place.name}: the mirror takes {count} entries")


def _waiting(place: Place) -> list[bytes]:
    query = select(journal.c.entry_id).join(
        streams, (streams.c.stream == journal.c.stream) & (streams.c.through_seq < journal.c.seq)
    )
    with place.store.read() as connection:
        return list(connection.execute(query).scalars())


def take_from_mirror(schedule: "Schedule", place: Place) -> None:
    """Let a till that comes back from a copy take from its mirror what the copy does not have."""
    file = file_of(folder_of(schedule.world), place.name)
    key = read_secret(place.home, MIRROR_KEY)
    if key is not None and file.exists() and place.name not in _spares(schedule.world):
        signer = signing.public_of(place.till.device_key)
        saved = take_back(file, place.store, key=key, signer=signer)
        schedule.faults["mirror taken back"] += bool(saved)
        schedule.tell(f"{place.name}: {saved} entries come back from the mirror")


def read_some_mirror(schedule: "Schedule") -> None:
    """Let head office read a till's stick, whole, torn or damaged, whether the till is dead or not."""
    dice = schedule.random
    held = sorted(mirrors(schedule.world)[0].items())
    if held:
        name, data = dice.choice(held)
        if dice.random() < 0.3:
            data = data[: dice.randrange(len(data))] if dice.random() < 0.5 else mangled(data, dice)
        read(schedule, name, data)


def read_all(schedule: "Schedule") -> None:
    """Bring every stick to head office that it has not read just so since the last disaster."""
    for name, data in sorted(mirrors(schedule.world)[0].items()):
        if schedule.dug_up.get(name) != data:
            read(schedule, name, data)
            schedule.dug_up[name] = data


def read(schedule: "Schedule", name: str, data: bytes) -> None:
    """Let head office read a stick."""
    schedule.handling += 1
    try:
        done = read_mirror(schedule.world.office, data)
    except UnusableCourier as error:
        schedule.tell(f"office: the mirror of {name} cannot be read: {error}")
    except OfficeCut:
        schedule.world.office_store.lose_power()
    else:
        schedule.faults["mirror read"] += 1
        schedule.tell(f"office: the mirror of {name} has {done.new} new entries of {done.entries}")
    finally:
        schedule.handling -= 1


# --- claims


def buried_tenders(schedule: "Schedule") -> list[Receipt]:
    """Return the payments of which nothing is left but the paper."""
    buried = [schedule.receipts[entry_id] for entry_id in sorted(schedule.buried)]
    return [one for one in buried if one.entry.content.kind == "tender"]


def claim_some(schedule: "Schedule") -> None:
    """Somebody brings the receipt of a payment that is lost, or only late; head office or a till claims it."""
    papers = buried_tenders(schedule)
    if not papers or schedule.random.random() < 0.3:
        papers = [one for one in schedule.receipts.values() if one.entry.content.kind == "tender"]
    if papers:
        claim_one(schedule, schedule.random.choice(papers))


def claim_one(schedule: "Schedule", receipt: Receipt) -> None:
    """Claim one receipt, where dice say."""
    try:
        if schedule.random.random() < 0.5:
            claim_at_office(schedule, receipt)
        else:
            claim_at_till(schedule, receipt)
    except UserError as error:
        schedule.tell(f"{receipt.number} is not claimed: {error}")


def _said(schedule: "Schedule", receipt: Receipt) -> tuple[str, str]:
    maker = schedule.world.places[receipt.place]
    text = seal_text(receipt.entry, device_private=maker.till.device_key)
    return text, str(receipt.entry.content.body["legs"][0]["method"])


def claim_at_office(schedule: "Schedule", receipt: Receipt) -> None:
    """Let head office claim a receipt."""
    office, (text, method) = schedule.world.office, _said(schedule, receipt)
    try:
        with office.write() as (conn, outgoing):
            day, at = receipt.entry.content.business_date, office.moment().at
            claim(conn, outgoing, text=text, method=method, day=day, at=at, by="wanjiru")
    except OfficeCut:
        schedule.world.office_store.lose_power()
        return
    schedule.claims.append(receipt.entry.entry_id)
    schedule.faults["claim"] += 1
    schedule.tell(f"office: {receipt.number} is claimed")


def claim_at_till(schedule: "Schedule", receipt: Receipt) -> None:
    """Let some till claim a receipt."""
    place = schedule.some_place()
    scanned = Scanned(*_said(schedule, receipt), "here")
    try:
        with place.store.write() as connection:
            done = claim_receipts(connection, receipts=[scanned], moment=place.till.moment(), clerk=SUPERVISOR)
    except TillCut:
        schedule.start_again(place)
        if place.name in schedule.under_way:
            raise
        return
    schedule.faults["claim at a till"] += len(done.entries)
    schedule.tell(f"{place.name}: {receipt.number} is claimed, {done.known} known")


def dig_up(schedule: "Schedule") -> None:
    """Bring sticks to head office where receipts stand on no disk, and most papers of what no stick holds either."""
    if not schedule.buried:
        return
    read_all(schedule)
    held = {entry_id for ids in schedule.mirrored.values() for entry_id in ids}
    with schedule.world.office_store.read() as conn:
        held |= set(conn.execute(select(journal.c.entry_id)).scalars())
    schedule.buried -= held
    for receipt in buried_tenders(schedule):
        if receipt.entry.entry_id not in schedule.claims and schedule.random.random() < 0.8:
            claim_one(schedule, receipt)


def claimed(schedule: "Schedule") -> Iterator[tuple[Receipt, bool, str]]:
    """Yield what head office holds of claims: the paper, whether the claim was superseded, and its fact's id.

    Raises: Wrong, where there is a claim of no paper, none of a paper that was claimed, or one that nobody is told of.
    """
    by_short = {short_id(entry_id): receipt for entry_id, receipt in schedule.receipts.items()}
    with schedule.world.office_store.read() as conn:
        rows = conn.execute(_claims).all()
        asked = [parse(data).body for data in conn.execute(_asked).scalars()]
        told = {(row.code, row.subject): row.resolved_at for row in conn.execute(_told)}
    for row in rows:
        receipt = by_short.pop(row.short_id, None)
        if receipt is None:
            raise Wrong(f"head office holds a claim nobody made: {row.number}")
        if (told[CODE, subject_of(row.number, row.short_id)] is None) == (row.superseded_at is not None):
            raise Wrong(f"the claim of {row.number} and the item about it say different things")
        yield receipt, row.superseded_at is not None, row.fact_id
    for entry_id in schedule.claims:
        if short_id(entry_id) in by_short:
            raise Wrong(f"{schedule.receipts[entry_id].number} was claimed, and head office holds no claim of it")
    refused = any(code == "claim_refused" for code, _ in told)
    for number in {str(body["number"]) for body in asked} - {row.number for row in rows}:
        if not refused:
            raise Wrong(f"{number} was claimed at a till, and head office holds no claim of it")


_claims: Final = select(receipt_claims)
_told: Final = select(exceptions.c.code, exceptions.c.subject, exceptions.c.resolved_at)
_asked: Final = select(journal.c.data).where(journal.c.kind == ENTRY_KIND)
