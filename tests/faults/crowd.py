"""Thousands of tills on one selector: each sends what was signed beforehand, waits when it is told to, and fetches what
its payments became.

What carries the load must not be the load: no thread a till, no signing and no reading of pages while it lasts. Of each
page only the header is read, which says how many rows it has and through which place it goes; answers are kept and read
afterwards.
"""

import heapq
import re
import selectors
import socket
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from meterpos.ledger import canonical
from meterpos.sync.pace import wait_s
from tests.faults.far_tills import Far

STALL_S: Final = 30.0
"""As long as a till waits for a silent line."""
PIECE: Final = 256 * 1024
HEADER_BYTES_MAX: Final = 64 * 1024
_LENGTH: Final = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_AGAIN: Final = re.compile(rb"(?i)\r\nretry-after: *(\d+)")
_CLOSES: Final = re.compile(rb"(?i)\r\nconnection: *close")
_FAILED: Final = frozenset({503, 429, 500})


@dataclass(eq=False)
class One:
    """A till on its way."""

    far: Far
    dice: Random
    line: socket.socket | None = None
    out: memoryview = field(default_factory=lambda: memoryview(b""))
    path: str = ""
    message: bytes = b""
    came: bytearray = field(default_factory=bytearray)
    began_s: float = 0.0
    failures: int = 0
    ack: bytes = b""
    pages: list[tuple[bytes, bytes]] = field(default_factory=list)
    """Questions and answers."""
    rows: int = 0
    through: int = 0
    is_done: bool = False


@dataclass
class Crowd:
    """All of them."""

    port: int
    answered_s: list[float] = field(default_factory=list)
    refused_s: list[float] = field(default_factory=list)
    lost: int = 0
    wrong: list[str] = field(default_factory=list)
    open_most: int = 0
    _doors: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _due: list[tuple[float, int, One]] = field(default_factory=list)
    _left: int = 0

    def come(self, tills: Sequence[Far], *, limit_s: float) -> list[One]:
        """Let all come at once; return them when all are done, or after so long."""
        all_of_them = [One(far, Random(far.number)) for far in tills]
        self._left = len(all_of_them)
        ends_s = time.monotonic() + limit_s
        for one in all_of_them:
            heapq.heappush(self._due, (0.0, one.far.number, one))
        looked_s = time.monotonic()
        while self._left and (now_s := time.monotonic()) < ends_s:
            self._begin_due(now_s)
            self._answer(0.2 if not self._due else max(min(self._due[0][0] - now_s, 0.2), 0))
            if now_s - looked_s > 1:
                looked_s = now_s
                self._give_up_silent(now_s)
        for one in all_of_them:
            self._close(one)
        return all_of_them

    def _begin_due(self, now_s: float) -> None:
        """Let those go whose time has come, some at a time: answers must not wait for all of them."""
        for _ in range(50):
            if not self._due or self._due[0][0] > now_s:
                return
            one = heapq.heappop(self._due)[2]
            self._send(one, one.path or "/v1/push", one.message or one.far.push)

    def _send(self, one: One, path: str, message: bytes) -> None:
        head = f"POST {path} HTTP/1.1\r\nHost: office\r\nContent-Type: application/octet-stream\r\n"
        one.path, one.message, one.began_s = path, message, time.monotonic()
        one.out = memoryview(f"{head}Content-Length: {len(message)}\r\n\r\n".encode() + message)
        one.came.clear()
        if one.line is None:
            one.line = socket.socket()
            one.line.setblocking(False)
            one.line.connect_ex(("127.0.0.1", self.port))
            self._doors.register(one.line, selectors.EVENT_WRITE, one)
            self.open_most = max(self.open_most, len(self._doors.get_map()))
        else:
            self._doors.modify(one.line, selectors.EVENT_WRITE, one)

    def _answer(self, wait: float) -> None:
        for key, _ in self._doors.select(wait):
            one: One = key.data
            try:
                self._write(one) if one.out else self._read(one)
            except BlockingIOError:
                continue
            except OSError:
                self._failed(one, "cut")

    def _write(self, one: One) -> None:
        assert one.line is not None
        one.out = one.out[one.line.send(one.out) :]
        if not one.out:
            self._doors.modify(one.line, selectors.EVENT_READ, one)

    def _read(self, one: One) -> None:
        assert one.line is not None
        piece = one.line.recv(PIECE)
        if not piece:
            self._failed(one, "cut")
            return
        one.came += piece
        end = one.came.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(one.came[: end + 2])
        length = _LENGTH.search(head)
        assert length is not None, head
        if len(one.came) - end - 4 >= int(length[1]):
            self._judge(one, int(head[9:12]), head, bytes(one.came[end + 4 :]))

    def _judge(self, one: One, status: int, head: bytes, body: bytes) -> None:
        seconds = time.monotonic() - one.began_s
        if _CLOSES.search(head):
            self._close(one)
        if status == 200:
            self.answered_s.append(seconds)
            self._go_on(one, body)
        elif status in _FAILED:
            self.refused_s.append(seconds)
            again = _AGAIN.search(head)
            self._failed(one, "busy", come_again_s=int(again[1]) if again else 0)
        else:
            self.wrong.append(f"till {one.far.number}, {one.path}: {status} {body[:200]!r}")
            self._done(one)

    def _go_on(self, one: One, body: bytes) -> None:
        one.failures = 0
        if one.path == "/v1/push":
            one.ack = body
            self._send(one, "/v1/pull", one.far.pull)
            return
        one.pages.append((one.message, body))
        said = page_header(body)
        one.rows += said["count"]
        one.through = said["to"]
        if said["more"]:
            self._send(one, "/v1/pull", one.far.ask(one.through))
        else:
            one.is_done = True
            self._done(one)

    def _failed(self, one: One, trouble: str, *, come_again_s: int = 0) -> None:
        """Come again as a till does: from the beginning of an exchange, what was taken being taken."""
        self._close(one)
        one.failures += 1
        self.lost += trouble == "cut"
        pause_s = wait_s(trouble, failures=one.failures, every_s=300, dice=one.dice.random, come_again_s=come_again_s)
        heapq.heappush(self._due, (time.monotonic() + pause_s, one.far.number, one))

    def _give_up_silent(self, now_s: float) -> None:
        for key in list(self._doors.get_map().values()):
            one: One = key.data
            if now_s - one.began_s > STALL_S:
                self._failed(one, "cut")

    def _close(self, one: One) -> None:
        if one.line is not None:
            self._doors.unregister(one.line)
            one.line.close()
            one.line = None

    def _done(self, one: One) -> None:
        self._close(one)
        self._left -= 1


def page_header(packed: bytes) -> dict[str, Any]:
    """Return what a page says of itself, without unpacking its rows."""
    start = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(packed, HEADER_BYTES_MAX)
    said: dict[str, Any] = canonical.read(start.split(b"\n", 1)[0])
    return said
