"""Opening the till's window: what `meterpos till` does without a command."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from meterpos.errors import UserError

if TYPE_CHECKING:
    from meterpos.till import Till


SCALE = "QT_SCALE_FACTOR"


class NoWindow(UserError):
    """This machine or this installation shows no windows."""


def open_window(home: Path | None, *, training: bool = False) -> NoReturn:
    """Open the window on the till in ``home``, or on the one to practise beside it, and leave with its exit code.

    The ledger is opened after the first paint.

    Raises: NoWindow; UnusableSettings.
    """
    from meterpos.settings import load_till_settings

    settings = load_till_settings(home)
    _scale(settings.text_size)
    if not _has_display():
        raise NoWindow("There is no display here. Use the commands: meterpos till --help")
    try:
        from meterpos.ui import app
    except ImportError as error:
        raise NoWindow(f"The window cannot be loaded ({error}). Install meterpos with its till part.") from error
    code = app.run(lambda: _opened(home, training=training), look=settings.theme, language=settings.language)
    again = app.again(code)
    if again is not None:
        practise = training if again == "same" else again == "training"
        _start_again(home, training=practise, scaled=settings.text_size != 100)
    sys.exit(code)


def _opened(home: Path | None, *, training: bool) -> "Till":
    """Open the till, called after the first paint: reading the ledger's code takes as long as showing the window."""
    if training:
        from meterpos.till.training import open_training

        return open_training(home)
    from meterpos.till import open_till

    return open_till(home)


def _scale(text_size: int) -> None:
    """Set how large Qt draws, in percent; it asks once, when the program starts."""
    if text_size != 100:
        os.environ[SCALE] = str(text_size / 100)


def _start_again(home: Path | None, *, training: bool, scaled: bool) -> NoReturn:
    """Become a new program that opens the window; the size this one was drawn at ends with it."""
    if scaled:
        os.environ.pop(SCALE, None)
    where = [*([] if home is None else ["--home", str(home)]), *(["--training"] if training else [])]
    os.execv(sys.executable, [sys.executable, "-m", "meterpos", "till", *where])  # noqa: S606


def _has_display() -> bool:
    """Tell whether Qt will find a screen; it ends the process where there is none."""
    wanted = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return not sys.platform.startswith("linux") or any(os.environ.get(name) for name in wanted)
