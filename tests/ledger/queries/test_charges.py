"""What is open and what is overdue, read for many accounts at once, is what the plain rule says for each."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert

from meterpos.ledger.balances import recalculate
from meterpos.ledger.posting import post
from meterpos.ledger.queries.charges import allocations
from meterpos.ledger.queries.overdue import overdue_accounts
from meterpos.ledger.rules.allocation import Allocation, Charge, ChargeKind, Credit, allocate
from meterpos.ledger.rules.facts import Fact
from meterpos.ledger.store import Store
from meterpos.ledger.tables import accounts
from meterpos.ledger.upgrade import upgrade

TODAY = date(2026, 11, 20)
_DAY = st.integers(-40, 20).map(lambda days: TODAY + timedelta(days=days))
_AMOUNT = st.sampled_from([100, 100, 250, 1000])
_INVOICE = st.tuples(st.just("invoice"), _AMOUNT, _DAY, st.none(), st.none())
_PAYMENT = st.tuples(
    st.just("payment"),
    _AMOUNT,
    _DAY,
    st.one_of(st.none(), st.integers(0, 4)),
    st.sampled_from(["counts", "pending", "reversed", "bounced", "cleared", "no effect"]),
)
_OTHER = st.tuples(
    st.sampled_from(["adjustment", "opening", "invoice"]), st.integers(-300, 300), _DAY, st.none(), st.none()
)
_run = count()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    url = (
        f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'ledger.db'}"
        if request.param == "sqlite"
        else request.getfixturevalue("postgres_module_url")
    )
    store = Store(url)
    upgrade(store)
    yield store
    store.close()


def _facts(account_no: str, drawn: list[Any]) -> list[Fact]:
    """Return the drawn facts of one account; a payment may name the n-th invoice, here or not."""
    made: list[Fact] = []
    invoices = 0
    for place, (kind, amount, day, named, fate) in enumerate(drawn):
        number = f"{account_no}-{invoices if kind == 'invoice' else place}"
        invoices += kind == "invoice"
        made.append(
            Fact(
                fact_id=f"{kind[0]}:{number}",
                kind=kind,
                account_no=account_no,
                stands_on=account_no,
                number=number,
                fact_date=day - timedelta(days=14),
                due_date=day if kind in ("invoice", "opening") else None,
                amount_minor=-amount if kind == "payment" else amount,
                counts=fate not in ("pending", "cleared"),
                invoice_no=None if named is None else f"{account_no}-{named}",
                decision="none" if fate == "no effect" else None,
            )
        )
        if fate in ("reversed", "bounced", "cleared"):
            made.append(_event(made[-1], {"reversed": "reversal", "bounced": "bounce", "cleared": "clearing"}[fate]))
    return made


def _event(payment: Fact, kind: Any) -> Fact:
    return Fact(
        fact_id=f"{kind[0]}{payment.fact_id}",
        kind=kind,
        account_no=payment.account_no,
        stands_on=payment.account_no,
        number=payment.number,
        fact_date=payment.fact_date,
        amount_minor=0 if kind == "clearing" else -payment.amount_minor,
        of_fact_id=payment.fact_id,
    )


def _plain(facts: list[Fact]) -> Allocation:
    """Sort the facts of one account by hand into what is owed and what pays it."""
    undone = {fact.of_fact_id for fact in facts if fact.kind in ("reversal", "bounce")}
    cleared = {fact.of_fact_id for fact in facts if fact.kind == "clearing"}
    charges, credits = [], []
    for fact in facts:
        if fact.kind in ("reversal", "bounce", "clearing") or fact.fact_id in undone or fact.decision == "none":
            continue
        if fact.amount_minor > 0:
            charges.append(
                Charge(
                    fact_id=fact.fact_id,
                    number=fact.number,
                    kind=cast(ChargeKind, fact.kind),
                    due_date=fact.due_date or fact.fact_date,
                    fact_date=fact.fact_date,
                    amount_minor=fact.amount_minor,
                )
            )
        elif fact.amount_minor < 0 and (fact.counts or fact.fact_id in cleared):
            credits.append(Credit(fact_id=fact.fact_id, amount_minor=-fact.amount_minor, invoice_no=fact.invoice_no))
    return allocate(charges, credits)


@given(st.lists(st.lists(st.one_of(_INVOICE, _PAYMENT, _OTHER), max_size=12), min_size=1, max_size=4))
@settings(max_examples=80)
def test_many_accounts_at_once_are_what_the_rule_says_of_each(store: Store, drawn: list[list[Any]]) -> None:
    names = [f"T{next(_run)}" for _ in drawn]
    by_account = {name: _facts(name, one) for name, one in zip(names, drawn, strict=True)}
    with store.write() as connection:
        connection.execute(delete(accounts))
        connection.execute(
            insert(accounts), [{"account_no": name, "kind": "meter", "zone": "Z", "meter_no": name} for name in names]
        )
        post(connection, [fact for facts in by_account.values() for fact in facts])
        recalculate(connection, names)
        read = allocations(connection, names)
        late = overdue_accounts(connection, names, today=TODAY)
    for name, facts in by_account.items():
        expected = _plain(facts)
        assert read[name] == expected
        is_late = any(one.open_minor and one.charge.due_date < TODAY for one in expected.charges)
        assert (name in late) == is_late


def test_no_accounts_have_nothing_open(store: Store) -> None:
    with store.read() as connection:
        assert overdue_accounts(connection, [], today=TODAY) == frozenset()
        assert allocations(connection, []) == {}
