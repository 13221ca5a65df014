"""A small, fixed slice of the simulated schedules and of the planted bugs, and seeds that once failed."""

from collections.abc import Callable, Iterator

import pytest

from tests.faults import stories
from tests.faults.finding import find
from tests.faults.planted import DoesNotApply, Edit, planted
from tests.faults.planted.bugs import BUGS, Bug
from tests.faults.simulate import Simulator
from tests.faults.tree import Shape, Tree

SLICE = range(900_000, 900_004)
TOLD = (
    "an acknowledgement counts for whatever was sent last",
    "two exchanges at once, and each moves the cursor on",
    "a second reversal counts as well",
    "a new generation names its parent's end too far",
    "two restores become the same generation",
    "an old answer by stick is the truth",
    "a page by stick is applied from its own start",
    "any head on a stick is believed",
    "a stick skips the generation",
    "a mirror leaves out the first entry that is missing",
    "a claim made at a till means nothing",
    "a till's own payment leaves with its customer",
    "a hand-over that head office lost stays at tills",
    "a restore leaves no doubt of accounts",
    "a look leaves what it did not name its place",
    "a mirror is compared by numbers alone",
    "a mirror is not asked where it begins",
    "a claim is known by its number",
    "nobody tells a till what its stick brought",
    "what a restore took is not told",
    "a witness is heard and not kept",
    "a lost fact is noted as told and never told",
)
"""What dice seldom show, and a story does."""
SHOWN = ("a double press pays twice", "a lost answer is taken for a yes", "deduplication by number")
SHOWN_WITHIN = 8


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    """One world for all."""
    with Simulator() as one:
        yield one


@pytest.mark.parametrize("seed", SLICE)
def test_a_month_of_faults_loses_doubles_and_alters_nothing(simulator: Simulator, seed: int) -> None:
    outcome = simulator.play(seed)
    assert not outcome.wrong, "\n".join([*outcome.schedule.story, *outcome.wrong])


def test_a_seed_tells_the_same_story_twice(simulator: Simulator) -> None:
    one, other = (simulator.play(12).schedule.story for _ in range(2))
    assert one == other


def test_a_schedule_that_shares_its_beginning_is_what_it_would_be_alone(simulator: Simulator) -> None:
    shape = Shape(forks=((1, 14), (1, 20)), leaves=3)
    stories = {path: list(outcome.schedule.story) for path, outcome in Tree(simulator, 6, shape).leaves()}
    assert len(stories) == 4
    *_, (path, alone) = Tree(simulator, 6, shape).leaves(only=(0, 0, 2))
    assert alone.schedule.story == stories[path]
    assert not alone.wrong


@pytest.mark.parametrize("story", stories.STORIES, ids=lambda story: str(story.__name__))
def test_a_story_written_by_hand_ends_well(simulator: Simulator, story: Callable[[stories.Script], None]) -> None:
    outcome = stories.play(simulator, story)
    assert not outcome.wrong, "\n".join([*outcome.schedule.story, *outcome.wrong])


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_every_planted_bug_still_fits_the_code(bug: Bug) -> None:
    with planted(bug):
        pass


def test_a_planted_bug_that_no_longer_fits_is_said() -> None:
    bug = Bug("gone", "the code moved on", (Edit("meterpos.ledger.journal:head", "no such text", ""),))
    with pytest.raises(DoesNotApply, match="no such text"), planted(bug):
        pass


@pytest.mark.parametrize("name", SHOWN)
def test_the_simulator_finds_a_planted_bug(simulator: Simulator, name: str) -> None:
    bug = next(bug for bug in BUGS if bug.name == name)
    assert find(simulator, bug, trees=(), months=range(SHOWN_WITHIN)) is not None


@pytest.mark.parametrize("name", TOLD)
def test_a_story_finds_a_planted_bug(simulator: Simulator, name: str) -> None:
    bug = next(bug for bug in BUGS if bug.name == name)
    assert find(simulator, bug, trees=()) is not None
