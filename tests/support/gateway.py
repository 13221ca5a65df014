"""An SMS gateway on loopback that answers as it is told to: real HTTP, nothing imitated in the program."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

Answer = tuple[int, str]
KEY = "atsk-very-secret-key"


@dataclass
class LocalGateway:
    """What was asked of it, and what it answers; ``silent_s`` makes it wait before it does."""

    url: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    answer: Callable[[int], Answer] = lambda count: accepted(count)  # noqa: PLW0108 - defined below
    silent_s: float = 0.0
    headers: list[dict[str, str]] = field(default_factory=list)
    more: dict[str, str] = field(default_factory=dict)


def accepted(count: int, *, code: int = 101, status: str = "Success") -> Answer:
    """Return what Africa's Talking answers for one recipient."""
    one = {
        "statusCode": code,
        "number": "+254712345678",
        "status": status,
        "cost": "KES 0.8000",
        "messageId": f"ATXid_{count}",
    }
    data = {"SMSMessageData": {"Message": "Sent to 1/1 Total Cost: KES 0.8000", "Recipients": [one]}}
    return 201, json.dumps(data)


@contextmanager
def local_gateway() -> Iterator[LocalGateway]:
    """Serve a gateway until the end of the block."""
    gateway = LocalGateway()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            gateway.asked.append(json.loads(body) if body.startswith("{") else dict(parse_qsl(body)))
            gateway.headers.append(dict(self.headers))
            time.sleep(gateway.silent_s)
            status, text = gateway.answer(len(gateway.asked))
            data = text.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            for name, value in gateway.more.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    gateway.url = f"http://127.0.0.1:{server.server_address[1]}/version1/messaging"
    try:
        yield gateway
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
