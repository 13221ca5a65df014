"""The source that a URL, a file or a directory names, opened so that it cannot be written to."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from meterpos.headoffice.legacy.sources.base import Source, UnusableSource
from meterpos.headoffice.legacy.sources.dumps import DumpSource
from meterpos.headoffice.legacy.sources.server import DatabaseSource

TIMEOUT_S: Final = 20
_ADVICE: Final = (
    "Write it as mysql://USER:PASSWORD@HOST/NAME, postgresql://USER@HOST/NAME, sqlite:///FILE, or name a directory of "
    "CSV dumps."
)


def open_source(named: str) -> Source:
    """Open the old books that `named` says. Raises: UnusableSource."""
    if "://" not in named:
        return _open_path(Path(named))
    try:
        url = make_url(named)
    except ArgumentError as error:
        raise UnusableSource(f"'{named[:60]}' names no source. {_ADVICE}", field="source") from error
    openers = {
        "mysql": _mysql,
        "mariadb": _mysql,
        "postgresql": _postgresql,
        "postgres": _postgresql,
        "sqlite": _sqlite,
    }
    opener = openers.get(url.drivername.split("+")[0])
    if opener is None:
        raise UnusableSource(f"{url.drivername} is not read. {_ADVICE}", field="source")
    return _opened(opener, url)


def _opened(opener: Callable[[URL], Source], url: URL) -> Source:
    try:
        return opener(url)
    except UnusableSource:
        raise
    except Exception as error:
        where = url.render_as_string(hide_password=True)
        raise UnusableSource(f"{where} cannot be opened: {error}. {_ADVICE}", field="source") from error


def _open_path(path: Path) -> Source:
    if path.is_dir():
        return DumpSource(path)
    if path.is_file():
        return _opened(_sqlite, URL.create("sqlite", database=str(path)))
    raise UnusableSource(f"There is no {path}. {_ADVICE}", field="source")


def _sqlite(url: URL) -> DatabaseSource:
    import sqlcipher3.dbapi2 as driver

    path = Path(url.database or "")
    if not path.is_file():
        raise UnusableSource(f"There is no file {path}.", field="source")
    connection = driver.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
    connection.execute("PRAGMA query_only = ON")
    connection.execute("BEGIN")
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # here it shows whether it is a database
    return DatabaseSource(
        connection,
        stream=connection.cursor,
        quote='"',
        mark="?",
        columns_sql="SELECT name FROM pragma_table_info(?)",
        schema=(),
    )


def _postgresql(url: URL) -> DatabaseSource:
    import psycopg
    from psycopg.types.string import TextLoader

    connection: Any = psycopg.connect(
        url.set(drivername="postgresql").render_as_string(hide_password=False), connect_timeout=TIMEOUT_S
    )
    for name in ("json", "jsonb"):
        connection.adapters.register_loader(name, TextLoader)  # as it was written, not as Python reads it
    connection.read_only = True
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    names = iter(range(1_000))
    return DatabaseSource(
        connection,
        stream=lambda: connection.cursor(name=f"legacy_{next(names)}"),
        quote='"',
        mark="%s",
        columns_sql=(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() "
            "AND table_name = %s ORDER BY ordinal_position"
        ),
        schema=(),
    )


def _mysql(url: URL) -> DatabaseSource:
    import pymysql
    from pymysql.cursors import SSCursor

    options = dict(url.query)
    socket = options.get("unix_socket")
    connection: Any = pymysql.connect(
        host=url.host or "localhost",
        port=url.port or 3306,
        user=url.username,
        password=url.password or "",
        database=url.database,
        unix_socket=socket if isinstance(socket, str) else None,
        charset="utf8mb4",
        connect_timeout=TIMEOUT_S,
    )
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
    return DatabaseSource(
        connection,
        stream=lambda: connection.cursor(SSCursor),
        quote="`",
        mark="%s",
        columns_sql=(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s "
            "ORDER BY ordinal_position"
        ),
        schema=(url.database or "",),
    )
