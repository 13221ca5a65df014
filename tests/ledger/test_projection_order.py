"""What entries mean does not depend on the order in which they arrive: head office may get a shift's end first."""

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select

from meterpos.ledger.journal import FIRST_PREV, Entry, entries_after, make_entry
from meterpos.ledger.operations.cash import CashRequest
from meterpos.ledger.operations.enrolment import begin_again_after_restore
from meterpos.ledger.operations.recalls import keep_recalled
from meterpos.ledger.projection import project
from meterpos.ledger.queries.streams import stream_states
from meterpos.ledger.tables import cash_movements, shifts
from tests.ledger.test_checks import without_triggers
from tests.support.tills import STREAM, Counter


def test_a_shift_is_the_same_whichever_of_its_entries_comes_first(tmp_path: Path) -> None:
    counter = Counter.at(tmp_path / "till")
    counter.open_shift()
    for number, taker in enumerate(("otieno", "achieng", "otieno")):
        request = CashRequest(movement_id=f"m{number}", kind="handover", amount_minor=500_000, to=taker)
        counter.till.move_cash(request=request, clerk="achieng" if number != 1 else "otieno")
    counter.till.close_shift(counted_minor=500_000, clerk="otieno")
    with counter.till.store.read() as connection:
        made = list(entries_after(connection, STREAM, seq=1, limit=10))
        expected = connection.execute(select(shifts)).one()
    assert [entry.content.kind for entry in made] == ["shift_opened", *["cash_movement"] * 3, "shift_closed"]
    assert expected.clerk == "otieno" and expected.closed_at is not None
    for order in permutations(made):
        assert _projected(counter, order) == expected, [entry.seq for entry in order]
    counter.till.close()


def test_a_shift_that_a_copied_till_ended_as_well_ended_once_whichever_end_comes_first(tmp_path: Path) -> None:
    counter = Counter.at(tmp_path / "till")
    counter.open_shift()
    counter.till.close_shift(counted_minor=500_000, clerk="achieng")
    with counter.till.store.read() as connection:
        opened, closed = entries_after(connection, STREAM, seq=1, limit=2)
    data = closed.data.replace(b'"counted":500000', b'"counted":499000')
    twin = make_entry(stream=STREAM, seq=closed.seq, prev=closed.prev, data=data)
    ends = {_projected(counter, order) for order in permutations((opened, closed, twin))}
    assert [end.counted_minor for end in ends] == [499_000], "equally early, the smaller one"
    counter.till.close()


def test_a_stream_that_is_taken_back_does_not_take_the_place_of_the_one_begun_since(tmp_path: Path) -> None:
    counter = Counter.at(tmp_path / "till")
    counter.open_shift()
    own, earlier = b"own".ljust(16), b"earlier".ljust(16)
    with counter.till.store.write() as connection:
        opened = entries_after(connection, STREAM, seq=0, limit=1)[0]
        begin_again_after_restore(
            connection, stream=own, label="RE2", device_key=counter.till.device_key, moment=counter.till.moment()
        )
        keep_recalled(connection, stream=earlier, after_seq=0, head=FIRST_PREV, entries=[opened.data])
        assert [state.stream for state in stream_states(connection) if state.is_current] == [own]
    counter.open_shift()
    counter.till.close_shift(counted_minor=500_000, clerk="achieng")
    counter.till.close()


def _projected(counter: Counter, order: Sequence[Entry]) -> Any:
    with counter.till.store.write() as connection, without_triggers(connection):
        connection.execute(delete(shifts))
        connection.execute(delete(cash_movements))
        for entry in order:
            project(connection, entry)
        return connection.execute(select(shifts)).one()
