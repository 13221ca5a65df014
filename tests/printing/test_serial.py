"""A printer on a serial line: the same bytes, the same questions, at the line's own pace."""

import fcntl
import os
import pty
import struct
import termios
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from meterpos.printing.devices import PrinterError, Sent, SerialDevice, UnknownDevice, conversation, open_device, serial
from meterpos.printing.devices.serial import read_line_options
from tests.printing.fake_printer import ASKED
from tests.printing.papers import Case

PAPER = Case("cash", "en", 32).bytes()
FAST = "?baud=115200"
OK = {b"\x10\x04\x01": b"\x12", b"\x10\x04\x04": b"\x12", b"\x1dr\x01": b"\x00"}
NO_PAPER = {b"\x10\x04\x01": b"\x1a", b"\x10\x04\x02": b"\x32", b"\x10\x04\x03": b"\x12", b"\x10\x04\x04": b"\x72"}


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait longer for first answers than a counter would: the machine that tests may be busy."""
    monkeypatch.setattr(conversation, "ANSWER_S", 1.0)


class Wire:
    """A pseudo terminal: its far end is the printer."""

    def __init__(self) -> None:
        self.printer, near = pty.openpty()
        tty.setraw(self.printer)
        self.path = os.ttyname(near)
        self._near = near
        self.came = b""

    def serve(self, answers: dict[bytes, bytes], stop: threading.Event) -> None:
        """Take what comes and answer what is asked."""
        answered = 0
        os.set_blocking(self.printer, False)
        while not stop.is_set():
            try:
                self.came += os.read(self.printer, 4096)
            except BlockingIOError:
                time.sleep(0.001)
                continue
            questions = [found[0] for found in ASKED.finditer(self.came)]
            for question in questions[answered:]:
                os.write(self.printer, answers.get(question, b""))
            answered = len(questions)

    @property
    def paper(self) -> bytes:
        return ASKED.sub(b"", self.came)

    def settings(self) -> list[object]:
        return termios.tcgetattr(self._near)

    def close(self) -> None:
        os.close(self.printer)
        os.close(self._near)


@contextmanager
def wired(answers: dict[bytes, bytes]) -> Iterator[Wire]:
    """A printer that listens at the end of a line."""
    wire, stop = Wire(), threading.Event()
    thread = threading.Thread(target=wire.serve, args=(answers, stop))
    thread.start()
    try:
        yield wire
    finally:
        stop.set()
        thread.join()
        wire.close()


@pytest.mark.usefixtures("patient")
def test_a_printer_on_a_serial_line_confirms_the_paper() -> None:
    with wired(OK) as wire:
        assert open_device(f"serial:{wire.path}{FAST}", timeout_s=2).send(PAPER) == Sent(confirmed=True)
        assert wire.paper == PAPER


@pytest.mark.usefixtures("patient")
def test_a_printer_on_a_serial_line_says_that_it_has_no_paper() -> None:
    with wired(NO_PAPER) as wire, pytest.raises(PrinterError, match="out of paper"):
        open_device(f"serial:{wire.path}{FAST}", timeout_s=2).send(PAPER)
    assert wire.paper == b""


def test_a_silent_printer_on_a_serial_line_leaves_the_paper_unconfirmed() -> None:
    with wired({}) as wire:
        assert open_device(f"serial:{wire.path}{FAST}", timeout_s=2).send(PAPER) == Sent(confirmed=False)
        assert wire.paper == PAPER


def test_the_line_carries_bytes_as_they_are_at_the_speed_of_the_settings() -> None:
    with wired({}) as wire:
        open_device(f"serial:{wire.path}?baud=19200&flow=xonxoff", timeout_s=0.5).send(b"\r\n\x11\x13\x00")
        inward, outward, control, local, slow, fast, _ = wire.settings()
        assert wire.paper == b"\r\n\x11\x13\x00"
    assert (slow, fast) == (termios.B19200, termios.B19200)
    assert (outward, local) == (0, 0)
    assert inward == termios.IXON
    assert isinstance(control, int) and control & termios.CSIZE == termios.CS8 and not control & termios.PARENB


def test_a_line_that_takes_no_more_is_given_up_and_never_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serial, "_BITS_PER_BYTE", 0)
    wire = Wire()
    started = time.monotonic()
    try:
        sent = open_device(f"serial:{wire.path}{FAST}", timeout_s=0.3).send(PAPER * 400)
    finally:
        wire.close()
    assert sent == Sent(confirmed=False, detail=conversation.STOPPED)
    assert time.monotonic() - started < 2


def test_a_line_pulled_out_in_the_middle_leaves_the_paper_unconfirmed() -> None:
    wire = Wire()
    os.close(wire._near)
    pulled = threading.Timer(0.2, os.close, args=(wire.printer,))
    pulled.start()
    try:
        sent = open_device(f"serial:{wire.path}{FAST}", timeout_s=2).send(PAPER * 400)
    finally:
        pulled.join()
    assert not sent.confirmed


def test_a_line_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(PrinterError, match=r"is not there.*See that it is plugged in, then press Print again\."):
        open_device(f"serial:{tmp_path / 'ttyUSB0'}").send(PAPER)


def test_a_file_is_no_serial_line(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(PrinterError, match="is no serial line"):
        open_device(f"serial:{tmp_path / 'notes.txt'}").send(PAPER)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_what_a_gone_line_still_holds_is_not_said_to_be_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes were taken by the system, and never by the printer."""
    monkeypatch.setattr(fcntl, "ioctl", lambda *_: struct.pack("i", 17))
    with wired({}) as wire:
        sent = open_device(f"serial:{wire.path}{FAST}", timeout_s=0.2).send(b"x")
    assert sent == Sent(confirmed=False, detail=conversation.STOPPED)


def test_a_serial_printer_is_named_by_path_speed_and_flow() -> None:
    assert open_device("serial:/dev/ttyS0") == SerialDevice(Path("/dev/ttyS0"), baud=9600, flow="none")
    assert open_device("serial:/dev/ttyS0?baud=38400&flow=rtscts") == SerialDevice(
        Path("/dev/ttyS0"), baud=38400, flow="rtscts"
    )


@pytest.mark.parametrize("query", ["baud=9601", "baud=", "flow=dtr", "parity=odd", "baud"])
def test_a_line_set_up_in_a_way_there_is_not_is_refused(query: str) -> None:
    assert read_line_options(query) is None
    with pytest.raises(UnknownDevice, match="baud=19200"):
        open_device(f"serial:/dev/ttyS0?{query}")
