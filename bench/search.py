"""A key stroke in search: every prefix of many texts a clerk would type, through the encrypted ledger."""

import gc
import os
import time
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random

from bench.ledger import TODAY, Made
from bench.measure import Figure, Times, bounded, milliseconds, timed
from meterpos.ledger.queries.search import find_customers
from meterpos.ledger.store import Store

TEXTS_EACH = 60
LETTERS_MAX = 12


def measure(made: Made, *, limit_ms: float) -> list[Figure]:
    """Time every key stroke of names, words, phones and numbers of random customers; also of what nobody has.

    First on a ledger of which the system holds nothing in memory yet, then as it is once it was searched.
    """
    _forget(made.path)
    cold, _, _ = _pass(made)
    by_length, by_kind, worked = _pass(made)
    strokes = _together(by_length)
    size = f"{made.customers:,} customers"
    figures = [
        bounded(f"a key stroke in search, p99, {size}", ours_ns=strokes.p99_ns, limit_ms=limit_ms),
        Figure(what=f"a key stroke in search, median, {size}", figure=milliseconds(strokes.median_ns)),
        Figure(what="- of processor time alone, p99", figure=milliseconds(Times(tuple(worked)).p99_ns)),
        Figure(what="- while the file is read from the disk, p99", figure=milliseconds(_together(cold).p99_ns)),
    ]
    for length, each in sorted(by_length.items()):
        worst = Times(tuple(each))
        name = f"- after {length} letter{'s' if length > 1 else ''}, p99"
        figures.append(bounded(name, ours_ns=worst.p99_ns, limit_ms=limit_ms))
    for kind, each in by_kind.items():
        figures.append(bounded(f"- {kind}, p99", ours_ns=Times(tuple(each)).p99_ns, limit_ms=limit_ms))
    return figures


def _pass(made: Made) -> tuple[dict[int, list[int]], dict[str, list[int]], list[int]]:
    """Type everything once; return the times by length and by kind, and the processor times, in nanoseconds."""
    store = made.open()
    by_length: dict[int, list[int]] = defaultdict(list)
    by_kind: dict[str, list[int]] = defaultdict(list)
    worked: list[int] = []
    with store.read() as connection:
        find_customers(connection, "otieno", today=TODAY)
    gc.disable()  # as the window does, which collects by a timer, between two key strokes (ui/garbage.py)
    for kind, text in _texts(store, Random(7), made.customers):
        gc.collect(1)
        for length in range(1, min(len(text), LETTERS_MAX) + 1):
            processor = time.thread_time_ns()
            took = timed(partial(_key_stroke, store, text[:length]))
            worked.append(time.thread_time_ns() - processor)
            by_length[length].append(took)
            by_kind[kind].append(took)
    gc.enable()
    store.close()
    return by_length, by_kind, worked


def _together(by_length: dict[int, list[int]]) -> Times:
    return Times(tuple(took for each in by_length.values() for took in each))


def _forget(path: Path) -> None:
    """Ask the system to hold nothing of the file in memory, where it can be asked."""
    if hasattr(os, "posix_fadvise"):
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _key_stroke(store: Store, text: str) -> None:
    with store.read() as connection:
        find_customers(connection, text, today=TODAY)


def _texts(store: Store, rng: Random, customers: int) -> Iterator[tuple[str, str]]:
    with store.read() as connection:
        for _ in range(TEXTS_EACH):
            number = f"AC-{100_000 + rng.randrange(customers)}"
            name, phone = connection.exec_driver_sql(
                "SELECT name, phone FROM customers WHERE customer_no = ?", (number,)
            ).one()
            meter = connection.exec_driver_sql(
                "SELECT meter_no FROM accounts WHERE customer_no = ? LIMIT 1", (number,)
            ).scalar_one()
            words = name.split()
            yield "a name from its beginning", name
            yield "a family name", words[-1]
            yield "two words turned round", f"{words[-1]} {words[0]}"
            yield "a phone", phone
            yield "a meter's number", meter
            yield "a customer's number", number
            yield "digits in the middle of a phone", phone[5:]
            yield "a piece in the middle of a name", name[2:9]
            yield "what nobody has", f"{words[0][:2]}{words[-1][1:4]}{words[0][-2:]}"
