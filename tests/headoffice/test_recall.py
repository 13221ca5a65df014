"""A till that was restored asks for the end of a stream it began: it gets its own entries, from the place it has."""

from pathlib import Path

import pytest
from sqlalchemy import select

from meterpos.headoffice import auth, chain
from meterpos.ledger.journal import FIRST_PREV
from meterpos.ledger.operations.recalls import DoesNotFollow, keep_recalled
from meterpos.ledger.tables import journal
from meterpos.sync.wire import Recall
from tests.headoffice.test_exchange import counter, pay, town
from tests.support.headoffice import Server, office, server, sync

__all__ = ["office", "server", "town"]


def test_a_till_gets_what_follows_its_place_and_nobody_else_does(
    town: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    till = counter(town, tmp_path / "till")
    pay(till, "A0000001", 100_00)
    pay(till, "A0000001", 200_00)
    sync(till)
    with till.store.read() as connection:
        rows = connection.execute(select(journal).order_by(journal.c.seq)).all()
    stream, ids, data = rows[0].stream, [FIRST_PREV, *(row.entry_id for row in rows)], [row.data for row in rows]

    def asked(seq: int, head: bytes, *, limit: int = 10, who: str = "KSM01", of: bytes = stream) -> list[bytes]:
        recall = Recall(device="", stream=of, after_seq=seq, head=head, limit=limit, software="", digest="")
        with town.office.store.read() as conn:
            return list(chain.entries_after(conn, recall, till_name=who))

    assert len(data) == 4
    assert asked(0, FIRST_PREV) == data
    assert asked(2, ids[2]) == data[2:] and asked(2, ids[2], limit=1) == data[2:3]
    assert asked(4, ids[4]) == []
    assert asked(2, ids[3]) == asked(0, ids[1]) == asked(9, bytes(32)) == [], "another entry stands there"
    assert asked(2, ids[2], who="KSM02") == asked(0, FIRST_PREV, of=bytes(16)) == []
    monkeypatch.setattr(chain, "RECALLED_BYTES_MAX", 10)
    assert asked(1, ids[1]) == data[1:2], "one at least"
    with pytest.raises(DoesNotFollow), till.store.write() as connection:
        keep_recalled(connection, stream=stream, after_seq=2, head=ids[2], entries=data[2:])
    till.close()


def test_a_revoked_till_is_told_nothing(town: Server, tmp_path: Path) -> None:
    from meterpos.sync import wire
    from meterpos.sync.client import Line
    from meterpos.sync.steps import Failure

    till = counter(town, tmp_path / "till")
    sync(till)
    who = till.identity()
    assert who is not None
    with town.office.write() as (conn, outgoing):
        auth.revoke_till(conn, outgoing, till_name="KSM01")
    message = wire.make_recall(
        key=till.device_key, device=who.device_id, stream=who.stream, after_seq=0, head=bytes(32), limit=5,
        software="", nonce=bytes(8),
    )  # fmt: skip
    with Line(town.url) as line:
        answer = line.send("/v1/recall", message)
    assert isinstance(answer, Failure) and answer.code == "revoked"
    till.close()
