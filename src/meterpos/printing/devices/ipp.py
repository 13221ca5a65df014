"""How a paper of the system's print queue ended: the one question that `lpstat` does not answer, asked by IPP.

CUPS 2.4 says in its history neither that a job was given up nor that it was handed on, so its state is asked for
(RFC 8011, Get-Job-Attributes), where the programs of CUPS would ask: CUPS_SERVER, its socket, else localhost:631.
"""

import http.client
import os
import socket
import struct
from pathlib import Path
from typing import Final

SOCKETS: Final = (Path("/run/cups/cups.sock"), Path("/var/run/cupsd"))
PORT: Final = 631
ANSWER_BYTES_MAX: Final = 65_536
GIVEN_UP: Final = frozenset({7, 8})
"""job-state: canceled, aborted."""
HANDED_ON: Final = 9

_GET_JOB_ATTRIBUTES: Final = struct.pack(">BBHI", 2, 0, 0x0009, 1)
_OPERATION, _END, _ENUM = 0x01, 0x03, 0x23
_CHARSET, _LANGUAGE, _URI, _NAME, _KEYWORD = 0x47, 0x48, 0x45, 0x42, 0x44


class _Local(http.client.HTTPConnection):
    """A connection to a socket of this machine."""

    def __init__(self, path: str, *, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket in place of a port."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def job_state(number: int, *, timeout_s: float) -> int | None:
    """Return the state of a job, None where the print system does not say."""
    asked = _request(number)
    connection = _connection(timeout_s)
    try:
        connection.request("POST", "/", body=asked, headers={"Content-Type": "application/ipp"})
        answer = connection.getresponse()
        found = answer.read(ANSWER_BYTES_MAX)
        return _state_in(found) if answer.status == http.client.OK else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _connection(timeout_s: float) -> http.client.HTTPConnection:
    named = os.environ.get("CUPS_SERVER", "").partition("/")
    if named[0]:
        host, _, port = named[0].rpartition(":") if ":" in named[0] else (named[0], "", str(PORT))
        return http.client.HTTPConnection(host, int(port) if port.isdecimal() else PORT, timeout=timeout_s)
    local = os.environ.get("CUPS_SERVER") or next((str(path) for path in SOCKETS if path.is_socket()), "")
    if local:
        return _Local(local, timeout_s=timeout_s)
    return http.client.HTTPConnection("localhost", PORT, timeout=timeout_s)


def _request(number: int) -> bytes:
    user = os.environ.get("USER") or "meterpos"
    return b"".join(
        (
            _GET_JOB_ATTRIBUTES,
            bytes([_OPERATION]),
            _attribute(_CHARSET, "attributes-charset", "utf-8"),
            _attribute(_LANGUAGE, "attributes-natural-language", "en"),
            _attribute(_URI, "job-uri", f"ipp://localhost/jobs/{number}"),
            _attribute(_NAME, "requesting-user-name", user),
            _attribute(_KEYWORD, "requested-attributes", "job-state"),
            bytes([_END]),
        )
    )


def _attribute(tag: int, name: str, value: str) -> bytes:
    return b"".join((bytes([tag]), _counted(name), _counted(value)))


def _counted(text: str) -> bytes:
    raw = text.encode()
    return struct.pack(">H", len(raw)) + raw


def _state_in(answer: bytes) -> int | None:
    """Return the job-state an answer holds: a whole number under that name."""
    head = bytes([_ENUM]) + _counted("job-state") + struct.pack(">H", 4)
    _, found, rest = answer.partition(head)
    return int.from_bytes(rest[:4], "big") if found and len(rest) >= 4 else None
