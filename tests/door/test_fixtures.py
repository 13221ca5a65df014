"""The shared fixtures do what the rooms' tests rely on."""

import socket
import stat
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.conftest import NetworkUsed
from tests.support.postgres import Databases, copied_programs, installed_programs, reachable_programs


def test_a_database_is_empty_and_takes_rows(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE thing (name TEXT)"))
        connection.execute(text("INSERT INTO thing VALUES ('Ng’ang’a')"))
        assert connection.execute(text("SELECT name FROM thing")).scalar_one() == "Ng’ang’a"
    engine.dispose()


def test_a_copy_carries_what_was_built_once(postgres_databases: Databases) -> None:
    built = []

    def build(url: str) -> None:
        built.append(url)
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE thing (name TEXT)"))
        engine.dispose()

    urls = [postgres_databases.copy_of("door", build) for _ in range(2)]
    assert len(built) == 1
    assert len(set(urls)) == 2
    for url in urls:
        engine = create_engine(url)
        with engine.begin() as connection:
            assert connection.execute(text("SELECT count(*) FROM thing")).scalar_one() == 0
        engine.dispose()
        postgres_databases.drop(url)


def test_a_server_in_a_private_folder_is_copied_and_no_rights_are_widened(tmp_path: Path) -> None:
    private, run_folder = tmp_path / "private", tmp_path / "run"
    programs = private / "pginstall" / "bin"
    programs.mkdir(parents=True)
    (programs / "postgres").touch()
    run_folder.mkdir()
    private.chmod(0o700)

    reachable = reachable_programs(programs, run_folder)

    assert (reachable / "postgres").exists()
    assert run_folder in reachable.parents
    assert stat.S_IMODE(private.stat().st_mode) == 0o700


def test_the_copied_programs_find_their_libraries(tmp_path: Path) -> None:
    programs = copied_programs(installed_programs(), tmp_path)
    for name in ("initdb", "postgres"):
        done = subprocess.run([programs / name, "--version"], capture_output=True, text=True, check=False)
        assert "(PostgreSQL)" in done.stdout, done.stderr


@pytest.mark.parametrize("address", [("192.0.2.1", 9), ("example.org", 9)])
def test_a_test_cannot_reach_beyond_this_machine(address: tuple[str, int]) -> None:
    with pytest.raises(NetworkUsed):
        socket.create_connection(address, timeout=1)
