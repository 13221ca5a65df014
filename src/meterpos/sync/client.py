"""HTTP to head office: one kept connection, a limit on everything, and a sentence for whatever goes wrong."""

import ipaddress
import json
import time
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlsplit

from meterpos.errors import UserError
from meterpos.sync.packing import PACKED_BYTES_MAX
from meterpos.sync.steps import Failure, Timed

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

CONNECT_TIMEOUT_S: Final = 15.0
"""Also the time a whole request may take to leave: what does not fit the line in it is tried again, smaller."""
STALL_TIMEOUT_S: Final = 30.0
"""How long the line may be silent before an answer, or in the middle of one."""
ANSWER_TIMEOUT_S: Final = 600.0
IDLE_S: Final = 60.0
"""How long an idle connection is still good to use: not as long as a network may take to forget it without a word."""
COME_AGAIN_MAX_S: Final = 900
"""Whoever answers, the till does not let itself be sent away for longer."""
_CHUNK_BYTES: Final = 64 * 1024
_PROBLEM_BYTES_MAX: Final = 16 * 1024
_SENTENCE_CHARACTERS_MAX: Final = 300
_OK: Final = 200

_STRANGE: Final = Failure(
    "strange", "Something else answered in place of head office. Is this network asking for a login?"
)
_BROKEN: Final = Failure("cut", "The line to head office broke.")
_TOLD: Final = {
    408: Failure("cut", "The line to head office was silent for too long."),
    413: Failure("too_large", "Head office cannot take so much at once."),
    429: Failure("busy", "Head office is busy. The till tries again later."),
}


class UnusableAddress(UserError):
    """The address of head office is not one this till would trust customers' data to."""


def check_address(url: str) -> str:
    """Return the address without a trailing slash.

    Raises: UnusableAddress unless it is https, or http on this very machine.
    """
    try:
        parts = urlsplit(url.strip())
        host = parts.hostname or ""
        _ = parts.port
    except ValueError as error:
        raise UnusableAddress(_address_wanted(url), field="server") from error
    if parts.scheme not in ("http", "https") or not host or parts.username or parts.query or parts.fragment:
        raise UnusableAddress(_address_wanted(url), field="server")
    if parts.scheme == "http" and not _is_this_machine(host):
        raise UnusableAddress(f"{url} would send customers' data unprotected. Use https://{host}.", field="server")
    return url.strip().rstrip("/")


def _address_wanted(url: str) -> str:
    return f"{url} is not an address. It looks like https://office.example."


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Line:
    """A kept connection to one head office. Not for use by two threads at once; blocks, so never on a GUI thread.

    `authority` is a file of certificates to trust instead of the system's.
    """

    def __init__(
        self,
        url: str,
        *,
        authority: str | None = None,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        stall_timeout_s: float = STALL_TIMEOUT_S,
    ) -> None:
        self._url = check_address(url)
        self._pool = _pool(self._url, authority=authority, timeouts_s=(connect_timeout_s, stall_timeout_s))
        self._used_at = 0.0

    @property
    def url(self) -> str:
        """The address of head office, without a trailing slash."""
        return self._url

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the connection go; the next request opens another."""
        self._pool.clear()

    def send(self, path: str, message: bytes) -> bytes | Failure:
        """Send one message and return the answer's bytes, or why there is none to believe."""
        from urllib3 import exceptions

        began_s = time.monotonic()
        if began_s - self._used_at > IDLE_S:
            self.close()
        try:
            with self._pool.request(
                "POST", self._url + path, body=message, redirect=False, retries=False, preload_content=False
            ) as response:
                answer = self._judge(response)
        except exceptions.SSLError:
            return Failure("strange", "Head office could not prove who it is (its certificate is not valid).")
        except (exceptions.NewConnectionError, exceptions.ConnectTimeoutError, exceptions.ProxyError):
            # Told from a line that broke: after that a smaller batch is tried, which would not help here.
            return Failure("unreachable", "Head office did not answer (no connection).")
        except exceptions.ReadTimeoutError:
            return Failure("cut", "Head office did not answer in time.")
        except exceptions.ProtocolError:
            return _BROKEN
        except (exceptions.HTTPError, OSError) as error:
            return Failure("cut", f"The line to head office broke ({type(error).__name__}).")
        finally:
            self._used_at = time.monotonic()
        if isinstance(answer, Timed):
            answer.seconds = self._used_at - began_s
        return answer

    def _judge(self, response: "BaseHTTPResponse") -> bytes | Failure:
        status = response.status
        if "Content-Length" not in response.headers and "Transfer-Encoding" not in response.headers:
            return _BROKEN  # cut within its headers, which end as well where the connection ends
        if status == _OK and "Content-Encoding" not in response.headers:
            body = _body(response, PACKED_BYTES_MAX)
            return Timed(body) if body is not None else _STRANGE
        if status >= 500:
            come_again_s = _come_again_s(response)
            if come_again_s:
                return replace(_TOLD[429], come_again_s=come_again_s)
            return Failure("busy", f"Head office is in trouble (answer {status}). The till tries again later.")
        if status in _TOLD:
            return _TOLD[status]
        return (_problem(response) if status >= 400 else None) or _STRANGE


def _pool(url: str, *, authority: str | None, timeouts_s: tuple[float, float]) -> "PoolManager":
    """Return what keeps the connection, through the proxy this machine's settings name for that address, if any."""
    from urllib.request import getproxies, proxy_bypass

    import urllib3

    host = urlsplit(url).hostname or ""
    proxy = None if _is_this_machine(host) or proxy_bypass(host) else getproxies().get(urlsplit(url).scheme)
    connect_s, stall_s = timeouts_s
    options: dict[str, Any] = {
        "timeout": urllib3.Timeout(connect=connect_s, read=stall_s),
        "headers": {"Content-Type": "application/octet-stream", "Accept-Encoding": "identity"},
        "ca_certs": authority,
        "maxsize": 1,
    }
    return urllib3.PoolManager(**options) if proxy is None else urllib3.ProxyManager(proxy, **options)


def _body(response: "BaseHTTPResponse", bytes_max: int) -> bytes | None:
    """Read at most so many bytes, within the time an answer may take; None when there are more."""
    deadline = time.monotonic() + ANSWER_TIMEOUT_S
    parts: list[bytes] = []
    total = 0
    while chunk := response.read(_CHUNK_BYTES, decode_content=False):
        total += len(chunk)
        if total > bytes_max:
            return None
        if time.monotonic() > deadline:
            raise OSError("the answer took too long")
        parts.append(chunk)
    return b"".join(parts)


def _come_again_s(response: "BaseHTTPResponse") -> int:
    """Return in how many seconds the server wants to be asked again, 0 where it does not say so as agreed."""
    said = response.headers.get("Retry-After", "")
    return min(int(said[:9]), COME_AGAIN_MAX_S) if said.isascii() and said.isdigit() else 0


def _problem(response: "BaseHTTPResponse") -> Failure | None:
    """Read head office's own word for a no: JSON {error, code}; None when it is somebody else's."""
    try:
        value = json.loads(_body(response, _PROBLEM_BYTES_MAX) or b"")
        sentence, code = value["error"], value["code"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(sentence, str) or not isinstance(code, str):
        return None
    plain = "".join(sign if sign.isprintable() else " " for sign in sentence)
    return Failure("refused", f"Head office said: {plain[:_SENTENCE_CHARACTERS_MAX]}", code)
