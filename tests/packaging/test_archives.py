"""The archives that are carried to a pay point and to head office start on a PC without a network."""

import json
import os
import socket
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
THIS_PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
START_S_MAX = 60

pytestmark = pytest.mark.slow


def test_a_till_starts_from_its_archive_without_a_network(tmp_path: Path) -> None:
    folder = unpacked(tmp_path, "till")
    wheels = {path.name.partition("-")[0] for path in (folder / "wheels").iterdir()}
    assert not wheels & {"fastapi", "psycopg", "psycopg_binary", "uvicorn", "pytest"}

    version = start(folder, "till", "--version")
    assert "0.1.0" in version.stdout
    assert start(folder, "till", "--help").returncode == 0
    window = """if True:
        from PySide6.QtWidgets import QApplication, QMainWindow
        import meterpos.ui.app
        from meterpos.resources import resource_path
        app = QApplication([])
        main = QMainWindow()
        main.show()
        print(resource_path("fonts").is_dir() and main.isVisible())
    """
    done = subprocess.run(
        [folder / f"runtime-{THIS_PYTHON}" / "bin" / "python", "-I", "-c", window],
        env=offline(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "True\n", done.stderr


def test_a_head_office_serves_from_its_archive_without_a_network(tmp_path: Path) -> None:
    folder = unpacked(tmp_path, "headoffice")
    wheels = {path.name.partition("-")[0] for path in (folder / "wheels").iterdir()}
    assert not wheels & {"pyside6_essentials", "PySide6_Essentials", "pytest"}

    done = start(folder, "headoffice", "init")
    assert done.returncode == 0, done.stderr
    with serving(folder, tmp_path) as port, urllib.request.urlopen(f"http://127.0.0.1:{port}/health") as answer:
        assert answer.status == 200
        json.load(answer)


def test_an_archive_with_a_damaged_file_says_so(tmp_path: Path) -> None:
    folder = unpacked(tmp_path, "headoffice")
    wheel = next((folder / "wheels").glob("segno-*.whl"))
    wheel.write_bytes(wheel.read_bytes()[:-1] + b"x")

    done = start(folder, "headoffice", "--help")

    assert done.returncode == 1
    assert "a file is damaged" in done.stderr
    assert not (folder / f"runtime-{THIS_PYTHON}" / "meterpos-stamp").exists()


def unpacked(tmp_path: Path, side: str) -> Path:
    """Build one side's archive for this Python and unpack it."""
    command = [sys.executable, str(ROOT / "packaging" / "build.py"), side]
    command += ["--python", THIS_PYTHON, "--out", str(tmp_path / "dist")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    built = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    archive = next((tmp_path / "dist").glob(f"meterpos-{side}-*.tar.gz"))
    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path / "pc", filter="data")
    archive.unlink()
    return next((tmp_path / "pc").iterdir())


def offline(home: Path) -> dict[str, str]:
    """Return the environment of a PC with nothing set up and every way out closed."""
    closed = "http://127.0.0.1:9"
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "METERPOS_HOME": str(home / "till"),
        "METERPOS_HEADOFFICE_HOME": str(home / "headoffice"),
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        "http_proxy": closed,
        "https_proxy": closed,
        "no_proxy": "127.0.0.1",
    }


def start(folder: Path, side: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the archive's command to its end."""
    return subprocess.run(
        [folder / f"meterpos-{side}", *arguments],
        env=offline(folder.parent),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@contextmanager
def serving(folder: Path, tmp_path: Path) -> Iterator[int]:
    """Run the archive's server on a free port until the test is done with it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (tmp_path / "server.log").open("w") as log:
        server = subprocess.Popen(
            [folder / "meterpos-headoffice", "serve", "--port", str(port)],
            env=offline(folder.parent),
            stdout=log,
            stderr=log,
        )
    try:
        await_answer(server, port, tmp_path / "server.log")
        yield port
    finally:
        server.terminate()
        server.wait(timeout=20)


def await_answer(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    """Wait until the server accepts connections."""
    give_up_at = time.monotonic() + START_S_MAX
    while time.monotonic() < give_up_at:
        assert server.poll() is None, log.read_text()
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"the server did not answer: {log.read_text()}")
