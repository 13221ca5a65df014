"""Settings: frozen, and the only reader of the environment and reader and writer of ``meterpos.toml``.

An environment variable wins over ``meterpos.toml`` in the home, which wins over the default.
"""

import json
import os
import re
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from meterpos.errors import UserError

FILE_NAME: Final = "meterpos.toml"
TRAINING_SUFFIX: Final = "-training"
COLUMNS: Final = (32, 42, 48)
TEXT_SIZES: Final = (100, 125, 150)
LOCK_AFTER_MIN_MAX: Final = 240
EXCHANGE_EVERY_S_LEAST: Final = 5
NAIROBI: Final = ZoneInfo("Africa/Nairobi")
Theme = Literal["light", "dark"]


class UnusableSettings(UserError):
    """A setting has a value that cannot be used; the sentence names it and what it may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TillSettings:
    """One till's own settings. ``printer`` is a device spec, None where there is none.

    ``plain_sqlite`` keeps the ledger unencrypted: only for machines whose disk is encrypted as a whole. ``text_size``
    is in percent; after ``lock_after_min`` minutes without a key the till locks itself, 0 never; ``guide`` is the step
    at which the first-run guide goes on, None where it is not open. ``mirror`` is a folder on a second medium, where
    what head office does not have yet is kept once more.
    """

    home: Path
    plain_sqlite: bool = False
    exchange_every_s: int = 300
    printer: str | None = None
    columns: int = 48
    time_zone: ZoneInfo = NAIROBI
    language: str = "en"
    theme: Theme = "light"
    text_size: int = 100
    lock_after_min: int = 5
    guide: str | None = None
    mirror: str | None = None

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
    text_size = _whole(found, "text_size", 100)
    if text_size not in TEXT_SIZES:
        raise UnusableSettings(f"text_size is {text_size} in {where / FILE_NAME}. Use 100, 125 or 150.")
    language = _one_of(found, "language", ("en", "sw"))
    theme = _one_of(found, "theme", ("light", "dark"))
    return TillSettings(
        home=where,
        plain_sqlite=bool(found.get("plain_sqlite", False)),
        exchange_every_s=max(_whole(found, "exchange_every_s", 300), EXCHANGE_EVERY_S_LEAST),
        printer=str(found["printer"]) if found.get("printer") else None,
        columns=columns,
        time_zone=_zone(found),
        language=language,
        theme="dark" if theme == "dark" else "light",
        text_size=text_size,
        lock_after_min=min(max(_whole(found, "lock_after_min", 5), 0), LOCK_AFTER_MIN_MAX),
        guide=str(found["guide"]) if found.get("guide") else None,
        mirror=str(found["mirror"]) if found.get("mirror") else None,
    )


def training_home(home: Path | None = None) -> Path:
    """Return where the training till of a real one lives: beside it, never in it. Raises: UnusableSettings."""
    real = load_till_settings(home).home
    return real.with_name(real.name + TRAINING_SUFFIX)


def write_till_settings(home: Path, changes: Mapping[str, str | int | None]) -> None:
    """Write these settings into the till's file; every other line of it stays as it is. None takes a setting away.

    The file is replaced as a whole or not at all.

    Raises: UnusableSettings when it cannot be read or written, or holds a setting in a form that is not one line.
    """
    file = home / FILE_NAME
    before = _parsed(file)
    if not changes:
        return
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    wanted = dict(before.get("till", {}))
    for name, value in changes.items():
        lines = _with_line(lines, name, None if value is None else f"{name} = {json.dumps(value, ensure_ascii=False)}")
        wanted.pop(name, None)
        if value is not None:
            wanted[name] = value
    text = "".join(f"{line}\n" for line in lines)
    if not _reads_as(text, {**before, **({"till": wanted} if wanted or "till" in before else {})}):
        raise UnusableSettings(f"{file} is written in a way that this program cannot change. Change it there by hand.")
    _replace(file, text)


def is_fixed_by_environment(name: str) -> bool:
    """Tell whether an environment variable sets this setting of the till, so that the file changes nothing."""
    return f"METERPOS_TILL_{name.upper()}" in os.environ


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


def load_every_headoffice() -> tuple[HeadOfficeSettings, ...]:
    """Return the settings of every utility that has a folder on this machine, by name; each has a database of its own.

    Raises: UnusableSettings when one database is named for all, or two utilities name the same.
    """
    for name in ("METERPOS_DATABASE", "METERPOS_HEADOFFICE_DATABASE"):
        if os.environ.get(name):
            raise UnusableSettings(
                f"{name} names one database, and each utility needs its own. Write it into the {FILE_NAME} of each."
            )
    folder = _home("METERPOS_HEADOFFICE_HOME", "headoffice")
    names = (
        sorted(one.name for one in folder.iterdir() if one.is_dir() and not one.name.startswith("."))
        if folder.is_dir()
        else []
    )
    found = tuple(load_headoffice_settings(utility=name) for name in names)
    whose: dict[str, str] = {}
    for one in found:
        other = whose.setdefault(one.database_url, one.utility)
        if other != one.utility:
            raise UnusableSettings(f"Utilities {other} and {one.utility} name the same database. Each needs its own.")
    return found


def _home(variable: str, name: str) -> Path:
    given = os.environ.get(variable)
    if given:
        return Path(given)
    from platformdirs import user_data_path

    return user_data_path("meterpos", appauthor=False) / name


def _parsed(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    except (OSError, ValueError) as error:
        raise UnusableSettings(f"{file} cannot be read: {error}. Correct it or take it away.") from error


_TABLE: Final = re.compile(r"\s*\[")
_TILL: Final = re.compile(r"\s*\[\s*till\s*\]")
_COMMENT: Final = re.compile(r"""=\s*(?:"[^"]*"|'[^']*'|[^#"']*?)(\s*#.*)$""")


def _with_line(lines: list[str], name: str, line: str | None) -> list[str]:
    """Return the lines with one of the table ``till`` changed, added at its end, or (None) taken away."""
    start = next((place for place, text in enumerate(lines) if _TILL.match(text)), None)
    if start is None:
        return lines if line is None else [*lines, *([""] if lines else []), "[till]", line]
    end = next((place for place in range(start + 1, len(lines)) if _TABLE.match(lines[place])), len(lines))
    key = re.compile(rf"\s*{re.escape(name)}\s*=")
    place = next((place for place in range(start + 1, end) if key.match(lines[place])), None)
    if place is not None:
        comment = _COMMENT.search(lines[place])
        new = [] if line is None else [line + (comment[1] if comment else "")]
        return [*lines[:place], *new, *lines[place + 1 :]]
    if line is None:
        return lines
    while end > start + 1 and not lines[end - 1].strip():
        end -= 1
    return [*lines[:end], line, *lines[end:]]


def _reads_as(text: str, wanted: Mapping[str, Any]) -> bool:
    try:
        return tomllib.loads(text) == wanted
    except ValueError:
        return False


def _replace(file: Path, text: str) -> None:
    """Put a new file in the place of the old: after a power cut there is the one or the other, whole."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(prefix=f"{FILE_NAME}.", dir=file.parent)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as new:
            new.write(text)
            new.flush()
            os.fsync(new.fileno())
        Path(name).replace(file)
    except OSError as error:
        raise UnusableSettings(
            f"{file} cannot be written: {error.strerror}. Put that right, then try again."
        ) from error


def _read(home: Path, group: str) -> dict[str, Any]:
    found = dict(_parsed(home / FILE_NAME).get(group, {}))
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
