"""What tills remember of what head office lost in a restore."""

import secrets
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, text

from meterpos.headoffice import books, courier, witnesses
from meterpos.headoffice.backups import back_up, restore
from meterpos.headoffice.checking import check_now
from meterpos.headoffice.checks import run_checks
from meterpos.headoffice.problems import Problem
from meterpos.headoffice.routes import exchange as routes
from meterpos.headoffice.tables import exceptions, tills
from meterpos.headoffice.tables import witnesses as table
from meterpos.ledger.queries.identity import identity
from meterpos.sync import wire
from meterpos.till import Till
from tests.headoffice.test_backups import again, meets
from tests.headoffice.test_exchange import counter, pay, town
from tests.support.headoffice import Server, office, server, sync

__all__ = ["office", "server", "town"]

ACCOUNT = "A0000001"


def adjust(running: Server, amount_minor: int) -> str:
    with running.office.write() as (conn, outgoing):
        return books.adjust(
            conn, outgoing, account_no=ACCOUNT, amount_minor=amount_minor, reason="leak", on=date(2026, 11, 20)
        )


def restored(town: Server, backup: Path, *, told: bool) -> Server:
    """Bring head office back from a backup, as a new generation or as if nothing had been."""
    town.stop()
    done = restore(town.office.settings, backup, leap=0, at=town.office.now())
    running = again(town)
    if not told:
        with running.office.store.write() as conn:
            conn.execute(text("DELETE FROM generations WHERE generation = :new"), {"new": done.generation})
    return running


def remembered(running: Server, **options: Any) -> list[tuple[str, str, int]]:
    with running.office.store.read() as conn:
        return [(lost.till_name, lost.number, lost.amount_minor) for lost in witnesses.listed(conn, **options)]


def test_what_head_office_made_after_the_backup_is_told_once_by_a_till_that_heard_of_it(
    town: Server, tmp_path: Path
) -> None:
    till = counter(town, tmp_path / "till")
    sync(till)
    back_up(town.office.store, tmp_path / "backup.db")
    number = adjust(town, -50_00)
    sync(till)
    running = restored(town, tmp_path / "backup.db", told=True)
    meets(till, running)
    assert remembered(running) == [("KSM01", number, -50_00)]
    assert running.codes() == ["witness"]
    with running.office.store.write() as conn:
        conn.execute(delete(table))
    meets(till, running)
    assert remembered(running) == [], "what was told is not told again"
    till.close()
    running.stop()


def test_a_receipt_of_a_till_that_is_gone_is_named_until_it_comes_after_all(town: Server, tmp_path: Path) -> None:
    gone = counter(town, tmp_path / "gone", "KSM02")
    till = counter(town, tmp_path / "till")
    sync(gone)
    back_up(town.office.store, tmp_path / "backup.db")
    number = pay(gone, ACCOUNT, 700_00)
    sync(gone)
    sync(till)
    running = restored(town, tmp_path / "backup.db", told=True)
    meets(till, running)
    assert remembered(running) == [("KSM01", number, -700_00)]
    check_now(running.office)
    assert running.codes() == ["witness"]
    meets(gone, running)
    check_now(running.office)
    assert (remembered(running), running.codes()) == ([], [])
    assert remembered(running, also_found=True) == [("KSM01", number, -700_00)]
    for one in (till, gone):
        one.close()
    running.stop()


def test_a_restore_of_which_nobody_spoke_is_seen_by_what_tills_remember(town: Server, tmp_path: Path) -> None:
    till = counter(town, tmp_path / "till")
    sync(till)
    back_up(town.office.store, tmp_path / "backup.db")
    number = adjust(town, -50_00)
    sync(till)
    running = restored(town, tmp_path / "backup.db", told=False)
    with running.office.write() as (_, outgoing):
        for key in range(20):
            outgoing.send("account", ACCOUNT, zone=f"z{key}")
    with till.store.write() as connection:
        connection.exec_driver_sql("UPDATE till_identity SET server_url = ?", (running.url,))
    result = sync(till)
    assert result.is_complete and result.agreed, "what head office does not know is let go"
    assert remembered(running) == [("KSM01", number, -50_00)]
    assert set(running.codes()) >= {"rolled_back", "witness"}, "though its feed has grown past what the till saw"
    till.close()
    running.stop()


def test_a_till_that_only_sends_sticks_tells_what_a_restore_took_once(town: Server, tmp_path: Path) -> None:
    till = counter(town, tmp_path / "till")
    sync(till)
    back_up(town.office.store, tmp_path / "backup.db")
    number = adjust(town, -50_00)
    sync(till)
    running = restored(town, tmp_path / "backup.db", told=True)

    def carry() -> None:
        till.courier_out(tmp_path / "out")
        (tmp_path / "in").write_bytes(courier.answer(running.office, (tmp_path / "out").read_bytes()).data)
        till.courier_in(tmp_path / "in")

    carry()
    assert remembered(running) == [], "it hears of the restore by the first answer"
    carry()
    assert remembered(running) == [("KSM01", number, -50_00)] and running.codes() == ["witness"]
    with running.office.store.write() as conn:
        conn.execute(delete(table))
    carry()
    assert remembered(running) == [], "what was told is not told again"
    till.close()
    running.stop()


@pytest.fixture
def till(town: Server, tmp_path: Path) -> Till:
    till = counter(town, tmp_path / "till")
    till.close()
    return till


def tell(running: Server, till: Till, *rows: wire.FeedRow) -> bytes:
    with till.store.read() as connection:
        device = identity(connection).device_id
    message = wire.make_witness(
        key=till.device_key, device=device, generation=1, rows=rows, software="", nonce=secrets.token_bytes(8)
    )
    return routes.take_witness(running.office, message)


def row(fact_id: str, *, zone: str = "Mamboleo", kind: str = "fact", data: bytes | None = None) -> wire.FeedRow:
    said = (
        '{"account_no":"A0000001","amount_minor":-1,"brought_forward_minor":null,"clerk":null,"counts":true,'
        '"decision":"account","due_date":null,"entry_id":null,"fact_date":"2026-11-20","fact_id":"FACT",'
        '"invoice_no":null,"kind":"adjustment","method":null,"number":"ADJ-1","of_fact_id":null,"reference":null,'
        '"stands_on":"A0000001","text":null}'
    ).replace("FACT", fact_id)
    return wire.FeedRow(position=1, zone=zone, kind=kind, key=fact_id, version=1, data=data or said.encode())


def test_only_facts_of_the_tills_own_zones_that_are_not_here_are_kept(town: Server, till: Till) -> None:
    with town.office.store.read() as conn:
        known = conn.execute(text("SELECT fact_id FROM facts WHERE stands_on = 'A0000001'")).scalars().first()
    tell(town, till, row(known), row("a:X", zone="Kondele"), row("a:Y", kind="account"))
    assert (remembered(town), town.codes()) == ([], [])
    tell(town, till, row("a:Z"))
    assert remembered(town) == [("KSM01", "ADJ-1", -1)]


def test_a_witness_that_cannot_be_read_is_refused(town: Server, till: Till) -> None:
    with pytest.raises(Problem, match="feed row 1"):
        tell(town, till, row("a:Z", data=b'{"fact_id":"a:Z"}'))


def test_a_revoked_till_is_no_witness(town: Server, till: Till) -> None:
    with town.office.store.write() as conn:
        conn.execute(text("UPDATE devices SET revoked = true"))
    with pytest.raises(Problem, match="revoked"):
        tell(town, till, row("a:Z"))
    with town.office.store.read() as conn:
        assert conn.execute(select(tills.c.till_name)).scalars().all() == ["KSM01"]


def test_a_witness_without_an_item_is_found_by_the_check(town: Server, till: Till) -> None:
    tell(town, till, row("a:Z"))
    with town.office.store.read() as conn:
        assert list(run_checks(conn)) == []
    with town.office.store.write() as conn:
        conn.execute(delete(exceptions))
    with town.office.store.read() as conn:
        (problem,) = run_checks(conn)
    assert problem.check == "witnesses_have_their_item" and "KSM01" in problem.sentence
