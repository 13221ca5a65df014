"""The archives that are carried to a pay point and to head office start on a PC without a network."""

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
THIS_PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"

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
        import meterpos.ui.window
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
