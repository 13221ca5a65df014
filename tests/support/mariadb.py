"""A MariaDB server for the tests: the distribution's package, its own data directory and socket, no service.

Started the first time a test asks for it, by a supervisor process of its own that outlives the worker, waits for the
end of the test run (however it ends), stops the server and removes its folder. Started as root, it runs as a plain
user. It takes no passwords and listens on no network: its socket stands in a folder only this run knows.
"""

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.support.postgres import _await_end_of, _is_root, _locked, _plain_user, _publish

START_S_MAX = 30
PROGRAMS = ("mariadbd", "mysqld")
WHY_NOT = "There is no MariaDB: install the package mariadb-server-core (`python3 dev.py setup` as root does)."
SETTINGS = (
    "--no-defaults",
    "--skip-networking",
    "--skip-grant-tables",
    "--innodb-buffer-pool-size=24M",
    "--innodb-log-file-size=8M",
    "--innodb-flush-log-at-trx-commit=0",  # the data of a test need not survive anything
    "--character-set-server=utf8mb4",
)


class MariaDbDidNotStart(Exception):
    """The server is not there; the message says what it said."""


def program() -> str | None:
    """Return the server's program, None where it is not installed."""
    for name in PROGRAMS:
        found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/usr/libexec")
        if found is not None:
            return found
    return None


def server_socket(run_folder: Path, owner_pid: int) -> str:
    """Return the socket of the test run's server, starting it if no worker has yet. Raises: MariaDbDidNotStart."""
    state = run_folder / "mariadb.json"
    with _locked(run_folder / "mariadb.lock"):
        if not state.exists():
            command = [sys.executable, __file__, str(run_folder), str(owner_pid)]
            nowhere = subprocess.DEVNULL
            supervisor = subprocess.Popen(
                command, stdin=nowhere, stdout=nowhere, stderr=nowhere, start_new_session=True
            )
            supervisor.returncode = 0  # it outlives this process: nobody waits for it
            give_up_at = time.monotonic() + START_S_MAX
            while not state.exists():
                if time.monotonic() > give_up_at:
                    raise MariaDbDidNotStart(f"MariaDB did not start within {START_S_MAX} s")
                time.sleep(0.02)
    answer = json.loads(state.read_text())
    if "error" in answer:
        raise MariaDbDidNotStart(answer["error"])
    return str(answer["socket"])


class MariaDatabases:
    """Makes and drops databases on the run's server."""

    def __init__(self, socket: str) -> None:
        """Keep where the server answers."""
        self.socket = socket

    def new(self) -> str:
        """Create a database and return its URL."""
        name = f"legacy_{secrets.token_hex(4)}"
        with self.connect() as connection:
            connection.cursor().execute(f"CREATE DATABASE `{name}`")
        return f"mysql://reader@localhost/{name}?unix_socket={self.socket}"

    @contextlib.contextmanager
    def connect(self, url: str | None = None) -> Iterator[Any]:
        """Connect to the server, or to the database `url` names, and commit at the end."""
        import pymysql

        database = url.partition("?")[0].rpartition("/")[2] if url else None
        connection = pymysql.connect(unix_socket=self.socket, user="root", database=database, charset="utf8mb4")
        try:
            yield connection
            connection.commit()
        finally:
            connection.close()


# --- the supervisor ---------------------------------------------------------------------------------------------------


def supervise(run_folder: Path, owner_pid: int) -> None:
    """Run a server until the process `owner_pid` is gone; then leave nothing behind."""
    state = run_folder / "mariadb.json"
    folder = Path(tempfile.mkdtemp(prefix="meterpos-mariadb-", dir="/tmp"))
    try:
        with _server(folder) as socket:
            _publish(state, {"socket": socket})
            _await_end_of(owner_pid)
    except (OSError, MariaDbDidNotStart) as error:
        _publish(state, {"error": str(error)})
        _await_end_of(owner_pid)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        for name in ("mariadb.json", "mariadb.lock"):
            (run_folder / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            run_folder.rmdir()


@contextlib.contextmanager
def _server(folder: Path) -> Iterator[str]:
    found = program()
    if found is None:
        raise MariaDbDidNotStart(WHY_NOT)
    data, socket, log = folder / "data", folder / "server.sock", folder / "server.log"
    data.mkdir()
    user: dict[str, Any] = {}
    if _is_root():
        uid, gid = _plain_user()
        for path in (folder, data):
            os.chown(path, uid, gid)
        user = {"user": uid, "group": gid, "extra_groups": []}
    with log.open("wb") as said:
        server = subprocess.Popen(
            [found, *SETTINGS, f"--datadir={data}", f"--socket={socket}", f"--pid-file={folder / 'pid'}"],
            cwd=data,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            **user,
        )
    try:
        _await_ready(server, socket, log)
        yield str(socket)
    finally:
        server.terminate()
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _await_ready(server: "subprocess.Popen[bytes]", socket: Path, log: Path) -> None:
    import pymysql

    give_up_at = time.monotonic() + START_S_MAX
    while time.monotonic() < give_up_at:
        if server.poll() is not None:
            raise MariaDbDidNotStart(f"MariaDB ended at once: {log.read_text(errors='replace')[-2000:]}")
        if socket.exists():
            with contextlib.suppress(pymysql.Error):
                pymysql.connect(unix_socket=str(socket), user="root").close()
                return
        time.sleep(0.02)
    raise MariaDbDidNotStart(f"MariaDB was not ready within {START_S_MAX} s")


def _end(signum: int, frame: FrameType | None) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _end)
    os.umask(0o022)
    supervise(Path(sys.argv[1]), int(sys.argv[2]))
