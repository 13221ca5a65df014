"""A till in a process of its own that does one piece of work and says what a clerk would be told, line by line.

    python -m tests.faults.counter HOME WORK [normal]

It says "ready" when the work begins; then "done NUMBER" of a paper, "kept" and "seen" of a payment begun, "refused
SENTENCE", "unknown", or "broken ERROR"; after anything but "done" it tries the same once more, as a clerk would press
again. `normal` is the control: commits that are not waited for.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final

from sqlalchemy import update

from meterpos.errors import UserError
from meterpos.ledger import store
from meterpos.ledger.journal import Entry, EntryContent
from meterpos.ledger.operations.cash import CashRequest
from meterpos.ledger.operations.drafts import Abandoned
from meterpos.ledger.operations.tenders import LegRequest, PartRequest, UnknownMeter
from meterpos.ledger.rules.facts import Fact
from meterpos.ledger.store import UnknownOutcome
from meterpos.ledger.tables import users
from meterpos.till import Till, open_till
from tests.support.tills import CLERK, GRACE, Clock, Counter, add_plan, post_facts, request

Work = Callable[[Counter, str], Entry]
PRINTED: Final = "KSM01-B7K-000001"
ELSEWHERE: Final = "KSM02-C2C-000001"


def prepare(home: Path) -> None:
    """Make an enrolled till with an open shift, a plan, a manager, another till's payment, one of its own, a drop."""
    counter = Counter.at(home)
    begin(counter)
    _drop(counter, "a-drop")
    counter.till.close()


def begin(counter: Counter) -> None:
    """Begin a day: what its work asks for, an open shift and a first payment."""
    add_plan(counter)
    make_manager(counter)
    post_facts(counter, [taken_elsewhere()])
    counter.open_shift()
    counter.pay(amount_minor=10_000)


def _split(counter: Counter, name: str, *, draft: dict[str, Any] | None = None) -> Entry:
    legs = (
        LegRequest(method="cash", amount_minor=30_000),
        LegRequest(method="mpesa", amount_minor=20_000, reference=f"SJK4T2LM9Q{name}"),
    )
    parts = (PartRequest(account_no="A1", amount_minor=40_000), PartRequest(account_no="A3", amount_minor=10_000))
    return counter.till.take(request=request(tender_id=name, parts=parts, legs=legs), clerk=CLERK, draft=draft)


def _begun(counter: Counter) -> Iterator[Entry | None]:
    """A payment half typed, put aside, brought back and taken; another thrown away."""
    for typed in ("4", "40", "400"):
        counter.till.keep_draft(tender_id="begun", data={"text": typed})
        say("kept begun")
    yield None
    counter.till.keep_draft(tender_id="given-up", data={"text": "9"})
    say("kept given-up")
    given_up = Abandoned(
        tender_id="given-up", customer_no=None, payer="", meters=(), methods=("cash",), amount_minor=900
    )
    assert counter.till.abandon(given_up, clerk=CLERK) is not None
    yield _split(counter, "begun", draft={"text": "500"})
    say("seen begun")
    counter.till.drop_draft(tender_id="begun")
    yield None


def make_manager(counter: Counter) -> None:
    """Make the supervisor a manager."""
    with counter.till.store.write() as connection:
        connection.execute(update(users).where(users.c.user_name == "otieno").values(role="manager"))


def taken_elsewhere() -> Fact:
    """Return what another till took."""
    return Fact(
        fact_id="AAAAAAAAAAAAAAAAAAAAAA.0",
        kind="payment",
        account_no="A3",
        stands_on="A3",
        number=ELSEWHERE,
        fact_date=date(2026, 11, 19),
        amount_minor=-100,
        method="cash",
        generation=1,
        position=900,
        decision="account",
    )


def name_of(entry: EntryContent) -> Any:
    """Return what a clerk knows an entry by: its paper's number, a plan's, what is asked of another till's receipt."""
    body = entry.body
    if entry.kind == "put_right_request":
        return f"{body['what']} {body['number']}"
    if entry.kind == "shift_opened":
        return f"shift {entry.shift}"
    return body.get("number") or body.get("account")


def _make_plan(counter: Counter, name: str) -> Entry:
    return counter.till.request_plan(
        customer_no=GRACE,
        capacity_kw="2.5",
        total_minor=900_000,
        request_id=name,
        clerk=CLERK,
        approval=counter.approval(),
    )


def _ask(counter: Counter) -> Entry:
    return counter.till.request_putting_right(number=ELSEWHERE, what="reverse", reason="wrong customer", clerk=CLERK)


def _drop(counter: Counter, name: str) -> Entry:
    return _move(counter, name, kind="drop", amount_minor=10_000)


def _move(counter: Counter, name: str, **asked: Any) -> Entry:
    request = CashRequest(movement_id=name, **asked)
    approval = counter.approval() if request.kind == "payout" else None
    return counter.till.move_cash(request=request, clerk=CLERK, approval=approval)


def _several(counter: Counter, name: str) -> Entry:
    parts = [PartRequest(account_no=account_no, amount_minor=5_000) for account_no in ("A1", "A2", "A3")]
    legs = (LegRequest(method="cash", amount_minor=15_000),)
    return counter.till.take(request=request(tender_id=name, parts=tuple(parts), legs=legs), clerk=CLERK)


def _to_suspense(counter: Counter, name: str) -> Entry:
    unknown = UnknownMeter(meter_no="MTR-999", name="Achieng", phone="0733000000")
    return counter.till.take(request=request("", 4_000, tender_id=name, customer_no=None, unknown=unknown), clerk=CLERK)


WORKS: Final[dict[str, Work]] = {
    "pay": lambda at, name: at.pay(tender_id=name),
    "shut": lambda at, name: at.pay(tender_id=name),
    "split": _split,
    "several": _several,
    "unknown": _to_suspense,
    "plan-request": _make_plan,
    "plan": lambda at, name: at.pay("PL-0042", 50_000, tender_id=name, method="mpesa", reference="SJK4T2LM9Z"),
    "reverse": lambda at, name: at.reverse(PRINTED, tender_id=name),
    "correct": lambda at, name: at.correct(PRINTED, tender_id=name),
    "drop": _drop,
    "banking": lambda at, name: _move(at, name, kind="banking", amount_minor=5_000, slip="SLIP-1"),
    "payout": lambda at, name: _move(at, name, kind="payout", amount_minor=3_000, reason="chalk"),
    "handover": lambda at, name: _move(at, name, kind="handover", amount_minor=500_000, to="otieno"),
    "ask": lambda at, _: _ask(at),
    "close": lambda at, _: at.till.close_shift(counted_minor=500_000, clerk=CLERK),
    "open": lambda at, _: at.open_shift(),
}
"""Every piece of work that moves money, by name; "shut" closes the till after its payment, log and all."""
ONCE: Final = ("ask", "close", "open")
"""Work that has no id of its own: done again, it is refused."""


def day(counter: Counter) -> Iterator[Entry | None]:
    """A day's work: payments, with all that is written beside them; None where nothing is said."""
    for number in range(8):
        yield counter.pay(amount_minor=10_000 + number)
    yield counter.till.store.checkpoint()
    yield _split(counter, "split")
    yield from _begun(counter)
    yield _make_plan(counter, "plan")
    yield _ask(counter)
    yield counter.reverse(PRINTED, tender_id="reversal")
    yield counter.correct("KSM01-B7K-000003", tender_id="correction")
    yield _drop(counter, "drop")
    for number in range(4):
        yield counter.pay(amount_minor=20_000 + number)
    yield counter.till.close_shift(counted_minor=0, clerk=CLERK)
    yield counter.till.close()
    yield counter.open_shift()
    yield counter.pay(amount_minor=77)


def say(text: str) -> None:
    """Tell the clerk one line, at once."""
    os.write(1, f"{text}\n".encode())


def main() -> None:
    """Do what the command line asks for."""
    home, work, *options = sys.argv[1:]
    if "normal" in options:
        store._PRAGMAS["synchronous"] = ("NORMAL", 1)
    at_work(Path(home), work)
    os._exit(0)


def at_work(home: Path, work: str, *, room: int | None = None, ready: Callable[[], None] = lambda: None) -> None:
    """Open the till and do one piece of work, or a day's; ``ready`` is called when the work begins."""
    till = open_till(home)
    till.now = Clock()
    counter = Counter(till)
    ready()
    say("ready")
    if work == "day":
        for entry in day(counter):
            if entry is not None and name_of(entry.content) is not None:
                say(f"done {name_of(entry.content)}")
        return
    _give_room(till, room)
    if not _try(counter, work):
        _give_room(till, None if room is None else -1)
        _try(counter, work)
    if work == "shut":
        _shut(till)


def _give_room(till: Till, room: int | None) -> None:
    """Let files grow by so many bytes over the log's size now; -1 lifts that again."""
    if room is None:
        return
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    log = till.store.path.with_name(till.store.path.name + "-wal")
    most = resource.RLIM_INFINITY if room < 0 else (log.stat().st_size if log.exists() else 0) + room
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


def _try(counter: Counter, work: str) -> bool:
    try:
        entry = WORKS[work](counter, f"the-{work}")
    except UserError as error:
        say(f"refused {type(error).__name__}: {error}")
    except UnknownOutcome:
        say("unknown")
    except Exception as error:  # noqa: BLE001 - it is what this is looking for
        say(f"broken {_plainly(error)}")
    else:
        say(f"done {name_of(entry.content)}")
        return True
    return False


def _shut(till: Till) -> None:
    try:
        till.close()
    except UserError as error:
        say(f"not-shut {type(error).__name__}: {error}")
    except Exception as error:  # noqa: BLE001 - it is what this is looking for
        say(f"broken {_plainly(error)}")


def _plainly(error: BaseException) -> str:
    original: Any = getattr(error, "orig", None)
    return f"{type(error).__name__}: {original or error}".replace("\n", " ")[:300]


if __name__ == "__main__":
    main()
