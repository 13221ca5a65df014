"""Python's cycle collector, kept to the GUI thread; and what was freed, given back.

Left alone it runs in whichever thread allocates next; in a worker it would take a widget's last reference there, and Qt
objects die on the thread they live on, or the program does (a known trap of Qt from Python; Anki does the same).
"""

import gc
import sys
from typing import Final

from PySide6.QtCore import QObject, QTimer

YOUNG_MS: Final = 2_000
OLD_EVERY: Final = 150
SETTLED_MS: Final = 1_500
"""After beginning, and after making the pages, until what that needed is free again."""


class Garbage(QObject):
    """Collects by a timer: what is young every two seconds, everything every five minutes.

    Once `spare` was called, what outlived such a collection is not looked through again: the many objects of modules,
    widgets and statements would hold the window for 50 to 140 ms each time.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._turn = 0
        self._has_spared = False
        self._timer = QTimer(self, interval=YOUNG_MS)
        self._timer.timeout.connect(self.collect)

    def start(self) -> None:
        """Take the collector over."""
        gc.disable()
        self._timer.start()

    def stop(self) -> None:
        """Hand it back."""
        self._timer.stop()
        if self._has_spared:
            gc.unfreeze()
        gc.enable()

    def spare(self) -> None:
        """What is here now lives as long as the window."""
        self._has_spared = True
        gc.freeze()
        QTimer.singleShot(SETTLED_MS, self, give_back)

    def collect(self) -> None:
        """Collect what is due."""
        self._turn += 1
        is_old = self._turn % OLD_EVERY == 0
        gc.collect(2 if is_old else 1)
        if is_old and self._has_spared:
            gc.freeze()
            give_back()


def give_back() -> bool:
    """Return freed memory to the system where the C library can be asked to; return whether there was any.

    glibc keeps what was freed below anything still in use: 10 MiB of a window that has just begun.
    """
    if sys.platform != "linux":
        return False
    import ctypes

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
    return trim is not None and trim(0) == 1
