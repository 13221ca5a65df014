"""A head office with its workers as processes that can be killed, and started again."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from meterpos.settings import HeadOfficeSettings
from meterpos.sync.lock import HomeBusy, home_alone
from tests.faults.planted import processes

STARTS_WITHIN_S: Final = 90.0


@dataclass
class OfficeProcess:
    """Head office with its workers, as a process group of its own."""

    settings: HeadOfficeSettings
    port: int
    workers: int = 2
    planted: str = ""
    _process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Serve, and wait until it answers."""
        environment = {**os.environ, "METERPOS_HEADOFFICE_HOME": str(self.settings.home.parent)}
        if self.planted:
            root, site = str(Path(__file__).parents[2]), processes.site(self.settings.home.parent / "site")
            environment[processes.PLANTED] = self.planted
            environment["PYTHONPATH"] = os.pathsep.join((site, root, environment.get("PYTHONPATH", "")))
        command = [sys.executable, "-m", "meterpos", "headoffice", "--utility", self.settings.home.name]
        serve = ["--database", self.settings.database_url, "serve", "--workers", str(self.workers)]
        self._process = subprocess.Popen(
            [*command, *serve, "--port", str(self.port)],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + STARTS_WITHIN_S
        while not self._answers():
            assert time.monotonic() < deadline and self._process.poll() is None, "head office did not start"
            time.sleep(0.1)

    def processor_s(self) -> float:
        """Return the processor time its processes have used."""
        assert self._process is not None
        return sum(
            processor_s_of(int(folder.name))
            for folder in Path("/proc").glob("[0-9]*")
            if _group_of(int(folder.name)) == self._process.pid
        )

    def kill(self) -> None:
        """End all of it at once, where it runs."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._wait_for_the_workers()

    def _wait_for_the_workers(self) -> None:
        """Wait until every process of the group is gone: as long as one is, nobody has the home alone."""
        assert self._process is not None
        deadline = time.monotonic() + STARTS_WITHIN_S
        while time.monotonic() < deadline:
            with contextlib.suppress(HomeBusy), home_alone(self.settings.home, HomeBusy("")):
                return
            time.sleep(0.05)
        raise AssertionError("head office did not end")

    def _answers(self) -> bool:
        with socket.socket() as line:
            return line.connect_ex(("127.0.0.1", self.port)) == 0


def processor_s_of(pid: int) -> float:
    """Return the processor time a process has used; 0 where it is gone."""
    fields = _stat_of(pid)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") if fields else 0.0


def _group_of(pid: int) -> int:
    fields = _stat_of(pid)
    return int(fields[2]) if fields else 0


def _stat_of(pid: int) -> list[str]:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return []
