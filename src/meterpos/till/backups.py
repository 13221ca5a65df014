"""Backups of a till's ledger: made while it works, verified by opening them; and what a backup says of itself."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from meterpos.errors import UserError
from meterpos.ledger.marks import check_since, mark_of
from meterpos.ledger.queries.identity import find_identity
from meterpos.ledger.store import Store, UnreadableDatabase, WrongKey


class CannotBackUp(UserError):
    """The backup could not be made, or the copy is not what was copied."""


class NotABackup(UserError):
    """The file is no backup of this till."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A backup that was opened and looked at: whose it is, how many entries it holds, its size."""

    till_name: str
    entries: int
    size_bytes: int


def back_up(store: Store, file: Path, *, key: bytes | None) -> Saved:
    """Copy a ledger into ``file``; what stands there is first written beside it and takes the name when it is sound.

    Raises: CannotBackUp, DiskFull.
    """
    if file.exists():
        raise CannotBackUp(f"{file} is there already. Choose another name, or take it away.")
    part = file.with_name(file.name + ".part")
    with store.read() as connection:
        before = mark_of(connection)
    try:
        part.unlink(missing_ok=True)
        store.copy_to(part)
        saved = look_at(part, key=key)
        copy = Store(f"sqlite:///{part}", key=key)
        try:
            with copy.read() as connection:
                missing = [problem.sentence for problem in check_since(connection, before)]
        finally:
            copy.close()
        if missing:
            raise CannotBackUp(f"The copy is not what was copied: {missing[0]} Nothing was kept; check the till first.")
        part.replace(file)
    except UnreadableDatabase as error:
        raise CannotBackUp(f"The copy cannot be read back ({error}). Try another medium.") from error
    finally:
        for suffix in ("", "-wal", "-shm"):
            part.with_name(part.name + suffix).unlink(missing_ok=True)
    return saved


def look_at(file: Path, *, key: bytes | None, name: Path | None = None) -> Saved:
    """Open a backup, look at every page of it, and say what it holds; ``name`` is what it is called in sentences.

    Raises: NotABackup, UnreadableDatabase.
    """
    name = name or file
    copy = Store(f"sqlite:///{file}", key=key)
    try:
        damage = copy.find_damage()
        if damage:
            raise UnreadableDatabase(f"{name} is damaged ({damage[0]}). Use another backup.")
        with copy.read() as connection:
            who = find_identity(connection)
            entries = sum(place.seq for place in mark_of(connection).values())
    except WrongKey as error:
        raise NotABackup(
            f"{name} is no backup that this machine's key opens. Choose another file, or have head office write the "
            "key it was made with (meterpos headoffice till unlock NAME --out FILE) and add --key-file FILE."
        ) from error
    except DBAPIError as error:
        raise NotABackup(f"{name} is no backup of a till: it lacks its tables. Choose another file.") from error
    finally:
        copy.close()
    if who is None:
        raise NotABackup(f"{name} is the ledger of no enrolled till. Choose another file.")
    return Saved(till_name=who.till_name, entries=entries, size_bytes=file.stat().st_size)
