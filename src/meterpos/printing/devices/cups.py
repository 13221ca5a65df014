"""A print queue of the system, used through `lp`: no library of it is bound, and nothing of it is waited for long.

A queue says when it has handed the bytes on, not that they are on paper: such a paper is *unconfirmed*. One that the
queue still holds when patience ends is taken back, so that it does not come out an hour later beside its copy; one that
it gave up, as it says when asked (`ipp.py`) or in its history, did not come out.
"""

import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from typing import Final

from meterpos.printing.devices import ipp
from meterpos.printing.devices.conversation import AGAIN, STOPPED, TIMEOUT_S, PrinterError, Sent

_LOOK_S: Final = 0.25
_UNREACHED: Final = "The printer may not exist or is unavailable at this time."
"""What CUPS says while it knocks at a printer in vain: nothing of the paper has left."""
_REQUEST: Final = re.compile(r"request id is (\S+)")


class _NoAnswer(Exception):
    """The print system is not there, or does not answer in time."""


@dataclass(frozen=True, slots=True)
class _Done:
    """How a command ended and what it said."""

    returncode: int
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True)
class CupsDevice:
    """One print queue; the bytes go through it as they are."""

    name: str
    timeout_s: float = TIMEOUT_S

    def send(self, data: bytes) -> Sent:
        """Send one paper. Raises: PrinterError when the queue is stopped or not there, or gave the paper back."""
        until = time.monotonic() + self.timeout_s
        try:
            self._refuse_stopped()
        except _NoAnswer as error:
            raise PrinterError(f"The print system does not answer. Restart this computer, {AGAIN}") from error
        try:
            done = _run("lp", "-d", self.name, "-o", "raw", "-", data=data, timeout_s=self.timeout_s)
        except _NoAnswer:
            return Sent(confirmed=False, detail=STOPPED)
        if done.returncode:
            raise PrinterError(f"The print queue {self.name} refuses the paper: {_said(done)}. Put that right, {AGAIN}")
        found = _REQUEST.search(done.stdout)
        return Sent(confirmed=False) if found is None else self._followed(found[1], until)

    def _refuse_stopped(self) -> None:
        done = _run("lpstat", "-p", self.name, timeout_s=self.timeout_s)
        if done.returncode:
            raise PrinterError(f"There is no print queue {self.name}. Choose the printer in the settings, {AGAIN}")
        if " disabled " in done.stdout:
            raise PrinterError(f"The print queue {self.name} is stopped. Start it, {AGAIN}")

    def _followed(self, job: str, until: float) -> Sent:
        """Watch the queue until it has handed the paper on; take it back when patience ends."""
        try:
            while _holds(self.name, job, self.timeout_s):
                if time.monotonic() > until:
                    return self._taken_back(job)
                time.sleep(_LOOK_S)
            given_up = _gave_up(self.name, job, self.timeout_s)
        except _NoAnswer:
            return Sent(confirmed=False, detail=STOPPED)
        if given_up:
            raise PrinterError(f"The print queue {self.name} gave the paper up. See that the printer is on, {AGAIN}")
        return Sent(confirmed=False)

    def _taken_back(self, job: str) -> Sent:
        said = _run("lpstat", "-p", self.name, timeout_s=self.timeout_s).stdout
        has_begun = f"now printing {job}" in said and _UNREACHED not in said
        refused = _run("cancel", job, timeout_s=self.timeout_s).returncode
        if has_begun or refused:
            return Sent(confirmed=False, detail=STOPPED)
        raise PrinterError(f"The print queue {self.name} held the paper back. See that the printer is on, {AGAIN}")


def queues(*, timeout_s: float) -> tuple[str, ...]:
    """Return the names of the system's print queues; none where it has no such system."""
    try:
        done = _run("lpstat", "-e", timeout_s=timeout_s)
    except _NoAnswer:
        return ()
    return tuple(line.strip() for line in done.stdout.splitlines() if line.strip()) if not done.returncode else ()


def _holds(name: str, job: str, timeout_s: float) -> bool:
    done = _run("lpstat", "-o", name, timeout_s=timeout_s)
    return any(line.split()[0] == job for line in done.stdout.splitlines() if line.strip())


def _gave_up(name: str, job: str, timeout_s: float) -> bool:
    """Tell whether the queue says that it ended this paper without handing it on."""
    number = job.rpartition("-")[2]
    state = ipp.job_state(int(number), timeout_s=timeout_s) if number.isdecimal() else None
    if state in ipp.GIVEN_UP or state == ipp.HANDED_ON:
        return state in ipp.GIVEN_UP
    done = _run("lpstat", "-W", "completed", "-l", "-o", name, timeout_s=timeout_s)
    alerts, of = "", ""
    for line in done.stdout.splitlines():
        if line[:1].strip():  # a job; what is said of it stands below, moved in
            of = line.split()[0]
        elif of == job and line.strip().startswith("Alerts:"):
            alerts = line
    return any(word in alerts for word in ("aborted", "canceled"))


def _said(done: _Done) -> str:
    return (done.stderr.strip().splitlines() or ["no reason given"])[-1].removeprefix("lp: ").rstrip(".")


def _run(command: str, *arguments: str, timeout_s: float, data: bytes = b"") -> _Done:
    """Run one command of the print system, in English. Raises: _NoAnswer when it is not there or takes too long."""
    path = shutil.which(command)
    if path is None:
        raise _NoAnswer(f"there is no {command} here")
    try:
        done = subprocess.run(  # noqa: S603  (a name from the settings, never a shell)
            [path, *arguments],
            input=data,
            capture_output=True,
            timeout=timeout_s,
            env={**os.environ, "LC_ALL": "C"},
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _NoAnswer(str(error)) from error
    said, complained = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
    return _Done(done.returncode, said, complained)
