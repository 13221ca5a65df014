"""The printers a machine shows, read from a small tree that looks like /dev and /sys."""

from pathlib import Path

import pytest

from meterpos.printing.devices import open_device
from meterpos.printing.devices.finding import Found, find_printers


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without a print system."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def put(root: Path, path: str, text: str = "") -> None:
    """Make a file of the machine."""
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def test_nothing_is_found_on_a_bare_machine(machine: Path) -> None:
    assert find_printers(machine) == ()


def test_a_usb_printer_is_found_with_what_it_calls_itself(machine: Path) -> None:
    put(machine, "dev/usb/lp0")
    put(machine, "sys/class/usbmisc/lp0/device/ieee1284_id", "MFG:EPSON;CMD:ESC/POS;MDL:TM-T20II;CLS:PRINTER;\n")
    put(machine, "dev/lp1")
    assert find_printers(machine) == (Found("dev:/dev/lp1"), Found("dev:/dev/usb/lp0", "EPSON TM-T20II"))


def test_serial_lines_are_found_where_there_is_hardware_behind_them(machine: Path) -> None:
    for name in ("ttyUSB0", "ttyS0", "ttyS1"):
        put(machine, f"dev/{name}")
    put(machine, "sys/class/tty/ttyS0/type", "4\n")
    put(machine, "sys/class/tty/ttyS1/type", "0\n")
    (machine / "dev/serial/by-id").mkdir(parents=True)
    (machine / "dev/serial/by-id/usb-Prolific_PL2303-if00").symlink_to(machine / "dev/ttyUSB0")
    assert find_printers(machine) == (
        Found("serial:/dev/ttyUSB0?baud=19200", "Prolific PL2303-if00"),
        Found("serial:/dev/ttyS0?baud=19200"),
    )


def test_queues_are_found_and_every_name_can_be_opened(machine: Path) -> None:
    (machine / "lpstat").write_text("#!/bin/sh\necho Front_Counter\n")
    (machine / "lpstat").chmod(0o755)
    put(machine, "dev/usb/lp0")
    put(machine, "dev/ttyACM0")
    found = find_printers(machine)
    assert Found("cups:Front_Counter", "Front Counter") in found
    assert len(found) == 3
    for one in found:
        open_device(one.spec)
