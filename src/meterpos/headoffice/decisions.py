"""What head office decides about an entry's facts: all that depends on order, decided once, and itself a fact.

`decide` is pure but for remembering, on the bench, what the batch's earlier entries did.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from meterpos.headoffice.bench import Bench, Payment
from meterpos.headoffice.books import NAMING_PARTED
from meterpos.headoffice.exceptions import Opening
from meterpos.headoffice.feed import till_zone
from meterpos.ledger.journal import Entry
from meterpos.ledger.rules.facts import Decision, Fact, place


class Decided(NamedTuple):
    """An entry's facts as they count, and what a person has to look at. A tuple: one is made for each entry."""

    facts: tuple[Fact, ...]
    openings: tuple[Opening, ...]


def decide(bench: Bench, entry: Entry, stated: Sequence[Fact]) -> Decided:
    """Decide where each fact of an entry counts, and what has to be looked at."""
    openings = [] if _is_in_order(bench, entry) else list(_of_entry(bench, entry))
    if len(stated) == 1 and stated[0].kind == "payment":  # nearly all there is
        placed, opened = _payment(bench, entry, stated[0])
        return Decided((placed,), (*openings, *opened) if openings or opened else ())
    decided: list[Fact] = []
    # A correction's reversals come first: what they free is what its payments use.
    for fact in sorted(stated, key=lambda fact: fact.kind == "payment"):
        if fact.kind == "opening":
            decided.append(_total(bench, entry, fact))
            continue
        judge = _reversal if fact.kind == "reversal" else _payment
        if decided and judge is _payment and _has_failed(decided):
            # Nothing was taken back, so nothing is there to be paid in again.
            decided.append(place(fact, stands_on=fact.stands_on, decision="none"))
            continue
        placed, opened = judge(bench, entry, fact)
        decided.append(placed)
        openings += opened
        away = bench.away.get(fact.of_fact_id or "")
        if away is not None and placed.decision != "none":
            decided += away.back(fact.fact_date)
            told = {"of": away.payment_id, "moved_by": away.number, "moved_to": away.to_account, **_amount(fact)}
            openings.append(_open(bench, entry, "reversal_of_moved", fact.fact_id, **told))
    return Decided(tuple(decided), tuple(openings))


def _has_failed(decided: Sequence[Fact]) -> bool:
    return any(fact.kind == "reversal" and fact.decision == "none" for fact in decided)


# --- the entry itself


def _is_in_order(bench: Bench, entry: Entry) -> bool:
    """Tell at once what is true of nearly all: a plain tender made in an open shift by a clock that is not ahead."""
    said = entry.plain
    return said is not None and said.at <= bench.ahead_text and said.shift not in bench.closed_shifts


def _of_entry(bench: Bench, entry: Entry) -> Iterable[Opening]:
    content = entry.content
    if content.at > bench.ahead:
        yield _open(
            bench, entry, "clock_suspect", f"{bench.device.till_name} {bench.at.date()}", at=content.at.isoformat()
        )
    if content.shift in bench.closed_shifts and content.kind != "shift_opened":
        yield _open(bench, entry, "closed_shift", entry.short_id, shift=content.shift, kind=content.kind)
    if content.kind == "shift_closed" and content.shift is not None:
        bench.closed_shifts.add(content.shift)
    if content.kind in ("reversal", "correction") and content.approval is None:
        yield _open(bench, entry, "reversal_not_approved", content.body["number"], clerk=content.clerk)
    if content.kind == "report":
        yield _open(bench, entry, "customer_report", entry.short_id, asked=content.body)
    if content.kind == "put_right_request":
        yield _open(bench, entry, "put_right_request", content.body["number"], asked=content.body)
    if content.kind == "tender":
        for index, part in enumerate(content.body["parts"], 1):
            if part["suspense"] is not None:
                subject = f"{content.body['number']} part {index} {_mark(entry)}"
                yield _open(bench, entry, "unknown_meter", subject, amount_minor=part["amount"], asked=part["suspense"])


def _mark(entry: Entry) -> str:
    """Tell papers of one number apart: a till and its copy make them, and each is an item of its own."""
    return entry.short_id[:6]


def _open(bench: Bench, entry: Entry, code: str, subject: str, **details: Any) -> Opening:
    return Opening(
        code=code,
        subject=subject,
        till_name=bench.device.till_name,
        entry_id=entry.entry_id,
        details={"clerk": entry.content.clerk, "made_at": entry.content.at.isoformat(), **details},
    )


# --- payments


def _payment(bench: Bench, entry: Entry, fact: Fact) -> tuple[Fact, list[Opening]]:
    opened: list[Opening] = []
    stands_on = fact.account_no
    account = bench.accounts.get(stands_on)
    if account is None or (account.kind == "suspense" and fact.account_no != bench.suspense):
        stands_on = bench.suspense
        opened.append(_open(bench, entry, "unknown_account", _subject(entry, fact), **_amount(fact)))
    elif account.closed_on is not None and not _knew(bench, entry, fact.account_no):
        moved_to = bench.active.get(account.meter_no)
        code = "account_closed" if moved_to is None else "meter_moved"
        told = {"closed_on": account.closed_on.isoformat(), "now": moved_to, **_amount(fact)}
        opened.append(_open(bench, entry, code, _subject(entry, fact), **told))
    if fact.reference is not None and not _owns(bench, entry, fact):
        stands_on = bench.suspense
        opened.append(
            _open(
                bench,
                entry,
                "duplicate_reference",
                f"{fact.number} {fact.method}:{fact.reference} {_mark(entry)}",
                first=bench.owners["reference", f"{fact.method}:{fact.reference}"],
                **_amount(fact),
            )
        )
    if fact.invoice_no:
        opened += _naming(bench, entry, fact, fact.invoice_no)
    bench.payments[fact.fact_id] = Payment(stands_on, bench.device.till_name)
    return place(fact, stands_on=stands_on, decision=_word(bench, stands_on)), opened


def _naming(bench: Bench, entry: Entry, fact: Fact, invoice_no: str) -> list[Opening]:
    of_account = bench.invoices.get(invoice_no)
    if of_account is None:
        bench.namings[f"{invoice_no}{NAMING_PARTED}{fact.account_no}"] = fact.number
    elif of_account != fact.account_no:
        told = {"invoice": invoice_no, "its_account": of_account}
        return [_open(bench, entry, "invoice_of_another_account", _subject(entry, fact), **told)]
    return []


def _subject(entry: Entry, fact: Fact) -> str:
    return f"{fact.number} {fact.account_no} {_mark(entry)}"


def _word(bench: Bench, stands_on: str) -> Decision:
    return "suspense" if stands_on == bench.suspense else "account"


def _knew(bench: Bench, entry: Entry, account_no: str) -> bool:
    """Tell whether the till had been told of the account's closing when it took the money."""
    known = entry.content.body.get("known") or {}
    return int(known.get("position") or 0) >= bench.changed_at.get(account_no, 0)


def _owns(bench: Bench, entry: Entry, fact: Fact) -> bool:
    """Tell whether the payment may use its reference: as the first, with approval, or after the first was undone."""
    key = f"{fact.method}:{fact.reference}"
    if bench.owners["reference", key] != entry.short_id and not _may_share(bench, entry, key):
        if bench.spent[key] - bench.undone:
            return False
        bench.owners["reference", key] = entry.short_id
        bench.takeovers.append((key, entry.short_id))
    bench.spent[key].add(fact.fact_id)
    return True


def _may_share(bench: Bench, entry: Entry, key: str) -> bool:
    """Tell whether an approval lets a reference be used again.

    That of a correction is not about the reference: its payment may what the one it replaces could.
    """
    if entry.content.kind != "correction":
        return entry.content.approval is not None
    replaced = entry.content.body["reversal"]["payments"]
    stood = [bench.payments.get(one["of"]) for one in replaced if f"{one['method']}:{one['reference']}" == key]
    return any(payment is not None and payment.stands_on != bench.suspense for payment in stood)


def _amount(fact: Fact) -> dict[str, Any]:
    return {"account": fact.account_no, "amount_minor": abs(fact.amount_minor), "number": fact.number}


# --- plans


def _total(bench: Bench, entry: Entry, fact: Fact) -> Fact:
    """Decide what a plan made at a till owes: what its first entry says; another of the same number has no effect."""
    is_first = bench.plans.get(fact.account_no) == entry.short_id
    return place(fact, stands_on=fact.stands_on, decision="account" if is_first else "none")


# --- reversals


def _reversal(bench: Bench, entry: Entry, fact: Fact) -> tuple[Fact, list[Opening]]:
    assert fact.of_fact_id is not None, f"reversal {fact.fact_id} of nothing"
    subject = fact.of_fact_id
    payment = bench.payments.get(subject)
    if payment is not None and payment.till_name != bench.device.till_name:
        opening = _open(bench, entry, "reversal_of_another_till", fact.fact_id, of=subject, **_amount(fact))
        return place(fact, stands_on=fact.stands_on, decision="none"), [opening]
    if bench.owners["reversal", subject] != fact.fact_id:
        opening = _open(bench, entry, "double_reversal", fact.fact_id, of=subject, **_amount(fact))
        return place(fact, stands_on=fact.stands_on, decision="none"), [opening]
    if payment is None:
        opening = _open(bench, entry, "reversal_before_payment", subject, **_amount(fact))
        return place(fact, stands_on=fact.stands_on, decision="account"), [opening]
    bench.undone.add(subject)
    return place(fact, stands_on=payment.stands_on, decision=_word(bench, payment.stands_on)), []


# --- who hears of it


def zones_of(bench: Bench, fact: Fact) -> tuple[str, ...]:
    """Return who is told of a fact: the zone of the account it stands on, and the taking till where it serves another.

    A till is told of a fact in one of its zones only, or the digests of the others could not agree.
    """
    account = bench.accounts.get(fact.stands_on)
    if account is not None and account.zone in bench.pulled:
        return (account.zone,)
    own = till_zone(bench.device.till_name)
    if account is None:
        return (own,)
    is_others = fact.entry_id is None and fact.of_fact_id is None
    return (account.zone,) if is_others else (account.zone, own)
