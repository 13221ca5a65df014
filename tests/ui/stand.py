"""A window on a real till for tests and pictures: the customers of the reference screen, and some with long names."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from PySide6.QtCore import QElapsedTimer, QEventLoop, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from sqlalchemy import insert

from meterpos.ledger import search_index, signing
from meterpos.ledger.journal import Entry, content_bytes, make_entry
from meterpos.ledger.operations.people import code_hash
from meterpos.ledger.rules.facts import Fact
from meterpos.ledger.seal import seal_text
from meterpos.ledger.tables import accounts, customers, devices, meters, users
from meterpos.ui import theme, words
from meterpos.ui.window import Window
from tests.support.tills import CLERK, Counter, add_plan, invoice, post_facts

_kept: list[QApplication] = []
CODE, PIN = "ABCD-EFGH", "2468"
LONG = "Wilhelmina Nasimiyu Wanyonyi-Ochieng’ Makokha wa Nang’ombe"


class Typist:
    """A clock by which keys come as a person's do, however fast a test presses them."""

    def __init__(self) -> None:
        self._ms = 0.0

    def __call__(self) -> float:
        self._ms += 90
        return self._ms


def app() -> QApplication:
    """Return the one application."""
    found = QApplication.instance() or QApplication([])
    assert isinstance(found, QApplication)
    _kept.append(found)
    return found


def pump(until: Callable[[], Any], *, timeout_ms: int = 8000) -> None:
    """Let the event loop turn until something holds."""
    timer = QElapsedTimer()
    timer.start()
    while not until():
        assert timer.elapsed() < timeout_ms, "it did not happen in time"
        app().processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 10)
        QTest.qWait(1)


def settle(window: Window) -> None:
    """Let everything that is under way come home."""
    for _ in range(3):
        pump(lambda: not window.tasks.busy)
        app().processEvents()


def open_window(
    counter: Counter,
    *,
    look: str = "light",
    language: str = "en",
    size: tuple[int, int] = (1366, 768),
    clerk: str | None = CLERK,
) -> Window:
    """Show a window that stands at the counter's till; it never calls head office or checks by itself.

    `clerk` is signed in as if the PIN had been right; None leaves the sign-in page in front. It closes unasked.
    """
    running = app()
    theme.load_fonts()
    theme.apply(running, look)
    words.speak(language)
    window = Window()
    window.exchanging.start = lambda: None  # type: ignore[method-assign]
    window.checking.start = lambda: None  # type: ignore[method-assign]
    window.scanner.clock_ms = Typist()
    window.asks_before_closing = False
    window.resize(*size)
    window.show()
    window.activateWindow()
    ready: list[bool] = []
    window.ready.connect(lambda: ready.append(True))
    window.attach(counter.till)
    pump(lambda: ready)
    if clerk is not None and window.gate.is_locked:
        window.gate.admit(clerk)
    settle(window)
    return window


def stock_more(counter: Counter) -> None:
    """Add what the reference screen shows, a customer with a long name, and PINs for clerk and supervisor."""
    people = [
        ("AC-11930", "Otieno & Sons Hardware", "0733870112", ""),
        ("AC-12204", "Mary Atieno Otieno", "0790441230", ""),
        ("AC-12877", "Peter Otieno", "0701556019", ""),
        ("AC-20001", LONG, "+254799000111", "Nyalenda B, behind the posho mill"),
    ]
    places: list[tuple[str, str, str, str, str, str]] = [
        ("B1", "AC-11930", "MTR-301", "water", "active", "Store, Jomo Kenyatta Highway"),
        ("B2", "AC-11930", "MTR-302", "power", "active", "Workshop"),
        ("B3", "AC-12204", "MTR-310", "water", "active", "House, Migosi"),
        ("B4", "AC-12877", "MTR-320", "water", "active", "House, Migosi"),
        ("B5", "AC-20001", "MTR-2026-000451", "water", "active", "Plot 14, Nyalenda B, behind the posho mill"),
        ("B6", "AC-20001", "MTR-2026-000452", "power", "disconnected", "Rental block C, first floor, left door"),
        *((f"C{n}", "AC-20001", f"MTR-2026-0005{n:02d}", "water", "active", f"Rental {n}") for n in range(10)),
    ]
    with counter.till.store.write() as connection:
        connection.execute(
            insert(customers),
            [{"customer_no": a, "name": b, "phone": c, "place": d, "zone": "Kondele"} for a, b, c, d in people],
        )
        connection.execute(
            insert(meters),
            [
                {"meter_no": meter, "utility": kind, "status": status, "location": place}
                for _, _, meter, kind, status, place in places
            ],
        )
        connection.execute(
            insert(accounts),
            [
                {"account_no": no, "kind": "meter", "customer_no": who, "meter_no": meter, "zone": "Kondele"}
                for no, who, meter, *_ in places
            ],
        )
        for name in ("achieng", "otieno"):
            connection.execute(users.update().where(users.c.user_name == name).values(code_hash=code_hash(name, CODE)))
        search_index.refresh(connection, customer_nos=[person[0] for person in people])
    post_facts(counter, list(_facts()))


def _facts() -> list[Fact]:
    day = date(2026, 11, 10)
    made = [
        invoice("INV-2026-00398", "A1", 185_000, on=date(2026, 10, 10)),
        payment("P1", "A1", 185_000, on=date(2026, 10, 21), method="mpesa", reference="SJK4T2LM9Q"),
        payment("P2", "A2", 50_000, on=date(2026, 10, 2), method="cash"),
        invoice("INV-2026-00610", "B1", 1_526_000, on=day),
        invoice("INV-2026-00611", "B2", 300_000, on=day),
        payment("P3", "B3", 35_000, on=date(2026, 10, 2), method="cash"),
        invoice("INV-2026-00612", "B4", 112_000, on=day),
        invoice("INV-2026-00700", "B6", 12_345_678, on=date(2026, 7, 1)),
    ]
    made += [
        invoice(f"INV-2026-01{month:02d}{n}", "B5", 1_234_567, on=date(2026, month, 10))
        for n, month in enumerate(range(3, 12))
    ]
    return made


def stock_plans(counter: Counter) -> None:
    """Add instalment plans: one begun, one not, one completed, one with a long name and a large total."""
    add_plan(counter, "PL-0042", total_minor=24_000_000)
    add_plan(counter, "PL-0043", customer_no="AC-10077", total_minor=9_000_000, capacity_kw="2.5")
    add_plan(counter, "PL-0044", customer_no="AC-12204", total_minor=500_000, capacity_kw="1")
    add_plan(counter, "PL-2026-000451", customer_no="AC-20001", total_minor=1_234_567_890, capacity_kw="120.5")
    for number, plan_no, amount_minor, day, text, clerk in (
        ("KSM02-C4T-000118", "PL-0042", 6_000_000, date(2026, 8, 3), "UTR 70021", None),
        ("KSM02-C4T-000131", "PL-0042", 2_500_000, date(2026, 9, 14), "UTR 71180", "otieno"),
        ("KSM02-C4T-000140", "PL-0044", 500_000, date(2026, 9, 30), "UTR 71999", "otieno"),
        ("KSM02-C4T-000141", "PL-2026-000451", 1_000_000, date(2026, 10, 1), "UTR 72000", LONG_NAME),
    ):
        paid = payment(number, plan_no, amount_minor, on=day, method="bank", reference=text)
        post_facts(counter, [replace(paid, clerk=clerk)])


LONG_NAME = "Bénédicte Nyirahabimana-Uwase wa Mukashyaka"


def take_elsewhere(counter: Counter) -> str:
    """Let another till take a payment by somebody with a long name; return its number."""
    paid = payment("KSM02-C4T-000150", "B5", 1_234_567, on=date(2026, 11, 19), method="mpesa", reference="SKJ3XY71AB")
    post_facts(counter, [replace(paid, clerk=LONG_NAME)])
    return paid.number


def move_away(counter: Counter, entry: Entry, to: str = "A4") -> None:
    """Let head office move the money of a receipt of this till to another account."""
    part = entry.content.body["parts"][0]
    there = replace(
        payment("TRF-000004", to, part["amount"], on=date(2026, 11, 20), method="cash"),
        kind="adjustment",
        method=None,
        position=9,
        fact_id="a:TRF-000004.2",
    )
    taken = replace(
        there,
        fact_id="a:TRF-000004.1",
        account_no=part["account"],
        stands_on=part["account"],
        amount_minor=part["amount"],
        of_fact_id=f"{entry.short_id}.0",
        due_date=date(2026, 11, 20),
    )
    post_facts(counter, [there, taken])


def make_manager(counter: Counter) -> None:
    """Make the supervisor a manager."""
    with counter.till.store.write() as connection:
        connection.execute(users.update().where(users.c.user_name == "otieno").values(role="manager"))


def know_till(counter: Counter, till_name: str, private: bytes) -> None:
    """Make the key of another till known, as the feed would."""
    row = {
        "device_id": f"device of {till_name}",
        "till_name": till_name,
        "public_key": signing.public_of(private),
        "revoked": False,
    }
    with counter.till.store.write() as connection:
        connection.execute(insert(devices), row)


def foreign_seal(entry: Entry, till_name: str, private: bytes) -> str:
    """Return the code of a paper like this one that another till made."""
    content = entry.content
    number = f"{till_name}-C4T-000118"
    data = content_bytes(
        kind=content.kind,
        at=content.at,
        business_date=content.business_date,
        shift=content.shift,
        clerk=content.clerk,
        body={**content.body, "number": number},
    )
    other = make_entry(stream=bytes(16), seq=118, prev=entry.prev, data=data)
    return seal_text(other, device_private=private)


def payment(number: str, account_no: str, amount_minor: int, *, on: date, method: str, reference: str = "") -> Fact:
    """Return a payment made elsewhere."""
    return Fact(
        fact_id=f"p:{number}",
        kind="payment",
        account_no=account_no,
        stands_on=account_no,
        number=number,
        fact_date=on,
        due_date=None,
        amount_minor=-amount_minor,
        method=method,
        reference=reference or None,
        position=2,
        generation=1,
        decision="account",
    )


def ready_counter(home: Path, *, printer: str | None = None, shift: bool = True) -> Counter:
    """Return a stocked counter, where asked for with a shift open since 07:58."""
    counter = Counter.at(home, printer=printer)
    stock_more(counter)
    counter.clock.turn(minutes=-103)
    if shift:
        counter.open_shift()
    counter.clock.turn(minutes=103)
    return counter


def speak_at(counter: Counter, language: str) -> None:
    """Let the till's own papers speak this language, as where a person chose it in its settings."""
    counter.till.apply_settings(changes={"language": language}, clerk=CLERK)


def set_pins(counter: Counter, *names: str) -> None:
    """Set the PIN of clerk and supervisor, or of these (argon2: 0.3 s each)."""
    for name in names or ("achieng", "otieno"):
        counter.till.set_pin(user_name=name, code=CODE, pin=PIN)


def type_text(text: str) -> None:
    """Type as a person does, into whatever has the keyboard."""
    widget = app().focusWidget()
    assert widget is not None, "nothing has the keyboard"
    QTest.keyClicks(widget, text)


def press(key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Press one key on whatever has the keyboard."""
    widget = app().focusWidget()
    assert widget is not None, "nothing has the keyboard"
    QTest.keyClick(widget, key, modifier)
