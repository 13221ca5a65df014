"""A real till and the real head office, with a line between them that is not always one."""

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from meterpos.errors import MeterposError
from meterpos.headoffice import auth
from meterpos.headoffice.office import Office, open_office
from meterpos.headoffice.tables import counters, generations
from meterpos.ledger.operations import feed
from meterpos.ledger.operations.enrolment import begin_again_after_restore
from meterpos.ledger.queries.identity import NotEnrolled
from meterpos.ledger.store import Store
from meterpos.ledger.tables import accounts, exchanges, facts, journal, tenders, zone_digests
from meterpos.sync.client import Line
from meterpos.sync.exchange import ExchangeResult, Progress, exchange
from meterpos.sync.lock import ExchangeRunning, only_exchange
from meterpos.sync.steps import Failure, Memory
from meterpos.till import Till, open_till
from tests.support.headoffice import Server, make_office, sync
from tests.support.tills import request
from tests.sync.lines import Cutter, Doubling, Tampering

CUT = Failure("cut", "The line broke.")


@pytest.fixture(scope="module")
def server_on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A head office that knows the town, where the database makes no difference; each test has a till of its own."""
    place = tmp_path_factory.mktemp("office")
    running = Server.start(make_office(place, f"sqlite:///{place / 'office.db'}"))
    running.import_town()
    yield running
    running.stop()


_NAMES = (f"KSM{number:02d}" for number in count(1))


@pytest.fixture
def till(server_on_sqlite: Server, tmp_path: Path) -> Iterator[Till]:
    """A till of zone Kondele with an open shift, which knows the town."""
    made = ready_till(server_on_sqlite, tmp_path / "till", next(_NAMES))
    yield made
    made.close()


def ready_till(server: Server, home: Path, name: str) -> Till:
    """Enrol a till and open its shift."""
    till = server.enrol_till(home, name)
    till.open_shift(float_minor=0, clerk="achieng")
    return till


def some_account(till: Till, number: int = 0) -> tuple[str, str]:
    """Return an account the till knows, and its customer."""
    with till.store.read() as conn:
        row = conn.execute(
            select(accounts.c.account_no, accounts.c.customer_no)
            .where(accounts.c.kind == "meter", accounts.c.closed_on.is_(None))
            .order_by(accounts.c.account_no)
            .offset(number)
        ).first()
    assert row is not None
    return row[0], row[1]


def pay(till: Till, how_many: int = 1, amount_minor: int = 10_000) -> None:
    """Take payments, each on an account of its own."""
    for number in range(how_many):
        account_no, customer_no = some_account(till, number % 5)
        till.take(request=request(account_no, amount_minor, customer_no=customer_no), clerk="achieng")


def receipts(store: Store, till: Till) -> list[tuple[str, int]]:
    """Return the numbers and totals of a till's papers, as one side knows them."""
    identity = till.identity()
    assert identity is not None
    query = select(tenders.c.number, tenders.c.total_minor).where(tenders.c.stream == identity.stream)
    with store.read() as conn:
        return [(row[0], row[1]) for row in conn.execute(query.order_by(tenders.c.number))]


def over(till: Till, line: Any, **options: Any) -> ExchangeResult:
    """Exchange over a line of one's own."""
    return exchange(till.store, home=till.settings.home, device_key=till.device_key, line=line, **options)


def same_everywhere(till: Till, server: Server) -> bool:
    """Tell whether both sides have the same papers and agree on it."""
    result = sync(till)
    assert (result.outcome, result.agreed, result.waiting) == ("complete", True, 0), result
    return receipts(till.store, till) == receipts(server.office.store, till)


@dataclass
class Watched:
    """A line that notes in which thread each question is put, and how many are under way."""

    line: Line
    threads: list[str] = field(default_factory=list)
    under_way: int = 0

    def send(self, path: str, message: bytes) -> bytes | Failure:
        """Send, and note who did."""
        self.threads.append(threading.current_thread().name)
        self.under_way += 1
        answer = self.line.send(path, message)
        self.under_way -= 1
        return answer


# --- going well


def test_what_was_paid_offline_reaches_head_office_and_comes_back_with_its_place(
    server: Server, tmp_path: Path
) -> None:
    server.import_town()
    till = ready_till(server, tmp_path / "till", "KSM01")
    pay(till, 7)
    seen: list[Progress] = []
    result = exchange(till.store, home=till.settings.home, device_key=till.device_key, progress=seen.append)
    assert (result.outcome, result.agreed, result.waiting, result.held) == ("complete", True, 0, False)
    assert (result.pushed, result.pulled) == (8, 7)
    assert seen[-1] == Progress(pushed=8, pulled=7, waiting=0)
    assert receipts(till.store, till) == receipts(server.office.store, till)
    with till.store.read() as conn:
        assert conn.execute(select(func.count()).where(facts.c.position.is_(None))).scalar_one() == 0
    again = sync(till)
    assert (again.pushed, again.pulled, again.agreed) == (0, 0, True)
    till.close()


def test_each_exchange_leaves_a_record(till: Till) -> None:
    pay(till)
    sync(till)
    with till.store.read() as conn:
        row = conn.execute(select(exchanges).order_by(exchanges.c.exchange_id.desc())).first()
    assert row is not None
    assert (row.outcome, row.pushed, row.pulled, row.detail) == ("complete", 2, 1, "")


def test_the_next_page_is_asked_for_while_one_is_written(till: Till, server_on_sqlite: Server) -> None:
    pay(till, 12)
    with Line(server_on_sqlite.url) as line:
        watched = Watched(line)
        result = over(till, watched, memory=Memory(rows=5))
    assert (result.outcome, result.agreed, result.pulled) == ("complete", True, 12)
    asking = threading.current_thread().name
    assert watched.threads == [asking, asking, "ahead"]  # a push, then a page of 5 and one of more
    assert same_everywhere(till, server_on_sqlite)


def test_a_page_that_cannot_be_written_leaves_no_question_under_way(
    till: Till, server_on_sqlite: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise feed.StaleCursor("made up")

    pay(till, 12)
    with Line(server_on_sqlite.url) as line, monkeypatch.context() as patched:
        patched.setattr(feed, "apply_page", refuse)
        watched = Watched(line)
        result = over(till, watched, memory=Memory(rows=5))
        assert (result.outcome, result.detail, watched.under_way) == ("failed", "made up", 0)
        assert watched.threads[-1] == "ahead"
    assert same_everywhere(till, server_on_sqlite)


def test_small_batches_over_one_line_make_the_same(till: Till, server_on_sqlite: Server) -> None:
    pay(till, 12)
    with Line(server_on_sqlite.url) as line:
        result = over(till, line, memory=Memory(entries=2, rows=50))
    assert (result.outcome, result.pushed) == ("complete", 13)
    assert 2 < result.memory.entries <= 16, "as many as the line was seen to bear"
    assert same_everywhere(till, server_on_sqlite)


def test_a_till_that_is_not_enrolled_cannot_exchange(tmp_path: Path) -> None:
    till = open_till(tmp_path)
    with pytest.raises(NotEnrolled, match="enrol"):
        exchange(till.store, home=tmp_path, device_key=bytes(32))
    till.close()


def test_two_exchanges_of_one_till_do_not_run_at_once(till: Till) -> None:
    with only_exchange(till.settings.home), pytest.raises(ExchangeRunning, match="already"):
        sync(till)
    assert sync(till).is_complete


@pytest.mark.parametrize("after", [0, 3, 5])
def test_an_exchange_that_is_cancelled_keeps_what_it_did(till: Till, server_on_sqlite: Server, after: int) -> None:
    pay(till, 3)
    asked = iter(range(100))
    result = over_own(till, cancelled=lambda: next(asked) >= after)
    assert result.outcome == "cancelled"
    assert same_everywhere(till, server_on_sqlite)


def over_own(till: Till, **options: Any) -> ExchangeResult:
    """Exchange over the till's own line."""
    return exchange(till.store, home=till.settings.home, device_key=till.device_key, **options)


# --- a line that fails


@pytest.mark.parametrize("lost", [1, 2])
def test_an_answer_that_was_lost_doubles_nothing(till: Till, server_on_sqlite: Server, lost: int) -> None:
    pay(till, 3)
    with Line(server_on_sqlite.url) as line:
        result = over(till, Tampering(line, lambda number, answer: CUT if number == lost else answer))
    assert (result.outcome, result.pushed) == ("complete", 4)
    assert same_everywhere(till, server_on_sqlite)


@pytest.mark.parametrize("shown", [0, 1])
def test_a_request_that_arrives_twice_doubles_nothing(till: Till, server_on_sqlite: Server, shown: int) -> None:
    pay(till, 3)
    with Line(server_on_sqlite.url) as line:
        assert over(till, Doubling(line, shown)).is_complete
    assert same_everywhere(till, server_on_sqlite)


@pytest.mark.parametrize("direction", ["up", "down"])
@pytest.mark.parametrize("offset", [0, 17, 120, 200, 450, 1_000])
def test_a_connection_cut_anywhere_costs_a_retry_and_nothing_else(
    till: Till, server_on_sqlite: Server, direction: str, offset: int
) -> None:
    pay(till, 3)
    with Cutter(server_on_sqlite.url, [offset, offset], direction) as cutter, Line(cutter.url) as line:
        result = over(till, line)
    assert result.outcome == "complete", result
    assert same_everywhere(till, server_on_sqlite)


def test_a_server_that_is_away_is_an_outcome_and_changes_nothing(till: Till, server_on_sqlite: Server) -> None:
    pay(till, 2)
    with Line("http://127.0.0.1:9") as line:
        result = over(till, line)
    assert (result.outcome, result.waiting, result.agreed) == ("unreachable", 3, None)
    assert result.detail == "Head office did not answer (no connection)."
    assert same_everywhere(till, server_on_sqlite)


@pytest.mark.parametrize(
    "change",
    [
        lambda answer: b"<html>Please log in</html>",
        lambda answer: answer[:-1],
        lambda answer: answer + b"x",
        lambda answer: b"",
        lambda answer: answer[:40] + bytes([answer[40] ^ 1]) + answer[41:],
    ],
)
@pytest.mark.parametrize("which", [1, 2])
def test_an_answer_that_is_not_head_offices_is_not_believed(
    till: Till, server_on_sqlite: Server, change: Callable[[bytes], bytes], which: int
) -> None:
    pay(till, 2)

    def tamper(number: int, answer: bytes | Failure) -> bytes | Failure:
        assert isinstance(answer, bytes)
        return change(answer) if number == which else answer

    with Line(server_on_sqlite.url) as line:
        result = over(till, Tampering(line, tamper))
    assert result.outcome == "strange"
    assert result.waiting == (3 if which == 1 else 0)
    assert same_everywhere(till, server_on_sqlite)


def test_a_page_the_ledger_cannot_take_is_told_and_delivering_goes_on(
    till: Till, server_on_sqlite: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise MeterposError("a fact came again with other content")

    pay(till, 2)
    with monkeypatch.context() as broken:
        broken.setattr(feed, "apply_page", refuse)
        result = sync(till)
    assert (result.outcome, result.detail, result.waiting) == ("failed", "a fact came again with other content", 0)
    assert same_everywhere(till, server_on_sqlite)


# --- agreement


def test_a_digest_that_drifted_is_summed_anew(till: Till) -> None:
    with till.store.write() as conn:
        conn.execute(zone_digests.update().values(count=zone_digests.c.count + 1))
    result = sync(till)
    assert (result.agreed, result.pulled) == (True, 0)


def test_a_fact_that_lost_its_place_is_found_by_a_second_look(till: Till) -> None:
    with till.store.write() as conn:
        one = conn.execute(select(facts.c.fact_id).limit(1)).scalar_one()
        conn.execute(facts.update().where(facts.c.fact_id == one).values(position=None, generation=None))
        feed.sum_digests_anew(conn)
    result = sync(till)
    assert result.agreed is True
    assert result.pulled > 0


# --- head office was restored


def copied(office: Office, place: Path) -> None:
    """Keep a copy of the server's database."""
    office.store.checkpoint()
    shutil.copy(office.store.path, place)


def restored(server: Server, backup: Path, *, named: bool) -> Server:
    """Stop head office and start it from a backup, as a new generation unless somebody forgot."""
    settings = server.office.settings
    server.stop()
    path = server.office.store.path
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    shutil.copy(backup, path)
    office = open_office(settings)
    if named:
        with office.store.write() as conn:
            parent = conn.execute(select(func.max(generations.c.generation))).scalar_one()
            position = conn.execute(select(counters.c.value).where(counters.c.name == "feed")).scalar_one()
            conn.execute(
                insert(generations),
                {"generation": parent + 5, "parent": parent, "parent_position": position, "created_at": office.now()},
            )
    return Server.start(office)


@pytest.mark.parametrize("named", [True, False])
def test_a_restored_head_office_gets_back_what_it_lost(tmp_path: Path, named: bool) -> None:
    first = Server.start(make_office(tmp_path / "office", f"sqlite:///{tmp_path / 'office.db'}"))
    first.import_town()
    till = ready_till(first, tmp_path / "till", "KSM01")
    pay(till, 3)
    assert sync(till).is_complete
    copied(first.office, tmp_path / "backup.db")
    pay(till, 4)
    assert sync(till).waiting == 0
    pay(till, 2)
    second = restored(first, tmp_path / "backup.db", named=named)
    with Line(second.url) as line:
        result = over(till, line)
        assert (result.outcome, result.waiting) == ("complete", 0), result
        assert receipts(till.store, till) == receipts(second.office.store, till)
        if named:
            assert (result.generation, result.agreed) == (6, True)
            assert over(till, line).pushed == 0
    second.stop()
    till.close()


# --- copied and revoked tills


def journal_at(store: Store, till: Till) -> int:
    """Return how many entries of a till's stream one side holds."""
    identity = till.identity()
    assert identity is not None
    with store.read() as conn:
        return conn.execute(select(func.count()).where(journal.c.stream == identity.stream)).scalar_one()


def test_a_copied_till_loses_no_payment_of_either_copy(till: Till, server_on_sqlite: Server, tmp_path: Path) -> None:
    pay(till, 2)
    assert sync(till).is_complete
    till.store.checkpoint()
    shutil.copytree(till.settings.home, tmp_path / "copy")
    copy = open_till(tmp_path / "copy")
    pay(till, 3)
    pay(copy, 4, amount_minor=777)
    assert sync(till).waiting == 0
    result = sync(copy)
    assert (result.outcome, result.waiting) == ("complete", 0), result
    assert sync(till).waiting == 0
    assert journal_at(server_on_sqlite.office.store, till) == 2 + 2 + 3 + 4
    assert "fork" in server_on_sqlite.codes()
    copy.close()


def test_a_copied_till_delivers_its_own_payments_one_by_one_past_its_twins(
    till: Till, server_on_sqlite: Server, tmp_path: Path
) -> None:
    pay(till, 2)
    till.store.checkpoint()
    shutil.copytree(till.settings.home, tmp_path / "copy")
    copy = open_till(tmp_path / "copy")
    pay(till, 3)
    assert sync(till).waiting == 0
    pay(copy, 4, amount_minor=777)
    with Line(server_on_sqlite.url) as line:
        result = over(copy, line, memory=Memory(entries=1))
    assert (result.outcome, result.waiting) == ("forked", 0), result
    assert journal_at(server_on_sqlite.office.store, till) == 2 + 2 + 3 + 4
    assert sync(copy).is_complete
    copy.close()


def test_a_restored_till_goes_on_in_a_stream_of_its_own(till: Till, server_on_sqlite: Server) -> None:
    pay(till, 2)
    till.store.checkpoint()
    backup = till.store.path.read_bytes()
    pay(till, 3)
    assert sync(till).waiting == 0
    till.store.close()
    for suffix in ("-wal", "-shm"):
        till.store.path.with_name(till.store.path.name + suffix).unlink(missing_ok=True)
    till.store.path.write_bytes(backup)
    with till.store.write() as conn:
        entry = begin_again_after_restore(
            conn, stream=bytes(range(16)), label="R22", device_key=till.device_key, moment=till.moment()
        )
    assert (entry.seq, entry.content.body["reason"]) == (1, "restored")
    till.open_shift(float_minor=0, clerk="achieng")
    pay(till, 1)
    result = sync(till)
    assert (result.outcome, result.waiting, result.agreed) == ("complete", 0, True), result
    with till.store.read() as conn:
        paid = conn.execute(select(func.count()).where(facts.c.kind == "payment", facts.c.entry_id.is_not(None)))
        assert paid.scalar_one() >= 2 + 3 + 1


def test_a_revoked_till_still_delivers_and_is_told(till: Till, server_on_sqlite: Server) -> None:
    identity = till.identity()
    assert identity is not None
    pay(till, 2)
    with server_on_sqlite.office.write() as (conn, outgoing):
        auth.revoke_till(conn, outgoing, till_name=identity.till_name)
    result = sync(till)
    assert (result.outcome, result.waiting, result.held) == ("revoked", 0, True)
    assert "revoked" in result.detail
    assert journal_at(server_on_sqlite.office.store, till) == 4
