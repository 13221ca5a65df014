"""The made-up town: a till to practise at, beside the real one, whose papers say so and which sends nothing."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from meterpos.ledger.checks import run_checks
from meterpos.ledger.journal import Approval
from meterpos.ledger.operations.cash import CashRequest
from meterpos.ledger.queries.accounts import resolve
from meterpos.ledger.queries.debts import aged_debt
from meterpos.ledger.queries.search import find_customers
from meterpos.ledger.tables import accounts
from meterpos.printing.aging import compose_aging
from meterpos.printing.preview import render_text
from meterpos.printing.receipt import compose_receipt
from meterpos.printing.report import imprint
from meterpos.printing.shift_report import compose_cash_slip, compose_shift_report
from meterpos.settings import training_home, write_till_settings
from meterpos.sync.exchange import PracticeStays
from meterpos.till import Till, new_tender_id
from meterpos.till.training import PIN, open_training
from tests.support.tills import request

SUPERVISOR = Approval(by="chausiku", how="pin", nonce="00")


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real home with a training till beside it; tests work on copies."""
    home = tmp_path_factory.mktemp("practice") / "till"
    open_training(home).close()
    return home


@pytest.fixture
def till(settled: Path, tmp_path: Path) -> Iterator[Till]:
    """That training till, a test's own."""
    shutil.copytree(training_home(settled), training_home(tmp_path / "till"))
    opened = open_training(tmp_path / "till")
    yield opened
    opened.close()


def test_practice_lives_beside_the_real_till_and_makes_nothing_in_it(settled: Path) -> None:
    assert training_home(settled) == settled.with_name("till-training")
    assert not settled.exists()


def test_everybody_of_the_town_signs_in_with_the_pin_the_band_tells(till: Till) -> None:
    for name in ("amina", "baraka", "chausiku", "daudi"):
        till.sign_in(user_name=name, pin=PIN)


def test_the_town_is_sound_and_has_every_case(till: Till) -> None:
    with till.store.read() as connection:
        assert list(run_checks(connection)) == []
        rows = connection.execute(select(accounts)).all()
        assert {row.kind for row in rows} >= {"meter", "plan"}
        assert any(row.overpayment_minor for row in rows) and any(row.closed_on for row in rows)
        assert len([row for row in rows if row.balance_minor]) >= 10
        assert connection.execute(select(func.count()).select_from(accounts)).scalar_one() == len(rows)
        assert resolve(connection, "MTR-440").balance_minor == 595_000
        assert len(find_customers(connection, "otieno", today=till.moment().today, limit=9)) == 3


def test_every_paper_of_practice_says_training(till: Till) -> None:
    till.open_shift(float_minor=100_000, clerk="amina")
    paid = till.take(request=request("TA-01", 50_000, customer_no="TR-1001"), clerk="amina")
    swahili = till.take(request=request("TA-07", 10_000, customer_no="TR-1004"), clerk="amina")
    undone = till.reverse(
        number=paid.content.body["number"],
        reason="wrong customer",
        refund="cash",
        tender_id=new_tender_id(),
        clerk="amina",
        approval=SUPERVISOR,
    )
    drop = till.move_cash(
        request=CashRequest(movement_id=new_tender_id(), kind="drop", amount_minor=5_000), clerk="amina"
    )
    so_far = till.report_so_far(clerk="amina")
    papers = [
        compose_receipt(paid, seal=till.seal(paid)),
        compose_receipt(undone, seal=till.seal(undone), copy_no=1),
        compose_cash_slip(drop),
        compose_shift_report(so_far),
    ]
    for paper in papers:
        assert render_text(paper, columns=32).count(" TRAINING ") == 2, paper.title
    assert "MAFUNZO" in render_text(compose_receipt(swahili, seal=till.seal(swahili)), columns=48)


def test_practice_is_never_sent_and_cannot_be_enrolled(till: Till, tmp_path: Path) -> None:
    stick = tmp_path / "stick.mpc"
    stick.write_bytes(b"")
    with pytest.raises(PracticeStays, match="nothing of it is ever sent"):
        till.exchange()
    with pytest.raises(PracticeStays):
        till.enrol(server="https://office.example", code="XXXX")
    for carry in (till.courier_out, till.courier_in):
        with pytest.raises(PracticeStays):
            carry(stick)


def test_reports_of_practice_say_training(till: Till) -> None:
    with till.store.read() as connection:
        made_by = imprint(connection, moment=till.moment(), language="en", is_till=True)
        paper = compose_aging(aged_debt(connection, as_of=till.moment().today), imprint=made_by).document
    assert made_by.training
    assert "TRAINING" in render_text(paper, columns=48)


def test_practice_prints_where_and_as_the_real_till_does(tmp_path: Path, settled: Path) -> None:
    shutil.copytree(training_home(settled), training_home(tmp_path / "till"))
    write_till_settings(tmp_path / "till", {"printer": "cups:Front", "columns": 32, "language": "sw"})
    till = open_training(tmp_path / "till")
    assert (till.settings.printer, till.settings.columns, till.settings.language) == ("cups:Front", 32, "sw")
    till.close()


def test_what_was_interrupted_while_it_was_made_is_finished(tmp_path: Path, settled: Path) -> None:
    from meterpos.ledger.tables import pins

    shutil.copytree(training_home(settled), training_home(tmp_path / "till"))
    till = open_training(tmp_path / "till")
    with till.store.write() as connection:
        connection.execute(pins.delete().where(pins.c.user_name == "daudi"))
    till.close()
    again = open_training(tmp_path / "till")
    again.sign_in(user_name="daudi", pin=PIN)
    again.close()
