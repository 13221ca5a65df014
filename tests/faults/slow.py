"""A line as bad as it gets: 9.6 kbit/s, three seconds there and back, broken every 4 KB on average; real sockets.

`faster` runs the same line with its clock turned up: so many times the bits in a second, so much less to wait.
"""

import contextlib
import socket
import threading
import time
from dataclasses import dataclass, field
from random import Random
from typing import Final
from urllib.parse import urlsplit

from meterpos.sync.client import Line
from meterpos.sync.exchange import exchange
from meterpos.sync.pace import wait_s
from meterpos.sync.steps import Memory
from tests.faults.web import Web

BITS_S: Final = 9_600
ROUND_TRIP_S: Final = 3.0
BROKEN_EVERY_BYTES: Final = 4_096
PIECE: Final = 64
EXCHANGES_MAX: Final = 400
LIMIT_S: Final = 600.0
"""Within so long a hundred payments are to be delivered."""


@dataclass
class BadLine:
    """A proxy in front of head office with one narrow wire."""

    server_url: str
    dice: Random
    faster: float = 1.0
    broken_every: int = BROKEN_EVERY_BYTES
    passed: int = 0
    breaks: int = 0
    connections: int = 0
    _listener: socket.socket = field(default_factory=socket.socket, repr=False)

    def __enter__(self) -> "BadLine":
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *rest: object) -> None:
        self._listener.close()

    @property
    def url(self) -> str:
        """Where the proxy listens."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        """Carry one connection, until it ends or breaks."""
        self._wait(ROUND_TRIP_S)  # its handshake
        server = socket.create_connection(urlsplit(self.server_url).netloc.split(":"))
        left = [self.dice.expovariate(1 / self.broken_every)]
        ways = [(client, server), (server, client)]
        threads = [threading.Thread(target=self._pump, args=(*way, left), daemon=True) for way in ways]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for end in (client, server):
            end.close()

    def _pump(self, source: socket.socket, sink: socket.socket, left: list[float]) -> None:
        idle = True
        with contextlib.suppress(OSError):
            while piece := source.recv(PIECE):
                self._wait((ROUND_TRIP_S / 2 if idle else 0) + len(piece) * 8 / BITS_S)
                left[0] -= len(piece)
                if left[0] < 0:
                    self.breaks += 1
                    for end in (source, sink):
                        end.shutdown(socket.SHUT_RDWR)
                    return
                self.passed += len(piece)
                sink.sendall(piece)
                source.setblocking(False)
                try:
                    idle = not source.recv(1, socket.MSG_PEEK)
                except BlockingIOError:
                    idle = True
                finally:
                    source.setblocking(True)
            sink.shutdown(socket.SHUT_WR)

    def _wait(self, seconds: float) -> None:
        time.sleep(seconds / self.faster)


@dataclass
class Delivered:
    """What it took to deliver."""

    payments: int
    seconds: float
    """As they would be on the line itself."""
    exchanges: int
    backwards: int
    """Exchanges after which more waited than before."""
    bytes_passed: int
    breaks: int
    waiting: int


def deliver(
    at: Web, *, payments: int, seed: int, faster: float = 1.0, broken_every: int = BROKEN_EVERY_BYTES
) -> Delivered:
    """Take payments, then exchange over a bad line as the window does, until nothing waits or its patience ends."""
    for _ in range(payments // 2):
        at.pay()
    dice = Random(f"slow {seed}")
    memory, failures, backwards = Memory(), 0, 0
    began = time.monotonic()
    with BadLine(at.server.url, dice, faster, broken_every) as wire, Line(wire.url) as line:
        before = payments + 1
        while failures < EXCHANGES_MAX:
            result = exchange(
                at.till.store, home=at.till.settings.home, device_key=at.till.device_key, line=line, memory=memory
            )
            memory = result.memory
            backwards += result.waiting > before
            before = result.waiting
            if result.is_complete and not result.waiting:
                break
            failures += 1
            pause = wait_s(result.outcome, failures=failures, every_s=300, dice=dice.random)
            time.sleep(pause / faster)
        seconds = (time.monotonic() - began) * faster
        return Delivered(payments, seconds, failures + 1, backwards, wire.passed, wire.breaks, before)
