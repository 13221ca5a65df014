"""Becoming a till: with the right code, at the right head office, once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from meterpos import vault
from meterpos.ledger import signing
from meterpos.ledger.journal import entries_after
from meterpos.ledger.operations.enrolment import AlreadyEnrolled
from meterpos.ledger.queries.identity import Identity
from meterpos.ledger.tables import till_identity
from meterpos.sync import wire
from meterpos.sync.client import Line, UnusableAddress
from meterpos.sync.enrolment import CodeMistyped, NotLetIn, enrol
from meterpos.sync.steps import Failure
from meterpos.till import Till, open_till
from tests.support.headoffice import Server, make_office, sync
from tests.sync.lines import Tampering


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A head office that answers, where the database makes no difference."""
    place = tmp_path_factory.mktemp("office")
    running = Server.start(make_office(place, f"sqlite:///{place / 'office.db'}"))
    yield running
    running.stop()


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Till]:
    """A till that belongs to nobody yet."""
    made = open_till(tmp_path / "till")
    yield made
    made.close()


def let_in(till: Till, office: Server, code: str, **options: Any) -> Identity:
    """Enrol a till."""
    home = till.settings.home
    said: dict[str, Any] = {
        "home": home, "server": office.url, "code": code, "database_key": vault.read_secret(home, "ledger"),
        "moment": till.moment(),
    }  # fmt: skip
    return enrol(till.store, **(said | options))


def is_enrolled(till: Till) -> bool:
    """Tell whether the ledger knows whose till it is."""
    with till.store.read() as conn:
        return conn.execute(select(till_identity)).first() is not None


def test_a_till_with_the_right_code_gets_its_name_zones_and_the_servers_key(till: Till, office: Server) -> None:
    identity = let_in(till, office, office.add_till("ENR01", ["Kondele"]).lower())
    assert (identity.till_name, identity.title, identity.zones) == ("ENR01", "ENR01 Market", ("Kondele",))
    assert identity.server_key == office.office.keys.server_public
    assert (identity.generation, identity.position, len(identity.stream), len(identity.label)) == (1, 0, 16, 3)
    assert till.identity() == identity
    assert wire.read_certificate(identity.certificate, server_key=identity.server_key).device == identity.device_id
    assert sync(till).is_complete


def test_the_first_entry_carries_the_database_key_for_head_office_alone(till: Till, office: Server) -> None:
    identity = let_in(till, office, office.add_till("ENR02", ["Kondele"]))
    with till.store.read() as conn:
        (entry,) = entries_after(conn, identity.stream, seq=0, limit=10)
    body = entry.content.body
    assert (entry.content.kind, body["reason"]) == ("stream_opened", "new")
    assert body["public_key"] == signing.public_of(till.device_key).hex()
    key = vault.read_secret(till.settings.home, "ledger")
    assert vault.unwrap(office.office.keys.box, bytes.fromhex(body["database_key_wrapped"])) == key
    approval_key = vault.read_secret(till.settings.home, vault.APPROVAL_KEY)
    assert vault.unwrap(office.office.keys.box, bytes.fromhex(body["approval_key_wrapped"])) == approval_key


def test_an_answer_that_was_lost_is_asked_for_again_with_the_same_code(till: Till, office: Server) -> None:
    code = office.add_till("ENR03", ["Kondele"])
    with Line(office.url) as line:
        lost = Tampering(line, lambda number, answer: Failure("cut", "The line broke."))
        with pytest.raises(NotLetIn, match="The line broke"):
            let_in(till, office, code, line=lost)
        assert not is_enrolled(till)
    assert let_in(till, office, code).till_name == "ENR03"


def test_an_unknown_code_lets_nobody_in(till: Till, office: Server) -> None:
    code = wire.make_code(b"12345678", server_key=office.office.keys.server_public)
    with pytest.raises(NotLetIn, match="not known here"):
        let_in(till, office, code)
    assert not is_enrolled(till)


def test_a_code_lets_in_one_machine_only(till: Till, office: Server, tmp_path: Path) -> None:
    code = office.add_till("ENR04", ["Kondele"])
    let_in(till, office, code)
    other = open_till(tmp_path / "other")
    with pytest.raises(NotLetIn, match="used before"):
        let_in(other, office, code)
    other.close()


@pytest.mark.parametrize("code", ["", "ABC-DEF", "this is no code at all"])
def test_a_mistyped_code_is_told_before_anything_is_sent(till: Till, office: Server, code: str) -> None:
    with pytest.raises(CodeMistyped, match="Type it again") as told:
        let_in(till, office, code, server="http://127.0.0.1:9")
    assert told.value.field == "code"


def test_a_server_with_another_key_than_the_codes_is_not_believed(till: Till, office: Server) -> None:
    code = office.add_till("ENR05", ["Kondele"])
    other = wire.make_code(b"12345678", server_key=bytes(32))
    with pytest.raises(NotLetIn, match="another head office"):
        let_in(till, office, code, line=Saying(certificate_of(till, office, code, key=bytes(range(9, 41)))))
    with pytest.raises(NotLetIn, match="not known here"):
        let_in(till, office, code[:12] + other[12:])
    assert not is_enrolled(till)


def test_a_certificate_of_an_earlier_request_is_not_believed(till: Till, office: Server) -> None:
    code = office.add_till("ENR06", ["Kondele"])
    earlier = certificate_of(till, office, code, key=office.office.keys.server)
    with pytest.raises(NotLetIn, match="another request"):
        let_in(till, office, code, line=Saying(earlier))
    assert not is_enrolled(till)


def test_a_certificate_for_another_machines_key_is_not_believed(till: Till, office: Server) -> None:
    code = office.add_till("ENR10", ["Kondele"])

    class Swapping:
        def send(self, path: str, message: bytes) -> bytes:
            return certificate_of(
                till, office, code, key=office.office.keys.server, request=wire.header_digest(message)
            )

    with pytest.raises(NotLetIn, match="another till's key"):
        let_in(till, office, code, line=Swapping())
    assert not is_enrolled(till)


class Saying:
    """A line that says the same whatever it is asked."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer

    def send(self, path: str, message: bytes) -> bytes:
        """Say it."""
        return self.answer


def certificate_of(till: Till, office: Server, code: str, *, key: bytes, request: str = "r" * 64) -> bytes:
    """Return a certificate as a server with this key would sign it."""
    return wire.make_certificate(
        key=key, request=request, device="d", till="ENR05", title="", zones=["Kondele"], public_key=bytes(32),
        server_key=signing.public_of(key), box_key=bytes(32), utility="lake", generation=1,
        at="2026-11-20T06:41:07.123Z",
    )  # fmt: skip


@pytest.mark.parametrize("server", ["http://office.example", "office", "https://a:b@office.example"])
def test_an_address_that_cannot_be_trusted_is_refused(till: Till, office: Server, server: str) -> None:
    with pytest.raises(UnusableAddress):
        let_in(till, office, office.add_till(f"E{len(server)}", ["Kondele"]), server=server)


def test_a_till_enrolled_again_keeps_its_name_gets_a_new_key_and_delivers_its_old_stream(
    till: Till, office: Server
) -> None:
    first = let_in(till, office, office.add_till("ENR07", ["Kondele"]))
    old_key = till.device_key
    till.open_shift(float_minor=0, clerk="achieng")
    second = till.enrol(server=office.url, code=office.add_till("ENR07", [], again=True))
    assert (second.till_name, second.stream == first.stream) == ("ENR07", False)
    assert till.device_key != old_key
    result = sync(till)
    assert (result.outcome, result.pushed, result.waiting, result.agreed) == ("complete", 3, 0, True)
    assert office.codes() == []


def test_a_ledger_never_becomes_another_till(till: Till, office: Server) -> None:
    let_in(till, office, office.add_till("ENR08", ["Kondele"]))
    with pytest.raises(AlreadyEnrolled, match="ENR08"):
        let_in(till, office, office.add_till("ENR09", ["Kondele"]))
    assert sync(till).is_complete
