"""The backup before posting, and going back to it: as a new generation, as long as no till knows better."""

from datetime import datetime
from pathlib import Path
from typing import Final

from meterpos.errors import UserError
from meterpos.headoffice.backups import IN_USE, Restored, back_up, restore
from meterpos.headoffice.legacy import state
from meterpos.headoffice.office import Office, open_store
from meterpos.headoffice.tables import metadata
from meterpos.headoffice.tables.legacy import STAGING_PREFIX
from meterpos.settings import HeadOfficeSettings
from meterpos.sync.lock import home_alone

FOLDER: Final = "backups"


class CannotRollBack(UserError):
    """Nothing was posted, its backup is gone, or a till has pulled what was posted."""


def before_posting(office: Office) -> Path:
    """Copy everything but staging into a new file in the home, open it and look at it; return where it is.

    Raises: CannotBackUp, DiskFull.
    """
    folder = office.settings.home / FOLDER
    folder.mkdir(exist_ok=True, mode=0o700)
    file = folder / f"before-migration-{office.moment().at:%Y%m%d-%H%M%S-%f}.db"
    staging = frozenset(name for name in metadata.tables if name.startswith(STAGING_PREFIX))
    back_up(office.store, file, without=staging)
    return file


def roll_back(settings: HeadOfficeSettings, *, leap: int, at: datetime) -> Restored:
    """Put head office back to where it stood before posting, under a new generation; staging is empty afterwards.

    The server must be stopped. Raises: CannotRollBack, HomeBusy, and what `restore` raises.
    """
    with home_alone(settings.home, IN_USE):
        file = _backup_of(settings)
    return restore(settings, file, leap=leap, at=at)


def _backup_of(settings: HeadOfficeSettings) -> Path:
    store = open_store(settings)
    try:
        with store.read() as conn:
            posted, pulled = state.done(conn, state.POSTING), state.done(conn, state.PULLED)
    finally:
        store.close()
    if posted is None:
        raise CannotRollBack("Nothing was posted, so there is nothing to take back; steps can simply be run again.")
    if pulled is not None:
        raise CannotRollBack(
            f"Till {pulled.details['till']} has pulled migrated balances (at {pulled.finished_at:%Y-%m-%d %H:%M} "
            f"UTC), and "
            "customers may have paid by them. Correct what is wrong by adjustments and transfers instead."
        )
    file = Path(posted.details["backup"] or "")
    if not file.is_file():
        raise CannotRollBack(f"The backup {file} is not there any more. Put it back, then try again.")
    return file
