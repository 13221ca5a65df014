"""A commit nobody confirmed: the till looks at its ledger before it says what was saved."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection

from meterpos.ledger.operations.cash import CashRequest
from meterpos.ledger.store import Store, UnknownOutcome
from meterpos.till import MaybeSaved, NotSaved
from tests.support.tills import CLERK, Counter


class DoubtfulStore(Store):
    """The production store on a disk whose commits are never confirmed; they stand, or not."""

    stands = True
    takes_more = True

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Yield a connection; then raise, the transaction kept or not."""
        try:
            with super().write() as connection:
                yield connection
                if not self.stands:
                    raise LookupError
        except LookupError:
            pass
        raise UnknownOutcome("the commit was not confirmed")

    def overwrite_doubt(self) -> None:
        """Write over it, or say that the disk takes nothing more."""
        if not self.takes_more:
            raise UnknownOutcome("nor this one")


@pytest.fixture
def doubtful(tmp_path: Path) -> Iterator[Counter]:
    counter = Counter.at(tmp_path / "till")
    counter.open_shift()
    sound = counter.till.store
    counter.till.store = DoubtfulStore(str(sound.url), key=counter.till.database_key)
    yield counter
    counter.till.store.close()
    sound.close()


def drop(counter: Counter) -> object:
    asked = CashRequest(movement_id="drop", kind="drop", amount_minor=10_000)
    return counter.till.move_cash(request=asked, clerk=CLERK)


@pytest.mark.parametrize("work", [Counter.pay, drop])
def test_what_stands_after_all_is_told_as_done(doubtful: Counter, work: object) -> None:
    entry = work(doubtful)  # type: ignore[operator]
    assert entry.content.body["number"]


@pytest.mark.parametrize("work", [Counter.pay, drop])
def test_what_does_not_stand_is_told_as_not_saved(doubtful: Counter, work: object) -> None:
    doubtful.till.store.stands = False  # type: ignore[attr-defined]
    before = doubtful.print_of_ledger()
    with pytest.raises(NotSaved, match="nothing was saved"):
        work(doubtful)  # type: ignore[operator]
    assert doubtful.print_of_ledger() == before


@pytest.mark.parametrize("work", [Counter.pay, drop])
def test_what_nobody_can_know_is_told_as_unknown(doubtful: Counter, work: object) -> None:
    doubtful.till.store.stands = False  # type: ignore[attr-defined]
    doubtful.till.store.takes_more = False  # type: ignore[attr-defined]
    with pytest.raises(MaybeSaved, match="look for it under Receipts"):
        work(doubtful)  # type: ignore[operator]
