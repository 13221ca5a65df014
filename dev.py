"""The developers' door: set up, try, test, check, measure and package meterpos, with nothing but Python.

Standard library only. The first use makes .venv from requirements.lock; later uses find it ready.
"""

from __future__ import annotations  # so that an old Python can say that it is too old

import argparse
import contextlib
import ctypes
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PYTHON_MIN = (3, 11)
TEST_WORKERS = 2
ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
STAMP = VENV / "meterpos-setup-stamp"
LOCK = ROOT / "requirements.lock"

# The shared libraries Qt loads, and the Debian package of each.
QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libX11.so.6": "libx11-6",
}
# ... and those it needs besides, to open a window on a real display.
QT_DISPLAY_LIBRARIES = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}


class DoorError(Exception):
    """Something a developer can put right; the message says how, in one sentence."""


# --- setup -----------------------------------------------------------------------------------------------------------


def set_up() -> None:
    """Make .venv what requirements.lock says, or find that it already is."""
    ensure_qt_libraries()
    if is_set_up():
        return
    with one_setup_at_a_time():
        if is_set_up():
            return
        ensure_venv()
        install_lock()
        install_package()
        STAMP.write_text(stamp())
    say(f"ready: {BIN.relative_to(ROOT) / 'meterpos'}")


def is_set_up() -> bool:
    """Tell whether .venv was made from the present lock by this Python."""
    return PYTHON.exists() and STAMP.exists() and STAMP.read_text() == stamp()


def stamp() -> str:
    """Return what .venv depends on, as one digest: the lock, the package's metadata, its place, this Python."""
    digest = hashlib.sha256()
    for path in (LOCK, ROOT / "pyproject.toml"):
        digest.update(path.read_bytes())
    digest.update(f"{ROOT}|{sys.version_info[:2]}".encode())
    return digest.hexdigest()


@contextlib.contextmanager
def one_setup_at_a_time() -> Iterator[None]:
    """Hold the setup lock, so that two commands started together do not install into each other."""
    if os.name == "nt":
        yield
        return
    import fcntl

    VENV.mkdir(exist_ok=True)
    with open(VENV / "meterpos-setup-lock", "w") as lock_file:
        fcntl.flock(lock_file, fcntl.LOCK_EX)
        yield


def ensure_venv() -> None:
    """Create .venv where there is none that runs with this version of Python."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    probe = "import sys, pip; print('%d.%d' % sys.version_info[:2])"
    if PYTHON.exists() and capture([str(PYTHON), "-c", probe]).stdout.strip() == version:
        return
    say(f"making .venv with Python {version}")
    if capture([sys.executable, "-c", "import ensurepip"]).returncode != 0:
        if not can_apt():
            raise DoorError(
                f"This Python cannot make virtual environments; install python{version}-venv and run again."
            )
        say(f"installing python{version}-venv")
        apt_install([f"python{version}-venv"])
    made = capture([sys.executable, "-m", "venv", "--clear", str(VENV)])
    if made.returncode != 0:
        raise DoorError(f"Making .venv failed: {last_line(made.stderr or made.stdout)}")


def install_lock() -> None:
    """Install exactly what requirements.lock names; every file must match its hash."""
    packages = len(re.findall(r"^\S+==", LOCK.read_text(), re.MULTILINE))
    pip(
        f"installing up to {packages} packages from requirements.lock (some minutes on a slow network)",
        ["--require-hashes", "--prefer-binary", "--retries", "10", "-r", str(LOCK)],
    )


def install_package() -> None:
    """Install meterpos itself, editable, with the build tools the lock already brought."""
    pip("installing meterpos", ["--no-deps", "--no-build-isolation", "--no-index", "--editable", str(ROOT)])


def pip(what: str, arguments: Sequence[str]) -> None:
    """Run `pip install`, say one line, and turn a failure into one sentence without addresses of indexes."""
    say(what)
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", *arguments]
    steps: list[str] = []
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            steps.append(line.rstrip())
            progress(line)
    progress("")
    if process.returncode != 0:
        errors = [step.strip() for step in steps if re.match(r"\s*(ERROR:|error:|\w+Error:)", step)] or steps[-1:]
        reason = re.sub(r"\w+://\S+", "the package index", (errors or ["no output"])[0])
        raise DoorError(f"pip could not finish; check the network and run again ({reason}).")


def progress(line: str) -> None:
    """Show on a terminal, on one line, which package pip is at; an empty line clears it."""
    if not sys.stdout.isatty():
        return
    match = re.match(r"\s*(?:Collecting|Downloading|Using cached|Installing collected)\s+([\w.\-]+)", line)
    if match:
        print(f"\r\033[K  {match[1][:70]}", end="", flush=True)
    elif not line:
        print("\r\033[K", end="", flush=True)


def ensure_qt_libraries() -> None:
    """Install the system libraries Qt lacks (Debian and Ubuntu, as root), or say in one sentence which to install."""
    if not sys.platform.startswith("linux"):
        return
    needed = missing(QT_LIBRARIES)
    has_display = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    wanted = needed + (missing(QT_DISPLAY_LIBRARIES) if has_display else [])
    if not wanted:
        return
    packages = sorted((QT_LIBRARIES | QT_DISPLAY_LIBRARIES)[name] for name in wanted)
    if can_apt():
        say(f"installing the system libraries Qt needs: {' '.join(packages)}")
        apt_install(packages)
        return
    if shutil.which("apt-get"):
        advice = f"Qt needs system libraries that are missing: run `sudo apt-get install {' '.join(packages)}`."
    else:
        advice = f"Qt needs system libraries that are missing; install those that provide {', '.join(wanted)}."
    if needed:
        raise DoorError(advice)
    say(advice)


def missing(libraries: dict[str, str]) -> list[str]:
    """Return the shared libraries that cannot be loaded."""
    absent = []
    for name in libraries:
        try:
            ctypes.CDLL(name)
        except OSError:
            absent.append(name)
    return absent


def can_apt() -> bool:
    """Tell whether system packages can be installed here: apt is there and we are root."""
    return shutil.which("apt-get") is not None and os.geteuid() == 0


def apt_install(packages: Sequence[str]) -> None:
    """Install system packages quietly."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    if capture(install, environment).returncode == 0:
        return
    capture(["apt-get", "update", "-q"], environment)
    done = capture(install, environment)
    if done.returncode != 0:
        raise DoorError(f"apt-get could not install {' '.join(packages)}: {last_line(done.stderr)}")


# --- the commands ----------------------------------------------------------------------------------------------------


def command_setup(options: argparse.Namespace, rest: list[str]) -> int:
    """Make the virtual environment .venv with everything; run it again at any time."""
    script("tests/support/programs.py", [])
    say(f"set up: {BIN.relative_to(ROOT) / 'meterpos'} is the command")
    return 0


def command_demo(options: argparse.Namespace, rest: list[str]) -> int:
    """Open a till in front of a head office with a town's customers; without a display, play the visit itself."""
    return script("demo/run.py", rest)


def command_bench(options: argparse.Namespace, rest: list[str]) -> int:
    """Measure what docs/PERFORMANCE.md promises."""
    return script("bench/run.py", rest)


def command_faults(options: argparse.Namespace, rest: list[str]) -> int:
    """Run the fault harnesses: simulator, crashes, fuzzing."""
    script("tests/support/programs.py", [])
    return script("tests/faults/run.py", rest)


def command_package(options: argparse.Namespace, rest: list[str]) -> int:
    """Build the till archive and the head-office archive into dist/."""
    return script("packaging/build.py", rest)


def command_fix(options: argparse.Namespace, rest: list[str]) -> int:
    """Format the code and repair what the linter can repair."""
    set_up()
    formatted = run([tool("ruff"), "format", *rest])
    return run([tool("ruff"), "check", "--fix", *rest]) or formatted


def command_test(options: argparse.Namespace, rest: list[str]) -> int:
    """Pass the tests, PostgreSQL included; other arguments go to pytest."""
    script("tests/support/programs.py", [])
    whole_suite = not rest
    measured = options.coverage or (whole_suite and bool(os.environ.get("CI")))
    shown = "" if whole_suite else "term-missing:skip-covered"
    measure = ["--cov", f"--cov-report={shown}"] if measured else []
    failed = run([str(PYTHON), "-m", "pytest", "-n", str(TEST_WORKERS), *measure, *rest], test_environment())
    return failed or (script("tests/door/floors.py", []) if measured and whole_suite else 0)


def command_check(options: argparse.Namespace, rest: list[str]) -> int:
    """Do what CI does: format, lint, types, import contracts, tests, coverage floors."""
    set_up()
    steps = {
        "format": [tool("ruff"), "format", "--check", "--quiet", "."],
        "lint": [tool("ruff"), "check", "--quiet", "."],
        "types": [tool("mypy"), "--no-error-summary"],
        "imports": [tool("lint-imports"), "--config", "pyproject.toml", "--no-cache"],
    }
    failed = [name for name, command in steps.items() if not passes(name, command)]
    if not options.no_tests:
        options.coverage = True
        if command_test(options, []) != 0:
            failed.append("tests")
    if failed:
        say(f"check failed: {', '.join(failed)}")
        return 1
    say("check passed")
    return 0


def passes(name: str, command: Sequence[str]) -> bool:
    """Run one step of the check; show its output only if it fails."""
    start = time.monotonic()
    done = capture(command, test_environment())
    verdict = "ok" if done.returncode == 0 else "FAILED"
    say(f"{name:8} {verdict} ({time.monotonic() - start:.1f} s)")
    if done.returncode != 0:
        print(done.stdout + done.stderr, flush=True)
    return done.returncode == 0


# --- small things ----------------------------------------------------------------------------------------------------


def script(path: str, arguments: Sequence[str]) -> int:
    """Run one of the repository's own programs with the environment's Python."""
    if not (ROOT / path).is_file():
        raise DoorError(f"There is no {path} yet.")
    set_up()
    return run([str(PYTHON), str(ROOT / path), *arguments], {**os.environ, "PYTHONPATH": str(ROOT)})


def run(command: Sequence[str], environment: dict[str, str] | None = None) -> int:
    """Run a command in the repository with its output on the terminal; return its exit code."""
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def capture(command: Sequence[str], environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command in the repository and keep its output."""
    return subprocess.run(
        command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True, errors="replace"
    )


def test_environment() -> dict[str, str]:
    """Return the environment of tests and checks: no display."""
    return {"QT_QPA_PLATFORM": "offscreen", **os.environ}


def tool(name: str) -> str:
    """Return the path of a command of the environment."""
    return str(BIN / (f"{name}.exe" if os.name == "nt" else name))


def last_line(text: str) -> str:
    """Return the last line that says something."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "no output")


def say(text: str) -> None:
    """Print one line at once."""
    print(f"dev.py: {text}", flush=True)


COMMANDS = {
    "setup": (command_setup, "python3 dev.py setup"),
    "demo": (command_demo, "python3 dev.py demo"),
    "test": (command_test, "python3 dev.py test\n  python3 dev.py test tests/ledger -k reversal"),
    "check": (command_check, "python3 dev.py check\n  python3 dev.py check --no-tests"),
    "bench": (command_bench, "python3 dev.py bench"),
    "faults": (command_faults, "python3 dev.py faults"),
    "package": (command_package, "python3 dev.py package"),
    "fix": (command_fix, "python3 dev.py fix"),
}
PASSES_ARGUMENTS_ON = {"demo", "test", "bench", "faults", "package", "fix"}


def parser() -> argparse.ArgumentParser:
    """Describe the door."""
    door = argparse.ArgumentParser(
        prog="dev.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example:\n  python3 dev.py test", allow_abbrev=False,
    )  # fmt: skip
    commands = door.add_subparsers(dest="command", metavar="command", required=True)
    for name, (function, example) in COMMANDS.items():
        summary = (function.__doc__ or "").strip()
        command = commands.add_parser(
            name, help=summary, description=summary, epilog=f"example:\n  {example}", allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )  # fmt: skip
        command.set_defaults(function=function, coverage=False)
        if name == "test":
            about = "measure coverage; for the whole suite, hold it against the floors (always in CI)"
            command.add_argument("--coverage", action="store_true", help=about)
        if name == "check":
            command.add_argument("--no-tests", action="store_true", help="leave the tests out")
    return door


def main(arguments: Sequence[str]) -> int:
    """Run one command; return its exit code."""
    options, rest = parser().parse_known_args(arguments)
    if rest and options.command not in PASSES_ARGUMENTS_ON:
        parser().error(f"unrecognized arguments: {' '.join(rest)}")
    try:
        code: int = options.function(options, rest)
    except DoorError as error:
        print(f"dev.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


if __name__ == "__main__":
    if sys.version_info < PYTHON_MIN:
        sys.exit("dev.py: meterpos needs Python 3.11 or newer; install it and run `python3.11 dev.py`.")
    sys.exit(main(sys.argv[1:]))
