"""Settings: frozen, and the only reader of the environment and of ``meterpos.toml``.

An environment variable wins over ``meterpos.toml`` in the home, which wins over the default.
"""

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from meterpos.errors import UserError

FILE_NAME: Final = "meterpos.toml"
COLUMNS: Final = (32, 42, 48)
NAIROBI: Final = ZoneInfo("Africa/Nairobi")
Theme = Literal["light", "dark"]


class UnusableSettings(UserError):
    """A setting has a value that cannot be used; the sentence names it and what it may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TillSettings:
    """One till's own settings. ``printer`` is a device spec, None where there is none.

    ``plain_sqlite`` keeps the ledger unencrypted: only for machines whose disk is encrypted as a whole.
    """

    home: Path
    plain_sqlite: bool = False
    exchange_every_s: int = 300
    printer: str | None = None
    columns: int = 48
    time_zone: ZoneInfo = NAIROBI
    language: str = "en"
    theme: Theme = "light"

    @property
    def ledger_path(self) -> Path:
        """Where the ledger's database is."""
        return self.home / "ledger.db"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadOfficeSettings:
    """One head office's settings; ``database_url`` is SQLite in its home unless it says otherwise."""

    home: Path
    database_url: str
    utility: str
    time_zone: ZoneInfo = NAIROBI


def load_till_settings(home: Path | None = None) -> TillSettings:
    """Return the settings of the till in ``home`` (else METERPOS_HOME, else the user's data directory).

    Raises: UnusableSettings.
    """
    where = home or _home("METERPOS_HOME", "till")
    found = _read(where, "till")
    columns = _whole(found, "columns", 48)
    if columns not in COLUMNS:
        raise UnusableSettings(f"columns is {columns} in {where / FILE_NAME}. Use 32, 42 or 48.")
    language = _one_of(found, "language", ("en", "sw"))
    theme = _one_of(found, "theme", ("light", "dark"))
    return TillSettings(
        home=where,
        plain_sqlite=bool(found.get("plain_sqlite", False)),
        exchange_every_s=max(_whole(found, "exchange_every_s", 300), 5),
        printer=str(found["printer"]) if found.get("printer") else None,
        columns=columns,
        time_zone=_zone(found),
        language=language,
        theme="dark" if theme == "dark" else "light",
    )


def load_headoffice_settings(*, database: str | None = None, utility: str | None = None) -> HeadOfficeSettings:
    """Return head office's settings; ``database`` is a URL, ``utility`` names one of several on this machine.

    Raises: UnusableSettings.
    """
    name = utility or os.environ.get("METERPOS_UTILITY") or "utility"
    if not name.replace("-", "").replace("_", "").isalnum():
        raise UnusableSettings(f"'{name}' is no name for a utility. Use letters, digits, - and _.")
    home = _home("METERPOS_HEADOFFICE_HOME", "headoffice") / name
    found = _read(home, "headoffice")
    url = database or os.environ.get("METERPOS_DATABASE") or found.get("database")
    return HeadOfficeSettings(
        home=home,
        database_url=str(url) if url else f"sqlite:///{home / 'headoffice.db'}",
        utility=name,
        time_zone=_zone(found),
    )


def _home(variable: str, name: str) -> Path:
    given = os.environ.get(variable)
    if given:
        return Path(given)
    from platformdirs import user_data_path

    return user_data_path("meterpos", appauthor=False) / name


def _read(home: Path, group: str) -> dict[str, Any]:
    file = home / FILE_NAME
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    except (OSError, ValueError) as error:
        raise UnusableSettings(f"{file} cannot be read: {error}. Correct it or take it away.") from error
    found = dict(content.get(group, {}))
    prefix = f"METERPOS_{group.upper()}_"
    found |= {key.removeprefix(prefix).lower(): value for key, value in os.environ.items() if key.startswith(prefix)}
    return found


def _whole(found: dict[str, Any], name: str, default: int) -> int:
    try:
        return int(found.get(name, default))
    except (TypeError, ValueError) as error:
        raise UnusableSettings(f"{name} is '{found[name]}'; it must be a whole number.") from error


def _one_of(found: dict[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    value = str(found.get(name, allowed[0]))
    if value not in allowed:
        raise UnusableSettings(f"{name} is '{value}'. Use {' or '.join(allowed)}.")
    return value


def _zone(found: dict[str, Any]) -> ZoneInfo:
    name = str(found.get("time_zone", "Africa/Nairobi"))
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise UnusableSettings(f"time_zone '{name}' is not known. Use a name such as Africa/Nairobi.") from error
