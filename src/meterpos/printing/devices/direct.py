"""Printers reached directly: a file, a network address, a path of the system."""

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from meterpos.printing.devices.conversation import AGAIN, TIMEOUT_S, Conversation, PrinterError, Sent
from meterpos.printing.devices.lines import FileLine, SocketLine

PORT: Final = 9100


@dataclass(frozen=True, slots=True)
class FileDevice:
    """A file that papers are added to."""

    path: Path

    def send(self, data: bytes) -> Sent:
        """Append the bytes. Raises: PrinterError when the file cannot be opened or takes nothing."""
        written = 0
        try:
            with self.path.open("ab", buffering=0) as file:
                while written < len(data):
                    written += file.write(data[written:]) or 0
        except OSError as error:
            if written:
                return Sent(confirmed=False, detail=f"{self.path} took only a part of the paper: {error.strerror}.")
            raise PrinterError(
                f"The paper cannot be written to {self.path}: {error.strerror}. Put that right, {AGAIN}"
            ) from error
        return Sent(confirmed=True)


@dataclass(frozen=True, slots=True)
class NetworkDevice:
    """A printer on the network that takes raw bytes."""

    host: str
    port: int = PORT
    timeout_s: float = TIMEOUT_S

    def send(self, data: bytes) -> Sent:
        """Send one paper. Raises: PrinterError when the printer cannot be reached or says it cannot print."""
        try:
            connection = socket.create_connection((self.host, self.port), timeout=self.timeout_s)
        except OSError as error:
            raise PrinterError(
                f"The printer at {self.host} does not answer. See that it is on and connected, {AGAIN}"
            ) from error
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return Conversation(SocketLine(connection), self.timeout_s).send(data)


@dataclass(frozen=True, slots=True)
class CharacterDevice:
    """A printer that the system shows as a file, such as ``/dev/usb/lp0``."""

    path: Path
    timeout_s: float = TIMEOUT_S

    def send(self, data: bytes) -> Sent:
        """Send one paper. Raises: PrinterError when the printer is not there or says it cannot print."""
        with self._opened() as (handle, is_readable):
            return Conversation(FileLine(handle, is_readable), self.timeout_s).send(data)

    @contextmanager
    def _opened(self) -> Iterator[tuple[int, bool]]:
        handle, is_readable = self._open()
        try:
            if not stat.S_ISCHR(os.fstat(handle).st_mode):
                raise PrinterError(f"{self.path} is no printer. Name the printer in the settings, {AGAIN}")
            yield handle, is_readable
        finally:
            os.close(handle)

    def _open(self) -> tuple[int, bool]:
        """Open for writing and, where the driver allows it, for reading, without waiting for the printer."""
        without_waiting = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
        try:
            return os.open(self.path, os.O_RDWR | without_waiting), True
        except OSError:
            try:
                return os.open(self.path, os.O_WRONLY | without_waiting), False
            except OSError as error:
                raise PrinterError(
                    f"The printer {self.path} is not there: {error.strerror}. See that it is plugged in, {AGAIN}"
                ) from error
