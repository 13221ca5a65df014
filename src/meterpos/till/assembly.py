"""The till put together: all its verbs on one opened home."""

import hashlib
from pathlib import Path
from typing import Final

from meterpos import vault
from meterpos.ledger import search_index
from meterpos.ledger.store import Store, UnreadableDatabase, WrongKey, make_durable
from meterpos.ledger.upgrade import upgrade
from meterpos.settings import TillSettings, load_till_settings
from meterpos.sync.lock import HomeBusy, HomeUser, home_alone
from meterpos.till.care import Care
from meterpos.till.configuration import Configuration
from meterpos.till.custody import Custody
from meterpos.till.customers import Customers
from meterpos.till.drafts import Drafts
from meterpos.till.line import Line
from meterpos.till.papers import Papers
from meterpos.till.payments import Payments
from meterpos.till.people import People

DATABASE_KEY: Final = "ledger"
PEPPER: Final = "pepper"
RESTORED_FILE: Final = "ledger.restored"
"""A ledger prepared by a restore, about to take its place."""
REPLACED: Final = "replaced"
"""Where ledgers lie that a restore replaced."""


class Till(Payments, Drafts, Custody, People, Papers, Customers, Configuration, Line, Care):
    """One open till."""

    __slots__ = ()


def open_till(home: Path | None = None) -> Till:
    """Open the till in ``home``, making its ledger and keys where there are none.

    Raises: UnusableSettings, HomeBusy, WrongKey, UnreadableDatabase, NewerDatabase, ExposedSecret.
    """
    settings = load_till_settings(home)
    try:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UnreadableDatabase(f"{settings.home} cannot be used: {error.strerror}. Choose another --home.") from error
    hold = _hold(settings)
    key = None if settings.plain_sqlite else _database_key(settings)
    store = Store(f"sqlite:///{settings.ledger_path}", key=key)
    upgrade(store)
    search_index.build_where_missing(store)
    pepper = vault.read_or_make(settings.home, PEPPER)
    return Till(settings=settings, store=store, pepper=pepper, database_key=key, hold=hold)


def _hold(settings: TillSettings) -> HomeUser:
    """Take a seat in the home, after finishing a restore that was interrupted. Raises: HomeBusy."""
    if (settings.home / RESTORED_FILE).exists():
        with home_alone(settings.home, HomeBusy("The till is being restored just now. Wait, then try again.")):
            finish_restore(settings)
    return HomeUser(settings.home)


def finish_restore(settings: TillSettings) -> Path | None:
    """Put a ledger that was prepared by a restore in its place, the old one aside; return where that lies now.

    Nothing where none was prepared, or there was no old one. To be called by who has the home alone; may be
    interrupted anywhere and called again.
    """
    prepared = settings.home / RESTORED_FILE
    if not prepared.exists():
        return None
    ledger, aside = settings.ledger_path, None
    parts = [ledger.with_name(ledger.name + suffix) for suffix in ("", "-wal", "-shm")]
    if any(part.exists() for part in parts):
        digest = hashlib.sha256(prepared.read_bytes()[:4096]).hexdigest()[:8]
        aside = settings.home / REPLACED / digest
        aside.mkdir(parents=True, exist_ok=True)
        for part in parts:
            if part.exists():
                part.replace(aside / part.name)
    prepared.replace(ledger)
    make_durable(ledger)
    return aside


def _database_key(settings: TillSettings) -> bytes:
    key = vault.read_secret(settings.home, DATABASE_KEY)
    if key is None and settings.ledger_path.exists():
        raise WrongKey(
            f"The key of {settings.ledger_path} is missing on this machine. Restore it, or ask head office to unwrap "
            "the copy it holds."
        )
    return key if key is not None else vault.read_or_make(settings.home, DATABASE_KEY)
