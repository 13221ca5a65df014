"""The real server on loopback behind lines that cut, lie and repeat themselves, one payment a fault.

After each fault the till exchanges calmly, and at the end every receipt is at head office once, byte for byte.
"""

import gzip
import socket
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import select

from meterpos.ledger.tables import accounts, journal
from meterpos.sync.client import Line
from meterpos.sync.exchange import exchange
from meterpos.sync.packing import PACKED_BYTES_MAX, UNPACKED_BYTES_MAX
from meterpos.sync.steps import Failure, Memory
from meterpos.till import Till
from tests.support.headoffice import Server, make_office, sync
from tests.support.tills import request
from tests.sync.lines import Cutter, Doubling, Script, Tampering

PAYMENTS: Final = 2
"""How many wait when the line breaks."""


@dataclass
class Counting:
    """A line that notes how many bytes went each way, and keeps what came."""

    line: Line
    up: int = 0
    down: int = 0
    answers: list[bytes] = field(default_factory=list)

    def send(self, path: str, message: bytes) -> bytes | Failure:
        answer = self.line.send(path, message)
        self.up += len(message)
        if isinstance(answer, bytes):
            self.down += len(answer)
            self.answers.append(answer)
        return answer


@dataclass
class Web:
    """A head office that answers, a till with an open shift, and the faults tried."""

    server: Server
    till: Till
    tried: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    old_answers: list[bytes] = field(default_factory=list)

    def pay(self) -> None:
        for _ in range(PAYMENTS):
            with self.till.store.read() as conn:
                row = conn.execute(
                    select(accounts.c.account_no, accounts.c.customer_no).where(accounts.c.kind == "meter")
                ).first()
            assert row is not None
            self.till.take(request=request(row[0], 100, customer_no=row[1]), clerk="achieng")

    def over(self, kind: str, line: Any) -> str:
        """Pay, exchange over this line, then calmly; note what happened."""
        result = exchange(
            self.till.store, home=self.till.settings.home, device_key=self.till.device_key, line=line, memory=Memory()
        )
        self.tried[kind] += 1
        self.outcomes[f"{kind}: {result.outcome}"] += 1
        if result.outcome == "complete" and result.waiting:
            self.wrong.append(f"{kind}: complete with {result.waiting} waiting")
        if result.outcome == "failed":
            self.wrong.append(f"{kind}: {result.detail}")
        return result.outcome

    def calm(self, kind: str) -> None:
        result = sync(self.till)
        if (result.outcome, result.waiting, result.agreed) != ("complete", 0, True):
            self.wrong.append(f"after {kind}: {result.outcome}, {result.waiting} waiting, agreed {result.agreed}")

    def prove(self) -> int:
        """Compare both journals; return how many entries there are."""
        with self.till.store.read() as conn:
            ours = {(row.entry_id, row.data) for row in conn.execute(select(journal))}
        with self.server.office.store.read() as conn:
            theirs = [(row.entry_id, row.data) for row in conn.execute(select(journal))]
        if sorted(ours) != sorted(theirs):
            self.wrong.append(f"{len(ours)} entries at the till, {len(theirs)} at head office, or they differ")
        return len(ours)


@contextmanager
def web(*, url: Callable[[Path], str] = lambda folder: f"sqlite:///{folder / 'office.db'}") -> Iterator[Web]:
    """Start a head office and a till."""
    with tempfile.TemporaryDirectory(prefix="meterpos-faults-") as name:
        folder = Path(name)
        server = Server.start(make_office(folder / "office", url(folder)))
        server.import_town()
        till = server.enrol_till(folder / "till", "KSM01")
        till.open_shift(float_minor=0, clerk="achieng")
        try:
            yield Web(server, till)
        finally:
            till.close()
            server.stop()


def sizes(at: Web) -> tuple[int, int]:
    """Return how many bytes one exchange puts on the line in each direction, headers and all."""
    at.pay()
    with Meter(at.server.url) as meter, Line(meter.url) as line:
        at.over("none", line)
    at.calm("none")
    return meter.up, meter.down


class Meter(Cutter):
    """A proxy that cuts nothing and counts."""

    def __init__(self, server_url: str) -> None:
        super().__init__(server_url, [], "up")
        self.up = self.down = 0

    def _accept(self) -> None:
        while not self._stopping:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            parts = urlsplit(self.server_url)
            server = socket.create_connection((parts.hostname, parts.port))
            threading.Thread(target=self._count, args=(client, server, "up"), daemon=True).start()
            threading.Thread(target=self._count, args=(server, client, "down"), daemon=True).start()

    def _count(self, source: socket.socket, sink: socket.socket, way: str) -> None:
        try:
            while part := source.recv(65536):
                setattr(self, way, getattr(self, way) + len(part))
                sink.sendall(part)
        except OSError:
            pass
        for end in (source, sink):
            end.close()


def cuts(at: Web, direction: str, *, stride: int, until: float = float("inf")) -> None:
    """Cut the line after every `stride`-th byte that one exchange sends in a direction."""
    up, down = sizes(at)
    for offset in range(0, (up if direction == "up" else down) + stride, stride):
        if time.monotonic() > until:
            at.wrong.append(f"the time was up at byte {offset}")
            break
        at.pay()
        with Cutter(at.server.url, [offset], direction) as cutter, Line(cutter.url) as line:
            at.over(f"cut {direction}", line)
        if offset % (16 * stride) == 0:
            at.calm(f"cut {direction} at {offset}")
    at.calm(f"cut {direction}")


def lies(at: Web) -> None:
    """Answers that are not head office's to this question."""
    with Line(at.server.url) as line:
        counting = Counting(line)
        at.pay()
        at.over("none", counting)
    old = counting.answers
    for name, answer in (
        ("captive portal 200", _http(b"<html>Please log in</html>", "text/html")),
        ("redirect", b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"),
        ("permanent redirect", b"HTTP/1.1 308 Moved\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"),
        ("too long a length", _http(old[0], length=len(old[0]) + 100)),
        ("too short a length", _http(old[0], length=len(old[0]) - 100)),
        ("empty answer", _http(b"")),
        ("no content", b"HTTP/1.1 204 No Content\r\n\r\n"),
        ("stale acknowledgement", _http(old[0])),
        ("another request's answer", _http(old[-1])),
        ("compressed bomb", _http(gzip.compress(bytes(64 * 1024 * 1024)), more="Content-Encoding: gzip\r\n")),
        ("packed bomb", _http(gzip.compress(bytes(2 * UNPACKED_BYTES_MAX)))),
        ("endless answer", _http(bytes(PACKED_BYTES_MAX + 1))),
        ("busy", b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"),
        ("not HTTP", b"SSH-2.0-OpenSSH_9.6\r\n"),
        ("nothing", b""),
    ):
        at.pay()
        with Script(answer) as script, Line(script.url) as line:
            if at.over(name, line) == "complete":
                at.wrong.append(f"{name} was believed")
        at.calm(name)
    for which in (0, 1):
        at.pay()
        with Line(at.server.url) as line:
            at.over("duplicated POST", Doubling(line, which))
        at.calm("duplicated POST")
        at.pay()
        with Line(at.server.url) as line:
            at.over("stale answer in place", Tampering(line, lambda number, answer: old[min(number, len(old)) - 1]))
        at.calm("stale answer in place")


def bombs(at: Web) -> None:
    """Requests no till would send: head office says no, and goes on."""
    for name, message in (
        ("packed bomb", gzip.compress(bytes(2 * UNPACKED_BYTES_MAX))),
        ("too large", bytes(PACKED_BYTES_MAX + 1)),
        ("empty", b""),
        ("noise", bytes(range(256)) * 40),
        ("columns of nothing", b"\xc1\xff\xff\xff\xff" + bytes(100)),
    ):
        for path in ("/v1/push", "/v1/pull", "/v1/enrol"):
            with Line(at.server.url) as line:
                answer = line.send(path, message)
            at.tried["bomb at head office"] += 1
            if not isinstance(answer, Failure) or answer.trouble not in ("refused", "too_large", "cut"):
                at.wrong.append(f"{name} to {path} was answered with {answer!r:.80}")
    at.pay()
    at.calm("bombs")


def _http(body: bytes, kind: str = "application/octet-stream", *, length: int | None = None, more: str = "") -> bytes:
    size = len(body) if length is None else length
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n{more}Connection: close\r\n\r\n"
    return head.encode() + body
