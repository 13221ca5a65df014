"""The way down: pages of the feed to their end, and the comparing of digests that shows whether both hold the same."""

from collections.abc import Generator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any, Final

from meterpos.ledger.feedrows import STREAM_GREW
from meterpos.ledger.queries.witnesses import Remembered
from meterpos.ledger.rules.digest import WRAP
from meterpos.sync import wire
from meterpos.sync.steps import (
    ApplyAgain,
    ApplyPage,
    Failure,
    ForgetUnheard,
    KeepNamed,
    ReadDigests,
    ReadDoubt,
    ReadForgotten,
    RecordTold,
    Send,
    Step,
)
from meterpos.sync.talk import PAGES_MAX, PULL_PATH, WITNESS_PATH, Talk
from meterpos.sync.wire import FeedRow, Page, WireError, ZoneDigest

ROWS_LEAST: Final = 50


class Pulling(Talk):
    """What an exchange does to hear of everything."""

    __slots__ = ()

    def _pull_all(self) -> Generator[Step, Any, bool]:
        """Pull to the end and compare; False when the server turned out to be restored, so that pushing comes first."""
        differs = sorted(self.course.memory.in_vain)
        then: Send | None = None
        grew = False
        for _ in range(PAGES_MAX):
            page = yield from self._ask(after=self.cursor.position, differs=differs, first=then)
            if page.generation != self.cursor.generation:
                yield from self._restart(page.generation, page.lineage)
                return False
            then = self._question(after=page.through, differs=differs) if page.more else None
            yield ApplyPage(page, then=then)
            self.cursor = replace(self.cursor, position=page.through)
            self.course.pulled += len(page.rows)
            grew |= any(row.kind == STREAM_GREW for row in page.rows)
            if not page.more:
                is_done = yield from self._compare(page)
                return is_done and not (grew and self._may_begin_again())
        self._stop("interrupted", "There is more to fetch from head office; the next exchange goes on.")

    def _question(
        self, *, after: int, zones: Sequence[str] = (), differs: Sequence[str] = (), facts: bool = True
    ) -> Send:
        message = wire.make_pull(
            key=self.who.key,
            device=self.who.device,
            generation=self.cursor.generation,
            after=after,
            limit=self.course.memory.rows,
            software=self.who.software,
            nonce=self.nonce(),
            zones=zones,
            differs=differs,
            facts=facts,
        )
        return Send(PULL_PATH, message)

    def _ask(
        self,
        *,
        after: int,
        zones: Sequence[str] = (),
        differs: Sequence[str] = (),
        facts: bool = True,
        first: Send | None = None,
    ) -> Generator[Step, Any, Page]:
        """Ask for one page until it comes, each time for less; `first` is the question when it is already made."""
        question = first or self._question(after=after, zones=zones, differs=differs, facts=facts)
        while True:
            answer: bytes | Failure = yield question
            if isinstance(answer, Failure):
                self._bear(answer)
                self._remember(rows=max(self.course.memory.rows // 2, ROWS_LEAST), has_paged=True)
                question = self._question(after=after, zones=zones, differs=differs, facts=facts)
                continue
            try:
                page = wire.read_page(answer, key=self.who.server_key, request=wire.header_digest(question.message))
                if page.generation == self.cursor.generation and page.after != after:
                    raise WireError("binding", f"the page begins after {page.after}, not after {after}")
            except WireError as error:
                self._distrust(error)
            self.failures = 0
            self._learn_of_page(page, answer)
            return page

    def _compare(self, page: Page) -> Generator[Step, Any, bool]:
        """Compare digests; look once more, from the start, at zones that differ, unless the last look at just this
        difference was in vain. False when head office forgot what it had said, so that it is offered everything.
        """
        if self.course.agreed is None:
            self.course.agreed = True
        is_told, forgot = (yield from self._look_in_doubt(page)), False
        differing = yield from self._differing(page, anew=False)
        if differing:
            differing = yield from self._differing(page, anew=True)
        in_vain = self.course.memory.in_vain
        again = [zone for zone, gap in differing.items() if in_vain.get(zone) != gap]
        if again:
            page, named = yield from self._look(again, facts=True)
            forgot = yield ForgetUnheard(self.cursor.generation, tuple(again), named)
            is_told = yield from self._tell_what_was_lost()
            if is_told:
                yield KeepNamed(self.cursor.generation, tuple(again), named, everywhere=False)
            still = yield from self._differing(page, anew=False)
            differing = {zone: gap for zone, gap in (differing | still).items() if zone in still or zone not in again}
        looked_at = {zone: gap for zone, gap in differing.items() if zone in again or in_vain.get(zone) == gap}
        self._remember(in_vain=looked_at if is_told else {})
        if differing:
            self._disagree(
                f"Balances of {', '.join(differing)} may differ from head office's. Go on working; tell head office."
            )
        return not forgot or not self._may_begin_again()

    def _look_in_doubt(self, page: Page) -> Generator[Step, Any, bool]:
        """Tell head office what it lost; where it may have other customers, meters and accounts too, look at all but
        the facts from the start, and let go of what is not there. Tell whether nothing is left to tell.
        """
        is_told = yield from self._tell_what_was_lost()
        if is_told and (yield ReadDoubt()):
            zones = sorted(page.digests)
            _, named = yield from self._look(zones, facts=False)
            yield KeepNamed(self.cursor.generation, tuple(zones), named, everywhere=True)
        return is_told

    def _tell_what_was_lost(self) -> Generator[Step, Any, bool]:
        """Tell head office of facts it said once and has lost in a restore; tell whether nothing is left to tell.

        What it does not take now is told by a later exchange, and keeps this one from nothing.
        """
        forgotten: Sequence[Remembered] = yield ReadForgotten()
        for generation, of_one in groupby(forgotten, key=lambda fact: fact.generation):
            rest = list(of_one)
            while rest:
                part, rest = rest[: self.course.memory.rows], rest[self.course.memory.rows :]
                if not (yield from self._witness(generation, part)):
                    return False
                yield RecordTold(tuple(fact.fact_id for fact in part))
        return True

    def _witness(self, generation: int, forgotten: Sequence[Remembered]) -> Generator[Step, Any, bool]:
        message = wire.make_witness(
            key=self.who.key,
            device=self.who.device,
            generation=generation,
            rows=list(map(as_row, forgotten)),
            software=self.who.software,
            nonce=self.nonce(),
        )
        answer: bytes | Failure = yield Send(WITNESS_PATH, message)
        if isinstance(answer, Failure):
            return False
        try:
            wire.read_ack(answer, key=self.who.server_key, batch=wire.header_digest(message), stream=wire.NO_STREAM)
        except WireError as error:
            self._distrust(error)
        return True

    def _look(
        self, zones: Sequence[str], *, facts: bool
    ) -> Generator[Step, Any, tuple[Page, frozenset[tuple[str, str]]]]:
        """Fetch these zones from their start; return the last page, and kind and key of every row there was."""
        named: set[tuple[str, str]] = set()
        after = 0
        for _ in range(PAGES_MAX):
            page = yield from self._ask(after=after, zones=zones, facts=facts)
            if page.generation != self.cursor.generation:
                break
            yield ApplyAgain(page)
            named.update((row.kind, row.key) for row in page.rows)
            self.course.pulled += len(page.rows)
            after = page.through
            if not page.more:
                return page, frozenset(named)
        self._stop("interrupted", "Head office changed while its zones were compared; the next exchange goes on.")

    def _differing(self, page: Page, *, anew: bool) -> Generator[Step, Any, dict[str, ZoneDigest]]:
        """Return the zones whose digests differ, each with how far. Digests add up: while the same facts are missing,
        the gap stays the same, whatever else comes.
        """
        ours: dict[str, ZoneDigest] = yield ReadDigests(anew=anew)
        nothing = ZoneDigest(count=0, total=0)
        return {
            zone: _gap(ours.get(zone, nothing), theirs)
            for zone, theirs in sorted(page.digests.items())
            if ours.get(zone, nothing) != theirs
        }


def as_row(fact: Remembered) -> FeedRow:
    """Return what a till remembers as a row of the feed says it."""
    place = max(fact.position, 1)
    return FeedRow(position=place, zone=fact.zone, kind="fact", key=fact.fact_id, version=1, data=fact.data)


def _gap(ours: ZoneDigest, theirs: ZoneDigest) -> ZoneDigest:
    return ZoneDigest(count=theirs.count - ours.count, total=(theirs.total - ours.total) % WRAP)
