"""A small slice of the fuzzing: every parser with a few hundred samples that nobody would write."""

from pathlib import Path

import pytest

from tests.faults import api, fuzz

RUNS = {"head office": 60, "import": 10}
NAMES = (
    "push", "push, signed", "acknowledgement", "acknowledgement, signed", "pull, signed", "page", "page, signed",
    "courier file", "entry", "entry, altered values", "receipt's code", "approval challenge", "mark of the check",
    "printer's answers", "head office", "import", "rows of CSV", "statement", "M-Pesa's message",
    "M-Pesa's message, altered values",
)  # fmt: skip


def test_every_parser_is_fuzzed() -> None:
    assert set(fuzz.targets()) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_what_nobody_would_write_is_read_or_refused(name: str) -> None:
    target = fuzz.targets()[name]
    for sample in target.samples:
        target.parse(sample)  # a sample that is refused as it is would prove nothing
    done = fuzz.fuzz(name, runs=RUNS.get(name, 300), seed=1)
    assert done.wrong == []


def test_a_parser_that_stumbles_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    stumbling = fuzz.Target([b"12"], int, (ValueError,))
    monkeypatch.setitem(fuzz.targets(), "entry", stumbling)
    assert not fuzz.fuzz("entry", runs=200, seed=1).wrong
    monkeypatch.setitem(fuzz.targets(), "entry", fuzz.Target([b"12"], int, (KeyError,)))
    assert "ValueError" in fuzz.fuzz("entry", runs=200, seed=1).wrong[0]


def test_no_call_of_what_the_openapi_document_offers_is_answered_by_a_5xx(tmp_path: Path) -> None:
    done = api.call_all(tmp_path, calls=80, seed=1)
    assert (done.calls, done.wrong) == (80, [])
    assert done.answers[200], "some calls are good ones"
