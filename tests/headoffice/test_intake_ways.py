"""Most facts of a batch are stored once, with their places; at once and stamped later, where others may ask for them.

Plain tenders, most of all entries, are read by their types, others as what an entry may say. Either way has to leave
the same in every table, whatever the batch holds.
"""

from datetime import date, datetime
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from meterpos.headoffice import auth, feed, intake
from meterpos.headoffice.feed import Outgoing
from meterpos.headoffice.tables import metadata
from meterpos.ledger import plain
from meterpos.ledger.tables import accounts, facts, plans
from meterpos.ledger.tables import metadata as ledger_metadata
from meterpos.sync import wire
from tests.headoffice.forged import Forged
from tests.support.headoffice import Server

REFERENCES = (None, None, "SKJ3XY71AB", "SKJ3XY71AC", "SKJ3XY71AD")
Dump = dict[str, list[tuple[Any, ...]]]


class Undo(Exception):
    """What was written is taken back."""


@pytest.fixture
def paid_to(server: Server) -> tuple[list[str], list[str]]:
    """Head office with the town, and a plan; whom may be paid, closed and unknown ones too, and what may be named."""
    server.import_town()
    with server.office.store.write() as conn:
        plan = {"account_no": "PL-1", "kind": "plan", "customer_no": None, "zone": "Mamboleo"}
        conn.execute(insert(accounts), plan | {"opened_on": date(2026, 1, 1)})
        conn.execute(insert(plans), {"account_no": "PL-1", "capacity_kw": "3", "total_minor": 10})
        open_ones = conn.execute(select(accounts.c.account_no).where(accounts.c.closed_on.is_(None)).limit(3))
        closed = conn.execute(select(accounts.c.account_no).where(accounts.c.closed_on.is_not(None)).limit(1))
        numbers = [*open_ones.scalars(), *closed.scalars(), "PL-1", "NOBODY"]
        invoices = conn.execute(select(facts.c.number).where(facts.c.kind == "invoice").limit(3)).scalars()
        return numbers, [*invoices, "INV-UNKNOWN"]


def written(till: Forged, drawn: st.DataObject, paid_to: tuple[list[str], list[str]]) -> None:
    """Let a till make entries of every kind that states facts, some of them odd."""
    numbers, invoices = paid_to
    tenders = []
    for _ in range(drawn.draw(st.integers(1, 12))):
        account = drawn.draw(st.sampled_from(numbers))
        match drawn.draw(st.sampled_from(["pay"] * 5 + ["undo", "correct", "close", "odd"])):
            case "pay":
                reference = drawn.draw(st.sampled_from(REFERENCES))
                invoice = drawn.draw(st.sampled_from([None, None, *invoices]))
                how = {"method": "cash"} if reference is None else {"method": "mpesa", "reference": reference}
                counts = drawn.draw(st.booleans())
                tenders.append(
                    till.pay(account, drawn.draw(st.integers(1, 900)), invoice=invoice, counts=counts, **how)
                )
            case "undo" if tenders:
                till.reverse(drawn.draw(st.sampled_from(tenders)))
            case "correct" if tenders:
                till.correct(drawn.draw(st.sampled_from(tenders)), account)
            case "close":
                till.write("shift_closed", {"expected": 0, "counted": 0, "float": 0})
            case "odd":
                odd = drawn.draw(st.sampled_from([{"counts": 1}, {"method": None}, {"reference": 7, "method": "bank"}]))
                till.pay(account, 5, **odd)


def left_by(server: Server, till: Forged, *, at: datetime, slowly: bool) -> Dump:
    """Take in what a till made, in one way; return what every table holds then, and take it back."""
    found: Dump = {}
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Undo), server.office.store.write() as conn:
        if slowly:
            patch.setattr(intake, "_Post", partial(intake._Post, at_once=True))
            patch.setattr(plain, "read", lambda data: None)
        device = auth.find_device(conn, till.certificate.device)
        assert device is not None
        push = wire.read_push(till.batch(), key=device.public_key)
        outgoing = Outgoing()
        intake.receive(conn, outgoing, push=push, entries=intake.read_entries(push), device=device, at=at)
        feed.flush(conn, outgoing)
        for table in (*ledger_metadata.sorted_tables, *metadata.sorted_tables):
            found[table.name] = sorted(map(tuple, conn.execute(select(table))), key=repr)
        raise Undo
    return found


def test_the_quick_way_of_a_batch_leaves_the_same_in_every_table_as_the_slow_one(
    server: Server, paid_to: tuple[list[str], list[str]]
) -> None:
    till = Forged.enrol(server)
    at = server.office.moment().at
    first = till.entries[0]

    @settings(
        max_examples=15,
        deadline=None,
        derandomize=True,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def check(drawn: st.DataObject) -> None:
        till.entries[:] = [first]
        written(till, drawn, paid_to)
        quickly, slowly = (left_by(server, till, at=at, slowly=way) for way in (False, True))
        for name, rows in quickly.items():
            assert rows == slowly[name], name

    check()
