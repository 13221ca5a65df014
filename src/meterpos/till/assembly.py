"""The till put together: all its verbs on one opened home."""

from pathlib import Path
from typing import Final

from meterpos import vault
from meterpos.ledger import search_index
from meterpos.ledger.store import Store, UnreadableDatabase, WrongKey
from meterpos.ledger.upgrade import upgrade
from meterpos.settings import TillSettings, load_till_settings
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


class Till(Payments, Drafts, Custody, People, Papers, Customers, Configuration, Line, Care):
    """One open till."""

    __slots__ = ()


def open_till(home: Path | None = None) -> Till:
    """Open the till in ``home``, making its ledger and keys where there are none.

    Raises: UnusableSettings, WrongKey, UnreadableDatabase, NewerDatabase, ExposedSecret.
    """
    settings = load_till_settings(home)
    try:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UnreadableDatabase(f"{settings.home} cannot be used: {error.strerror}. Choose another --home.") from error
    key = None if settings.plain_sqlite else _database_key(settings)
    store = Store(f"sqlite:///{settings.ledger_path}", key=key)
    upgrade(store)
    with store.read() as connection:
        is_searchable = search_index.is_present(connection)
    if not is_searchable:
        with store.write() as connection:
            search_index.ensure(connection)
    return Till(settings=settings, store=store, pepper=vault.read_or_make(settings.home, PEPPER), database_key=key)


def _database_key(settings: TillSettings) -> bytes:
    key = vault.read_secret(settings.home, DATABASE_KEY)
    if key is None and settings.ledger_path.exists():
        raise WrongKey(
            f"The key of {settings.ledger_path} is missing on this machine. Restore it, or ask head office to unwrap "
            "the copy it holds."
        )
    return key if key is not None else vault.read_or_make(settings.home, DATABASE_KEY)
