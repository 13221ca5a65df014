"""Start meterpos from its unpacked archive; on first use, install it beside itself from the wheels it carries.

Standard library only, no network. The runtime is made in this folder, or, where that is not ours to write, in the
user's data folder; it is made anew when the archive or Python changes.
"""

import contextlib
import ctypes
import hashlib
import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

COMMAND = "@COMMAND@"
LIBRARIES: dict[str, str] = {}  # build.py fills them in
HERE = Path(__file__).resolve().parent
WHEELS = HERE / "wheels"
LOCK = HERE / "requirements.lock"


def runtime_folder() -> Path:
    """Return where this archive's runtime lives or shall live."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if os.access(HERE, os.W_OK):
        return HERE / f"runtime-{version}"
    data = os.environ.get("LOCALAPPDATA") or os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "meterpos" / f"runtime-{COMMAND}-{version}"


def stamp() -> str:
    """Return what a runtime depends on, as one digest."""
    digest = hashlib.sha256(LOCK.read_bytes())
    digest.update(f"{sys.version}|{sys.base_prefix}".encode())
    return digest.hexdigest()


def ensure_runtime(folder: Path) -> Path:
    """Make the runtime unless it is there, whole; return its Python."""
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    mark = folder / "meterpos-stamp"
    if is_whole(mark, python):
        return python
    with one_at_a_time(folder):
        if not is_whole(mark, python):
            make_runtime(folder, python)
            mark.write_text(stamp())
    return python


def is_whole(mark: Path, python: Path) -> bool:
    """Tell whether the runtime was made, to its end, from this archive by this Python."""
    return mark.is_file() and mark.read_text() == stamp() and python.exists()


@contextlib.contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Let a second, impatient start wait for the first."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(f"{folder}.lock", "w") as lock_file:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(lock_file.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(lock_file, fcntl.LOCK_EX)
        yield


def make_runtime(folder: Path, python: Path) -> None:
    """Install the archive's wheels, each checked against its hash, into a virtual environment of its own."""
    print("meterpos: preparing the first start (a minute on an old PC) ...", file=sys.stderr, flush=True)
    venv.EnvBuilder(clear=True, with_pip=False, symlinks=os.name != "nt").create(folder)
    installer = next(WHEELS.glob("pip-*.whl"))
    command = [str(python), str(installer / "pip"), "install", "--quiet", "--no-index", "--no-deps"]
    command += ["--disable-pip-version-check", "--find-links", str(WHEELS), "--require-hashes", "-r", str(LOCK)]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        sys.exit(
            "meterpos: this archive does not fit this PC's Python "
            f"{sys.version_info[0]}.{sys.version_info[1]}, or a file is damaged; unpack it again or ask for "
            f"another build ({lines[0] if lines else 'no reason given'})."
        )


def ensure_window_libraries() -> None:
    """Say in one sentence which system libraries a window lacks here."""
    missing = []
    for name in LIBRARIES if sys.platform.startswith("linux") else ():
        try:
            ctypes.CDLL(name)
        except OSError:
            missing.append(LIBRARIES[name])
    if missing:
        sys.exit(
            "meterpos: the window needs system libraries that this PC lacks; on Debian or Ubuntu run "
            f"`sudo apt-get install {' '.join(sorted(missing))}`."
        )


def main() -> None:
    """Become meterpos."""
    if sys.version_info < (3, 11):
        sys.exit("meterpos: Python 3.11 or newer is needed; install it and start again.")
    python = ensure_runtime(runtime_folder())
    arguments = sys.argv[1:]
    if not arguments and "QT_QPA_PLATFORM" not in os.environ:
        ensure_window_libraries()
    begin = [] if arguments[:1] == ["--version"] else [COMMAND]
    command = [str(python), "-I", "-m", "meterpos", *begin, *arguments]
    if os.name == "nt":
        sys.exit(subprocess.call(command))
    os.execv(command[0], command)  # noqa: S606 - the same process goes on as meterpos


if __name__ == "__main__":
    main()
