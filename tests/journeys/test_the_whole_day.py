"""A working day through the real window: the mix of 300 customers, by keys alone; a slice of it in the suite."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from meterpos.ui.heartbeat import LIMIT_MS, recurring
from tests.journeys.day import play
from tests.journeys.day_plan import MIX, WHOLE, plan_day

SLICE = 60


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)  # a menu on the offscreen platform
def test_a_working_day_through_the_window_ends_with_drawer_report_head_office_and_books_agreeing_to_the_cent(
    tmp_path: Path, qapp: QApplication, capsys: pytest.CaptureFixture[str]
) -> None:
    one, again = (tmp_path / name for name in ("one", "again"))
    one.mkdir()
    again.mkdir()
    played = play(one, plan_day(SLICE))
    with capsys.disabled():
        print(f"\n{played}")
    if played.over:  # it may have been the machine that was taken away: then not at the same customer again
        other = play(again, plan_day(SLICE))
        held_up = [piece for piece in recurring([played.pieces, other.pieces]) if piece.ms > LIMIT_MS]
        assert held_up == []


def test_the_whole_day_has_the_customers_that_were_asked_for() -> None:
    plan = plan_day(WHOLE)
    assert len(plan.visits) == WHOLE
    assert {kind: plan.count(kind) for kind in MIX} == MIX
    assert {"cash"} == {plan.visits[place].kind for place in plan.paper_outs}
    assert len({visit.name for visit in plan.visits}) == WHOLE
