"""Head office of the scripted day, in a process of its own: what it does must not stand in the way of the window.

Its clock is the day's: a file that the day writes whenever it turns the clock.
"""

import os
import socket
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import uvicorn

from meterpos.headoffice.app import create_app
from meterpos.headoffice.office import open_office
from meterpos.settings import HeadOfficeSettings

ROOT: Final = Path(__file__).parents[2]
STARTS_WITHIN_S: Final = 30


class SharedClock:
    """A clock that stands still until it is turned, in a file that both processes read."""

    def __init__(self, path: Path, at: datetime | None = None) -> None:
        self._path = path
        if at is not None:
            self._write(at)

    def __call__(self) -> datetime:
        return datetime.fromisoformat(self._path.read_text())

    def turn(self, **by: int) -> None:
        """Turn the clock forward."""
        self._write(self() + timedelta(**by))

    def _write(self, at: datetime) -> None:
        new = self._path.with_suffix(".new")
        new.write_text(at.isoformat())
        new.replace(self._path)


class ServerProcess:
    """The running server; `stop` is a network that is gone."""

    def __init__(self, folder: Path, port: int) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        command = (sys.executable, "-m", "tests.journeys.day_office", str(folder), str(port))
        self._process = subprocess.Popen(command, cwd=ROOT, env=environment)
        deadline = time.monotonic() + STARTS_WITHIN_S
        while not _answers(port):
            assert time.monotonic() < deadline and self._process.poll() is None, "head office did not start"
            time.sleep(0.02)

    def stop(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()


def settings_in(folder: Path) -> HeadOfficeSettings:
    """Return the settings of the head office of a day."""
    return HeadOfficeSettings(home=folder / "office", database_url=f"sqlite:///{folder}/office.db", utility="lake")


def _answers(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


def main() -> None:
    folder, port = Path(sys.argv[1]), int(sys.argv[2])
    office = open_office(settings_in(folder))
    office.now = SharedClock(folder / "clock")
    uvicorn.run(create_app(office), host="127.0.0.1", port=port, log_level="error", access_log=False)


if __name__ == "__main__":
    main()
