"""Order independence: the same facts in any order give the same balances and allocations, and those of an oracle.

The oracle moves every cent by hand (tests/ledger/test_oracle.py). Each set has at least thirty facts: named, reversed,
bounced and pending payments among them.
"""

from collections.abc import Sequence
from random import Random
from typing import Any, Final

from meterpos.ledger.rules.allocation import allocate
from meterpos.ledger.rules.balances import Counted, charges_and_credits, movements_of
from meterpos.ledger.rules.facts import Fact
from tests.ledger.test_oracle import ACCOUNTS, fact, oracle

PERMUTATIONS: Final = 50
"""Orders tried of one set of facts."""


def facts_of_all_sorts(dice: Random) -> list[Fact]:
    """Return thirty facts or more."""
    made = [fact(f"o:{account_no}", "opening", account_no, 0, dice.randint(1, 20)) for account_no in ACCOUNTS[:2]]
    for number in range(8):
        day = dice.randrange(30)
        made.append(fact(f"i:{number}", "invoice", dice.choice(ACCOUNTS[:2]), day, dice.randint(1, 30)))
    made += [
        fact(f"a:ADJ{number}", "adjustment", dice.choice(ACCOUNTS), dice.randrange(30), dice.choice((-7, -1, 4, 9)))
        for number in range(4)
    ]
    while len(made) < 30 or sum(one.kind == "payment" for one in made) < 10:
        made += _payment(dice, sum(one.kind == "payment" for one in made))
    return made


def _payment(dice: Random, number: int) -> list[Fact]:
    account_no = dice.choice(ACCOUNTS[:2])
    decision: Any = dice.choice((None, "account", "account", "suspense", "none"))
    stands_on = "S" if decision == "suspense" else account_no
    named = dice.choice((None, *(str(invoice) for invoice in range(8)), "unheard of"))
    day = dice.randrange(30)
    more = {"counts": dice.random() < 0.7, "invoice_no": named, "method": "cheque", "decision": decision}
    payment = fact(f"p:{number}", "payment", account_no, day, -dice.randint(1, 25), stands_on=stands_on, **more)
    said = [kind for kind in ("clearing", "reversal", "bounce", "confirmation") if dice.random() < 0.3]
    return [payment, *(_event(dice, payment, kind, index) for index, kind in enumerate(said))]


def _event(dice: Random, payment: Fact, kind: str, index: int) -> Fact:
    amount = -payment.amount_minor if kind == "reversal" else 0
    more = {
        "of_fact_id": payment.fact_id,
        "decision": dice.choice((None, None, "none")),
        "stands_on": payment.stands_on,
    }
    return fact(f"e:{payment.fact_id}.{index}", kind, payment.account_no, dice.randrange(30), amount, **more)


def differs(facts: Sequence[Fact], arrived: Sequence[Fact], told: Any) -> str:
    """Say where the rules, given the facts in this order, say something else than the oracle; empty when nowhere."""
    by_id = {one.fact_id: one for one in facts}
    counted: dict[str, list[Counted]] = {account_no: [] for account_no in ACCOUNTS}
    for one in movements_of(arrived):
        said = by_id[one.fact_id]
        counted[one.account_no].append(
            Counted(
                fact_id=one.fact_id,
                kind=one.kind,
                fact_date=one.fact_date,
                due_date=one.due_date,
                amount_minor=one.amount_minor,
                number=said.number,
                invoice_no=said.invoice_no,
                of_fact_id=said.of_fact_id,
            )
        )
    for account_no, expected in told.items():
        result = allocate(*charges_and_credits(counted[account_no]))
        paid = {state.charge.number: state.paid_minor for state in result.charges}
        if paid != {owed.number: owed.paid for owed in expected.owed} or result.credit_minor != expected.credit:
            return f"{account_no} is allocated otherwise"
        if sum(one.amount_minor for one in counted[account_no]) != expected.net:
            return f"{account_no} owes otherwise"
    return ""


def permute(seed: int) -> list[str]:
    """Try one set of facts in many orders; return what differed."""
    dice = Random(f"order {seed}")
    facts = facts_of_all_sorts(dice)
    told = oracle(facts)
    wrong = []
    for _ in range(PERMUTATIONS):
        arrived = dice.sample(facts, len(facts))
        if found := differs(facts, arrived, told):
            wrong.append(f"seed {seed}: {found}")
    return wrong
