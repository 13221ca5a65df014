"""What a printer says, or does not say, becomes a state and a sentence; nothing is sent twice, nothing hangs."""

import os
import pty
import socket
import stat
import threading
import time
import tty
from pathlib import Path

import pytest

from meterpos.errors import UserError
from meterpos.printing.devices import (
    FileDevice,
    NetworkDevice,
    PrinterError,
    Sent,
    UnknownDevice,
    conversation,
    lines,
    open_device,
)
from tests.printing.fake_printer import fake_printer
from tests.printing.papers import Case

PAPER = Case("cash", "en", 48).bytes()
LONG = PAPER * 400
"""More than any buffer on the way holds."""

TIMEOUT_S = 1.2


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait longer for first answers than a counter would: the machine that tests may be busy."""
    monkeypatch.setattr(conversation, "ANSWER_S", 1.0)


def send(spec: str, data: bytes = PAPER) -> Sent:
    """Send, and see that it took no longer than it may: one timeout each for way, bytes and answer."""
    started = time.monotonic()
    try:
        return open_device(spec, timeout_s=TIMEOUT_S).send(data)
    finally:
        assert time.monotonic() - started < 3 * TIMEOUT_S + 1


@pytest.mark.usefixtures("patient")
def test_a_printer_that_answers_confirms_the_paper() -> None:
    with fake_printer() as printer:
        assert send(printer.spec) == Sent(confirmed=True)
    assert printer.papers == [PAPER]


@pytest.mark.usefixtures("patient")
def test_a_printer_whose_roll_ends_soon_says_so() -> None:
    with fake_printer(nearly_out=True) as printer:
        assert send(printer.spec) == Sent(confirmed=True, detail="The paper roll is nearly at its end.")


@pytest.mark.usefixtures("patient")
def test_a_roll_that_ended_with_the_paper_confirms_nothing() -> None:
    with fake_printer(out_at_last=True) as printer:
        sent = send(printer.spec)
    assert sent == Sent(confirmed=False, detail="The printer is out of paper. Put in a roll, then press Print again.")


def test_a_silent_printer_leaves_the_paper_unconfirmed() -> None:
    with fake_printer(answers=False) as printer:
        assert send(printer.spec) == Sent(confirmed=False)
    assert printer.papers == [PAPER]


def test_a_silent_printer_delays_the_first_byte_by_little() -> None:
    with fake_printer(answers=False) as printer:
        started = time.monotonic()
        device = open_device(printer.spec, timeout_s=TIMEOUT_S)
        thread = threading.Thread(target=device.send, args=(PAPER,))
        thread.start()
        while not printer.received:
            time.sleep(0.001)
        assert time.monotonic() - started < 0.2
        thread.join()


def test_a_printer_that_answers_late_still_confirms() -> None:
    with fake_printer(answers_after_s=0.1) as printer:
        assert send(printer.spec).confirmed
    assert printer.papers == [PAPER]


def test_an_answer_that_comes_late_is_not_taken_for_another() -> None:
    """The bit that tells of the drawer in one answer tells of an open cover in the next."""
    with fake_printer(answers_after_s=0.1, confirms=False) as printer:
        assert send(printer.spec) == Sent(confirmed=False)


def test_a_printer_that_tells_of_itself_but_never_confirms_leaves_the_paper_unconfirmed() -> None:
    with fake_printer(confirms=False) as printer:
        assert send(printer.spec) == Sent(confirmed=False)


def test_noise_on_the_line_confirms_nothing() -> None:
    with fake_printer(answers=False, noise=b"\xff\x93\xb0" * 100) as printer:
        assert not send(printer.spec).confirmed


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        ({"paper_lasts": 0}, "The printer is out of paper. Put in a roll, then press Print again."),
        ({"cover_opens_at": 0}, "The printer's cover is open. Close it, then press Print again."),
        ({"faulty": True}, "The printer reports a fault. Switch it off and on, then press Print again."),
        ({"offline": True}, "The printer is not ready. See that it is online, then press Print again."),
    ],
)
def test_trouble_before_the_first_byte_fails_and_sends_nothing(trouble: dict[str, object], sentence: str) -> None:
    with fake_printer(**trouble) as printer, pytest.raises(PrinterError) as caught:
        send(printer.spec)
    assert str(caught.value) == sentence
    assert printer.received == b""


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        ({"paper_lasts": 900}, "The printer is out of paper. Put in a roll, then press Print again."),
        ({"cover_opens_at": 900}, "The printer's cover is open. Close it, then press Print again."),
    ],
)
def test_trouble_part_way_leaves_the_paper_unconfirmed(trouble: dict[str, object], sentence: str) -> None:
    with fake_printer(**trouble) as printer:
        assert send(printer.spec) == Sent(confirmed=False, detail=sentence)
    assert len(printer.papers) == 1


def test_a_printer_that_stalls_part_way_is_given_up() -> None:
    with fake_printer(stalls_at=4000) as printer:
        sent = send(printer.spec, LONG)
    assert sent == Sent(
        confirmed=False,
        detail="The printer stopped part way. Look at the paper; if it is not whole, press Print again.",
    )
    assert len(printer.papers) == 1


def test_a_printer_that_stalls_after_the_last_byte_was_taken_is_given_up() -> None:
    with fake_printer(stalls_at=len(PAPER)) as printer:
        sent = send(printer.spec)
    assert not sent.confirmed
    assert sent.detail.startswith("The printer stopped part way"), "it answered before, and does no more"


@pytest.mark.parametrize("resets", [False, True])
def test_a_printer_that_drops_the_line_part_way_leaves_the_paper_unconfirmed(resets: bool) -> None:
    with fake_printer(hangs_up_at=4000, resets=resets) as printer:
        sent = send(printer.spec, LONG)
    assert sent.confirmed is False
    assert sent.detail
    assert len(printer.papers) == 1


@pytest.mark.parametrize("resets", [False, True])
def test_a_printer_that_hangs_up_behind_the_last_byte_leaves_the_paper_unconfirmed(resets: bool) -> None:
    with fake_printer(hangs_up_at=len(PAPER), confirms=False, resets=resets) as printer:
        sent = send(printer.spec)
    assert sent == Sent(
        confirmed=False, detail="The printer hung up before it said that all was printed. Look at the paper."
    )


@pytest.mark.usefixtures("patient")
def test_a_printer_that_drops_the_line_at_once_fails() -> None:
    with fake_printer(hangs_up_at=0) as printer, pytest.raises(PrinterError, match="closed the connection"):
        send(printer.spec)
    assert printer.received == b""


def test_a_printer_that_is_off_fails_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(PrinterError) as caught:
        send(f"tcp:127.0.0.1:{port}")
    assert str(caught.value) == (
        "The printer at 127.0.0.1 does not answer. See that it is on and connected, then press Print again."
    )


def test_a_printer_that_takes_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise conversation.LineBroken("full")

    with fake_printer() as printer:
        monkeypatch.setattr(conversation.Conversation, "_refuse_trouble", lambda _: None)
        monkeypatch.setattr(lines.SocketLine, "write", refuse)
        with pytest.raises(PrinterError, match="takes no paper now"):
            send(printer.spec)


def test_a_file_gets_every_paper_appended(tmp_path: Path) -> None:
    path = tmp_path / "roll.bin"
    assert send(f"file:{path}") == Sent(confirmed=True)
    assert send(f"file:{path}").confirmed
    assert path.read_bytes() == PAPER * 2


def test_a_file_that_cannot_be_written_fails(tmp_path: Path) -> None:
    with pytest.raises(PrinterError, match="cannot be written"):
        send(f"file:{tmp_path / 'missing' / 'roll.bin'}")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_fails() -> None:
    with pytest.raises(PrinterError, match="No space left"):
        send("file:/dev/full")


def test_a_file_that_takes_only_a_part_is_unconfirmed(tmp_path: Path) -> None:
    import resource
    import signal

    path = tmp_path / "roll.bin"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        sent = FileDevice(path).send(PAPER)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert not sent.confirmed
    assert "only a part" in sent.detail


class Cable:
    """A device file with a printer behind it: one end of a pseudo-terminal."""

    def __init__(self) -> None:
        self.printer, self.till = pty.openpty()
        tty.setraw(self.till)
        self.path = os.ttyname(self.till)
        self.came = b""

    def close(self) -> None:
        os.close(self.printer)
        os.close(self.till)

    def serve(self, answers: dict[bytes, bytes], wanted: int) -> None:
        answered = 0
        while answered < wanted:
            self.came += os.read(self.printer, 4096)
            for question, answer in answers.items():
                while question in self.came:
                    self.came = self.came.replace(question, b"", 1)
                    os.write(self.printer, answer)
                    answered += 1


@pytest.mark.usefixtures("patient")
def test_a_device_file_that_answers_confirms_the_paper() -> None:
    cable = Cable()
    answers = {b"\x10\x04\x01": b"\x12", b"\x10\x04\x04": b"\x12", b"\x1dr\x01": b"\x00"}
    thread = threading.Thread(target=cable.serve, args=(answers, 3))
    thread.start()
    try:
        assert send(f"dev:{cable.path}") == Sent(confirmed=True)
        thread.join()
        assert cable.came == PAPER
    finally:
        cable.close()


def test_a_device_file_that_takes_no_more_is_given_up() -> None:
    cable = Cable()
    try:
        assert send(f"dev:{cable.path}", LONG) == Sent(confirmed=False, detail=conversation.STOPPED)
    finally:
        cable.close()


def test_a_device_file_that_goes_away_leaves_the_paper_unconfirmed() -> None:
    cable = Cable()
    gone = threading.Timer(0.3, os.close, args=(cable.printer,))
    gone.start()
    try:
        assert not send(f"dev:{cable.path}", LONG).confirmed
    finally:
        gone.join()
        os.close(cable.till)


def test_a_device_file_that_nobody_can_read_is_never_waited_for() -> None:
    started = time.monotonic()
    assert send("dev:/dev/null") == Sent(confirmed=False)
    assert time.monotonic() - started < 0.5


def test_a_device_file_that_may_only_be_written_is_never_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def write_only(path: Path, flags: int) -> int:
        if flags & os.O_RDWR:
            raise PermissionError(13, "Permission denied")
        return real(path, flags)

    monkeypatch.setattr(lines.os, "open", write_only)
    assert send("dev:/dev/null") == Sent(confirmed=False)


def test_a_driver_that_lets_nobody_read_is_a_printer_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(handle: int, size: int) -> bytes:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(lines.os, "read", refuse)
    assert send("dev:/dev/null") == Sent(confirmed=False)


def test_an_unplugged_device_file_fails(tmp_path: Path) -> None:
    with pytest.raises(PrinterError, match=r"is not there.*See that it is plugged in, then press Print again\."):
        send(f"dev:{tmp_path / 'lp0'}")


def test_an_ordinary_file_is_no_printer(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("mine")
    assert not stat.S_ISCHR(path.stat().st_mode)
    with pytest.raises(PrinterError, match="is no printer"):
        send(f"dev:{path}")
    assert path.read_text() == "mine"


@pytest.mark.parametrize(
    ("spec", "host", "port"),
    [
        ("tcp:10.0.0.7", "10.0.0.7", 9100),
        ("tcp:printer.local:9101", "printer.local", 9101),
        ("tcp:[fe80::1]:9100", "fe80::1", 9100),
        ("tcp:[fe80::1]", "fe80::1", 9100),
    ],
)
def test_a_network_printer_is_named_by_host_and_port(spec: str, host: str, port: int) -> None:
    device = open_device(spec)
    assert isinstance(device, NetworkDevice)
    assert (device.host, device.port) == (host, port)


@pytest.mark.parametrize(
    "spec",
    [
        "",
        "usb",
        "tcp:",
        "tcp::9100",
        "tcp:host:x",
        "tcp:host:0",
        "tcp:host:70000",
        "file:",
        "dev:",
        "lpt:1",
        "cups:",
        "cups:-x",
        "windows:",
    ],
)
def test_a_name_of_another_form_is_refused_with_the_forms_there_are(spec: str) -> None:
    with pytest.raises(UnknownDevice, match="tcp:HOST") as caught:
        open_device(spec)
    assert isinstance(caught.value, UserError)
    assert caught.value.field == "printer"
