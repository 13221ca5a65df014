"""A made-up small town to practise in: its customers, meters, bills and people, with every case a clerk meets.

Its ledger is a till's like any other but for one word in its identity: its papers say TRAINING, no exchange takes it.
"""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, insert

from meterpos.ledger import search_index, signing
from meterpos.ledger.balances import recalculate
from meterpos.ledger.journal import Entry
from meterpos.ledger.moment import Moment
from meterpos.ledger.operations.enrolment import open_stream
from meterpos.ledger.operations.feed import sum_digests_anew
from meterpos.ledger.operations.people import code_hash
from meterpos.ledger.posting import post
from meterpos.ledger.queries.identity import Identity
from meterpos.ledger.rules.facts import Fact, invoice_id, opening_id, payment_id
from meterpos.ledger.tables import accounts, customers, meters, plans, settings, users
from meterpos.resources import resource_path

DUE_DAYS: Final = 14
CODE: Final = "MAFUNZO"
"""The one-time code of everybody in the town."""


def open_town(connection: Connection, *, stream: bytes, label: str, device_key: bytes, moment: Moment) -> Entry:
    """Make an empty ledger the town's till and fill in the town; its days are counted back from ``moment``.

    ``stream`` is 16 random bytes, ``label`` what its papers are numbered with. Raises: AlreadyEnrolled.
    """
    town = _town()
    entry = open_stream(
        connection,
        identity=_identity(town, stream=stream, label=label, moment=moment),
        reason="new",
        public_key=signing.public_of(device_key),
        wrapped_database_key=b"",
        moment=moment,
    )
    _stock(connection, town, today=moment.today)
    facts = [*_bills(town, moment.today), *_payments(town, moment.today), *_plans(town, moment.today)]
    recalculate(connection, post(connection, facts).accounts)
    sum_digests_anew(connection)
    search_index.refresh(connection, customer_nos=[row[0] for row in town["customers"]])
    return entry


@cache
def _town() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(resource_path("training/town.json").read_text(encoding="utf-8"))
    return loaded


def _identity(town: dict[str, Any], *, stream: bytes, label: str, moment: Moment) -> Identity:
    return Identity(
        till_name=town["till"],
        title=town["title"],
        device_id="training",
        stream=stream,
        label=label,
        server_url="",
        server_key=b"",
        box_key=b"",
        zones=(town["zone"],),
        certificate=b"",
        generation=1,
        position=1,
        as_of=moment.at,
        training=True,
    )


def _stock(connection: Connection, town: dict[str, Any], *, today: date) -> None:
    zone, closed = town["zone"], town["closed"]
    connection.execute(insert(settings), [{"key": key, "value": value} for key, value in town["settings"].items()])
    connection.execute(
        insert(users),
        [
            {
                "user_name": name,
                "display_name": said,
                "role": role,
                "revoked": False,
                "code_hash": code_hash(name, CODE),
            }
            for name, said, role in town["people"]
        ],
    )
    connection.execute(
        insert(customers),
        [
            {"customer_no": no, "name": name, "phone": phone, "place": place, "language": language, "zone": zone}
            for no, name, phone, place, language in town["customers"]
        ],
    )
    connection.execute(
        insert(meters),
        [
            {
                "meter_no": no,
                "utility": utility,
                "location": location,
                "status": "disconnected" if no in town["disconnected"] else "active",
            }
            for _, _, no, utility, location in town["meters"]
        ],
    )
    connection.execute(
        insert(accounts),
        [
            {
                "account_no": no,
                "kind": "meter",
                "customer_no": customer,
                "meter_no": meter,
                "zone": zone,
                "closed_on": today - timedelta(days=closed[no]) if no in closed else None,
            }
            for no, customer, meter, _, _ in town["meters"]
        ],
    )
    for plan_no, customer, capacity_kw, total_minor, days, _ in town["plans"]:
        row = {"account_no": plan_no, "kind": "plan", "customer_no": customer, "zone": zone}
        connection.execute(insert(accounts), {**row, "opened_on": today - timedelta(days=days)})
        agreed = {"account_no": plan_no, "capacity_kw": capacity_kw, "total_minor": total_minor, "plan_no": plan_no}
        connection.execute(insert(plans), agreed)


def _bills(town: dict[str, Any], today: date) -> Iterator[Fact]:
    for account, bills in town["bills"].items():
        for days, amount_minor in bills:
            day = today - timedelta(days=days)
            number = f"INV-{day:%y%m}-{account[-2:]}"
            due = day + timedelta(days=DUE_DAYS)
            yield _fact(invoice_id(number), "invoice", account, number, day, amount_minor, due_date=due)


def _payments(town: dict[str, Any], today: date) -> Iterator[Fact]:
    for account, payments in town["payments"].items():
        for days, amount_minor, method, reference in payments:
            yield _paid(account, today - timedelta(days=days), amount_minor, method, reference or None)


def _plans(town: dict[str, Any], today: date) -> Iterator[Fact]:
    for plan_no, _, _, total_minor, days, payments in town["plans"]:
        day = today - timedelta(days=days)
        yield _fact(opening_id(plan_no), "opening", plan_no, plan_no, day, total_minor, due_date=day)
        for ago, amount_minor, reference in payments:
            yield _paid(plan_no, today - timedelta(days=ago), amount_minor, "bank", reference)


def _paid(account: str, day: date, amount_minor: int, method: str, reference: str | None) -> Fact:
    number = f"TRAIN-A-{account}-{day:%y%m%d}"
    return _fact(payment_id(number), "payment", account, number, day, -amount_minor, method=method, reference=reference)


def _fact(fact_id: str, kind: Any, account: str, number: str, day: date, amount_minor: int, **more: Any) -> Fact:
    return Fact(
        fact_id=fact_id,
        kind=kind,
        account_no=account,
        stands_on=account,
        number=number,
        fact_date=day,
        amount_minor=amount_minor,
        brought_forward_minor=0 if kind == "invoice" else None,
        generation=1,
        position=1,
        decision="account",
        **more,
    )
