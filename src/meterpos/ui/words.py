"""Every sentence the window says, by name, from `resources/translations/<language>.json`; switchable at once.

A value may be a pair of forms, chosen by the argument `n`: {"one": "1 meter", "many": "{n} meters"}.
"""

import json
from collections.abc import Callable
from datetime import date, datetime
from functools import cache
from typing import Final

from PySide6.QtCore import QObject, Signal
from shiboken6 import isValid

from meterpos.resources import resource_path

LANGUAGES: Final = {"en": "English", "sw": "Kiswahili"}

Form = str | dict[str, str]


class _Speaker(QObject):
    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.language = "en"


_speaker = _Speaker()


def language() -> str:
    """Return the language being spoken, `en` or `sw`."""
    return _speaker.language


def speak(name: str) -> None:
    """Speak another language from now on; everything bound with `bind` says itself again."""
    assert name in LANGUAGES, name
    if name != _speaker.language:
        _speaker.language = name
        _speaker.changed.emit()


def notifier() -> _Speaker:
    """Return the object whose `changed` signal fires after the language changed."""
    return _speaker


def say(key: str, **values: object) -> str:
    """Return one sentence in the language being spoken."""
    form = catalogue(_speaker.language)[key]
    if isinstance(form, dict):
        form = form["one" if values["n"] == 1 else "many"]
    return form.format(**values) if values else form


def has(key: str) -> bool:
    """Tell whether the catalogue knows this name."""
    return key in catalogue(_speaker.language)


def bind(setter: Callable[[str], object], key: str, *, owner: QObject | None = None) -> None:
    """Say a fixed sentence now and after each change of language, as long as the setter's owner lives."""
    whose = owner if owner is not None else getattr(setter, "__self__", None)
    assert isinstance(whose, QObject), "name the owner of a free function"

    def again() -> None:
        if isValid(whose):
            setter(say(key))
        else:
            _speaker.changed.disconnect(again)

    again()
    _speaker.changed.connect(again)


def day(value: date, *, today: date | None = None) -> str:
    """Return a short date: "24 Nov", with the year where it is not this year."""
    months = say("calendar.months").split()
    text = f"{value.day} {months[value.month - 1]}"
    return text if today is not None and value.year == today.year else f"{text} {value.year}"


def clock(value: datetime, *, today: date) -> str:
    """Return a time of today as "09:14" and of another day as "19 Nov 09:14"."""
    time = f"{value:%H:%M}"
    return time if value.date() == today else f"{day(value.date(), today=today)} {time}"


def span(seconds: int) -> str:
    """Return how long: "40 s", "2 min 40 s"."""
    minutes, rest = divmod(max(seconds, 0), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


@cache
def catalogue(name: str) -> dict[str, Form]:
    """Return all sentences of one language by name."""
    text = resource_path(f"translations/{name}.json").read_text(encoding="utf-8")
    loaded: dict[str, Form] = json.loads(text)
    return loaded
