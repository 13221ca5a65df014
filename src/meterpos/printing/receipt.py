"""Receipts of payments and papers of reversals, composed from their entry alone."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from meterpos.ledger.journal import Entry
from meterpos.ledger.money import format_amount, format_money
from meterpos.printing import frame
from meterpos.printing.document import (
    Blank,
    Document,
    Either,
    Element,
    Rule,
    Run,
    Signature,
    Size,
    pair,
    text,
)
from meterpos.printing.labels import Labels, labels_in
from meterpos.printing.words import amount_in_words

Part = Mapping[str, Any]


def compose_receipt(entry: Entry, *, seal: str, copy_no: int = 0) -> Document:
    """Compose the paper of a tender or a reversal; of a correction, `papers_of` gives one of each.

    ``seal`` is the QR's text; ``copy_no`` 0 is the original, n the n-th copy.
    """
    assert entry.content.kind in {"tender", "reversal"}, f"no receipt of a {entry.content.kind}"
    body = entry.content.body
    labels = labels_in(body["language"])
    is_tender = entry.content.kind == "tender"
    title = labels.payment_receipt if is_tender else labels.reversal
    middle = _tender(entry, labels) if is_tender else _reversal(entry, labels)
    return Document(
        title=body["number"],
        language=body["language"],
        elements=(
            *frame.opening(entry, title=title, labels=labels, copy_no=copy_no),
            *middle,
            *frame.closing(body, foot=body["foot"], seal=seal, labels=labels),
        ),
        drawer=is_tender and not copy_no and _moves_cash(body),
    )


def _moves_cash(body: Mapping[str, Any]) -> bool:
    return "corrects" not in body and any(leg["method"] == "cash" for leg in body["legs"])


def _tender(entry: Entry, labels: Labels) -> list[Element]:
    body = entry.content.body
    parts: list[Part] = body["parts"]
    year = entry.content.business_date.year
    elements = _payer(body, labels)
    if "corrects" in body:
        elements.append(text(labels.corrects.format(**body["corrects"])))
    elements += _amount(labels.paid, sum(part["amount"] for part in parts), body)
    elements += _legs(body, labels)
    is_one = len(parts) == 1
    for part in parts:
        elements += [Rule()] if is_one else [Rule(), *_part_head(part, labels)]
        elements += _where_it_went(part, labels, year=year)
        balances = _balances(part, labels)
        elements += [Rule(), *balances] if is_one and balances else balances
    elements += [] if is_one else [Rule()]
    return elements + _notes(body, labels)


def _reversal(entry: Entry, labels: Labels) -> list[Element]:
    body = entry.content.body
    parts: list[Part] = body["parts"]
    elements = _payer(body, labels)
    elements += _amount(labels.reversed_amount, body["total"], body)
    elements.append(Rule())
    elements += _what_and_why(entry, labels)
    elements += [_refund(refund, labels) for refund in body["refund"]]
    if "corrected_by" in body:
        elements.append(text(labels.corrected_by.format(**body["corrected_by"]), bold=True))
    is_one = len(parts) == 1
    for part in parts:
        balances = _balances(part, labels)
        if is_one:
            elements += [Rule(), *balances] if balances else []
        else:
            elements += [Rule(), *_part_head(part, labels), *balances]
    elements += [] if is_one else [Rule()]
    elements += _as_known(body, labels)
    if any(refund["how"] == "cash" for refund in body["refund"]):
        elements.append(Signature(labels.customer_signs))
    return elements


def _payer(body: Mapping[str, Any], labels: Labels) -> list[Element]:
    """Who pays and, where there is but one meter, for which; nothing where neither is known."""
    elements: list[Element] = []
    customer, parts = body["customer"], body["parts"]
    if customer is not None:
        elements.append(pair(customer["name"], customer["no"], stacked_left=True))
    if len(parts) == 1:
        elements += _meter(parts[0], labels)
    return [Rule(), *elements] if elements else []


def _meter(part: Part, labels: Labels) -> list[Element]:
    unknown = part.get("suspense")
    if unknown is not None:
        given = ((labels.name_given, unknown["name"]), (labels.phone_given, _say_phone(unknown["phone"] or "")))
        return [
            text(f"{labels.meter} {unknown['meter_no']}", bold=True),
            *(pair(label, said, stacked_left=True) for label, said in given if said),
        ]
    return [pair(_meter_runs(part, labels), part["place"] or "", stacked_left=True)]


def _is_suspense(part: Part) -> bool:
    """Tell whether the money is kept for a meter this till does not know."""
    return part.get("suspense") is not None


def _meter_runs(part: Part, labels: Labels) -> tuple[Run, ...]:
    """Name the meter; an account that has none (an instalment plan) by its number."""
    if "plan" in part:
        capacity = part["plan"]["capacity_kw"]
        named = (Run(f"{labels.plan} "), Run(part["plan"].get("no", part["account"]), bold=True))
        return (*named, Run(f"  {capacity} kW")) if capacity else named
    if part["meter"] is None:
        return (Run(f"{labels.account} "), Run(part["account"], bold=True))
    utility = labels.utilities.get(part["utility"], part["utility"])
    return (
        Run(f"{labels.meter} "),
        Run(part["meter"], bold=True),
        *((Run(f"  {utility}"),) if utility else ()),
    )


def _part_head(part: Part, labels: Labels) -> list[Element]:
    """One of several meters: its number and what was paid on it."""
    amount = format_amount(part["amount"])
    if _is_suspense(part):
        _, *given = _meter(part, labels)
        return [pair(f"{labels.meter} {part['suspense']['meter_no']}", amount, bold=True), *given]
    head = pair(_meter_runs(part, labels), amount, bold=True)
    return [head, text(part["place"])] if part["place"] else [head]


def _amount(label: str, amount_minor: int, body: Mapping[str, Any]) -> list[Element]:
    currency = body["currency"]
    return [
        Blank(),
        pair(label, format_money(amount_minor, currency=currency), bold=True, size=Size.LARGE),
        text(amount_in_words(amount_minor, currency=currency, language=body["language"])),
    ]


def _legs(body: Mapping[str, Any], labels: Labels) -> list[Element]:
    """How it was paid; cash alone is told by what was received and given back, beside others where change was given."""
    legs, tendered = body["legs"], body["tendered"]
    is_cash_alone = len(legs) == 1 and tendered is not None
    elements: list[Element] = []
    if not is_cash_alone:
        elements += [pair(_leg_name(leg, labels), format_amount(leg["amount"])) for leg in legs]
    if is_cash_alone or body["change"]:
        elements += [
            pair(labels.cash_received, format_amount(tendered)),
            pair(labels.change_given, format_amount(body["change"])),
        ]
    return elements


def _leg_name(leg: Mapping[str, Any], labels: Labels) -> str:
    method = labels.methods.get(leg["method"], leg["method"])
    return f"{method} {leg['reference']}" if leg["reference"] else method


def _where_it_went(part: Part, labels: Labels, *, year: int) -> list[Element]:
    """What each charge lost by this payment, what became credit, what waits or is kept aside."""
    if _is_suspense(part):
        return [
            pair(labels.kept_aside, format_amount(part["amount"])),
            text(labels.meter_not_known),
        ]
    elements: list[Element] = [_charge(line, labels, year=year) for line in part["lines"]]
    if "plan" in part:
        elements = [pair(labels.plan_payment.format(n=part["plan"]["n"]), format_amount(part["amount"]))]
    if part["credit"]:
        to_credit = labels.to_credit if part["meter"] is not None else labels.to_credit_account
        elements.append(pair(to_credit, format_amount(part["credit"])))
    waiting = part["amount"] - part["credit"] - sum(line["amount"] for line in part["lines"])
    if waiting:
        elements.append(pair(labels.waits_for_clearing, format_amount(waiting)))
    if part["invoice"] and not part["invoice_known"]:
        elements.append(text(labels.invoice_not_known.format(number=part["invoice"])))
    return elements


def _charge(line: Mapping[str, Any], labels: Labels, *, year: int) -> Either:
    """One charge: what it was paid, and what is left on it."""
    name = {
        "invoice": labels.to_invoice,
        "opening": labels.to_opening,
        "adjustment": labels.to_adjustment,
    }.get(line["kind"], labels.to_other)
    name = name.format(number=line["to"])
    day = frame.say_short_day(date.fromisoformat(line["date"]), labels=labels, year=year)
    amount, left = format_amount(line["amount"]), format_amount(line["left"])
    return Either(
        wide=(
            pair(name + labels.of_date.format(date=day), amount),
            pair(labels.left_on_it, left, indent=3),
        ),
        narrow=(pair(name, amount), pair(labels.dated_left.format(date=day), left, indent=1)),
    )


def _balances(part: Part, labels: Labels) -> list[Element]:
    """What the account owes and holds now; nothing for money kept aside, whose account is the till's."""
    if _is_suspense(part):
        return []
    if "plan" in part:
        return _plan(part, labels)
    return [
        pair(labels.balance_now, format_amount(part["balance_after"]), bold=True),
        pair(labels.credit_now, format_amount(part["credit_after"]), bold=True),
    ]


def _plan(part: Part, labels: Labels) -> list[Element]:
    """How far the plan is paid with this payment, and what its payer said."""
    plan = part["plan"]
    elements: list[Element] = [
        pair(labels.plan_total, format_amount(plan["total"])),
        pair(labels.plan_paid, format_amount(plan["paid"])),
        pair(labels.plan_pending, format_amount(plan["pending"]), bold=True),
    ]
    if "paid_on" in part:
        paid_on = frame.say_day(date.fromisoformat(part["paid_on"]), labels=labels)
        elements.append(pair(labels.plan_paid_on, paid_on))
    if "notes" in part:
        elements.append(text(labels.notes.format(notes=part["notes"])))
    return elements


def _notes(body: Mapping[str, Any], labels: Labels) -> list[Element]:
    """What the payer should know besides: whose knowledge the balances are, and what is not certain yet."""
    notes = _as_known(body, labels)
    for leg in body["legs"]:
        name = _leg_name(leg, labels)
        if not leg["counts"]:
            notes.append(text(labels.pending.format(leg=name)))
        elif leg["unconfirmed"]:
            notes.append(text(labels.unconfirmed.format(leg=name)))
    if body["sms_to"]:
        notes.append(pair(labels.sms_goes_to, _say_phone(body["sms_to"])))
    return notes


def _as_known(body: Mapping[str, Any], labels: Labels) -> list[Element]:
    """Whose knowledge the balances are, and of when; nothing where no balance is told."""
    if all(_is_suspense(part) for part in body["parts"]):
        return []
    as_of = body["known"]["as_of_local"]
    if as_of is None:
        return [text(labels.never_heard)]
    day, time = frame.say_instant(as_of, labels=labels)
    one, *others = body["parts"]
    has_meter = one["meter"] is not None
    known = labels.as_known_many if others else labels.as_known if has_meter else labels.as_known_account
    return [text(known.format(date=day, time=time))]


def _say_phone(phone: str) -> str:
    """Return a Kenyan mobile number in groups, any other as it was given."""
    is_mobile = len(phone) == 10 and phone.isascii() and phone.isdigit()
    return f"{phone[:4]} {phone[4:7]} {phone[7:]}" if is_mobile else phone


def _what_and_why(entry: Entry, labels: Labels) -> list[Element]:
    body, approval = entry.content.body, entry.content.approval
    at = datetime.fromisoformat(body["of"]["at"])
    paid_day = frame.local_instant(at, like=entry)
    elements: list[Element] = [
        pair(labels.takes_back, body["of"]["number"]),
        pair(labels.paid_on, f"{frame.say_day(paid_day.date(), labels=labels)}  {paid_day:%H:%M}"),
        text(labels.reason.format(reason=body["reason"])),
    ]
    if approval is not None:
        by = labels.approved_how.get(approval.how, "{name}").format(name=approval.by)
        elements.append(pair(labels.approved_by, by, stacked_left=True))
    return elements


def _refund(refund: Mapping[str, Any], labels: Labels) -> Element:
    amount = format_amount(refund["amount"])
    method = labels.methods.get(refund["method"], refund["method"])
    if refund["how"] == "cash":
        given = labels.given_back_cash if refund["method"] == "cash" else labels.given_back
        return pair(given.format(method=method), amount, bold=True)
    said = labels.paid_again if refund["how"] == "moved" else labels.not_given_back
    return pair(said.format(method=method), amount)
