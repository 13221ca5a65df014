"""The papers of a shift, each from its entry alone: the report of its close (Z) or so far (X), slips of moved cash."""

from collections.abc import Mapping
from typing import Any

from meterpos.ledger.journal import Entry
from meterpos.ledger.money import format_amount, format_money
from meterpos.printing import frame
from meterpos.printing.document import Blank, Document, Element, Rule, Signature, Size, pair, text
from meterpos.printing.labels import Labels, labels_in


def compose_shift_report(entry: Entry, *, copy_no: int = 0) -> Document:
    """Compose the report of a shift, closed (Z) or so far (X); ``copy_no`` 0 is the original, n the n-th copy."""
    assert entry.content.kind in {"shift_closed", "shift_report"}, f"no shift report of a {entry.content.kind}"
    body = entry.content.body
    labels = labels_in(body["language"])
    is_closed = entry.content.kind == "shift_closed"
    title = labels.shift_report if is_closed else labels.report_so_far
    day, time = frame.say_instant(body["opened_local"], labels=labels)
    return Document(
        title=body["number"],
        language=body["language"],
        elements=(
            *frame.opening(entry, title=title, labels=labels, copy_no=copy_no),
            pair(labels.opened, f"{day}  {time}"),
            Rule(),
            *_papers(body, labels),
            Rule(),
            *_taken(body, labels),
            Rule(),
            *_drawer(body, labels),
            *(_counted(body, labels) if is_closed else [text(labels.not_closed)]),
            *_banked(body, labels),
            Rule(),
            *_journal(body, labels),
            *([Signature(labels.clerk_signs), Signature(labels.supervisor_signs)] if is_closed else []),
            *frame.closing(body, foot=(), seal=None, labels=labels),
        ),
    )


def compose_cash_slip(entry: Entry, *, copy_no: int = 0) -> Document:
    """Compose the slip of cash that was moved; ``copy_no`` 0 is the original, n the n-th copy."""
    assert entry.content.kind == "cash_movement", f"no cash slip of a {entry.content.kind}"
    body = entry.content.body
    kind = body["kind"]
    labels = labels_in(body["language"])
    amount = format_money(body["amount"], currency=body["currency"])
    elements: list[Element] = [
        *frame.opening(entry, title=labels.cash_slips[kind], labels=labels, copy_no=copy_no),
        Rule(),
        *_by_note(body, labels),
        pair(labels.counted if kind == "handover" else labels.cash_moved[kind], amount, bold=True, size=Size.LARGE),
    ]
    if kind == "handover":
        elements += [pair(labels.expected, format_amount(body["held"])), *_verdict(body, labels)]
        elements.append(pair(labels.to_clerk, body["to_name"]))
    if body["slip"]:
        elements.append(pair(labels.slip_no, body["slip"]))
    if body["reason"]:
        elements.append(text(labels.reason.format(reason=body["reason"])))
    approval = entry.content.approval
    if approval is not None:
        elements.append(pair(labels.approved_by, labels.approved_how[approval.how].format(name=approval.by)))
    elements += [Signature(labels.clerk_signs)]
    elements += [Signature(labels.next_clerk_signs if kind == "handover" else labels.supervisor_signs)]
    return Document(
        title=body["number"],
        language=body["language"],
        elements=(*elements, *frame.closing(body, foot=(), seal=None, labels=labels)),
    )


def _verdict(body: Mapping[str, Any], labels: Labels) -> list[Element]:
    """Return what a count is over or short, large."""
    difference = body["difference"]
    verdict = labels.agrees if not difference else labels.short if difference < 0 else labels.over
    said = format_money(abs(difference), currency=body["currency"])
    return [Blank(), pair(verdict, said, bold=True, size=Size.LARGE)]


def _papers(body: Mapping[str, Any], labels: Labels) -> list[Element]:
    receipts, reversals = body["receipts"], body["reversals"]
    elements: list[Element] = [pair(labels.receipts, f"{receipts['count']:,}")]
    if receipts["count"]:
        elements += [
            pair(labels.first, receipts["first"], indent=1),
            pair(labels.last, receipts["last"], indent=1),
        ]
    elements += [
        pair(labels.reversals.format(n=reversals["count"]), format_amount(reversals["amount"])),
        pair(labels.copies_printed, f"{body['reprints']:,}"),
        pair(labels.drawer_openings, f"{body['drawer_openings']:,}"),
        *([pair(labels.abandoned, f"{body['abandoned']:,}")] if body.get("abandoned") else []),
    ]
    return elements


def _taken(body: Mapping[str, Any], labels: Labels) -> list[Element]:
    totals = body["totals"]
    return [
        text(labels.taken, bold=True),
        *(
            pair(
                labels.counted_times.format(
                    method=labels.methods.get(total["method"], total["method"]), n=total["count"]
                ),
                format_amount(total["amount"]),
            )
            for total in totals
        ),
        pair(labels.total_taken, format_amount(sum(total["amount"] for total in totals)), bold=True),
    ]


def _drawer(body: Mapping[str, Any], labels: Labels) -> list[Element]:
    return [
        text(labels.drawer, bold=True),
        pair(labels.float_given, format_amount(body["float"])),
        pair(labels.cash_taken, format_amount(body["cash_taken"])),
        pair(labels.cash_refunded, format_amount(-body["cash_refunded"])),
        *(_moved(body, kind, labels, sign=-1) for kind in ("drop", "payout") if _amounts(body, kind)),
        *([pair(labels.recounted, format_amount(body["recounted"]))] if body["recounted"] else []),
        pair(labels.expected, format_amount(body["expected"])),
    ]


def _counted(body: Mapping[str, Any], labels: Labels) -> list[Element]:
    """Return what was counted, first and again, by note and coin where it was counted so, and how it differs."""
    return [
        *_by_note(body, labels),
        pair(labels.counted, format_amount(body["counted"])),
        *_verdict(body, labels),
    ]


def _by_note(body: Mapping[str, Any], labels: Labels) -> list[Element]:
    """Return what was counted before, and each note and coin; nothing on papers that know of none."""
    return [
        *(pair(labels.counted_before, format_amount(minor), indent=1) for minor in body.get("earlier_counts", ())),
        *(
            pair(
                labels.count_of.format(n=one["count"], denomination=format_amount(one["denomination"])),
                format_amount(one["denomination"] * one["count"]),
                indent=1,
            )
            for one in body.get("count", ())
            if one["count"]
        ),
    ]


def _banked(body: Mapping[str, Any], labels: Labels) -> list[Element]:
    """Return what went from the safe to the bank in this shift; it never lay in the drawer at that time."""
    banked = [one for one in body["movements"] if one["kind"] == "banking"]
    if not banked:
        return []
    return [
        Rule(),
        text(labels.from_the_safe, bold=True),
        _moved(body, "banking", labels),
        *(pair(labels.slip_no, one["slip"], indent=1) for one in banked),
    ]


def _amounts(body: Mapping[str, Any], kind: str) -> list[int]:
    return [one["amount"] for one in body["movements"] if one["kind"] == kind]


def _moved(body: Mapping[str, Any], kind: str, labels: Labels, *, sign: int = 1) -> Element:
    amounts = _amounts(body, kind)
    said = labels.counted_times.format(method=labels.cash_moved[kind], n=len(amounts))
    return pair(said, format_amount(sign * sum(amounts)))


def _journal(body: Mapping[str, Any], labels: Labels) -> list[Element]:
    """What lets head office prove that nothing is missing: the totals that never reset and the chain's head."""
    waiting = body["waiting"]
    elements: list[Element] = (
        [
            pair(labels.waiting, f"{waiting['count']:,}"),
            pair(labels.waiting_worth, format_amount(waiting["amount"]), indent=1),
        ]
        if waiting["count"]
        else [text(labels.nothing_waits)]
    )
    return [
        *elements,
        pair(labels.signed_through, f"{body['through_seq']:,}"),
        pair(labels.grand_total, format_amount(body["grand_total"])),
        pair(labels.chain_head, body["chain_head"]),
    ]
