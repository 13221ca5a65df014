"""Colour is never the only sign: with all colours of one kind the same, every state still looks like itself alone."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication, QWidget

from meterpos.ledger.queries.customers import MeterCard
from meterpos.ledger.queries.lists import CustomerRow, MeterRow
from meterpos.ledger.queries.receipts import ReceiptRow
from meterpos.ledger.queries.shifts import ClosedShift
from meterpos.ledger.queries.spool import Job
from meterpos.ledger.queries.status import Exchange
from meterpos.ui import theme, words
from meterpos.ui.pages import customers, meters
from meterpos.ui.pages.verdict import LOOKS
from meterpos.ui.widgets.basic import Label, Surface
from meterpos.ui.widgets.buttons import Segment, Segments
from meterpos.ui.widgets.fields import Field
from meterpos.ui.widgets.rows import RowState
from meterpos.ui.window import Window
from tests.support.tills import Counter
from tests.ui import stand
from tests.ui.stand import settle, type_text

DAY = date(2026, 11, 20)
AT = datetime(2026, 11, 20, 6, 41, tzinfo=UTC)
SAME = {"ink": ("muted", "action", "action_hover", "action_pressed", "danger", "waiting", "disabled_ink")}
SAME |= {"card": ("action_soft", "danger_soft", "waiting_soft", "quiet", "faint", "mark", "disabled")}
"""Which colours are made one: every ink, and every ground."""


@pytest.fixture
def grey(monkeypatch: pytest.MonkeyPatch, qapp: QApplication) -> Iterator[None]:
    """Dress everything in ink on paper."""
    light = theme.PALETTES["light"]
    made = replace(light, **{name: getattr(light, like) for like, names in SAME.items() for name in names})
    monkeypatch.setitem(theme.PALETTES, "light", made)  # type: ignore[arg-type]
    yield
    monkeypatch.undo()
    theme.apply(qapp, "light")


@pytest.fixture
def window(counter: Counter, grey: None, opened: Callable[..., Window]) -> Window:
    return opened(counter)


def seen(widget: QWidget) -> bytes:
    """Return what a widget looks like."""
    return _bytes(widget.grab().toImage())


def _bytes(image: QImage) -> bytes:
    plain = image.convertToFormat(QImage.Format.Format_Grayscale8)
    bits, step = bytes(plain.constBits()), plain.bytesPerLine()
    return b"".join(bits[line * step :][: plain.width()] for line in range(plain.height()))


def rows(paint: Callable[[QPainter, QRectF, Any, RowState], object], states: Sequence[Any]) -> list[bytes]:
    """Return what a row looks like in each of its states."""
    found = []
    for state in states:
        image = QImage(620, 80, QImage.Format.Format_RGB32)
        image.fill(theme.palette().card)
        painter = QPainter(image)
        paint(painter, QRectF(0, 0, 620, 72), state, RowState(current=False, focused=False, hovered=False))
        painter.end()
        found.append(_bytes(image))
    return found


def differ(pictures: Sequence[bytes]) -> bool:
    return len(set(pictures)) == len(pictures)


def test_colour_alone_is_seen_to_be_no_sign(grey: None, qapp: QApplication) -> None:
    theme.apply(qapp, "light")
    label = Label()
    pictures = []
    for tone in ("ink", "danger", "waiting", "action"):
        label.setText("1,200.00")
        label.set_tone(tone)
        pictures.append(seen(label))
    assert not differ(pictures), "four tones of one text look the same"
    box = Surface("alarm")
    box.resize(80, 40)
    alarm = seen(box)
    box.set_kind("question")
    assert not differ([alarm, seen(box)])


def test_customers_tell_what_is_late_gone_owed_or_held(window: Window) -> None:
    face: Any = customers._Face(window.desk)
    owing = CustomerRow(
        customer_no="AC-1",
        name="Grace",
        phone="",
        status="active",
        meters=2,
        balance_minor=100,
        overpayment_minor=0,
        overdue=False,
    )
    late, gone = replace(owing, overdue=True), replace(owing, status="closed")
    states = (owing, late, gone, replace(gone, overdue=True), replace(owing, balance_minor=0, overpayment_minor=100))
    assert differ(rows(face.paint, states))
    assert differ([face.speak(one).encode() for one in states]), "to a screen reader too"


def test_meters_tell_what_is_late_disconnected_closed_owed_or_held(window: Window) -> None:
    face: Any = meters._Face(window.desk)
    owing = MeterRow(
        account_no="A1",
        meter_no="MTR-001",
        customer_no="AC-1",
        customer_name="Grace",
        utility="water",
        location="",
        status="active",
        closed=False,
        balance_minor=100,
        overpayment_minor=0,
        last_invoice_date=DAY,
        overdue=False,
    )
    cut = replace(owing, status="disconnected")
    states = (
        owing,
        replace(owing, overdue=True),
        cut,
        replace(cut, overdue=True),
        replace(owing, closed=True),
        replace(owing, balance_minor=0, overpayment_minor=100),
        replace(owing, balance_minor=0),
    )
    assert differ(rows(face.paint, states))
    assert differ([face.speak(one).encode() for one in states])


def test_the_cards_of_a_customers_meters_tell_the_same(window: Window) -> None:
    type_text("makokha")
    settle(window)
    cards: Any = window.pay.person.cards
    window.go("pay", "MTR-112")
    settle(window)
    owing: MeterCard = cards.rows()[0]
    states = (owing, replace(owing, days_overdue=3), replace(owing, status="disconnected"), replace(owing, closed=True))
    assert differ(rows(cards._paint, states))
    assert differ([cards._speak(one).encode() for one in states])
    cards._ticked = frozenset({owing.account_no})
    chosen = rows(cards._paint, states[:1])
    cards._ticked = frozenset({"another"})
    assert differ([*chosen, *rows(cards._paint, states[:1])]), "what is being paid is ticked"


def test_receipts_tell_what_was_reversed_or_did_not_come_out(window: Window) -> None:
    window.go("receipts")
    listed: Any = window.page("receipts").list  # type: ignore[attr-defined]
    paid = ReceiptRow(
        number="KSM01-B7K-000001",
        kind="tender",
        at=AT,
        business_date=DAY,
        shift=1,
        clerk="achieng",
        customer_no="AC-1",
        customer="Grace",
        meters=("MTR-001",),
        methods=("cash",),
        total_minor=100,
        reversed_by=None,
        reverses=None,
        printed="confirmed",
    )
    states = (
        paid,
        replace(paid, reversed_by="KSM01-B7K-000002"),
        replace(paid, printed="failed"),
        replace(paid, printed="queued"),
        replace(paid, kind="reversal", total_minor=-100),
    )
    assert differ(rows(listed._paint, states))


def test_shifts_tell_what_was_over_or_short(window: Window) -> None:
    window.go("shift")
    papers: Any = window.page("shift").papers  # type: ignore[attr-defined]
    exact = ClosedShift(
        number="KSM01-B7K-Z00001",
        shift=1,
        clerk="achieng",
        business_date=DAY,
        opened_at=AT,
        closed_at=AT,
        counted_minor=100,
        difference_minor=0,
    )
    assert differ(rows(papers._paint, (exact, replace(exact, difference_minor=5), replace(exact, difference_minor=-5))))


def test_exchanges_and_printing_tell_how_they_went(window: Window) -> None:
    window.go("sync")
    page: Any = window.page("sync")
    went = {one.name: None for one in fields(Exchange)} | {
        "started_at": AT,
        "outcome": "complete",
        "pushed": 1,
        "pulled": 2,
        "detail": "",
    }
    good: Any = Exchange(**went)
    assert differ(rows(page._paint_exchange, (good, replace(good, outcome="broken"))))
    known = {one.name: None for one in fields(Job)} | {"number": "KSM01-B7K-000001", "copy_no": 0, "detail": ""}
    states = [Job(**known | {"state": state}) for state in ("queued", "sent", "confirmed", "unconfirmed", "failed")]
    assert differ(rows(page._paint_job, states))


def test_plans_tell_how_far_they_are(window: Window, counter: Counter) -> None:
    stand.stock_plans(counter)
    window.go("plans")
    settle(window)
    page: Any = window.page("plans")
    plans = {row.state.status: row for row in page.rows.rows()}
    one = plans["pending"]
    states = [replace(one, state=row.state) for row in plans.values()]
    states.append(replace(one, state=replace(one.state, is_cancelled=True)))
    assert [row.state.status for row in states] == ["partial", "pending", "completed", "cancelled"]
    assert differ(rows(page.rows._paint, states))
    assert len({words.say(f"plans.status.{row.state.status}") for row in states}) == 4


def test_each_verdict_on_a_code_has_its_icon_and_its_words(window: Window) -> None:
    assert len({words.say(f"verdict.{look}") for look in LOOKS}) == len(LOOKS)
    assert all(icon for _, icon, _ in LOOKS.values())


def test_the_line_and_the_printer_say_when_they_need_somebody(window: Window) -> None:
    standing = window.desk.standing
    assert standing is not None
    calm = replace(standing, settings=replace(standing.settings, offline_amber_minor=10**12))
    pictures, spoken = [], []
    for amber_minor in (10**12, -1):
        window.desk.standing = replace(calm, settings=replace(calm.settings, offline_amber_minor=amber_minor))
        for trouble in ("", "The printer is out of paper."):
            window.top._hear_printer(trouble)
            pictures.append(seen(window.top.link) + seen(window.top.printer))
            spoken.append(window.top.link.accessibleName() + window.top.printer.accessibleName())
    assert differ(pictures) and len(set(spoken)) == 4


def test_a_wrong_field_a_chosen_segment_and_an_overdue_meter_are_seen(window: Window, counter: Counter) -> None:
    field = Field("reverse.reason")
    field.resize(300, 110)
    fine = seen(field)
    field.tell("Say why.")
    assert differ([fine, seen(field)])
    two = Segments((Segment("a", "sun", "look.light"), Segment("b", "moon", "look.dark")), name_key="settings.look")
    two.resize(300, 52)
    first = seen(two)
    two.choose("b")
    assert differ([first, seen(two)])
    window.go("meters", None)
    page: Any = window.page("meters")
    said = set()
    for meter in ("MTR-001", "MTR-078"):
        page.line.setText(meter)
        settle(window)
        said.add(page.card.status.text())
    assert said == {"Outstanding", "Outstanding · overdue"}
