"""Python's cycle collector, kept to the GUI thread.

Left alone it runs in whichever thread allocates next; in a worker it would take a widget's last reference there, and Qt
objects die on the thread they live on, or the program does (a known trap of Qt from Python; Anki does the same).
"""

import gc
from typing import Final

from PySide6.QtCore import QObject, QTimer

YOUNG_MS: Final = 2_000
OLD_EVERY: Final = 150


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

    def collect(self) -> None:
        """Collect what is due."""
        self._turn += 1
        is_old = self._turn % OLD_EVERY == 0
        gc.collect(2 if is_old else 1)
        if is_old and self._has_spared:
            gc.freeze()
