"""Where checked rows go: tables, movements and the feed, in chunks, through the driver."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Table, update

from meterpos.headoffice import bulk, feed
from meterpos.headoffice.tables import claims, counters
from meterpos.headoffice.tables import feed as feed_table
from meterpos.ledger.rules.facts import adjustment_id, imported_reversal_id, invoice_id, opening_id, payment_id
from meterpos.ledger.tables import accounts, contacts, customers, facts, meters, movements, plans

CHUNK_ROWS: Final = 5_000

_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "customers": ("customer_no", "name", "phone", "place", "zone", "status", "language", "opened_on"),
    "accounts": ("account_no", "kind", "customer_no", "meter_no", "till_name", "zone", "opened_on", "closed_on"),
}


class Sink:
    """Takes rows that are right; `stopped` makes it drop them, once it is known that nothing will be kept.

    The feed's counter row is locked from the first row to the commit, so every fact is written with its final place.
    """

    def __init__(self, conn: Connection) -> None:
        self._conn: Final = conn
        self._generation: Final = feed.generation(conn)
        self.first: Final = feed.take_positions(conn, 0) + 1
        self._next = self.first
        self._waiting: Final[dict[str, list[Sequence[Any]]]] = defaultdict(list)
        self._tables: Final[dict[str, Table]] = {
            table.name: table
            for table in (customers, contacts, meters, accounts, plans, facts, movements, feed_table, claims)
        }
        self._digests: Final[dict[str, tuple[int, int]]] = {}
        self.rows = 0
        self.stopped = False

    def line(self, zone: str, kind: str, key: str, digest: int = 0) -> int:
        """Put a thing at the end of a zone's line and return its place."""
        place = self._next
        self._next = place + 1
        self._put("feed", (place, zone, kind, key, digest))
        return place

    def customer(self, row: Sequence[Any], zone: str) -> None:
        """Take a customer."""
        self.rows += 1
        self._put("customers", row)
        self.line(zone, "customer", row[0])

    def contact(self, row: Sequence[Any], zone: str) -> None:
        """Take a contact of a customer."""
        self.rows += 1
        self._put("contacts", row)
        self.line(zone, "contact", row[0])

    def meter(self, row: Sequence[Any]) -> None:
        """Take a meter; it goes to the zones of its accounts, when those are read."""
        self.rows += 1
        self._put("meters", row)

    def account(self, row: Sequence[Any], zone: str) -> None:
        """Take an account."""
        self.rows += 1
        self._put("accounts", row)
        self.line(zone, "account", row[0])

    def plan(self, row: Sequence[Any], zone: str) -> None:
        """Take what a plan was agreed to be; its account is counted already."""
        self._put("plans", row)
        self.line(zone, "plan", row[0])

    def opening(self, account_no: str, zone: str, day: str, amount_minor: int) -> None:
        """Take what an account owes (or holds, negative) from before; due on the opening day."""
        self._fact(opening_id(account_no), "opening", account_no, zone, account_no, day, amount_minor, due=day)

    def invoice(
        self, number: str, account_no: str, zone: str, day: str, due: str, amount_minor: int, forward_minor: int | None
    ) -> None:
        """Take an invoice; what it brought forward is kept to be compared and never counts."""
        self.rows += 1
        fact_id = invoice_id(number)
        self._fact(fact_id, "invoice", account_no, zone, number, day, amount_minor, due=due, forward=forward_minor)

    def payment(
        self,
        number: str,
        account_no: str,
        zone: str,
        day: str,
        amount_minor: int,
        counts: bool,
        invoice_no: str | None,
        method: str,
        reference: str | None,
        *,
        clerk: str | None = None,
        notes: str | None = None,
    ) -> None:
        """Take a payment of `amount_minor` above zero; `clerk` is who took it, where the old books say so."""
        self.rows += 1
        self._fact(
            payment_id(number), "payment", account_no, zone, number, day, -amount_minor,
            counts=counts, invoice_no=invoice_no, method=method, reference=reference, text=notes, clerk=clerk,
        )  # fmt: skip

    def reversal(
        self,
        number: str,
        account_no: str,
        zone: str,
        day: str,
        amount_minor: int,
        counts: bool,
        method: str,
        reference: str | None,
    ) -> None:
        """Take the reversal of the payment just taken; it counts when the payment does."""
        self._fact(
            imported_reversal_id(number), "reversal", account_no, zone, number, day, amount_minor,
            counts=counts, of=payment_id(number), method=method, reference=reference,
        )  # fmt: skip

    def adjustment(self, number: str, account_no: str, zone: str, day: str, amount_minor: int, reason: str) -> None:
        """Take an adjustment: above zero a debit, due the day it is made; below a credit."""
        self.rows += 1
        due = day if amount_minor > 0 else None
        self._fact(
            adjustment_id(number), "adjustment", account_no, zone, number, day, amount_minor, due=due, text=reason
        )

    def claim(self, method: str, reference: str | None, number: str) -> None:
        """Note whose a reference is."""
        self._put("claims", ("reference", f"{method}:{reference}", payment_id(number)))

    def hand_over(self) -> int:
        """Write what is waiting and return the last place taken: another goes on from there."""
        for name in list(self._waiting):
            self._write(name)
        return self._next - 1

    def take_over(self, last: int, digests: Mapping[str, tuple[int, int]]) -> None:
        """Go on after `last`, the place another took last; `digests` is what its facts add to each zone's."""
        self._next = last + 1
        for zone, (count, total) in digests.items():
            facts_before, sum_before = self._digests.get(zone, (0, 0))
            self._digests[zone] = (facts_before + count, sum_before + total)

    def finish(self) -> None:
        """Write what is waiting, and where the line now ends."""
        self.hand_over()
        self._conn.execute(update(counters).where(counters.c.name == feed.COUNTER).values(value=self._next - 1))
        feed.move_digests(self._conn, self._digests)

    def _fact(
        self,
        fact_id: str,
        kind: str,
        account_no: str,
        zone: str,
        number: str,
        day: str,
        amount_minor: int,
        *,
        counts: bool = True,
        due: str | None = None,
        invoice_no: str | None = None,
        of: str | None = None,
        method: str | None = None,
        reference: str | None = None,
        forward: int | None = None,
        text: str | None = None,
        clerk: str | None = None,
    ) -> None:
        share = int.from_bytes(
            hashlib.sha256(f"{fact_id}|{account_no}|{amount_minor}|account".encode()).digest()[:8], "big", signed=True
        )
        place = self.line(zone, "fact", fact_id, share)
        count, total = self._digests.get(zone, (0, 0))
        self._digests[zone] = (count + 1, total + share)
        self._put(
            "facts",
            (
                fact_id, kind, account_no, account_no, number, day, due, amount_minor, counts, invoice_no, of, method,
                reference, forward, text, None, self._generation, place, "account", clerk,
            ),
        )  # fmt: skip
        if counts:
            self._put("movements", (account_no, fact_id, kind, day, due, amount_minor, number, invoice_no, of))

    def _put(self, name: str, row: Sequence[Any]) -> None:
        waiting = self._waiting[name]
        waiting.append(row)
        if len(waiting) >= CHUNK_ROWS:
            self._write(name)

    def _write(self, name: str) -> None:
        waiting = self._waiting[name]
        if not self.stopped:
            bulk.insert(self._conn, self._tables[name], waiting, columns=_COLUMNS.get(name))
        waiting.clear()
