"""Recalculation of every balance against one set-based UPDATE over the same covering key."""

import argparse
import os
import sys
import tempfile
from functools import partial
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"

from bench.ledger import Made, account_no, kept_ledger, working_copy
from bench.measure import Figure, Times, compared, milliseconds, timed
from meterpos.ledger.balances import rebuild_movements, recalculate
from meterpos.ledger.queries.listings import balances, invoices
from meterpos.ledger.store import Store

ROUNDS = 5
LIMIT = 1.5
ONE_BY_ONE = 300

# The floor: the same six columns of the same rows in one statement, unconditionally, and told to nobody.
FLOOR = """
UPDATE accounts SET
  (net_minor, balance_minor, overpayment_minor, total_billed_minor, total_paid_minor, last_invoice_date) = (
    SELECT net, max(net, 0), max(-net, 0), billed, paid, last FROM (
      SELECT
        coalesce(sum(amount_minor), 0) AS net,
        coalesce(sum(amount_minor) FILTER (WHERE kind = 'invoice'), 0) AS billed,
        -coalesce(sum(amount_minor) FILTER (WHERE kind NOT IN ('opening', 'invoice', 'adjustment')), 0) AS paid,
        max(fact_date) FILTER (WHERE kind = 'invoice') AS last
      FROM movements WHERE movements.account_no = accounts.account_no))
"""
FORGET = (
    "UPDATE accounts SET net_minor = 0, balance_minor = 0, overpayment_minor = 0, total_billed_minor = 0, "
    "total_paid_minor = 0, last_invoice_date = NULL WHERE rowid % {every} = 0"
)
FORGET_CUSTOMERS = "UPDATE customers SET balance_minor = 0, overpayment_minor = 0 WHERE rowid % {every} = 0"


def measure(made: Made, *, scratch: Path) -> list[Figure]:
    """Time the floor and a full recalculation in turn, with all, some and no sums wrong; take the best of each."""
    copy = working_copy(made, scratch / "recalculate")
    store = copy.open()
    count = _count(store)
    floors: list[int] = []
    ours: dict[str, list[int]] = {"all": [], "one in a hundred": [], "none": []}
    for _ in range(ROUNDS):
        _forget(store, every=1)
        floors.append(_in_one_transaction(store, FLOOR))
        for wrong, every in (("all", 1), ("one in a hundred", 100), ("none", 0)):
            if every:
                _forget(store, every=every)
            took, changed = _recalculate(store)
            assert changed == (count // every if every else 0), f"{changed} of {count} changed where {wrong} were wrong"
            ours[wrong].append(took)
    figures = [
        compared(
            f"recalculation of {count:,} accounts and their customers, {wrong} wrong",
            ours_ns=min(took),
            floor_ns=min(floors),
            limit=LIMIT,
        )
        for wrong, took in ours.items()
    ]
    a_second = made.customers / (min(ours["all"]) / 1e9)
    figures.append(Figure(what="- customers a second, all wrong", figure=f"{a_second:,.0f}"))
    figures += _others(store)
    store.close()
    return figures


def _others(store: Store) -> list[Figure]:
    with store.write() as connection:
        one = Times(
            tuple(timed(partial(recalculate, connection, {account_no(index * 7)})) for index in range(ONE_BY_ONE))
        )
        rebuilt = timed(partial(rebuild_movements, connection))
    with store.read() as connection:
        listed = timed(lambda: sum(1 for _ in balances(connection)))
        as_of = max(row.last_invoice_date for row in balances(connection) if row.last_invoice_date)
        invoiced = timed(lambda: sum(1 for _ in invoices(connection, as_of=as_of)))
    return [
        Figure(what="- of one account, median", figure=milliseconds(one.median_ns)),
        Figure(what="all movements rebuilt from facts", figure=milliseconds(rebuilt)),
        Figure(what="listing of balances", figure=milliseconds(listed)),
        Figure(what="listing of invoices", figure=milliseconds(invoiced)),
    ]


def _count(store: Store) -> int:
    with store.read() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM accounts WHERE kind = 'meter'").scalar_one())


def _forget(store: Store, *, every: int) -> None:
    with store.write() as connection:
        connection.exec_driver_sql(FORGET.format(every=every))
        connection.exec_driver_sql(FORGET_CUSTOMERS.format(every=every))
    store.checkpoint()


def _in_one_transaction(store: Store, sentence: str) -> int:
    with store.write() as connection:
        took = timed(lambda: connection.exec_driver_sql(sentence))
    store.checkpoint()
    return took


def _recalculate(store: Store) -> tuple[int, int]:
    changed = 0

    def work() -> None:
        nonlocal changed
        changed = len(recalculate(connection, None))

    with store.write() as connection:
        took = timed(work)
    store.checkpoint()
    return took, changed


def main() -> int:
    """Measure a ledger of the size asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "meterpos-bench")
    options = parser.parse_args()
    figures = measure(kept_ledger(options.cache, customers=options.customers), scratch=options.cache)
    for one in figures:
        print(f"{one.what}: {one.figure}  {one.floor}  {one.ratio}  {one.limit}".rstrip())
    return 0 if all(one.kept is not False for one in figures) else 3


if __name__ == "__main__":
    sys.exit(main())
