"""From the button to the first byte of a receipt at a network printer that says it is well."""

import re
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from bench.ledger import CLERK, NOW, Made, working_copy
from bench.measure import Figure, Times, bounded, milliseconds
from bench.tender import picks, request
from meterpos.printing.spool import Spooler
from meterpos.till import Till, open_till

PAPERS: Final = 200
WARM: Final = 10
_ASKED: Final = re.compile(rb"\x10\x04[\x01-\x04]|\x1dr\x01")
_WELL: Final = b"\x12"
_PRINTED: Final = b"\x00"


@dataclass
class Printer:
    """A printer on loopback; notes when the first byte came that is neither a question nor an answer."""

    port: int = 0
    first_byte_ns: int = 0
    whole: threading.Event = field(default_factory=threading.Event)

    def serve(self, listener: socket.socket) -> None:
        """Take papers until the listener is closed."""
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                self._take(connection)

    def _take(self, connection: socket.socket) -> None:
        while came := connection.recv(4096):
            now = time.perf_counter_ns()
            if _ASKED.sub(b"", came) and not self.first_byte_ns:
                self.first_byte_ns = now
            for question in _ASKED.findall(came):
                connection.sendall(_PRINTED if question.startswith(b"\x1d") else _WELL)
        self.whole.set()


@contextmanager
def printer() -> Iterator[Printer]:
    """Yield a printer that listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        one = Printer(port=listener.getsockname()[1])
        thread = threading.Thread(target=one.serve, args=(listener,), daemon=True)
        thread.start()
        yield one
        listener.shutdown(socket.SHUT_RDWR)


def measure(made: Made, *, scratch: Path) -> list[Figure]:
    """Take tenders one after another, each printed before the next; in cash, so that the drawer opens too."""
    copy = working_copy(made, scratch / "receipt")
    each: list[int] = []
    with printer() as one:
        (copy.home / "meterpos.toml").write_text(f'[till]\nprinter = "tcp:127.0.0.1:{one.port}"\n', encoding="utf-8")
        till = open_till(copy.home)
        till.now = lambda: NOW
        spooler = Spooler(till)
        for account in islice(picks(made.customers * 3 // 2), WARM + PAPERS):
            each.append(_to_first_byte(till, spooler, one, account))
        till.close()
    shutil.rmtree(copy.home)
    took = Times(tuple(each[WARM:]))
    return [
        bounded("button to first receipt byte, p99", ours_ns=took.p99_ns, limit_ms=60),
        Figure(what="button to first receipt byte, median", figure=milliseconds(took.median_ns)),
    ]


def _to_first_byte(till: Till, spooler: Spooler, one: Printer, account: int) -> int:
    one.first_byte_ns = 0
    one.whole.clear()
    pressed = time.perf_counter_ns()
    till.take(request=request(account), clerk=CLERK)
    spooler.run_once()
    assert one.whole.wait(10), "the paper never came"
    return one.first_byte_ns - pressed
