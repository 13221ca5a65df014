"""A dead till's mirror, read at head office: its stick's batches are taken in as if the till had delivered them."""

from dataclasses import dataclass

from sqlalchemy import select

from meterpos.headoffice import auth, chain
from meterpos.headoffice.office import Office
from meterpos.headoffice.routes import exchange as routes
from meterpos.ledger.tables import devices
from meterpos.sync import courier_file, wire
from meterpos.sync.courier_file import UnusableCourier
from meterpos.sync.framing import WireError


@dataclass(slots=True, kw_only=True)
class MirrorRead:
    """What a mirror held: entries, those that were new here, and whether the file goes on where it cannot be read."""

    till_name: str
    entries: int = 0
    new: int = 0
    exceptions: int = 0
    is_torn: bool = False


def read_mirror(office: Office, data: bytes) -> MirrorRead:
    """Take in everything a mirror holds as far as it is sound; reading it again changes nothing.

    The till may have been enrolled anew since: what the machine of that time signed is still believed.

    Raises: UnusableCourier with nothing changed.
    """
    header = courier_file.read_header(data)
    if header.kind != "mirror":
        raise UnusableCourier("This file is no till's mirror. Courier files are read with: meterpos headoffice courier")
    device = _device(office, header)
    key = courier_file.unwrap(header, private=office.keys.box)
    done = MirrorRead(till_name=device.till_name)
    end = len(courier_file.MAGIC) + len(header.line)
    for content, after in courier_file.frames_of(data, header, content_key=key):
        try:
            batch = wire.read_push(content[1:], key=device.public_key)
        except WireError:
            break
        received = routes.receive_batch(office, batch, device, office.moment().at)
        with office.write() as (conn, outgoing):
            chain.tell_of_growth(conn, outgoing, batch.stream, till_name=device.till_name)
        done.entries += len(received.answers)
        done.new += sum(one.outcome != "had" for one in received.answers)
        done.exceptions += sum(one.outcome in ("exception", "quarantined") for one in received.answers)
        end = after
    done.is_torn = end != len(data)
    return done


def _device(office: Office, header: courier_file.Header) -> auth.Device:
    with office.store.read() as conn:
        known = conn.execute(select(devices).where(devices.c.device_id == header.device)).one_or_none()
        till = None if known is None else auth.find_till(conn, known.till_name)
    if known is None or till is None or known.till_name != header.till:
        raise UnusableCourier(f"The mirror is of till {header.till[:20]}, of a machine that was never enrolled here.")
    return auth.Device(
        device_id=known.device_id,
        till_name=known.till_name,
        public_key=known.public_key,
        zones=tuple(till.zones),
        revoked=till.status == "revoked",
    )
