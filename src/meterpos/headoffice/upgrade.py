"""Bringing a head office database to this version: the ledger's history, then head office's own."""

from pathlib import Path
from typing import Final

from meterpos.ledger.store import Store
from meterpos.ledger.upgrade import keep_copy, migrate, version
from meterpos.ledger.upgrade import upgrade as upgrade_ledger

HEAD: Final = "0002"
"""The newest step of head office's history; a test holds it against the folder."""

VERSION_TABLE: Final = "headoffice_version"
_FOLDER: Final = Path(__file__).parent / "migrations"


def upgrade(store: Store) -> None:
    """Create or migrate every table head office needs.

    Raises: NewerDatabase when a later version of meterpos made it; nothing is changed then.
    """
    upgrade_ledger(store)
    with store.read() as conn:
        found = version(conn, version_table=VERSION_TABLE)
    if found == HEAD:
        return
    if found is not None and found < HEAD:
        keep_copy(store, step=f"headoffice-{found}")
    with store.write() as conn:
        migrate(conn, folder=_FOLDER, version_table=VERSION_TABLE)


def is_current(store: Store) -> bool:
    """Tell whether head office's tables stand at this version."""
    with store.read() as conn:
        return version(conn, version_table=VERSION_TABLE) == HEAD
