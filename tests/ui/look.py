"""Pictures to be looked at: `python tests/ui/look.py FOLDER [light|dark] [en|sw] [WIDTHxHEIGHT] [step of Visit]`."""

import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[2]))

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from sqlalchemy import insert, update

from meterpos.ledger.queries.lists import Chunk
from meterpos.ledger.seal import seal_text
from meterpos.ledger.tables import accounts, settings, users
from meterpos.ui.window import Window
from tests.support.tills import Counter
from tests.ui import look_paying, stand
from tests.ui.stand import press, settle, type_text


def main() -> None:
    folder = Path(sys.argv[1])
    look = sys.argv[2] if len(sys.argv) > 2 else "light"
    language = sys.argv[3] if len(sys.argv) > 3 else "en"
    size = tuple(int(part) for part in (sys.argv[4] if len(sys.argv) > 4 else "1366x768").split("x"))
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{look}-{language}-{size[0]}"
    with tempfile.TemporaryDirectory() as home:
        counter = stand.ready_counter(Path(home), printer=f"file:{home}/paper.bin")
        stand.speak_at(counter, language)
        window = stand.open_window(counter, look=look, language=language, size=(size[0], size[1]))
        visit = Visit(window, counter, folder, stem)
        getattr(visit, sys.argv[5] if len(sys.argv) > 5 else "run")()
        window.close()
        counter.till.close()


class Visit:
    def __init__(self, window: Window, counter: Counter, folder: Path, stem: str) -> None:
        self.window, self.counter = window, counter
        self.folder, self.stem, self.number = folder, stem, 0

    def grab(self, name: str) -> None:
        settle(self.window)
        QTest.qWait(30)
        settle(self.window)
        self.number += 1
        self.window.grab().save(str(self.folder / f"{self.stem}-{self.number:02d}-{name}.png"))

    def another_clerk(self) -> None:
        """What somebody sees who may take no money: the reason, where the action would stand."""
        window, number = self.window, self.counter.pay("A1", 100_000).content.body["number"]
        with self.counter.till.store.write() as connection:
            row = {"user_name": "wanjiru", "display_name": "Wanjiru K.", "role": "clerk", "revoked": False}
            connection.execute(insert(users), row)
        window.gate.admit("wanjiru")
        settle(window)
        for name, what in (("pay", "grace"), ("customers", "grace"), ("meters", "MTR-001")):
            window.go(name)
            type_text(what)
            settle(window)
            press(Qt.Key.Key_Return)
            self.grab(f"barred-{name}")
        window.go("receipts", ("reverse", number))
        self.grab("barred-receipts")
        window.go("shift")
        self.grab("barred-shift")
        window.gate.admit("achieng")
        settle(window)

    def door(self) -> None:
        """The first time, a locked till, wrong PINs, leaving with money waiting."""
        gate = self.window.gate
        gate.lock("asked")
        self.grab("sign-in-first")
        gate.page.press()
        self.grab("sign-in-missing")
        gate.page.people.setCurrentIndex(gate.page.people.model_.index(-1))
        gate.page._show_person()
        self.grab("sign-in-nobody")
        self.counter.pay("A3", 415_000)
        self.window.tasks.ledger_changed.emit()
        stand.set_pins(self.counter)
        gate.page.open_for("achieng", locked=True)
        self.grab("locked")
        for _ in range(3):
            type_text("0000")
            press(Qt.Key.Key_Return)
            settle(self.window)
        self.grab("wrong-pins")
        gate.admit("achieng")
        settle(self.window)
        gate.ask_to_leave()
        self.grab("leaving")
        press(Qt.Key.Key_Escape)

    def run(self) -> None:
        window = self.window
        self.grab("begin")
        type_text("otieno")
        self.grab("hits")
        type_text(" grace")
        settle(window)
        press(Qt.Key.Key_Return)
        self.grab("customer")
        press(Qt.Key.Key_Return)
        type_text("2500")
        press(Qt.Key.Key_Return)
        type_text("3000")
        self.grab("cash")
        press(Qt.Key.Key_Return)
        self.grab("button")
        press(Qt.Key.Key_Return)
        self.grab("done")
        press(Qt.Key.Key_Return)
        type_text("makokha")
        settle(window)
        press(Qt.Key.Key_Return)
        self.grab("long")
        press(Qt.Key.Key_Space)
        press(Qt.Key.Key_Down)
        press(Qt.Key.Key_Space)
        press(Qt.Key.Key_Return)
        window.pay.payment.method.pick("mpesa")
        press(Qt.Key.Key_Return)
        self.grab("several-error")
        window.pay.next_customer()
        type_text("MTR-112")
        settle(window)
        press(Qt.Key.Key_Return)
        settle(window)
        type_text("25000")
        press(Qt.Key.Key_F12)
        self.grab("unusual")
        window.pay.next_customer()
        look_paying.visit(self)
        type_text("MTR-9999")
        self.grab("nobody")
        press(Qt.Key.Key_Return)
        press(Qt.Key.Key_Return)
        self.grab("unknown")
        window.pay.next_customer()
        window.go("receipts")
        settle(window)
        press(Qt.Key.Key_Return)
        self.grab("receipts")
        window.page("receipts").reverse_button.click()
        self.grab("reverse")
        window.page("receipts").reversing.approval.how.choose("code")
        self.grab("reverse-telephone")
        self.putting_right()
        self.other_tills()
        self.looking_up()
        self.reports()
        self.instalments()
        self.settings()
        self.guide()
        self.help()
        self.training()
        self.syncing()
        self.door()
        self.another_clerk()
        self.shift()
        window.go("pay")
        self.grab("no-shift")
        window._stack.setCurrentWidget(window.page("enrol"))
        self.grab("enrol")

    def putting_right(self) -> None:
        window, page = self.window, self.window.page("receipts")
        press(Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
        self.grab("correct")
        type_text("otieno")
        self.grab("correct-which")
        press(Qt.Key.Key_Return)
        page.correcting.press()
        self.grab("correct-missing")
        press(Qt.Key.Key_Escape)
        entry = page._receipt.entry
        page.check(self.counter.till.seal(entry))
        self.grab("verdict-genuine")
        page.check(seal_text(entry, device_private=bytes(32)))
        self.grab("verdict-forged")
        page.check("MP1ABC")
        self.grab("verdict-unreadable")
        stand.know_till(self.counter, "KSM02", bytes(32))
        page.check(stand.foreign_seal(entry, "KSM02", bytes(32)))
        self.grab("verdict-elsewhere")
        page.ask_button.click()
        page.asking.ways.choose("correct")
        page.asking.press()
        self.grab("ask")
        window.go("receipts")
        press(Qt.Key.Key_Escape)

    def other_tills(self) -> None:
        window, page = self.window, self.window.page("receipts")
        number = stand.take_elsewhere(self.counter)
        entry = self.counter.pay("A1", 230_000)
        window.go("receipts")
        settle(window)
        type_text(number)
        self.grab("receipt-elsewhere")
        press(Qt.Key.Key_Escape)
        stand.move_away(self.counter, entry)
        window.go("receipts", ("show", entry.content.body["number"]))
        self.grab("receipt-moved")
        page.ask_button.click()
        self.grab("receipt-moved-ask")
        window.go("customers")
        settle(window)
        type_text("makokha")
        self.grab("customer-payments")
        window.go("receipts")
        press(Qt.Key.Key_Escape)

    def syncing(self) -> None:
        window = self.window
        window.go("sync")
        self.grab("sync")
        stick = window.page("sync").stick
        stick.ask_where = lambda name, then: then(str(self.folder / (name or "nothing")))
        stick.save.click()
        self.grab("sync-stick-saved")
        stick.read.click()
        self.grab("sync-stick-missing")

    def instalments(self) -> None:
        window = self.window
        window.go("plans")
        self.grab("plans-none")
        stand.stock_plans(self.counter)
        window.tasks.ledger_changed.emit()
        settle(window)
        self.grab("plans")
        type_text("grace")
        settle(window)
        press(Qt.Key.Key_Return)
        self.grab("plan")
        press(Qt.Key.Key_Return)
        settle(window)
        type_text("20000")
        press(Qt.Key.Key_Return)
        self.grab("plan-payment")
        window.page("plans").form.method.pick("bank")
        press(Qt.Key.Key_Return)
        self.grab("plan-payment-missing")
        type_text("UTR 0081 4471")
        press(Qt.Key.Key_F12)
        self.grab("plan-paid")
        press(Qt.Key.Key_Return)
        stand.make_manager(self.counter)
        press(Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
        settle(window)
        type_text("otieno")
        self.grab("plan-new-who")
        press(Qt.Key.Key_Return)
        type_text("7.5")
        press(Qt.Key.Key_Return)
        type_text("240000")
        press(Qt.Key.Key_F12)
        window.page("plans").new.press()
        self.grab("plan-new")

    def shift(self) -> None:
        """The drawer and the shift: each deed, the count, the verdict, the papers."""
        window = self.window
        with window.desk.till.store.write() as connection:
            connection.execute(
                settings.insert(),
                [{"key": "cash_warn_minor", "value": 500_000}, {"key": "cash_stop_minor", "value": 2_000_000}],
            )
        window.tasks.ledger_changed.emit()
        window.go("pay", "MTR-112")
        settle(window)
        window.pay.payment.focus_amount()
        type_text("20000")
        press(Qt.Key.Key_F12)
        settle(window)
        press(Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
        self.grab("full-drawer")
        window.pay.next_customer()
        window.go("shift")
        self.grab("shift")
        shift = window.page("shift")
        for name, digit in (("drop", "1"), ("banking", "2"), ("payout", "3"), ("drawer", "5")):
            QTest.keyClick(window, Qt.Key(ord(digit)), Qt.KeyboardModifier.ControlModifier)
            press(Qt.Key.Key_F12)
            self.grab(name)
            press(Qt.Key.Key_Escape)
        shift.begin("drop")
        type_text("1500")
        press(Qt.Key.Key_Return)
        press(Qt.Key.Key_Return)
        self.grab("dropped")
        shift.begin("so_far")
        self.grab("so-far")
        press(Qt.Key.Key_Escape)
        settle(window)
        shift.begin("handover")
        type_text("5")
        press(Qt.Key.Key_Return)
        type_text("two")
        press(Qt.Key.Key_Return)
        self.grab("count-letters")
        for digits in ("2", "", "", "4", "1"):
            window.focusWidget().clear()
            type_text(digits)
            press(Qt.Key.Key_Return)
        self.grab("count")
        press(Qt.Key.Key_F12)
        self.grab("verdict-handover")
        press(Qt.Key.Key_Escape)
        press(Qt.Key.Key_Escape)
        shift.begin("close")
        type_text("5")
        press(Qt.Key.Key_F12)
        settle(window)
        self.grab("verdict-close")
        press(Qt.Key.Key_F12)
        self.grab("closed")
        press(Qt.Key.Key_Escape)
        self.grab("open-shift")
        shift.begin("earlier")
        self.grab("earlier")
        press(Qt.Key.Key_Escape)
        settle(window)

    def looking_up(self) -> None:
        """Customers and meters: all, one, none that matches; and with nobody there at all."""
        window = self.window
        for name in ("customers", "meters"):
            window.go(name)
            self.grab(name)
            type_text("makokha")
            self.grab(f"{name}-long-name")
            type_text("zzz")
            self.grab(f"{name}-nothing")
            page = window.page(name)
            page.line.clear()
            settle(window)
            page.roll.read(lambda conn, after: Chunk((), None))
            self.grab(f"{name}-none-yet")
            page.mark_stale()
        window.page("meters").state.choose("overdue")
        window.go("meters")
        self.grab("meters-overdue")

    def reports(self) -> None:
        """Every report, on the page and on the roll, in the making and with nothing in it."""
        window = self.window
        window.go("reports")
        self.grab("reports")
        page = window.page("reports")
        page.form.whose.setFocus()
        type_text("makokha")
        self.grab("reports-whose")
        press(Qt.Key.Key_Return)
        page.form.period.choose("this_year")
        page.form.button.click()
        self.grab("statement")
        page.view.papers.choose("roll")
        self.grab("statement-roll")
        page.view.papers.choose("page")
        with self.counter.till.store.write() as connection:
            connection.execute(update(accounts).where(accounts.c.account_no == "A1").values(net_minor=1))
        for kind in ("collections", "aging", "finances", "recalculation"):
            page.form.choose(kind)
            page.form.whose.clear()
            page.form.button.click()
            self.grab(kind)
        page.view.right.click()
        self.grab("recalculated")
        page.form.choose("collections")
        page.form.period.choose("last_month")
        page.form.button.click()
        self.grab("collections-none")
        page.view._tell_progress(12_000, 150_000)
        page.view._stack.setCurrentIndex(1)
        self.grab("report-making")
        page.view.stop()

    def settings(self) -> None:
        self.window.go("settings")
        self.grab("settings")
        page = self.window.page("settings")
        page.lock.choose("2")
        settle(self.window)
        page.apply.press()
        self.grab("settings-apply")

    def help(self) -> None:
        """Help beside a page."""
        self.window.go("pay")
        self.window._toggle_help()
        self.grab("help")
        self.window.help.dismiss()

    def guide(self) -> None:
        """The first-run guide, step by step."""
        for step in ("printer", "width", "try", "begin", "enrol"):
            self.window.go("guide", step)
            self.grab(f"guide-{step}")

    def training(self) -> None:
        """Another window, on the made-up town."""
        window = self.window
        standing = window.desk.standing
        window.desk.standing = replace(standing, status=replace(standing.status, training=True))
        window.training.tell()
        window.go("pay")
        self.grab("training")
        window.desk.refresh()


if __name__ == "__main__":
    main()
