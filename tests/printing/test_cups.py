"""Print queues of the system, spoken to through programs that stand where `lp` and `lpstat` do."""

import os
import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest

from meterpos.printing.devices import PrinterError, Sent, WindowsDevice, conversation, ipp, open_device
from meterpos.printing.devices.cups import queues
from tests.printing.papers import Case

PAPER = Case("cash", "en", 48).bytes()

LP = """#!/bin/sh
[ -f "$HERE/refuses" ] && { echo "lp: The printer or class does not exist." >&2; exit 1; }
[ -f "$HERE/sleeps" ] && exec sleep 5
echo "$@" > "$HERE/asked"
cat > "$HERE/paper"
echo "request id is Counter-12 (1 file(s))"
"""
LPSTAT = """#!/bin/sh
case "$1" in
  -e) printf 'Counter\\nBack_Office\\n' ;;
  -o) cat "$HERE/held" 2>/dev/null ;;
  -W) cat "$HERE/history" 2>/dev/null ;;
  -p) [ "$2" = Counter ] || { echo "lpstat: Invalid destination name" >&2; exit 1; }
      cat "$HERE/state" 2>/dev/null || echo "printer Counter is idle.  enabled since Fri" ;;
esac
exit 0
"""
CANCEL = '#!/bin/sh\necho "$1" > "$HERE/cancelled"\n'


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A print system whose state is a folder of files."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in (("lp", LP), ("lpstat", LPSTAT), ("cancel", CANCEL)):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("HERE", str(tmp_path))
    monkeypatch.setenv("CUPS_SERVER", "127.0.0.1:1")
    return tmp_path


def test_a_queue_gets_the_bytes_as_they_are_and_confirms_nothing(system: Path) -> None:
    assert open_device("cups:Counter", timeout_s=2).send(PAPER) == Sent(confirmed=False)
    assert (system / "paper").read_bytes() == PAPER
    assert (system / "asked").read_text().split() == ["-d", "Counter", "-o", "raw", "-"]


def test_a_stopped_queue_fails_and_gets_nothing(system: Path) -> None:
    (system / "state").write_text("printer Counter disabled since Fri - Paused\n")
    with pytest.raises(PrinterError, match=r"The print queue Counter is stopped\. Start it, then press Print again\."):
        open_device("cups:Counter", timeout_s=2).send(PAPER)
    assert not (system / "paper").exists()


def test_a_queue_that_is_not_there_is_a_sentence(system: Path) -> None:
    with pytest.raises(PrinterError, match="There is no print queue Kitchen"):
        open_device("cups:Kitchen", timeout_s=2).send(PAPER)


def test_a_queue_that_refuses_says_why(system: Path) -> None:
    (system / "refuses").touch()
    with pytest.raises(PrinterError, match="refuses the paper: The printer or class does not exist"):
        open_device("cups:Counter", timeout_s=2).send(PAPER)


def test_a_paper_the_queue_holds_back_is_taken_back_and_never_comes_twice(system: Path) -> None:
    (system / "held").write_text("Counter-11 other 1024 Fri\nCounter-12 till 4096 Fri\n")
    with pytest.raises(PrinterError, match="held the paper back"):
        open_device("cups:Counter", timeout_s=0.5).send(PAPER)
    assert (system / "cancelled").read_text().strip() == "Counter-12"


HISTORY = """Counter-11              other             1024   Fri 20 Nov 2026 09:40:12 EAT
\tStatus: stopped
\tAlerts: {before}
\tqueued for Counter
Counter-12              till              4096   Fri 20 Nov 2026 09:41:07 EAT
\tAlerts: {now}
\tqueued for Counter
"""


@pytest.mark.parametrize("now", ["job-aborted-by-system", "aborted-by-system", "job-canceled-by-user"])
def test_a_paper_the_queue_gave_up_did_not_come_out(system: Path, now: str) -> None:
    (system / "history").write_text(HISTORY.format(before="job-completed-successfully", now=now))
    with pytest.raises(PrinterError, match="The print queue Counter gave the paper up"):
        open_device("cups:Counter", timeout_s=2).send(PAPER)


def test_a_paper_the_queue_handed_on_is_not_known_to_be_on_paper(system: Path) -> None:
    (system / "history").write_text(HISTORY.format(before="aborted-by-system", now="job-completed-successfully"))
    assert open_device("cups:Counter", timeout_s=2).send(PAPER) == Sent(confirmed=False)


class Queue(BaseHTTPRequestHandler):
    """A print system that is asked by IPP for the state of a job, as CUPS 2.4.2 answers."""

    asked: ClassVar[list[bytes]] = []
    state: ClassVar[int | None] = None

    def do_POST(self) -> None:
        self.asked.append(self.rfile.read(int(self.headers["Content-Length"])))
        ending = b"" if self.state is None else b"\x02#\x00\x09job-state\x00\x04" + self.state.to_bytes(4, "big")
        answer = b"\x02\x00\x00\x00\x00\x00\x00\x01\x01G\x00\x12attributes-charset\x00\x05utf-8" + ending + b"\x03"
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing on the test's screen."""


@pytest.fixture
def asked_by_ipp(system: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Queue]]:
    """The same print system, which also answers at an address."""
    server = HTTPServer(("127.0.0.1", 0), Queue)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    monkeypatch.setenv("CUPS_SERVER", f"127.0.0.1:{server.server_port}/version=1.1")
    Queue.asked.clear()
    yield Queue
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("state", [7, 8])
def test_a_queue_that_says_it_gave_a_paper_up_is_believed(asked_by_ipp: type[Queue], state: int) -> None:
    asked_by_ipp.state = state
    with pytest.raises(PrinterError, match="The print queue Counter gave the paper up"):
        open_device("cups:Counter", timeout_s=2).send(PAPER)
    (asked,) = asked_by_ipp.asked
    assert asked.startswith(b"\x02\x00\x00\x09") and b"\x00\x17ipp://localhost/jobs/12" in asked


def test_a_queue_that_says_it_handed_a_paper_on_is_believed_whatever_its_history(
    asked_by_ipp: type[Queue], system: Path
) -> None:
    asked_by_ipp.state = 9
    (system / "history").write_text(HISTORY.format(before="", now="aborted-by-system"))
    assert open_device("cups:Counter", timeout_s=2).send(PAPER) == Sent(confirmed=False)


@pytest.mark.parametrize("state", [None, 5])
def test_a_queue_that_does_not_say_how_a_paper_ended_is_known_by_its_history(
    asked_by_ipp: type[Queue], system: Path, state: int | None
) -> None:
    asked_by_ipp.state = state
    assert open_device("cups:Counter", timeout_s=2).send(PAPER) == Sent(confirmed=False)
    (system / "history").write_text(HISTORY.format(before="", now="aborted-by-system"))
    with pytest.raises(PrinterError, match="gave the paper up"):
        open_device("cups:Counter", timeout_s=2).send(PAPER)


def test_a_print_system_is_asked_at_its_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "cups.sock"
    monkeypatch.setenv("CUPS_SERVER", str(path))
    assert ipp.job_state(12, timeout_s=1) is None
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(1)

        def answer() -> None:
            heard, _ = listener.accept()
            said = b""
            while b"job-state" not in said:
                said += heard.recv(4096)
            heard.sendall(b"HTTP/1.0 200 OK\r\n\r\n#\x00\x09job-state\x00\x04\x00\x00\x00\x08")
            heard.close()

        thread = Thread(target=answer)
        thread.start()
        assert ipp.job_state(12, timeout_s=5) == 8
        thread.join()


def test_a_printer_that_is_knocked_at_in_vain_has_nothing_of_the_paper(system: Path) -> None:
    (system / "held").write_text("Counter-12 till 4096 Fri\n")
    (system / "state").write_text(
        "printer Counter now printing Counter-12.  enabled since Fri\n"
        "\tThe printer may not exist or is unavailable at this time.\n"
    )
    with pytest.raises(PrinterError, match="held the paper back"):
        open_device("cups:Counter", timeout_s=0.5).send(PAPER)
    assert (system / "cancelled").read_text().strip() == "Counter-12"


def test_a_paper_that_stalls_in_the_printer_is_unconfirmed(system: Path) -> None:
    (system / "held").write_text("Counter-12 till 4096 Fri\n")
    (system / "state").write_text("printer Counter now printing Counter-12.  enabled since Fri\n")
    assert open_device("cups:Counter", timeout_s=0.5).send(PAPER) == Sent(confirmed=False, detail=conversation.STOPPED)


def test_a_print_system_that_hangs_is_given_up(system: Path) -> None:
    (system / "sleeps").touch()
    started = time.monotonic()
    sent = open_device("cups:Counter", timeout_s=0.5).send(PAPER)
    assert sent == Sent(confirmed=False, detail=conversation.STOPPED)
    assert time.monotonic() - started < 3


def test_a_machine_without_a_print_system_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PrinterError, match="The print system does not answer"):
        open_device("cups:Counter").send(PAPER)
    assert queues(timeout_s=1) == ()


def test_the_queues_of_the_system_are_listed(system: Path) -> None:
    assert queues(timeout_s=2) == ("Counter", "Back_Office")


def test_a_printer_of_windows_elsewhere_is_a_sentence() -> None:
    device = open_device("windows:EPSON TM-T20")
    assert device == WindowsDevice("EPSON TM-T20")
    with pytest.raises(PrinterError, match="is a printer of Windows"):
        device.send(PAPER)
