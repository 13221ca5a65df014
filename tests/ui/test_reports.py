"""The reports page: what is asked for is shown as it will be on paper, printed, saved, and kept sums are put right."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from sqlalchemy import update

from meterpos.ledger.tables import accounts, customers
from meterpos.ui import words
from meterpos.ui.models import reporting
from meterpos.ui.models.reporting import KINDS, Reporting
from meterpos.ui.window import Window
from tests.support.tills import GRACE, JAMES, Counter, request
from tests.ui.stand import press, pump, settle, type_text

ENTER, DOWN, CONTROL = Qt.Key.Key_Return, Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def page(window: Window) -> Any:
    press(Qt.Key.Key_F7)
    settle(window)
    return window.page("reports")


def show(window: Window, page: Any, kind: str) -> str:
    """Choose a kind of report, show it, and return what it says on a roll."""
    page.form.choose(kind)
    page.form.button.click()
    settle(window)
    return str(page.view.view.paper.accessibleName())


def test_a_statement_is_asked_for_by_keys_alone(window: Window, page: Any) -> None:
    assert page.form.kinds.hasFocus()
    press(ENTER)
    type_text("grace")
    settle(window)
    press(ENTER)
    assert page.form.button.hasFocus()
    press(ENTER)
    settle(window)
    assert "Grace Akinyi Otieno" in page.view.view.paper.accessibleName()
    assert page.view.place.text() == "Page 1 of 2"
    press(Qt.Key.Key_Right, CONTROL)
    settle(window)
    assert page.view.place.text() == "Page 2 of 2"


def test_a_statement_of_nobody_says_whom_to_choose(window: Window, page: Any) -> None:
    page.form.button.click()
    settle(window)
    assert page.form.whose.field.problem.text() == words.say("reports.whose_missing")
    assert page.view.report() is None


def test_all_meters_together_are_one_statement(window: Window, page: Any) -> None:
    page.form.whose.take(reporting.Whose(name="Grace", customer_no=GRACE))
    page.form.period.choose("this_year")
    page.form.mode.choose("consolidated")
    said = show(window, page, "statement")
    assert said.count(words.say("reports.period")) == 0
    assert said.count("Brought forward") == 1


def test_a_meter_alone_has_no_choice_of_meters(window: Window, page: Any) -> None:
    press(ENTER)
    type_text("MTR-001")
    settle(window)
    press(ENTER)
    assert not page.form.mode.isVisible()
    press(ENTER)
    settle(window)
    assert page.view.report().stem.startswith("statement-MTR-001-")


def test_collections_are_of_today_when_asked_so(window: Window, page: Any, counter: Counter) -> None:
    counter.pay("A1", 100_000)
    page.form.period.choose("today")
    assert page.form.first.text() == page.form.last.text() == "20/11/2026"
    said = show(window, page, "collections")
    assert "Cash (1)" in said and "1,000.00" in said


def test_collections_of_one_clerk_by_one_method_are_asked_for_by_keys(
    window: Window, page: Any, counter: Counter, tmp_path: Path
) -> None:
    counter.pay("A1", 100_000)
    counter.pay("A1", 70_000, method="mpesa", reference="SJK4T2LM8X")
    counter.till.take(request=request("A4", 3_000, customer_no=JAMES), clerk="otieno")
    page.form.choose("collections")
    assert not page.form.whose.isVisible() and page.form.clerk.isVisible()
    assert page.form.clerk.text() == "All clerks" and page.form.method.text() == "All methods"
    page.form.clerk.choose("achieng")
    page.form.method.choose("mpesa")
    said = show(window, page, "collections")
    assert "Clerk: Achieng O." in said and "Method: M-Pesa" in said
    assert "700.00" in said and "1,000.00" not in said and "Otieno" not in said
    report = page.view.report()
    assert report.stem.endswith("-achieng-o-mpesa") and [row[1:3] for row in report.rows] == [("Achieng O.", "mpesa")]
    page.form.choose("aging")
    assert not page.form.clerk.isVisible()


@pytest.mark.parametrize(("kind", "said"), [("aging", "AGED DEBT"), ("finances", "FINANCIAL SUMMARY")])
def test_the_other_reports_are_shown(window: Window, page: Any, kind: str, said: str) -> None:
    assert said in show(window, page, kind)


def test_days_that_are_none_are_told_beside_their_field(window: Window, page: Any) -> None:
    page.form.choose("finances")
    page.form.first.set_text("32/11/2026")
    page.form.button.click()
    assert page.form.first.problem.text() == words.say("reports.no_day")
    page.form.first.set_text("20/11/2026")
    page.form.last.set_text("19/11/2026")
    page.form.button.click()
    assert page.form.last.problem.text() == words.say("reports.turned_round")


def test_days_that_are_typed_are_other_days(window: Window, page: Any) -> None:
    page.form.choose("collections")
    page.form.first.setFocus()
    page.form.first.line.selectAll()
    type_text("1/1/2026")
    assert page.form.period.value == "other"
    press(ENTER)
    settle(window)
    assert page.view.report().stem == "collections-2026-01-01-2026-11-20"


def test_it_is_printed_on_the_roll(window: Window, page: Any, tmp_path: Path) -> None:
    show(window, page, "aging")
    press(Qt.Key.Key_P, CONTROL)
    settle(window)
    assert b"AGED DEBT" in (tmp_path / "paper.bin").read_bytes()
    assert page.view.said.text() == words.say("print.confirmed")


def test_a_till_without_a_printer_says_what_to_do(window: Window, page: Any, counter: Counter) -> None:
    from dataclasses import replace

    counter.till.settings = replace(counter.till.settings, printer=None)
    show(window, page, "aging")
    page.view.print.click()
    assert page.view.said.text() == words.say("reports.no_printer")


@pytest.mark.parametrize(("paper", "starts"), [("page", b"%PDF"), ("roll", b"%PDF")])
def test_it_is_saved_as_pdf_on_the_paper_shown(
    window: Window, page: Any, tmp_path: Path, paper: str, starts: bytes
) -> None:
    page.view.choose_file = lambda name, then: then(str(tmp_path / name))
    show(window, page, "aging")
    page.view.papers.choose(paper)
    settle(window)
    press(Qt.Key.Key_S, CONTROL)
    settle(window)
    file = tmp_path / "aging-2026-11-20.pdf"
    assert file.read_bytes().startswith(starts)
    assert page.view.said.text() == words.say("reports.saved", path=str(file))


def test_its_figures_are_saved_as_csv(window: Window, page: Any, tmp_path: Path) -> None:
    page.view.choose_file = lambda name, then: then(str(tmp_path / name))
    show(window, page, "aging")
    page.view.csv.click()
    settle(window)
    rows = (tmp_path / "aging-2026-11-20.csv").read_text().splitlines()
    assert rows[0].startswith("account_no,meter_no,customer_no,not_due,")


def test_a_folder_that_takes_no_file_is_told(window: Window, page: Any, tmp_path: Path) -> None:
    page.view.choose_file = lambda name, then: then(str(tmp_path / "nowhere" / name))
    show(window, page, "aging")
    page.view.csv.click()
    settle(window)
    assert "cannot be written: No such file or directory" in page.view.said.text()


def test_the_dialog_that_asks_where_hands_on_the_file(window: Window, page: Any, tmp_path: Path) -> None:
    from PySide6.QtWidgets import QFileDialog

    heard: list[str] = []
    page.view._ask_where("report.csv", heard.append)
    dialog = page.view.findChild(QFileDialog)
    dialog.fileSelected.emit(str(tmp_path / "report.csv"))
    dialog.close()
    assert heard == [str(tmp_path / "report.csv")]


def test_what_takes_long_is_cancelled(window: Window, page: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    reached, ended = threading.Event(), threading.Event()

    def endless(_till: object, _wanted: object, progress: Any) -> None:
        try:
            while True:
                progress(1, 1000)
                reached.set()
        finally:
            ended.set()

    monkeypatch.setattr(reporting, "make", endless)
    page.form.choose("aging")
    page.form.button.click()
    pump(reached.is_set)
    pump(lambda: page.view.making.text() == "1 of 1,000 accounts read")
    press(Qt.Key.Key_Escape)
    pump(ended.is_set)
    settle(window)
    assert page.view.said.text() == words.say("reports.cancelled")
    assert page.view.report() is None


def test_what_was_overtaken_answers_nobody(window: Window, page: Any) -> None:
    making, heard = Reporting(page._desk), []
    making.run(lambda _: "first", heard.append, heard.append)
    making.run(lambda _: "second", heard.append, heard.append)
    settle(window)
    assert heard == ["second"]


def test_kept_sums_that_are_wrong_are_shown_and_put_right(window: Window, page: Any, counter: Counter) -> None:
    with counter.till.store.write() as connection:
        connection.execute(update(accounts).where(accounts.c.account_no == "A1").values(net_minor=1))
        connection.execute(update(customers).where(customers.c.customer_no == GRACE).values(balance_minor=5))
    said = show(window, page, "recalculation")
    assert "billed and paid: 2." in " ".join(said.split()), page.view.said.text()
    assert "2,300.00" in said and "6,900.00" in said
    press(Qt.Key.Key_R, CONTROL)
    settle(window)
    assert counter.net("A1") == 230_000
    assert "Every kept sum" in page.view.view.paper.accessibleName()
    assert page.view.said.text() == words.say("reports.was_put_right", n=2)
    assert not page.view.right.isVisible()


def test_one_customer_alone_is_recalculated(window: Window, page: Any, counter: Counter) -> None:
    with counter.till.store.write() as connection:
        connection.execute(update(accounts).where(accounts.c.account_no.in_(["A1", "A4"])).values(net_minor=1))
    page.form.whose.take(reporting.Whose(name="Grace", customer_no=GRACE))
    said = show(window, page, "recalculation")
    assert "A1" in said and "A4" not in said


@pytest.mark.parametrize(("key", "stem"), [("customers", "statement-AC-10482-"), ("meters", "statement-MTR-001-")])
def test_the_statement_of_whom_is_looked_at_is_one_key_away(window: Window, key: str, stem: str) -> None:
    window.go(key)
    settle(window)
    type_text("grace")
    settle(window)
    press(Qt.Key.Key_T, CONTROL)
    settle(window)
    page: Any = window.page("reports")
    assert page.view.isVisible()
    assert page.view.report().stem.startswith(stem)


def test_a_roll_of_many_metres_is_not_drawn(window: Window, page: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "ROLL_LINES_MAX", 3)
    show(window, page, "aging")
    page.view.papers.choose("roll")
    settle(window)
    assert page.view.said.text() == words.say("reports.long_roll")


@pytest.mark.parametrize(
    ("name", "days"),
    [
        ("this_month", ("2026-11-01", "2026-11-20")),
        ("last_month", ("2026-10-01", "2026-10-31")),
        ("this_year", ("2026-01-01", "2026-11-20")),
        ("five_years", ("2021-01-01", "2026-11-20")),
        ("today", ("2026-11-20", "2026-11-20")),
    ],
)
def test_a_period_has_these_days(name: str, days: tuple[str, str]) -> None:
    from datetime import date

    first, last = reporting.period(name, today=date(2026, 11, 20))
    assert (first.isoformat(), last.isoformat()) == days


def test_every_kind_says_what_it_is() -> None:
    for kind in KINDS:
        assert words.has(f"reports.kind.{kind}") and words.has(f"reports.about.{kind}")
