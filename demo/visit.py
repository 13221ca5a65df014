"""One clerk's visit, played through the real window offscreen with keys alone; every step is checked."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from meterpos.ledger.money import format_money
from meterpos.ledger.queries.receipts import find_receipt
from meterpos.ledger.queries.status import waiting
from meterpos.printing.pdf import render_pdf
from meterpos.printing.preview import render_png, render_text
from meterpos.printing.receipt import compose_receipt
from meterpos.printing.shift_report import compose_shift_report
from meterpos.till import Till, open_till
from meterpos.ui import theme, words
from meterpos.ui.window import Window

if TYPE_CHECKING:
    from demo.run import Stage

WAIT_S: Final = 30
Key = Qt.Key


def play(stage: "Stage") -> int:
    """Play the visit; return 0 if every step did what it says, else 1."""
    visit = Visit(stage)
    try:
        visit.run()
    except StepFailed as failure:
        visit.note(f"FAILED: {failure}")
        visit.look("failed")
        return 1
    else:
        visit.note("Every step did what it says.")
        return 0
    finally:
        visit.close()


def pause(wait_ms: int) -> None:
    """Let the window live for a while. QTest.qWait would hold Python's lock meanwhile and starve the other threads."""
    loop = QEventLoop()
    QTimer.singleShot(wait_ms, loop.quit)
    loop.exec()


class StepFailed(Exception):
    """A step did not do what it says."""


class Visit:
    """The window, a keyboard, a camera and a notebook."""

    def __init__(self, stage: "Stage") -> None:
        self.stage = stage
        self.pictures = 0
        self.transcript = (stage.output / "transcript.txt").open("w", encoding="utf-8")
        app = QApplication.instance() or QApplication([])
        assert isinstance(app, QApplication)
        self.app = app
        theme.load_fonts()
        theme.apply(app, "light")
        words.speak("en")
        self.till: Till = open_till(stage.till_home)
        self.window = Window()
        self.window.show()
        self.window.attach(self.till)
        self.settle()

    def run(self) -> None:
        """The visit itself."""
        self.open_shift()
        self.pay_cash_with_change()
        self.pay_by_mpesa()
        self.lose_the_network_and_pay_on()
        self.reverse_one()
        self.look_things_up()
        self.network_back_and_sync()
        self.close_shift()
        self.compare_with_head_office()

    # --- the steps -----------------------------------------------------------------------------------------------

    def open_shift(self) -> None:
        """Achieng signs in and opens her shift with 5,000 in the drawer."""
        self.until(lambda: self.window.gate.is_locked, "the till asks who is there")
        self.settle()
        self.look("sign-in")
        page = self.window.gate.page
        page.choose("achieng")
        self.type("1234")
        self.press(Key.Key_Return)
        self.until(lambda: not self.window.gate.is_locked, "Achieng is signed in")
        self.press(Key.Key_F6)
        self.look("shift-before")
        self.type("5000")
        self.press(Key.Key_Return)
        self.until(lambda: self.standing().shift is not None, "the shift is open")
        self.note("Shift opened with KES 5,000.00 in the drawer.")

    def pay_cash_with_change(self) -> None:
        """Grace pays MTR-001 with 3,000 in cash and gets change."""
        self.search("otieno")
        self.look("search")
        self.search("Grace Akinyi Otieno")
        self.press(Key.Key_Return)
        self.until(lambda: self.window.pay.person.cards.current() is not None, "Grace's meters are shown")
        self.expect(self.window.pay.person.cards.current().meter_no == "MTR-001", "MTR-001 stands first")
        self.press(Key.Key_Return)
        self.type("2500")
        self.press(Key.Key_Return)
        self.type("3000")
        self.look("pay-cash")
        self.press(Key.Key_Return)
        body = self.take()
        self.expect(tuple(body["head"]) == self.stage.head, "the receipt's head is what head office set")
        self.expect(body["change"] == 50_000, "the change is 500.00")
        self.expect(body["parts"][0]["credit_after"] == 20_000, "200.00 are credit now")
        self.look("change")

    def pay_by_mpesa(self) -> None:
        """Grace pays the overdue MTR-078 by M-Pesa."""
        self.press(Key.Key_Return)
        self.search("MTR-078")
        self.press(Key.Key_Return)
        self.until(lambda: self.window.pay.person.cards.current() is not None, "the meter is found")
        chosen = self.window.pay.person.cards.current().meter_no
        self.expect(chosen == "MTR-078", "the meter that was searched is chosen")
        self.settle()
        QTest.keyClick(self.app.focusWidget(), Key.Key_2, Qt.KeyboardModifier.ControlModifier)
        self.settle()
        self.window.pay.payment.focus_amount()
        self.type("5100")
        self.press(Key.Key_Return)
        self.type("SKL7W3NP2X")
        self.look("pay-mpesa")
        self.press(Key.Key_Return)
        body = self.take()
        self.expect(body["legs"][0]["reference"] == "SKL7W3NP2X", "the M-Pesa code is on the receipt")
        self.expect(body["parts"][0]["balance_after"] == 0, "MTR-078 owes nothing now")
        self.look("mpesa-taken")

    def lose_the_network_and_pay_on(self) -> None:
        """The network goes; the queue does not wait."""
        self.window.exchanging.now()
        self.until(lambda: not self.window.exchanging.running, "the exchange is over")
        self.until(lambda: self.waiting() == 0, "head office has everything so far")
        self.stage.stop_server()
        for name in ("James Otieno", "Mary Atieno Otieno", "Peter Otieno"):
            self.press(Key.Key_Return)
            self.search(name)
            self.press(Key.Key_Return)
            self.until(lambda: self.window.pay.person.cards.current() is not None, f"{name} is found")
            self.settle()
            self.window.pay.payment.focus_amount()
            self.type("1000")
            self.press(Key.Key_Return)
            self.press(Key.Key_Return)
            self.take()
        self.window.exchanging.now()
        self.until(lambda: not self.window.exchanging.running, "the exchange is over")
        self.settle()
        self.expect(self.waiting() == 3, "three payments wait for head office")
        self.note("Offline: three payments taken, three waiting.")
        self.look("offline")

    def reverse_one(self) -> None:
        """The last one was the wrong person: reversed with a supervisor's PIN, still offline."""
        self.press(Key.Key_R, Qt.KeyboardModifier.ControlModifier)
        page = self.window.page("receipts")
        self.until(page.reversing.isVisible, "the reversal form is open")
        self.type("Wrong customer")
        page.reversing.approval.approver.choose("otieno")
        page.reversing.approval.pin.line.setFocus()
        self.type("4321")
        self.look("reverse")
        before = self.last_number()
        self.press(Key.Key_Return)
        self.until(lambda: self.last_number() != before, "the reversal is an entry of its own")
        self.settle()
        body = self.receipt(self.last_number()).content.body
        self.expect(body["of"]["number"] == before, "the reversal names the receipt it undoes")
        self.papers(self.last_number())
        self.look("reversed")

    def look_things_up(self) -> None:
        """Who owes what, offline: Grace with her meters, then every meter that is overdue."""
        self.press(Key.Key_F2)
        self.window.page("customers").line.setFocus()
        self.type("Grace Akinyi Otieno")
        self.press(Key.Key_Return)
        card = self.window.page("customers").card
        self.until(lambda: bool(card.meters.rows()), "Grace's meters are shown")
        self.look("customers")
        self.press(Key.Key_F3)
        meters = self.window.page("meters")
        meters.state.choose("overdue")
        self.until(lambda: meters.roll.is_whole, "the overdue meters are found")
        self.settle()
        self.look("meters")
        self.note(f"Looked up: {len(meters.roll.numbers):,} meters are overdue.")

    def network_back_and_sync(self) -> None:
        """The network is back: sync from the Sync page."""
        self.stage.start_server()
        self.press(Key.Key_F8)
        self.look("sync-before")
        self.window.exchanging.now()
        self.until(lambda: not self.window.exchanging.running, "the exchange is over")
        self.until(lambda: self.waiting() == 0, "nothing waits any more")
        self.settle()
        self.look("sync-after")
        self.note("Back online: everything that waited is at head office.")

    def close_shift(self) -> None:
        """Count the drawer and close: 5,000 float + 2,500 + 3 × 1,000 − 1,000 given back."""
        self.press(Key.Key_F6)
        page = self.window.page("shift")
        self.until(page.deeds.isVisible, "what can be done is shown")
        self.settle()
        self.look("shift")
        self.press(Key.Key_F12)
        for pieces in ("9", "1"):
            self.type(pieces)
            self.press(Key.Key_Return)
        self.look("shift-count")
        self.press(Key.Key_F12)
        self.until(page.verdict.isVisible, "the count is judged")
        self.look("shift-verdict")
        self.press(Key.Key_F12)
        self.until(lambda: self.standing().shift is None, "the shift is closed")
        self.settle()
        self.look("shift-report")
        self.note("Shift closed: 9,500.00 expected, 9,500.00 counted.")

    def compare_with_head_office(self) -> None:
        """After a last exchange till and head office print the same balances, byte for byte."""
        result = self.till.exchange()
        self.expect(result.is_complete and result.agreed is True, f"till and head office agree ({result.detail})")
        here = self.stage.csv("till", "balances")
        there = self.stage.csv("headoffice", "balances")
        self.expect(here == there and here.count(b"\n") > 2, "the balances are equal byte for byte")
        self.expect(self.stage.printer.stat().st_size > 10_000, "the printer got its bytes")
        self.note(f"{here.count(chr(10).encode()) - 1:,} balances equal on both sides.")

    # --- keyboard, camera, notebook ------------------------------------------------------------------------------

    def search(self, text: str) -> None:
        """Type into the search field, from anywhere."""
        self.press(Key.Key_F1)
        line = self.window.pay.search.line
        line.setFocus()
        line.selectAll()
        self.type(text)
        self.settle()

    def type(self, text: str) -> None:
        """Type into what has the focus, as a person does."""
        field = self.app.focusWidget()
        assert field is not None, "nothing has the focus"
        if hasattr(field, "selectAll"):
            field.selectAll()
        QTest.keyClicks(field, text, delay=2)
        self.settle()

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press one key where the focus is."""
        QTest.keyClick(self.app.focusWidget() or self.window, key, modifier)
        self.settle()

    def take(self) -> dict[str, Any]:
        """Press the button and return what the receipt says."""
        before = self.last_number()
        self.press(Key.Key_F12)
        self.until(lambda: self.last_number() != before, "a receipt was made")
        number = self.last_number()
        self.until(lambda: self.job_state(number) in ("confirmed", "unconfirmed"), "the receipt went to the printer")
        self.settle()
        body = self.receipt(number).content.body
        whom = body["customer"]["name"]
        self.note(f"{number}: {format_money(sum(part['amount'] for part in body['parts']))} from {whom}.")
        self.papers(number)
        return dict(body)

    def settle(self) -> None:
        """Let everything under way come home."""
        end = time.monotonic() + WAIT_S
        pause(60)
        while self.window.tasks.busy and not self.window.exchanging.running and time.monotonic() < end:
            pause(10)
        pause(30)

    def until(self, true: Callable[[], bool], what: str) -> None:
        """Wait for something to become true."""
        end = time.monotonic() + WAIT_S
        while not true():
            if time.monotonic() > end:
                raise StepFailed(f"waited {WAIT_S} s and still not: {what}")
            pause(20)

    def expect(self, true: bool, what: str) -> None:
        """Note what holds, or fail."""
        if not true:
            raise StepFailed(what)
        self.note(f"  checked: {what}")

    def look(self, name: str) -> None:
        """Take a numbered picture of the window."""
        self.pictures += 1
        pause(50)
        self.window.grab().save(str(self.stage.output / f"{self.pictures:02d}-{name}.png"))

    def note(self, sentence: str) -> None:
        """Write a line into the transcript and onto the screen."""
        self.transcript.write(sentence + "\n")
        self.transcript.flush()
        self.stage.say(sentence)

    # --- what the ledger says ------------------------------------------------------------------------------------

    def standing(self) -> Any:
        """Return how the window last read the till."""
        return self.window.desk.standing

    def waiting(self) -> int:
        """Return how many payments head office has not signed for."""
        with self.till.store.read() as connection:
            return waiting(connection).papers

    def last_number(self) -> str:
        """Return the number of the latest paper, '' before the first."""
        from meterpos.ledger.queries.receipts import recent

        with self.till.store.read() as connection:
            latest = recent(connection, limit=1)
        return latest[0].number if latest else ""

    def job_state(self, number: str) -> str:
        """Return the state of the latest print job of a paper."""
        from meterpos.ledger.queries.spool import jobs_of

        with self.till.store.read() as connection:
            jobs = jobs_of(connection, number)
        return jobs[-1].state if jobs else ""

    def receipt(self, number: str) -> Any:
        """Return the entry of a paper."""
        with self.till.store.read() as connection:
            return find_receipt(connection, number).entry

    def papers(self, number: str) -> None:
        """Leave the paper as text, picture and PDF."""
        entry = self.receipt(number)
        folder: Path = self.stage.output / "papers"
        folder.mkdir(exist_ok=True)
        if entry.content.kind == "shift_closed":
            document = compose_shift_report(entry)
        else:
            document = compose_receipt(entry, seal=self.till.seal(entry))
        (folder / f"{number}.txt").write_text(render_text(document, columns=48), encoding="utf-8")
        (folder / f"{number}.png").write_bytes(render_png(document, columns=48))
        (folder / f"{number}.pdf").write_bytes(render_pdf(document))

    def close(self) -> None:
        """Close the window as a person does."""
        self.window.close()
        pause(50)
        self.transcript.close()
