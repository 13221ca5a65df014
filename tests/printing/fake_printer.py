"""A network printer on loopback that speaks enough ESC/POS to be asked how it is, and that can be in trouble."""

import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

ASKED = re.compile(rb"\x10\x04([\x01-\x04])|\x1dr\x01")
OK, DRAWER, OFFLINE = 0x12, 0x04, 0x08


@dataclass
class FakePrinter:
    """What it does is set before a paper comes; ``received`` is what it took, the questions left out.

    ``answers`` whether it talks at all; ``paper_lasts`` bytes until the roll ends; ``cover_opens_at`` bytes until a
    hand opens the cover; ``stalls_at`` bytes until it takes no more; ``hangs_up_at`` bytes until it drops the
    line.
    """

    answers: bool = True
    confirms: bool = True
    answers_after_s: float = 0.0
    paper_lasts: int | None = None
    cover_opens_at: int | None = None
    stalls_at: int | None = None
    hangs_up_at: int | None = None
    resets: bool = False
    faulty: bool = False
    offline: bool = False
    nearly_out: bool = False
    out_at_last: bool = False
    noise: bytes = b""
    papers: list[bytes] = field(default_factory=list)
    port: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    @property
    def spec(self) -> str:
        return f"tcp:127.0.0.1:{self.port}"

    @property
    def received(self) -> bytes:
        return b"".join(self.papers)

    def serve(self, listener: socket.socket) -> None:
        listener.settimeout(0.05)
        while not self._stop.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            with connection:
                self.papers.append(b"")
                self._talk(connection)

    def stop(self) -> None:
        self._stop.set()

    def _talk(self, connection: socket.socket) -> None:
        connection.settimeout(0.05)
        if self.noise:
            connection.sendall(self.noise)
        while not self._stop.is_set():
            if self._reached(self.hangs_up_at):
                if self.resets:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            if self._reached(self.stalls_at):
                self._stop.wait(0.05)
                continue
            try:
                came = connection.recv(512)
            except TimeoutError:
                continue
            except OSError:
                return
            if not came:
                return
            for piece in self._pieces(came):
                if self._reached(self.stalls_at) or self._reached(self.hangs_up_at):
                    break
                self._take(connection, piece)

    def _pieces(self, came: bytes) -> Iterator[bytes]:
        """Split what came into data and questions, in order."""
        end = 0
        for question in ASKED.finditer(came):
            yield came[end : question.start()]
            yield question.group()
            end = question.end()
        yield came[end:]

    def _take(self, connection: socket.socket, piece: bytes) -> None:
        if not ASKED.fullmatch(piece):
            self.papers[-1] += piece
            return
        answer = self._answer(piece)
        if answer is not None:
            time.sleep(self.answers_after_s)
            try:
                connection.sendall(bytes([answer]))
            except OSError:
                return

    def _answer(self, question: bytes) -> int | None:
        if not self.answers:
            return None
        out, cover = self._reached(self.paper_lasts), self._reached(self.cover_opens_at)
        in_trouble = out or cover or self.faulty or self.offline
        if question == b"\x1dr\x01":
            # Asked in the order of the data: a printer that is offline never comes to it.
            sensor = (0x0C if self.out_at_last else 0) | (0x03 if self.nearly_out else 0)
            return None if in_trouble or not self.confirms else sensor
        return {
            1: OK | DRAWER | (OFFLINE if in_trouble else 0),
            2: OK | (0x04 if cover else 0) | (0x20 if out else 0) | (0x40 if self.faulty else 0),
            3: OK | (0x08 if self.faulty else 0),
            4: OK | (0x60 if out else 0) | (0x0C if self.nearly_out else 0),
        }[question[2]]

    def _reached(self, limit: int | None) -> bool:
        return limit is not None and len(self.papers[-1]) >= limit


@contextmanager
def fake_printer(**behaviour: object) -> Iterator[FakePrinter]:
    """Run a printer on a free port of loopback until the block ends."""
    printer = FakePrinter(**behaviour)  # type: ignore[arg-type]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # Little room on the way, so that a printer that stalls is felt.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        printer.port = listener.getsockname()[1]
        thread = threading.Thread(target=printer.serve, args=(listener,), daemon=True)
        thread.start()
        try:
            yield printer
        finally:
            printer.stop()
            thread.join(timeout=5)
            assert not thread.is_alive(), "the fake printer did not stop"
