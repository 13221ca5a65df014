"""What is made for practice says so: every paper, at every width, in every language, and every page of it."""

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from meterpos.ledger.journal import Entry, Paper, content_bytes, make_entry
from meterpos.printing import sheet
from meterpos.printing.document import Document, Table
from meterpos.printing.page import Letters
from tests.printing import papers, report_samples
from tests.printing.invoice_samples import INVOICES
from tests.printing.papers import TEXTS, Case

WORD = {"en": "TRAINING", "sw": "MAFUNZO"}
MADE_TO_PRACTISE = {"training", "statement-of-nobody"}
"""The samples that are of practice already."""
AT_TILLS = [case for case in TEXTS if case.name not in INVOICES]
"""The papers a till makes; an invoice is head office's, where nobody practises."""


def practised(entry: Entry) -> Entry:
    """Return the same entry as a till in training makes it."""
    content = entry.content
    body = {**content.body, "training": True}
    if isinstance(entry, Paper):
        place = (entry.stream, entry.seq, entry.prev, entry.data, entry.entry_id)
        return Paper(*place, structs.replace(content, body=body))
    data = content_bytes(
        kind=content.kind,
        at=content.at,
        business_date=content.business_date,
        shift=content.shift,
        clerk=content.clerk,
        body=body,
        approval=content.approval,
    )
    return make_entry(stream=entry.stream, seq=entry.seq, prev=entry.prev, data=data)


@pytest.fixture
def practice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compose every sample as a till in training does."""

    def of(compose: Callable[..., Document]) -> Callable[..., Document]:
        return lambda entry, **options: compose(practised(entry), **options)

    for name in ("compose_receipt", "compose_reconnection", "compose_shift_report", "compose_cash_slip"):
        monkeypatch.setattr(papers, name, of(getattr(papers, name)))
    imprint: Callable[..., Any] = functools.partial(report_samples.imprint, training=True)
    monkeypatch.setattr(report_samples, "imprint", imprint)


def says(document: Document, word: str) -> list[bool]:
    """Return of each A4 page whether the word stands on it."""
    return [
        any(isinstance(mark, Letters) and mark.text == word for _, block in page.blocks for mark in block.marks)
        for page in sheet.pages(document)
    ]


@pytest.mark.usefixtures("practice")
@pytest.mark.parametrize("case", AT_TILLS, ids=str)
def test_every_paper_of_a_till_in_training_says_so(case: Case) -> None:
    if case.name in MADE_TO_PRACTISE:
        return
    assert WORD[case.language] in case.text()
    if case.columns == 48:
        assert all(says(case.document, WORD[case.language]))


@pytest.mark.parametrize("case", [case for case in AT_TILLS if case.columns == 32], ids=str)
def test_no_other_paper_does(case: Case) -> None:
    assert (WORD[case.language] in case.text()) == (case.name in MADE_TO_PRACTISE)


@pytest.mark.usefixtures("practice")
def test_every_page_of_a_long_statement_says_so() -> None:
    document = Case("statement", "en", 48).document
    (table,) = (one for one in document.elements if isinstance(one, Table))
    longer = replace(table, rows=table.rows * 60)
    elements = tuple(longer if one is table else one for one in document.elements)
    pages = says(replace(document, elements=elements), "TRAINING")
    assert len(pages) > 2 and all(pages)


def test_every_page_of_a_long_copy_says_copy() -> None:
    document = Case("cash-copy", "en", 48).document
    pages = says(replace(document, elements=document.elements * 4), "COPY 2")
    assert len(pages) > 1 and all(pages)
