"""The till's side of an exchange as pure steps: no network, no database, no clock, no dice.

`exchange` is a generator. Each thing it yields is a step for its driver to take; the driver sends back the step's
result. A driver that stops, or dies, between any two steps loses nothing: every completed request is permanent
progress.

    push every stream that has entries waiting (the current one is always asked what head office holds)
    -> if the server was restored: let go of what it no longer has, offer again what it lost
    -> if this till was restored: fetch the end of its earlier stream, as far as head office has it
    pull pages until there are no more -> compare digests -> a zone that differs is looked at once more from its start

talk.py what both ways stand on · pushing.py the way up · pulling.py the way down
"""

import contextlib
from collections.abc import Callable

from meterpos.sync.pulling import Pulling
from meterpos.sync.pushing import Pushing
from meterpos.sync.steps import Course, ReadCursor, Steps, Who
from meterpos.sync.talk import Stop


def exchange(*, who: Who, course: Course, nonce: Callable[[], bytes]) -> Steps:
    """Yield the steps of one exchange; `course` tells how it went, `nonce` gives 8 fresh random bytes a call."""
    talk = _Talk(who=who, course=course, nonce=nonce)
    with contextlib.suppress(Stop):
        yield from talk.run()
    course.finished = True


class _Talk(Pushing, Pulling):
    __slots__ = ()

    def run(self) -> Steps:
        self.cursor = yield ReadCursor()
        while True:
            restarts = self.restarts
            yield from self._push_all()
            if (yield from self._pull_all()):
                return
            assert self.restarts > restarts
