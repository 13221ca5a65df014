"""A working day at one till, through its window, by keys alone; then everything is compared, to the cent.

`python -m tests.journeys.day [--customers N] [--hands qt|xdotool]` plays it outside the suite and prints its figures.
By real keys of a display, with the system's xvfb and xdotool:
`xvfb-run -a -s "-screen 0 1366x768x24" python -m tests.journeys.day --hands xdotool`.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

if __name__ == "__main__" and "xdotool" in sys.argv:
    os.environ["QT_QPA_PLATFORM"] = "xcb"
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from meterpos.ledger.rules.cash import NOTES_AND_COINS
from meterpos.ui import theme, words
from meterpos.ui.app import get_ready
from meterpos.ui.heartbeat import LIMIT_MS, Heartbeat, Piece
from meterpos.ui.window import Window
from tests.journeys.day_hands import Hands, QtHands, XHands, aside, until
from tests.journeys.day_plan import DAY_H, FLOAT_MINOR, WHOLE, Plan, Visit, notes_of, plan_day
from tests.journeys.day_world import CODE, World, world

PIN: Final = {"achieng": "2468", "wafula": "1357", "otieno": "8642"}
WATCHED_MS: Final = 20.0
NOTES: Final = NOTES_AND_COINS["KES"]


@dataclass
class Tally:
    """What the script knows it did; the books must come to the same."""

    by_method: dict[str, int] = field(default_factory=dict)
    receipts: int = 0
    reversals: int = 0
    corrections: int = 0
    drawer_minor: int = FLOAT_MINOR
    paid: dict[str, int] = field(default_factory=dict)
    entries: list[dict[str, Any]] = field(default_factory=list)

    def took(self, body: dict[str, Any]) -> None:
        """Remember a receipt as its paper says it."""
        self.receipts += 1
        self.entries.append(body)
        for leg in body["legs"]:
            self.by_method[leg["method"]] = self.by_method.get(leg["method"], 0) + leg["amount"]
            self.drawer_minor += leg["amount"] if leg["method"] == "cash" else 0


class Day:
    """The clerks of one day. Each verb presses keys and waits until the window shows what a person would wait for."""

    def __init__(self, here: World, window: Window, hands: Hands, watch: Heartbeat) -> None:
        self.world, self.window, self.hands, self.watch = here, window, hands, watch
        self.tally = Tally()
        self.steps: dict[str, float] = {}

    def run(self) -> Tally:
        """Work through the day."""
        self.watch.during = "the morning"
        self.begin()
        plan = self.world.plan
        turn_s = DAY_H * 3600 // len(plan.visits)
        for visit in plan.visits:
            self.watch.during = f"customer {visit.place + 1}, {visit.kind}"
            self.around(visit.place)
            began = time.perf_counter()
            self.serve(visit)
            self.steps[visit.kind] = self.steps.get(visit.kind, 0.0) + time.perf_counter() - began
            self.printed(self.tally.entries[-1]["number"])  # minutes pass between customers
            aside(partial(self.world.clock.turn, seconds=turn_s))
        self.watch.during = "the evening"
        self.end()
        return self.tally

    def begin(self) -> None:
        """Enrol the till, get the customers, open the shift."""
        window = self.window
        until(lambda: window.page("enrol").isVisible(), "the first start asks to be enrolled")
        self.enter(self.world.url)
        self.enter(self.world.code)
        until(lambda: window.desk.standing.status.enrolled, "the till is enrolled")
        until(self.quiet, "everything came")
        self.exchange(inside=False)
        for name in ("otieno", "wafula"):
            self.sign_in(name, code=f"{CODE}-{name}")
            self.hands.press("ctrl+l")
        self.sign_in("achieng", code=f"{CODE}-achieng")
        self.hands.press("F6")
        form = self.page("shift").opening
        until(lambda: form.isVisible() and form.money.line.hasFocus(), "a shift is to be opened")
        self.enter(f"{FLOAT_MINOR // 100}")
        until(lambda: window.desk.clerk == "achieng" and window.pay.isVisible(), "the shift is open")

    def sign_in(self, name: str, *, code: str = "") -> None:
        """Choose a name by the arrows and type the PIN; the first time the code, and the new PIN twice."""
        gate = self.window.gate
        until(
            lambda: gate.is_locked and gate.page is not None and gate.page.people.rows(), "the till asks who is there"
        )
        page: Any = gate.page
        wanted = [person.user_name for person in page.people.rows()].index(name)
        while (here := page.people.currentIndex().row()) != wanted:
            self.hands.press("Down" if here < wanted else "Up")
        if page.people.hasFocus():
            self.hands.press("Return")
        for text in (code, PIN[name], PIN[name]) if code else (PIN[name],):
            self.enter(text)
        until(lambda: not gate.is_locked and self.window.desk.clerk == name, f"{name} is signed in")
        until(self.quiet, "the till is open")

    def around(self, place: int) -> None:
        """What happens before this customer comes: the network, the drop, the hand-over."""
        plan, third = self.world.plan, len(self.world.plan.visits) // 6
        if place == plan.offline.start:
            aside(self.world.cut_the_network)
            self.exchange(reached=False)
        elif place == plan.offline.stop:
            waits = self.window.desk.standing.status.waiting_count  # type: ignore[union-attr]
            assert waits >= len(plan.offline), "what was taken meanwhile waits for head office"
            aside(self.world.bring_the_network_back)
            self.exchange()
        elif place == third:
            self.drop()
        elif place == plan.hand_over:
            self.hand_over()
        if place in plan.paper_outs:
            self.world.printer.paper_lasts = 0

    def serve(self, visit: Visit) -> None:
        """Serve one customer."""
        serve: Callable[[Visit], None] = getattr(self, visit.kind)
        serve(visit)

    # --- the visits ----------------------------------------------------------------------------------------------

    def cash(self, visit: Visit) -> None:
        """One meter in cash, with change where more was given."""
        self.find(visit)
        if visit.pays_minor != visit.owed_minor[0]:
            self.hands.type(f"{visit.pays_minor // 100}")
        self.hands.press("Return")
        if visit.received_minor is not None:
            self.hands.type(f"{visit.received_minor // 100}")
        self.hands.press("Return")
        self.take(visit)
        change = (visit.received_minor or visit.pays_minor) - visit.pays_minor
        assert self.tally.entries[-1]["change"] == change

    def mpesa(self, visit: Visit) -> None:
        """One meter by M-Pesa."""
        self.find(visit)
        self.hands.press("Return")
        self.hands.press("ctrl+2")
        self.enter(visit.reference)
        self.take(visit)

    def cheque(self, visit: Visit) -> None:
        """One meter by a cheque, which counts once it is cleared."""
        self.find(visit)
        self.hands.press("Return")
        self.hands.press("ctrl+4")
        self.enter(visit.reference)
        self.take(visit, counts=False)

    def several(self, visit: Visit) -> None:
        """Three meters at once, each with what it owes."""
        self.find(visit)
        for _ in visit.meters:
            self.hands.press("space")
            self.hands.press("Down")
        until(lambda: len(self.window.pay.payment.rows.rows) == len(visit.meters), "all meters are ticked")
        self.hands.press("Return")
        for _ in visit.meters:
            self.hands.press("Return")
        self.hands.press("Return")
        self.take(visit)

    def split(self, visit: Visit) -> None:
        """Part by M-Pesa, the rest in cash."""
        self.find(visit)
        self.hands.press("Return")
        self.hands.press(key_on(self.window.pay.payment.method.add))
        until(lambda: self.window.pay.payment.method.is_split, "it is split")
        self.enter(f"{visit.mpesa_minor // 100}")
        self.enter(visit.reference)
        self.take(visit)

    def plan(self, visit: Visit) -> None:
        """A payment on an instalment plan, by the bank's reference."""
        self.hands.press("F5")
        page = self.page("plans")
        until(page.isVisible, "the plans are shown")
        self.hands.type(visit.plan_no)
        until(lambda: [row.account_no for row in page.rows.rows()] == [visit.plan_no], "the plan is found")
        until(self.quiet, "the plan is read")
        self.hands.press("Return")
        self.hands.press("Return")
        until(lambda: page.form.isVisible() and page.form.amount.line.hasFocus(), "a payment is begun")
        self.enter(f"{visit.pays_minor // 100}")
        self.hands.press("ctrl+3")
        self.enter(visit.reference)
        self.hands.press("F12")
        until(page.done.isVisible, "the payment is taken")
        self.remember(page._taken, visit, account=visit.plan_no)
        self.hands.press("Return")
        self.hands.press("F1")

    def unknown(self, visit: Visit) -> None:
        """A meter the till does not know: the money waits for head office to place it."""
        self.search(visit.meters[0])
        self.hands.press("Return")
        self.hands.press("Return")
        until(self.window.pay.payment.amount.line.hasFocus, "the amount is asked for")
        self.enter(f"{visit.pays_minor // 100}")
        self.enter(visit.name)
        self.hands.press("Return")
        self.take(visit)

    def reversal(self, visit: Visit) -> None:
        """Paid in cash, and taken back: it was the wrong customer."""
        self.find(visit)
        self.hands.press("Return")
        self.hands.press("Return")
        self.take(visit)
        self.hands.press("ctrl+r")
        page = self.page("receipts")
        until(lambda: page.reversing.isVisible() and page.reversing.reason.line.hasFocus(), "a reversal is begun")
        until(lambda: page.reversing.approval.approver.person() is not None, "the supervisor is offered")
        self.enter("wrong customer")
        self.enter(PIN["otieno"])
        until(lambda: page._receipt is not None and page._receipt.kind == "reversal", "it is reversed")
        body = page._receipt.entry.content.body
        self.tally.reversals += 1
        self.tally.drawer_minor -= visit.pays_minor
        self.paid(visit.accounts[0], -visit.pays_minor)
        assert body["of"]["number"] == self.tally.entries[-1]["number"]
        self.printed(body["number"])
        self.hands.press("F1")

    def correction(self, visit: Visit) -> None:
        """Paid in cash on the wrong one of two meters, and moved to the other."""
        self.find(visit)
        self.hands.press("Return")
        self.hands.press("Return")
        self.hands.press("Return")
        self.take(visit)
        wrong, right = visit.accounts
        self.hands.press("ctrl+r")
        page = self.page("receipts")
        until(lambda: page.putting.isVisible() and page.reversing.reason.line.hasFocus(), "it is to be put right")
        self.hands.press("ctrl+2")
        panel = page.correcting
        until(panel.meter.field.line.hasFocus, "the right meter is asked for")
        self.hands.type(visit.meters[1])
        until(lambda: [row.account_no for row in panel.meter.rows.rows()] == [right], "the right meter is found")
        self.hands.press("Return")
        until(lambda: panel.reason.line.hasFocus() and panel.approval.approver.person() is not None, "it is chosen")
        self.hands.press("Return")
        self.enter(PIN["otieno"])
        until(
            lambda: page.putting.isHidden() and page._receipt.entry.content.body["parts"][0]["account"] == right,
            "moved",
        )
        body = page._receipt.entry.content.body
        self.tally.took(body)
        self.tally.corrections += 1
        self.tally.drawer_minor -= visit.pays_minor
        self.paid(wrong, -visit.pays_minor)
        self.paid(right, visit.pays_minor)
        self.printed(body["number"])
        self.hands.press("F1")

    # --- what they are made of -----------------------------------------------------------------------------------

    def search(self, text: str) -> None:
        """Type into the search, from wherever the last visit ended."""
        pay = self.window.pay
        if pay.done.isVisible():
            self.hands.press("Return")
        until(pay.search.line.hasFocus, "the search has the keyboard")
        self.hands.type(text)
        until(lambda: pay.search._answered == text, "the search is answered")

    def find(self, visit: Visit) -> None:
        """Find the customer by name and stand in the amount; of several meters, on the first."""
        self.search(visit.name)
        self.hands.press("Return")
        pay = self.window.pay
        until(lambda: pay._customer is not None and pay._customer.customer_no == visit.customer_no, "they are found")
        if len(visit.meters) > 1:
            until(pay.person.cards.hasFocus, "their meters are shown")
        else:
            until(pay.payment.amount.line.hasFocus, "the amount is asked for")

    def take(self, visit: Visit, *, counts: bool = True) -> None:
        """Press the green button, wait for the change, and see what became of the paper."""
        pay = self.window.pay
        until(lambda: pay.payment.button.hasFocus() or pay.payment.question.isVisible(), "the button has the keyboard")
        assert not pay.payment.question.isVisible(), pay.payment.question.sentence.text()
        self.hands.press("Return")
        until(lambda: pay.done.isVisible() or pay.payment.alarm.isVisible(), "it is taken")
        assert pay.done.isVisible(), pay.payment.alarm_text.text()
        done = pay.done._taken
        assert done is not None
        parts = dict(zip(visit.accounts, visit.owed_minor, strict=True)) if visit.kind == "several" else {}
        self.remember(
            done.number, visit, account=visit.accounts[0] if visit.accounts else None, parts=parts, counts=counts
        )
        if visit.place in self.world.plan.paper_outs:
            self.new_roll(done.number)

    def remember(
        self,
        number: str | None,
        visit: Visit,
        *,
        account: str | None,
        parts: dict[str, int] | None = None,
        counts: bool = True,
    ) -> None:
        """Note a receipt, and what it must do to the accounts."""
        from meterpos.ledger.queries.receipts import find_receipt

        def read() -> dict[str, Any]:
            with self.world.till.store.read() as connection:
                body: dict[str, Any] = find_receipt(connection, number or "").entry.content.body
                return body

        body = aside(read)
        assert sum(part["amount"] for part in body["parts"]) == visit.pays_minor
        self.tally.took(body)
        for name, amount in (parts or ({account: visit.pays_minor} if account else {})).items():
            self.paid(name, amount if counts else 0)

    def paid(self, account: str, amount_minor: int) -> None:
        """Note what an account owes less."""
        self.tally.paid[account] = self.tally.paid.get(account, 0) + amount_minor

    def new_roll(self, number: str) -> None:
        """The roll is at its end: the window says so, a new one goes in, and the paper is printed again."""
        pay = self.window.pay
        until(pay.done.trouble.isVisible, "the clerk is told that nothing came out")
        self.world.printer.paper_lasts = None
        self.hands.press("ctrl+p")
        until(lambda: not pay.done.trouble.isVisible() and self.is_printed(number), "it is printed now")

    def is_printed(self, number: str) -> bool:
        """Tell whether the printer said that it printed this paper."""
        from meterpos.ledger.queries.spool import jobs_of

        def state() -> str:
            with self.world.till.store.read() as connection:
                return [job.state for job in jobs_of(connection, number)][-1]

        return aside(state) == "confirmed"

    def printed(self, number: str) -> None:
        """Wait for a paper."""
        until(lambda: self.is_printed(number), f"{number} is printed")

    def drop(self) -> None:
        """Put half of the drawer, in whole thousands, into the safe."""
        amount = self.tally.drawer_minor // 2 // 1_000_00 * 1_000_00
        page = self.shift()
        self.hands.press("ctrl+1")
        until(page.moving.isVisible, "a drop is begun")
        self.enter(f"{amount // 100}")
        self.hands.press("Return")
        until(page.deeds.isVisible, "it is in the safe")
        self.tally.drawer_minor -= amount
        self.hands.press("ctrl+5")
        until(page.moving.isVisible, "the drawer is to be opened")
        self.enter("change")
        until(page.deeds.isVisible, "the drawer was opened")
        self.hands.press("F1")

    def hand_over(self) -> None:
        """Wafula counts the drawer and takes it over."""
        page = self.shift()
        self.hands.press("ctrl+4")
        self.count(page)
        self.choose(page.verdict.person, "wafula")
        self.enter(PIN["wafula"])
        until(lambda: self.window.desk.clerk == "wafula", "the drawer is Wafula's")
        self.hands.press("F1")

    def shift(self) -> Any:
        """Go to the shift page."""
        self.hands.press("F6")
        page = self.page("shift")
        until(lambda: page.deeds.isVisible() and self.quiet(), "the shift is shown")
        return page

    def count(self, page: Any) -> None:
        """Count the drawer by note and coin; it is exact."""
        until(page.counting.isVisible, "the drawer is to be counted")
        for pieces in notes_of(self.tally.drawer_minor, NOTES):
            if pieces:
                self.hands.type(f"{pieces}")
            self.hands.press("Return")
        self.hands.press("F12")
        until(page.verdict.isVisible, "the count is judged")
        assert page.verdict.verdict.text() == words.say("shift.exact"), page.verdict.verdict.text()

    def exchange(self, *, reached: bool = True, inside: bool = True) -> None:
        """Exchange with head office from the sync page, after what the window does of itself."""
        exchanging = self.window.exchanging
        exchanging._stopped = False
        until(lambda: not exchanging.running, "no exchange is under way")
        self.hands.press("F8")
        until(self.page("sync").button.hasFocus, "the sync page is shown")
        self.hands.press("Return")
        until(lambda: exchanging.running, "an exchange is under way")
        until(lambda: not exchanging.running and self.quiet(), "it is over")
        assert self.window.desk.online is reached, exchanging.sentence
        if inside:
            self.hands.press("F1")

    def end(self) -> None:
        """Count, close, and let head office have everything."""
        page = self.shift()
        self.hands.press("F12")
        self.count(page)
        self.hands.press("F12")
        until(page.papers.isVisible, "the report is shown")
        until(lambda: page.papers._entry is not None, "the report is there")
        number = page.papers._entry.content.body["number"]
        self.printed(number)
        self.exchange()

    def enter(self, text: str) -> None:
        """Type a text and Enter."""
        self.hands.type(text)
        self.hands.press("Return")

    def choose(self, field: Any, name: str) -> None:
        """Choose somebody from a field's menu by keys."""
        until(lambda: name in [person.user_name for person in field._people], f"{name} is offered")
        if field.person() is not None and field.person().user_name == name:
            return
        until(lambda: field.choice.hasFocus() or field.setFocus() is None, "the field has the keyboard")
        self.hands.press("Return")
        until(lambda: QApplication.activePopupWidget() is not None, "the names are offered")
        for _ in range([person.user_name for person in field._people].index(name)):
            self.hands.press("Down")
        self.hands.press("Return")
        until(lambda: field.person() is not None and field.person().user_name == name, f"{name} is chosen")
        self.window.activateWindow()  # without a window manager nobody else does after a menu

    def quiet(self) -> bool:
        """Tell whether nothing is under way."""
        return not self.window.tasks.busy

    def page(self, name: str) -> Any:
        return self.window.page(name)


def key_on(button: Any) -> str:
    """Return the key that stands on a button, as a clerk reads it there."""
    return str(button.text().rpartition("  ")[2]).lower()


def open_window(here: World, *, typist: bool = True) -> Window:
    """Show the window at the world's till; it exchanges when asked, and then every few seconds of itself."""
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    theme.load_fonts()
    theme.apply(app, "light")
    words.speak("en")
    window = Window()
    window.exchanging.start = lambda: None  # type: ignore[method-assign]
    if typist:
        from tests.ui.stand import Typist

        window.scanner.clock_ms = Typist()
        # QTest's keys go to a widget, not through the window: on a slow machine the till would think itself alone.
        window.gate.begin_counting = lambda: None  # type: ignore[method-assign]
    window.show()
    window.activateWindow()
    ready: list[bool] = []
    window.ready.connect(lambda: ready.append(True))
    window.attach(here.till)
    get_ready(window)
    until(lambda: ready, "the window stands at its till")
    if typist:  # for the same reason the first touch is one of the window itself: from then on its pages are made ahead
        QTest.keyClick(window.windowHandle(), Qt.Key.Key_Shift)
    return window


class Watch(Heartbeat):
    """Watches the loop all day and fails nothing: what it saw is a figure, told at the end."""

    def __init__(self) -> None:
        super().__init__(limit_ms=WATCHED_MS)

    def __exit__(self, *how: Any) -> None:
        with suppress(AssertionError):
            super().__exit__(*how)

    @property
    def longest_ms(self) -> float:
        """How long the loop stood still at the longest; nothing below `WATCHED_MS` is seen."""
        return max((stall.ms for stall in self.stalls), default=0.0)


@dataclass(frozen=True)
class Played:
    """What came of a day: its length, the processor time of the till's process, and what the loop's watcher saw."""

    customers: int
    seconds: float
    processor_s: float
    stood_ms: float
    pieces: list[Piece]
    each_ms: dict[str, float]

    @property
    def longest(self) -> Piece:
        """The longest piece of work between two beats."""
        return max(self.pieces, key=lambda piece: piece.ms, default=Piece(0.0, ""))

    @property
    def over(self) -> int:
        """How many pieces of work were longer than they should be."""
        return sum(piece.ms > LIMIT_MS for piece in self.pieces)

    def __str__(self) -> str:
        return (
            f"{self.customers} customers in {self.seconds:.0f} s, {self.processor_s:.0f} s of processor; everything "
            f"agrees to the cent; the loop worked for {self.longest.ms:.0f} ms in one piece, {self.over} times over "
            f"{LIMIT_MS:.0f} ms, and stood still for {self.stood_ms:.0f} ms by the clock; the longest piece was with "
            f"{self.longest.during} in {self.longest.where}"
        )


def play(folder: Path, plan: Plan, *, by_display: bool = False) -> Played:
    """Play a day through the window, and prove it."""
    from tests.journeys.day_books import prove_the_day

    with world(folder, plan) as here:
        window = open_window(here, typist=not by_display)
        watch = Watch()
        day = Day(here, window, XHands(window) if by_display else QtHands(), watch)
        began, processor = time.perf_counter(), time.process_time()
        with watch:
            tally = day.run()
        seconds, processor_s = time.perf_counter() - began, time.process_time() - processor
        prove_the_day(here, tally)
        until(day.quiet, "everything came home")
        window.close()
        window.deleteLater()
    counts = Counter(visit.kind for visit in plan.visits)
    each_ms = {kind: took / counts[kind] * 1000 for kind, took in sorted(day.steps.items())}  # type: ignore[index]
    return Played(len(plan.visits), seconds, processor_s, watch.longest_ms, watch.pieces, each_ms)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=WHOLE)
    parser.add_argument("--hands", choices=("qt", "xdotool"), default="qt")
    parser.add_argument("--json", action="store_true", help="the figures for a program")
    options = parser.parse_args()
    plan = plan_day(options.customers)
    app = QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        played = play(Path(folder), plan, by_display=options.hands == "xdotool")
    if options.json:
        print(json.dumps(asdict(played)))
    else:
        print(played)
        for kind, each_ms in played.each_ms.items():
            print(f"  {kind:<10} {plan.count(kind):>4}  {each_ms:6.0f} ms each")  # type: ignore[arg-type]
    del app


if __name__ == "__main__":
    main()
