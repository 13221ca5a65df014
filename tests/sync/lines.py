"""Lines between a till and head office that break, lie or repeat themselves, on real sockets."""

import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from meterpos.sync.client import Line
from meterpos.sync.steps import Failure

Answer = bytes | Failure


@dataclass
class Tampering:
    """A line whose answers pass through `change(number of the request, answer)` before the till sees them."""

    line: Line
    change: Callable[[int, Answer], Answer]
    requests: int = 0

    def send(self, path: str, message: bytes) -> Answer:
        """Send, and change what comes back."""
        answer = self.line.send(path, message)
        self.requests += 1
        return self.change(self.requests, answer)


@dataclass
class Doubling:
    """A line on which every request arrives twice; the till sees the answer to one of them."""

    line: Line
    shown: int

    def send(self, path: str, message: bytes) -> Answer:
        """Send twice."""
        return (self.line.send(path, message), self.line.send(path, message))[self.shown]


@dataclass
class Cutter:
    """A proxy that cuts its first connections after so many bytes in one direction; later ones go through."""

    server_url: str
    cuts: list[int]
    direction: str
    connections: int = 0
    _listener: socket.socket = field(default_factory=socket.socket, repr=False)
    _stopping: bool = False

    def __enter__(self) -> "Cutter":
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *rest: object) -> None:
        self._stopping = True
        self._listener.close()

    @property
    def url(self) -> str:
        """Where the proxy listens."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _accept(self) -> None:
        while not self._stopping:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            cut = self.cuts[self.connections] if self.connections < len(self.cuts) else None
            self.connections += 1
            parts = urlsplit(self.server_url)
            server = socket.create_connection((parts.hostname, parts.port))
            up, down = (cut, None) if self.direction == "up" else (None, cut)
            threading.Thread(target=_pump, args=(client, server, up), daemon=True).start()
            threading.Thread(target=_pump, args=(server, client, down), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket, bytes_max: int | None) -> None:
    left = bytes_max
    with contextlib.suppress(OSError):
        while left is None or left > 0:
            part = source.recv(4096 if left is None else min(4096, left))
            if not part:
                break
            sink.sendall(part)
            left = None if left is None else left - len(part)
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()


@dataclass
class Script:
    """A server that answers every connection with the same bytes, whatever is asked, then closes or stays silent."""

    answer: bytes
    stays: bool = False
    received: bytes = b""
    _listener: socket.socket = field(default_factory=socket.socket, repr=False)
    _kept: list[socket.socket] = field(default_factory=list, repr=False)

    def __enter__(self) -> "Script":
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *rest: object) -> None:
        self._listener.close()
        for client in self._kept:
            client.close()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError):
                self.received = client.recv(65536)
                client.sendall(self.answer)
            if self.stays:
                self._kept.append(client)
            else:
                with contextlib.suppress(OSError):
                    client.shutdown(socket.SHUT_WR)
                    client.settimeout(0.2)
                    while client.recv(65536):
                        pass
                client.close()
