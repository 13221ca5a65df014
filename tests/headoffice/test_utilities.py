"""Several utilities on one server: each below its name, and nothing of one within reach of another."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from meterpos.headoffice import access
from meterpos.headoffice.app import create_several
from meterpos.settings import UnusableSettings, load_every_headoffice
from tests.cli.commands import run
from tests.headoffice.forged import Forged
from tests.support.headoffice import Server, make_office
from tests.support.postgres import Databases

TIMEOUT_S = 20


@pytest.fixture(params=["sqlite", "postgresql"])
def both(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Server, Server]]:
    """The utilities lake, with the town, and hill, which is empty, on one server."""
    names, offices = ("lake", "hill"), []
    for name in names:
        url = f"sqlite:///{tmp_path / name}.db"
        if request.param == "postgresql":
            databases: Databases = request.getfixturevalue("postgres_databases")
            url = databases.new()
        offices.append(make_office(tmp_path / name, url, utility=name))
    lake = Server.start(offices[0], app=create_several(offices), below="/lake")
    lake.import_town()
    yield lake, Server(offices[1], lake.url.replace("/lake", "/hill"))
    lake.stop()


def token(server: Server) -> str:
    random = secrets.token_bytes(access.ID_BYTES + access.SECRET_BYTES)
    with server.office.store.write() as conn:
        at = server.office.moment().at
        return access.add_token(conn, name="x", role="auditor", random=random, at=at)[0]


def test_each_utility_answers_below_its_name_with_its_own_data(both: tuple[Server, Server]) -> None:
    lake, hill = both
    for server, name in ((lake, "lake"), (hill, "hill")):
        assert requests.get(f"{server.url}/health", timeout=TIMEOUT_S).json()["utility"] == name
    root = lake.url.removesuffix("/lake")
    assert requests.get(f"{root}/health", timeout=TIMEOUT_S).json()["utilities"] == ["hill", "lake"]
    till = Forged.enrol(lake)
    till.pay("A0000001", 1_00)
    before = lake.net("A0000001")
    assert till.push().through_seq == 2
    assert lake.net("A0000001") == before - 1_00
    listed = [
        requests.get(
            f"{server.url}/v1/office/lists/balances",
            headers={"Authorization": f"Bearer {token(server)}"},
            timeout=TIMEOUT_S,
        ).text.splitlines()
        for server in both
    ]
    assert (len(listed[0]) > 50, len(listed[1])) == (True, 1)


def test_what_opens_one_utility_opens_nothing_of_another(both: tuple[Server, Server]) -> None:
    lake, hill = both
    shown = {"Authorization": f"Bearer {token(lake)}"}
    assert requests.get(f"{lake.url}/v1/office/fleet", headers=shown, timeout=TIMEOUT_S).status_code == 200
    assert requests.get(f"{hill.url}/v1/office/fleet", headers=shown, timeout=TIMEOUT_S).status_code == 401
    till = Forged.enrol(lake)
    strange = requests.post(f"{hill.url}/v1/push", data=till.batch(), timeout=TIMEOUT_S)
    assert (strange.status_code, strange.json()["code"]) == (401, "unknown_device")


def test_an_unknown_utility_is_told_to_be_unknown(both: tuple[Server, Server]) -> None:
    root = both[0].url.removesuffix("/lake")
    for path in ("/nowhere/health", "/nowhere/v1/push", "/Lake/health", "/"):
        answer = requests.get(f"{root}{path}", timeout=TIMEOUT_S)
        assert (answer.status_code, answer.json()["code"]) == (404, "utility")
        assert answer.json()["error"].startswith(f"There is no utility '{path.split('/')[1]}' here.")


def test_by_command_an_unknown_utility_is_told_where_it_would_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METERPOS_HEADOFFICE_HOME", str(tmp_path))
    done = run("headoffice", "--utility", "nowhere", "fleet")
    assert (done.code, "No head office was set up in" in done.told, "nowhere" in done.told) == (1, True, True)
    assert not (tmp_path / "nowhere").exists()
    assert run("headoffice", "--utility", "../lake", "fleet").code == 1


def test_every_utility_needs_a_database_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METERPOS_HEADOFFICE_HOME", str(tmp_path / "offices"))
    assert load_every_headoffice() == ()
    nothing = run("headoffice", "serve", "--all")
    assert (nothing.code, "No utility is set up here" in nothing.told) == (1, True)
    for name in ("lake", "hill"):
        assert run("headoffice", "--utility", name, "init").code == 0
    assert [one.utility for one in load_every_headoffice()] == ["hill", "lake"]
    assert run("headoffice", "--utility", "lake", "serve", "--all").code == 2
    several = run("headoffice", "serve", "--all", "--workers", "2")
    assert (several.code, "PostgreSQL" in several.told) == (2, True)
    for name in ("lake", "hill"):
        (tmp_path / "offices" / name / "meterpos.toml").write_text('[headoffice]\ndatabase = "sqlite:////tmp/one.db"\n')
    with pytest.raises(UnusableSettings, match="name the same database"):
        load_every_headoffice()
    monkeypatch.setenv("METERPOS_DATABASE", "sqlite:////tmp/one.db")
    with pytest.raises(UnusableSettings, match="names one database"):
        load_every_headoffice()
