"""Around every request: whether its address asks or fails too often, how long it took, and one line in the log."""

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from meterpos.headoffice.limits import Limit
from meterpos.headoffice.metrics import Requests
from meterpos.ledger.texts import is_text

log: Final = logging.getLogger(__name__)

ENROL_PER_MINUTE: Final = 60
ASKED_PER_MINUTE: Final = 600
FAILED_PER_MINUTE: Final = 60
QUIET: Final = frozenset({"/health", "/metrics", "/v1/push", "/v1/pull"})
"""Asked all day: they are counted, and say of themselves what matters, also when they are told to come again."""
FAILED: Final = frozenset({401, 403})
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(slots=True)
class Limits:
    """How often one address may ask in a minute: for a code, for anything of the office, and in vain.

    The exchange is left out: what is not signed by a till's key does nothing there, and many tills stand behind one
    address.
    """

    enrol: Limit = field(default_factory=lambda: Limit(ENROL_PER_MINUTE))
    office: Limit = field(default_factory=lambda: Limit(ASKED_PER_MINUTE))
    failed: Limit = field(default_factory=lambda: Limit(FAILED_PER_MINUTE))

    def of(self, path: str) -> tuple[Limit, ...]:
        """Return the limits that hold at an address."""
        if path.endswith("/v1/enrol"):
            return (self.enrol,)
        if "/v1/office/" in path or path.endswith("/metrics"):
            return (self.office, self.failed)
        if "/v1/c2b/" in path or "/v1/sms/" in path:
            return (self.failed,)
        return ()


class Watch:
    """The outermost layer of the server."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        utility: str,
        requests: Requests,
        limits: Limits,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app, self._utility, self._requests, self._limits, self._clock = app, utility, requests, limits, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or say how long its address has to wait; then count and write it down."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began_s = self._clock()
        status = 500

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        who, limits = _address(scope), self._limits.of(scope["path"])
        wait_s = max((limit.wait_s(who, now_s=began_s) for limit in limits), default=0.0)
        try:
            if wait_s:
                await _refuse(told, wait_s)
            elif not _is_text(scope):
                sentence = "The address holds a sign that is no letter (%00, or half of one). Ask without it."
                await _answer(told, 400, {"error": sentence, "code": "unreadable"})
            else:
                await self._app(scope, receive, told)
        finally:
            self._count(limits, who, status, began_s)
            self._note(scope, status, seconds=self._clock() - began_s)

    def _count(self, limits: tuple[Limit, ...], who: str, status: int, now_s: float) -> None:
        if status == 429:
            return
        for limit in limits:
            if limit is not self._limits.failed or status in FAILED:
                limit.take(who, now_s=now_s)

    def _note(self, scope: Scope, status: int, *, seconds: float) -> None:
        path = getattr(scope.get("route"), "path", "other")
        method = scope["method"] if scope["method"] in METHODS else "other"
        self._requests.count(method=method, path=path, status=status, seconds=seconds)
        if path not in QUIET or (status >= 400 and status != 503):
            said = {
                "utility": self._utility,
                "method": method,
                "path": path,
                "status": status,
                "ms": round(seconds * 1000, 1),
            }
            log.info("answered %s %s with %d", method, path, status, extra=said)


def _address(scope: Scope) -> str:
    client: Any = scope.get("client")
    return str(client[0]) if client else ""


async def _refuse(send: Send, wait_s: float) -> None:
    seconds = int(wait_s) + 1
    sentence = f"Too many requests from this address. Try again in {seconds} s."
    await _answer(send, 429, {"error": sentence, "code": "too_many"}, (b"retry-after", str(seconds).encode()))


def _is_text(scope: Scope) -> bool:
    """Tell whether every database takes what an address says, once it is read as the letters it stands for."""
    said = unquote_to_bytes(scope.get("raw_path", b"")) + unquote_to_bytes(scope.get("query_string", b""))
    return is_text(said.decode(errors="surrogateescape"))


async def _answer(send: Send, status: int, said: dict[str, str], *headers: tuple[bytes, bytes]) -> None:
    body = json.dumps(said).encode()
    kind = ((b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": [*kind, *headers]})
    await send({"type": "http.response.body", "body": body})
