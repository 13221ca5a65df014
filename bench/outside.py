"""Messages to a gateway and money from outside, against what they cannot do without: bare requests, bare rows."""

import argparse
import http.client
import json
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"


from bench import billing, postgresql
from bench.left import Took, files, insert_bare, left_in, new, timing
from bench.measure import Figure, milliseconds
from meterpos.headoffice import books
from meterpos.headoffice.matching import taking
from meterpos.headoffice.matching.money import Taken
from meterpos.headoffice.matching.statements import parse_statement
from meterpos.headoffice.office import Office
from meterpos.headoffice.sms import outbox, sending, setup
from meterpos.headoffice.sms.outbox import Draft
from meterpos.headoffice.tables import claims, feed, money_in, sms
from meterpos.ledger.rules.facts import Fact
from meterpos.ledger.tables import facts, movements

MESSAGES, LINES = 10_000, 5_000
PAIR_LIMIT = 2.5
ROUNDS = 2
DAY = date(2026, 11, 18)
HEAD = (
    "Receipt No.,Completion Time,Initiation Time,Details,Transaction Status,Paid In,Withdrawn,Balance,"
    "Balance Confirmed,Reason Type,Other Party Info,Linked Transaction ID,A/C No.\n"
)
LEFT = (money_in, claims, facts, movements, feed)
"""What a matched statement leaves. Besides, sums of accounts are brought up to date, and money is marked as matched."""


# --- messages


def _gateway(line: Any) -> None:
    from tests.support.gateway import local_gateway

    with local_gateway() as gateway:
        line.send(gateway.url)
        line.recv()


@contextmanager
def gateway() -> Iterator[str]:
    """Yield the address of a gateway that accepts everything, in a process of its own."""
    here, there = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_gateway, args=(there,), daemon=True)
    process.start()
    yield here.recv()
    here.send("done")
    process.join(10)


def drafts(count: int) -> list[Draft]:
    """Return as many payment messages, each to a phone of its own."""
    return [
        Draft(
            kind="payment",
            subject=f"p:R-{n}",
            phone=f"+2547{n:08d}",
            customer_no=f"C{n:06d}",
            account_no=f"A{n:06d}",
            language="en",
            text=f"Received KES 1,250.00 for meter M{n:06d} on 2026-11-20. Balance KES 0.00. Receipt R-{n}. Lake Water",
        )
        for n in range(count)
    ]


def bare_requests(url: str, count: int) -> None:
    """Send as many forms over eight kept connections, looking at no answer but its end."""
    target = urlsplit(url)
    body = b"username=lake&to=%2B254712345678&message=" + b"a" * 110
    headers = {"Content-Type": "application/x-www-form-urlencoded", "apiKey": "k", "Accept": "application/json"}

    def lane(share: int) -> None:
        line = http.client.HTTPConnection(target.hostname or "", target.port)
        for _ in range(share):
            line.request("POST", target.path, body, headers)
            json.loads(line.getresponse().read())
        line.close()

    with ThreadPoolExecutor(sending.LANES) as lanes:
        list(lanes.map(lane, [count // sending.LANES] * sending.LANES))


def messages(name: str, office: Office, url: str, count: int) -> tuple[list[Figure], Took]:
    """Queue and send very many messages."""
    with office.write() as (conn, _):
        setup.set_up(conn, at=office.moment().at, kind="africastalking", url=url, username="lake", per_minute=6000)
    setup.keep_key(office.settings.home, "k")
    queued: list[Took] = []
    sent: list[Took] = []
    floors: list[Took] = []
    made = drafts(count)
    with timing(queued), office.store.write() as conn:
        assert outbox.queue(conn, made, at=office.moment().at) == count
    with timing(floors):
        bare_requests(url, count)
    with timing(sent):
        while sending.work(office, limit=count).slowed:
            _forget_the_pace(office)
    with office.store.read() as conn:
        assert outbox.counted(conn) == {"sent": count}, outbox.counted(conn)
    (took,), (floor,), (queueing,) = sent, floors, queued
    return [
        Figure(what=f"{count:,} messages queued on {name}", figure=queueing.said),
        Figure(
            what=f"{count:,} messages sent on {name}",
            figure=took.said,
            floor=f"{floor.said} bare requests",
            ratio=f"{took.wall_ns / floor.wall_ns:.2f} × (processor {took.cpu_ns / floor.cpu_ns:.2f} ×)",
        ),
    ], took


def _forget_the_pace(office: Office) -> None:
    """Let what was sent have been sent long ago: the pace of a gateway is not what is measured."""
    with office.store.write() as conn:
        conn.execute(sms.update().values(tried_at=None))


# --- money


def statement(count: int) -> bytes:
    """Write an organisation statement: every other line pays at a till, the others by paybill."""
    rows = (
        f"SKJ{n:07d},18-11-2026 09:41:07,18-11-2026 09:41:07,Pay Bill,Completed,{100 + n % 900}.00,,0,true,"
        f"Pay Utility,2547****678 - GRACE,,{'' if n % 2 else f'M{n:06d}'}\n"
        for n in range(count)
    )
    return (HEAD + "".join(rows)).encode()


def paid_at_tills(office: Office, count: int) -> None:
    """Post the payments of every other line as tills delivered them."""
    made = [
        Fact(
            fact_id=f"till:{n}",
            kind="payment",
            account_no=f"A{n:06d}",
            stands_on=f"A{n:06d}",
            number=f"R-{n}",
            fact_date=DAY,
            amount_minor=-(100 + n % 900) * 100,
            method="mpesa",
            reference=f"SKJ{n:07d}",
            decision="account",
            entry_id=str(n).encode(),
            counts=True,
        )
        for n in range(1, count, 2)
    ]
    with office.write() as (conn, outgoing):
        books.post_facts(conn, outgoing, made)


def take(office: Office, data: bytes) -> Taken:
    """Match a statement as the command does."""
    read = parse_statement(data, name="statement.csv")
    moment = office.moment()
    with office.write() as (conn, outgoing):
        return taking.take_statement(conn, outgoing, read, at=moment.at, today=moment.today)


def matching(name: str, urls: Iterator[str], scratch: Path, count: int) -> tuple[list[Figure], Took]:
    """Match a statement and insert the rows it left barely, in turn; the best of each."""
    ours: list[Took] = []
    floors: list[Took] = []
    data = statement(count)
    for turn in range(ROUNDS):
        office = _utility(scratch / f"{name}-ours-{turn}", next(urls), count)
        before = left_in(office, LEFT, {})
        with timing(ours):
            done = take(office, data)
        assert (done.confirmed, done.posted) == (count // 2, count // 2), done
        rows = new(before, left_in(office, LEFT, {}))
        office.close()
        bare = _utility(scratch / f"{name}-bare-{turn}", next(urls), count)
        with timing(floors):
            insert_bare(bare, LEFT, rows)
        bare.close()
    best, floor = min(ours, key=lambda one: one.wall_ns), min(floors, key=lambda one: one.wall_ns)
    cpu = min(one.cpu_ns for one in ours) / min(one.cpu_ns for one in floors)
    return [
        Figure(
            what=f"{count:,} lines of a statement matched on {name}",
            figure=best.said,
            floor=f"{floor.said} bare rows",
            ratio=f"{best.wall_ns / floor.wall_ns:.2f} × (processor {cpu:.2f} ×)",
        )
    ], best


def _utility(home: Path, url: str, count: int) -> Office:
    office = billing.utility(home, url, count)
    paid_at_tills(office, count)
    office.store.checkpoint()
    return office


def measure(scratch: Path, *, messages_: int = MESSAGES, lines: int = LINES) -> list[Figure]:
    """Measure both on both databases."""
    figures: list[Figure] = []
    servers = postgresql.databases()
    took: dict[str, list[Took]] = {"messages sent": [], "lines matched": []}
    with tempfile.TemporaryDirectory(dir=scratch) as folder, gateway() as url:
        place = Path(folder)
        for name, urls in (("SQLite", files(place / "files")), ("PostgreSQL", servers)):
            office = billing.utility(place / f"{name}-messages", next(urls), 1)
            some, sent = messages(name, office, url, messages_)
            office.close()
            more, matched = matching(name, urls, place, lines)
            figures += some + more
            took["messages sent"].append(sent)
            took["lines matched"].append(matched)
    return [*figures, *(_pair(what, both) for what, both in took.items())]


def _pair(what: str, both: Sequence[Took]) -> Figure:
    here, there = both
    ratio = there.wall_ns / here.wall_ns
    return Figure(
        what=f"{what}: PostgreSQL to SQLite",
        figure=milliseconds(there.wall_ns),
        floor=milliseconds(here.wall_ns),
        ratio=f"{ratio:.2f} ×",
        limit=f"≤ {PAIR_LIMIT:g} ×",
        kept=ratio <= PAIR_LIMIT,
    )


def main() -> int:
    """Measure as many as asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=MESSAGES)
    parser.add_argument("--lines", type=int, default=LINES)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "meterpos-bench")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    figures = measure(options.cache, messages_=options.messages, lines=options.lines)
    for one in figures:
        print(f"{one.what}: {one.figure}  {one.floor}  {one.ratio}  {one.limit}".rstrip())
    return 0 if all(one.kept is not False for one in figures) else 3


if __name__ == "__main__":
    sys.exit(main())
