"""A till comes back from a backup: into a new stream, with whatever newer entries this machine still holds.

The ledger it replaces is never deleted: it is laid aside. The prepared ledger lies beside the old one under a name of
its own, and its presence there is what says that it takes the old one's place: whoever opens the home next, after
whatever interruption, finishes that. What head office holds of the lost end comes back with the next exchange.
"""

import logging
import secrets
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from meterpos import vault
from meterpos.errors import UserError
from meterpos.ledger import signing
from meterpos.ledger.journal import Entry, entries_after, head, make_entry
from meterpos.ledger.moment import Moment
from meterpos.ledger.operations.enrolment import LABEL_LETTERS, LABEL_SIGNS, begin_again_after_restore
from meterpos.ledger.operations.recalls import keep_recalled
from meterpos.ledger.queries.identity import Identity, find_identity, identity
from meterpos.ledger.queries.streams import stream_states
from meterpos.ledger.store import Store, make_durable
from meterpos.ledger.upgrade import upgrade
from meterpos.settings import TillSettings, load_till_settings
from meterpos.sync.courier_file import UnusableCourier
from meterpos.sync.lock import HomeBusy, home_alone
from meterpos.sync.mirror import MIRROR_KEY, file_of, take_back
from meterpos.till.assembly import DATABASE_KEY, RESTORED_FILE, finish_restore
from meterpos.till.backups import NotABackup, look_at
from meterpos.till.base import DEVICE_KEY
from meterpos.till.care import MARK_FILE

log: Final = logging.getLogger(__name__)
STREAM_BYTES: Final = 16
KEY_BYTES: Final = 32
AT_ONCE: Final = 1000
IN_USE: Final = HomeBusy("The till is open in a window or another command. Close it, then restore.")


class NoKey(UserError):
    """The backup cannot be opened without its key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What came of a restore: the till, its new stream's label, entries in the backup, those saved besides.

    They are saved from the ledger that was replaced and from the mirror; ``laid_aside`` is where that ledger lies, None
    where there was none. ``needs_code``: this machine has no key head office knows.
    """

    till_name: str
    label: str
    entries: int
    saved: int
    laid_aside: Path | None
    needs_code: bool


def restore_till(
    home: Path | None,
    file: Path,
    *,
    key: bytes | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Restored:
    """Put the backup ``file`` in the place of the ledger in ``home`` and begin a new stream in it.

    ``key`` opens it where this machine has lost its own. Nothing is changed unless everything can be.

    Raises: HomeBusy, NoKey, NotABackup, UnreadableDatabase, NewerDatabase, DiskFull.
    """
    settings = load_till_settings(home)
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with home_alone(settings.home, IN_USE):
        finish_restore(settings)
        key = _key(settings, key)
        if not file.is_file():
            raise NotABackup(f"There is no file {file}. Check the name.")
        work = settings.home / "restoring.db"
        _clear(work)
        try:
            shutil.copyfile(file, work)
            held = look_at(work, key=key, name=file)
            restored = _prepare(settings, work, held.entries, key=key, now=now)
            make_durable(work)
            if key is not None:
                vault.write_secret(settings.home, DATABASE_KEY, key)
            work.replace(settings.home / RESTORED_FILE)
        finally:
            _clear(work)
        laid_aside = finish_restore(settings)
        (settings.home / MARK_FILE).unlink(missing_ok=True)
    return Restored(
        till_name=restored.till_name,
        label=restored.label,
        entries=restored.entries,
        saved=restored.saved,
        laid_aside=laid_aside,
        needs_code=restored.needs_code,
    )


def _key(settings: TillSettings, given: bytes | None) -> bytes | None:
    if settings.plain_sqlite:
        return None
    if given is not None:
        if len(given) != KEY_BYTES:
            raise NoKey("That is no key of a ledger: it is 64 hexadecimal digits.", field="key_file")
        return given
    key = vault.read_secret(settings.home, DATABASE_KEY)
    if key is None:
        raise NoKey(
            "This machine does not have the key of the till's ledger. Have head office write it to a file "
            "(meterpos headoffice till unlock NAME --out FILE), and add --key-file FILE."
        )
    return key


def _prepare(
    settings: TillSettings, work: Path, entries: int, *, key: bytes | None, now: Callable[[], datetime]
) -> Restored:
    """Make the copy ready to be the till's ledger: this version's tables, the newer entries, a stream of its own."""
    store = Store(f"sqlite:///{work}", key=key)
    try:
        upgrade(store)
        with store.read() as connection:
            who = identity(connection)
        saved = _save_newer(settings, store, who, key=key)
        device_key = vault.read_secret(settings.home, DEVICE_KEY)
        saved += _save_mirrored(settings, store, who, device_key)
        needs_code = device_key is None
        if device_key is None:
            device_key = signing.generate_key()
            vault.write_secret(settings.home, DEVICE_KEY, device_key)
        approval_key = vault.read_or_make(settings.home, vault.APPROVAL_KEY)
        with store.write() as connection:
            label = secrets.choice(LABEL_LETTERS) + secrets.choice(LABEL_SIGNS) + secrets.choice(LABEL_SIGNS)
            begin_again_after_restore(
                connection,
                stream=secrets.token_bytes(STREAM_BYTES),
                label=label,
                device_key=device_key,
                wrapped_database_key=b"" if key is None else vault.wrap_for(who.box_key, key),
                wrapped_approval_key=vault.wrap_for(who.box_key, approval_key),
                moment=Moment(now().astimezone(settings.time_zone)),
            )
        store.checkpoint()
    finally:
        store.close()
    return Restored(
        till_name=who.till_name, label=label, entries=entries, saved=saved, laid_aside=None, needs_code=needs_code
    )


def _save_newer(settings: TillSettings, into: Store, who: Identity, *, key: bytes | None) -> int:
    """Take from the ledger that is being replaced, if it can still be read, the entries the backup does not have.

    Raises: NotABackup when it is another till's.
    """
    if not settings.ledger_path.exists():
        return 0
    old = Store(f"sqlite:///{settings.ledger_path}", key=key)
    saved = 0
    try:
        with old.read() as connection:
            now = find_identity(connection)
        if now is not None and now.till_name != who.till_name:
            raise NotABackup(f"The backup is of till {who.till_name}, this is {now.till_name}. Use another home.")
        with old.read() as connection:
            streams = [state.stream for state in stream_states(connection)]
        saved = sum(_save_stream(old, into, stream) for stream in streams)
    except NotABackup:
        raise
    except Exception as error:  # noqa: BLE001 - a ledger that cannot be read is why there is a restore
        log.warning("the ledger being replaced cannot be read: %s", error)
    finally:
        old.close()
    return saved


def _save_mirrored(settings: TillSettings, into: Store, who: Identity, device_key: bytes | None) -> int:
    """Take from the mirror, where there is one that can be read, what neither backup nor old ledger has."""
    key = vault.read_secret(settings.home, MIRROR_KEY)
    if settings.mirror is None or key is None or device_key is None:
        return 0
    file = file_of(Path(settings.mirror), who.till_name)
    try:
        return take_back(file, into, key=key, signer=signing.public_of(device_key))
    except UnusableCourier as error:
        log.warning("the mirror cannot be read: %s", error)
        return 0


def _save_stream(old: Store, into: Store, stream: bytes) -> int:
    """Append what follows in the old ledger, as far as its chain is whole; return how many entries."""
    saved = 0
    while True:
        with into.read() as connection:
            seq, prev = head(connection, stream)
        with old.read() as connection:
            found = entries_after(connection, stream, seq=seq, limit=AT_ONCE)
        whole = _whole(found, stream, seq=seq, prev=prev)
        if not whole:
            return saved
        with into.write() as connection:
            keep_recalled(connection, stream=stream, after_seq=seq, head=prev, entries=whole)
        saved += len(whole)


def _whole(found: Sequence[Entry], stream: bytes, *, seq: int, prev: bytes) -> list[bytes]:
    """Return the bytes of the first of ``found`` that follow the place without a flaw."""
    whole = []
    for entry in found:
        seq += 1
        if make_entry(stream=stream, seq=seq, prev=prev, data=entry.data) != entry:
            break
        whole.append(entry.data)
        prev = entry.entry_id
    return whole


def _clear(work: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        work.with_name(work.name + suffix).unlink(missing_ok=True)
