"""A small, fixed slice of the simulated schedules, and seeds that once failed."""

from collections.abc import Iterator

import pytest

from tests.faults.simulate import Simulator

SLICE = range(900_000, 900_004)

FAILED_ONCE = {
    7: "a copied till that stood behind its twin waited for ever for an acknowledgement",
    14: "a restored till waited for ever: head office's end of its old stream is beyond what it has",
    26: "a restored head office used a number again, and tills could not pull any more",
}


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    """One world for all."""
    with Simulator() as one:
        yield one


@pytest.mark.parametrize("seed", [*SLICE, *FAILED_ONCE])
def test_a_month_of_faults_loses_doubles_and_alters_nothing(simulator: Simulator, seed: int) -> None:
    outcome = simulator.play(seed)
    assert not outcome.wrong, "\n".join([*outcome.schedule.story, *outcome.wrong])


def test_a_seed_tells_the_same_story_twice(simulator: Simulator) -> None:
    one, other = (simulator.play(12).schedule.story for _ in range(2))
    assert one == other
