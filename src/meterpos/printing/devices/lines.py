"""The two kinds of line a printer hangs on: a network connection, and a file the system shows it as."""

import os
import select
import socket
from dataclasses import dataclass

from meterpos.printing.devices.conversation import HEARD_MAX, SOON_S, LineBroken


@dataclass(frozen=True, slots=True)
class SocketLine:
    connection: socket.socket

    def write(self, data: bytes, *, timeout_s: float) -> int:
        self.connection.settimeout(max(timeout_s, SOON_S))
        try:
            return self.connection.send(data)
        except OSError as error:
            raise LineBroken(str(error)) from error

    def read(self, *, timeout_s: float) -> bytes | None:
        self.connection.settimeout(timeout_s)
        try:
            came = self.connection.recv(HEARD_MAX)
        except TimeoutError:
            return b""
        except OSError as error:
            raise LineBroken(str(error)) from error
        if not came:
            raise LineBroken("the printer closed the connection")
        return came


@dataclass(frozen=True, slots=True)
class FileLine:
    handle: int
    is_readable: bool

    def write(self, data: bytes, *, timeout_s: float) -> int:
        _, ready, _ = select.select([], [self.handle], [], max(timeout_s, SOON_S))
        if not ready:
            raise LineBroken("the printer takes no more")
        try:
            return os.write(self.handle, data)
        except OSError as error:
            raise LineBroken(str(error)) from error

    def read(self, *, timeout_s: float) -> bytes | None:
        """As `Line.read`; a driver that lets nobody read is a printer that never answers."""
        if not self.is_readable:
            return None
        came, _, _ = select.select([self.handle], [], [], timeout_s)
        if not came:
            return b""
        try:
            return os.read(self.handle, HEARD_MAX) or None
        except OSError:
            return None
