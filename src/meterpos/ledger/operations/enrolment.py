"""Becoming a till of a head office: the identity row and the first entry of a stream."""

from dataclasses import asdict, replace
from typing import Final, Literal

from sqlalchemy import Connection, delete, insert, select, update

from meterpos.errors import UserError
from meterpos.ledger import signing
from meterpos.ledger.journal import Entry
from meterpos.ledger.moment import Moment
from meterpos.ledger.operations.entries import stand_at_counter, write_entry
from meterpos.ledger.queries.identity import Identity, find_identity
from meterpos.ledger.queries.identity import identity as require_identity
from meterpos.ledger.tables import streams, till_identity

LABEL_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"
LABEL_SIGNS: Final = LABEL_LETTERS + "23456789"
"""A stream's label is one letter and two signs, none of them easily misread."""

Reason = Literal["new", "restored", "re-enrolled"]


class AlreadyEnrolled(UserError):
    """This ledger belongs to a till already."""


def open_stream(
    connection: Connection,
    *,
    identity: Identity,
    reason: Reason,
    public_key: bytes,
    wrapped_database_key: bytes,
    wrapped_approval_key: bytes = b"",
    moment: Moment,
) -> Entry:
    """Make this ledger the till ``identity`` and write the first entry of its stream.

    ``wrapped_database_key`` can be opened by head office alone, so that losing this machine's keys loses nothing; so
    can ``wrapped_approval_key``, with which it answers by telephone.

    Raises: AlreadyEnrolled when the ledger is another till's.
    """
    known = find_identity(connection)
    if known is not None and (known.training or known.till_name != identity.till_name or reason == "new"):
        raise AlreadyEnrolled(
            f"This ledger already belongs to till {known.till_name}. Use another home for a new till."
        )
    heard = connection.execute(select(till_identity.c.master_position, till_identity.c.in_doubt)).one_or_none()
    connection.execute(delete(till_identity))
    row = {"id": 1, **asdict(identity), "zones": list(identity.zones)}
    connection.execute(insert(till_identity), row if heard is None else row | heard._asdict())
    counter = stand_at_counter(connection, moment=moment, clerk="")
    body = {
        "till": identity.till_name,
        "device": identity.device_id,
        "label": identity.label,
        "reason": reason,
        "public_key": public_key.hex(),
        "database_key_wrapped": wrapped_database_key.hex(),
        "approval_key_wrapped": wrapped_approval_key.hex(),
    }
    return write_entry(connection, counter, kind="stream_opened", body=body)


def begin_again_after_restore(
    connection: Connection,
    *,
    stream: bytes,
    label: str,
    device_key: bytes,
    wrapped_database_key: bytes = b"",
    wrapped_approval_key: bytes = b"",
    moment: Moment,
) -> Entry:
    """Begin a new stream in a ledger that came back from a backup, and return its first entry.

    The old stream ends here: head office may hold entries of it that this ledger lost, and going on in it would write
    others in their place. What head office signed for is as old as the backup, so every stream is asked about anew.
    ``stream`` is 16 random bytes, ``label`` what its papers are numbered with.

    Raises: NotEnrolled.
    """
    who = require_identity(connection)
    connection.execute(update(streams).values(generation=None))
    return open_stream(
        connection,
        identity=replace(who, stream=stream, label=label),
        reason="restored",
        public_key=signing.public_of(device_key),
        wrapped_database_key=wrapped_database_key,
        wrapped_approval_key=wrapped_approval_key,
        moment=moment,
    )
