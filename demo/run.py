"""The demo: a head office on this machine, a town, an enrolled till, and its window.

With a display the window opens in front of a running head office. Without one (or with ``--play``) the same visit is
played through the real window offscreen; it leaves numbered pictures, printer bytes, papers and a transcript in
``demo-output/`` and exits 0 only if every step did what it says.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from datetime import date
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)  # not demo/, whose module names would hide others

from demo.town import write_town  # noqa: E402  (the repository is not installed, only the package is)

ZONES: Final = ("Kondele", "Migosi", "Nyalenda", "Manyatta", "Mamboleo", "Milimani", "Kibos", "Dunga")
PEOPLE: Final = (
    ("achieng", "Achieng O.", "clerk", "1234"),
    ("otieno", "Otieno P.", "supervisor", "4321"),
)
HEAD: Final = ("LAKE WATER COMPANY", "Kisumu  0800 720 111  lakewater.example")
"""What stands above each receipt."""
READY_WITHIN_S: Final = 30


def main() -> int:
    """Run the demo and return its exit code."""
    arguments = _arguments()
    output: Path = arguments.output
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="meterpos-demo-") as folder:
        stage = Stage(Path(folder), output)
        try:
            stage.build(customers=arguments.customers)
            if arguments.play or not _has_display():
                from demo.visit import play

                return play(stage)
            return stage.open_window()
        finally:
            stage.stop_server()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--customers", type=int, default=20_000, help="how large the town is")
    parser.add_argument("--play", action="store_true", help="play the visit even where there is a display")
    parser.add_argument("--output", type=Path, default=ROOT / "demo-output", help="where pictures and papers go")
    return parser.parse_args()


def _has_display() -> bool:
    if os.environ.get("QT_QPA_PLATFORM") == "offscreen":
        return False
    return sys.platform in ("win32", "darwin") or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


class Stage:
    """Head office, town and till, set up by the same commands a person would type."""

    head = HEAD

    def __init__(self, folder: Path, output: Path) -> None:
        self.folder, self.output = folder, output
        self.town, self.till_home = folder / "town", folder / "till"
        self.printer = output / "printer.bin"
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **os.environ,
            "METERPOS_HEADOFFICE_HOME": str(folder / "headoffice"),
            "METERPOS_HOME": str(self.till_home),
        }
        self._server: subprocess.Popen[bytes] | None = None
        self._begun = time.monotonic()

    def build(self, *, customers: int) -> None:
        """Found head office, import the town, start the server, enrol the till, and fetch everything."""
        self.say(f"Making up a town of {customers:,} customers")
        write_town(self.town, customers=customers, as_of=date.today())  # noqa: DTZ011  (the demo lives today)
        self.say("Founding head office and importing the town")
        self.headoffice("init")
        self._settle_settings()
        self.headoffice("import", str(self.town))
        zones = [word for zone in ZONES for word in ("--zone", zone)]
        code = self.headoffice("till", "add", "KSM01", "--title", "Kisumu Market", *zones)["code"]
        codes = {
            name: self.headoffice("user", "add", name, "--role", role, "--display", shown)["code"]
            for name, shown, role, _ in PEOPLE
        }
        self.start_server()
        self.say("Enrolling the till and fetching everything")
        self.till_home.mkdir()
        (self.till_home / "meterpos.toml").write_text(f"[till]\nprinter = 'file:{self.printer}'\n", encoding="utf-8")
        self.till("enrol", "--server", self.url, "--code", code)
        done = self.till("sync")
        assert done["agreed"], f"till and head office differ after the first load: {done}"
        for name, _, _, pin in PEOPLE:
            self._set_pin(name, codes[name], pin)

    def _settle_settings(self) -> None:
        values = {"utility_name": HEAD[0], "receipt_head": HEAD[1], "receipt_foot": "Asante. Thank you."}
        for key, value in values.items():
            self.headoffice("setting", "set", key, value)

    def _set_pin(self, name: str, code: str, pin: str) -> None:
        file = self.folder / "pin"
        file.write_text(pin)
        self.till("set-pin", name, "--code", code, "--pin-file", str(file))
        file.unlink()

    def headoffice(self, *words: str) -> Any:
        """Run a head office command and return what it printed as JSON."""
        return self._command("headoffice", *words)

    def till(self, *words: str) -> Any:
        """Run a till command and return what it printed as JSON."""
        return self._command("till", *words)

    def csv(self, *words: str) -> bytes:
        """Run a listing and return what it printed as CSV."""
        return self._run(*words, "--format", "csv")

    def _command(self, *words: str) -> Any:
        return json.loads(self._run(*words, "--json"))

    def _run(self, *words: str) -> bytes:
        command = [sys.executable, "-m", "meterpos", *words]
        done = subprocess.run(command, env=self.environment, capture_output=True, check=False)
        if done.returncode:
            said = done.stderr.decode(errors="replace")
            raise SystemExit(f"meterpos {' '.join(words)} ended with {done.returncode}:\n{said}")
        return done.stdout

    def start_server(self) -> None:
        """Start head office's server and wait until it answers."""
        log = (self.output / "headoffice.log").open("ab")
        self._server = subprocess.Popen(
            [sys.executable, "-m", "meterpos", "headoffice", "serve", "--host", "127.0.0.1", "--port", str(self.port)],
            env=self.environment,
            stdout=log,
            stderr=log,
        )
        log.close()
        end = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < end:
            try:
                with urllib.request.urlopen(f"{self.url}/health", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise SystemExit(f"head office did not answer within {READY_WITHIN_S} s; see {self.output / 'headoffice.log'}")

    def stop_server(self) -> None:
        """Take the network away."""
        if self._server is not None:
            self._server.terminate()
            self._server.wait(timeout=20)
            self._server = None

    def open_window(self) -> int:
        """Open the till's window for a person."""
        self.say("Opening the till")
        print("\nSign in at Shift (F6) as Achieng O., PIN 1234; Otieno P., PIN 4321, approves. Search: otieno")
        print(f"What the printer gets is in {self.printer}. Close the window to end the demo.\n")
        return subprocess.run([sys.executable, "-m", "meterpos", "till"], env=self.environment, check=False).returncode

    def say(self, sentence: str) -> None:
        """Print one line of progress with the seconds since the start."""
        print(f"{time.monotonic() - self._begun:6.1f} s  {sentence}", flush=True)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
