"""One process that opens thousands of ledgers puts each statement together once, not once for each ledger.

SQLAlchemy keeps what it put together with the engine, and an engine lives as long as its ledger is open. A harness
whose ledgers live for a tenth of a second would spend two thirds of its time on that alone.
"""

from typing import Any, Final

from sqlalchemy import Engine
from sqlalchemy.util import LRUCache

from meterpos.ledger.store import Store

STATEMENTS_MAX: Final = 5_000

_made: Final = Store._sqlite_engine
_kept: Final[dict[str, tuple[Any, LRUCache[Any, Any]]]] = {}


def share_statements() -> None:
    """Let every SQLite ledger this process opens from now on share its statements with those opened before."""
    Store._sqlite_engine = _sharing  # type: ignore[method-assign]


def _sharing(store: Store, begin: str, *, size: int, read_only: bool) -> Engine:
    engine = _made(store, begin, size=size, read_only=read_only)
    if begin not in _kept:
        _kept[begin] = (engine.dialect, LRUCache(STATEMENTS_MAX))
    engine.dialect, engine._compiled_cache = _kept[begin]
    engine.pool._dialect = engine.dialect
    return engine
