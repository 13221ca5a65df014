"""`meterpos till` without a command opens the window, or says why it cannot."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from meterpos.cli import start
from tests.cli.commands import run


def test_without_a_command_the_window_opens(tmp_path: Path) -> None:
    code = (
        "from PySide6.QtCore import QTimer\n"
        "import meterpos.ui.app as app\n"
        "first = app.Window\n"
        "class Window(first):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.ready.connect(lambda: (print('ready'), QTimer.singleShot(0, self.close)))\n"
        "app.Window = Window\n"
        "import sys\n"
        "sys.modules['typer'] = None  # the window is shown without the commands\n"
        "from meterpos.cli.start import main\n"
        f"main(['till', '--home', {str(tmp_path)!r}])\n"
    )
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (0, "ready\n"), done.stderr
    assert (tmp_path / "ledger.db").exists()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems always have a display")
def test_without_a_display_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    done = run("till", "--home", str(tmp_path))
    assert (done.code, done.raw) == (1, b"") and done.told.startswith("There is no display here. Use the commands")
    assert not (tmp_path / "ledger.db").exists()
    with pytest.raises(SystemExit) as left:
        start.main(["till", "--home", str(tmp_path)])
    assert left.value.code == 1


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ((), (None, False)),
        (("--training",), (None, True)),
        (("--home", "x", "--training"), (Path("x"), True)),
        (("--training", "--home", "x"), (Path("x"), True)),
        (("--home",), None),
        (("--training", "sync"), None),
    ],
)
def test_the_window_is_asked_for_with_a_home_and_to_practise(given: tuple[str, ...], asked: object) -> None:
    assert start._asked_window(given) == asked


def test_anything_else_is_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        start.main(["--version"])
    assert left.value.code in (0, None)
    assert capsys.readouterr().out.startswith("meterpos ")
