"""The line between a till and head office, and all it does to a message."""

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any, Final

from meterpos.sync import wire
from meterpos.sync.framing import open_unverified
from meterpos.sync.steps import Failure
from tests.faults.terms import CUT
from tests.faults.world import BUSY, Place

if TYPE_CHECKING:
    from tests.faults.schedule import Schedule

AT: Final = "2026-11-20T06:41:07.123Z"
PORTAL: Final = b"<html>Please log in</html>"
AWAY: Final = Failure("unreachable", "Head office did not answer (no connection).")

LINE_FAULTS: Final = (
    "request lost", "answer lost", "duplicated", "late", "stale answer", "answer mangled", "request mangled", "portal",
    "office busy", "office cut", "unreachable", "forged",
)  # fmt: skip


@dataclass
class SimLine:
    """A line that loses, doubles, delays, mixes up and breaks."""

    schedule: "Schedule"
    place: Place

    def send(self, path: str, message: bytes) -> bytes | Failure:
        """Bring a message to head office, or not."""
        schedule, dice = self.schedule, self.schedule.random
        schedule.interlude()
        if not schedule.noisy or dice.random() > schedule.line_risk:
            return schedule.deliver(path, message, self.place.name)
        fault = dice.choice(LINE_FAULTS)
        if schedule.office_came_back and dice.random() < 0.4:
            fault = "stale answer"  # what was true before the restore is what does harm now
        schedule.faults[fault] += 1
        schedule.tell(f"{self.place.name}: {path} {fault}")
        return self._with(fault, path, message)

    def _with(self, fault: str, path: str, message: bytes) -> bytes | Failure:
        schedule, dice = self.schedule, self.schedule.random
        answer: bytes | Failure = {"unreachable": AWAY, "office busy": BUSY, "portal": PORTAL}.get(fault, CUT)
        match fault:
            case "late":
                schedule.late.append((path, message))
            case "forged":
                answer = _forged(path, message)
            case "stale answer":
                answer = schedule.old_answer(path, self.place.name)
            case "request mangled":
                answer = schedule.deliver(path, mangled(message, dice), self.place.name)
            case "duplicated":
                answer = dice.choice(
                    (schedule.deliver(path, message, self.place.name), schedule.deliver(path, message, self.place.name))
                )
            case "answer lost":
                schedule.deliver(path, message, self.place.name)
            case "answer mangled":
                answer = schedule.deliver(path, message, self.place.name)
                answer = mangled(answer, dice) if isinstance(answer, bytes) else answer
            case "office cut":
                if dice.random() < 0.5:
                    schedule.deliver(path, message, self.place.name)
                schedule.world.office_store.lose_power()
        return answer


def _forged(path: str, message: bytes) -> bytes:
    """Answer as somebody would who knows the protocol and not head office's key: all is delivered, nothing is new."""
    sealed = open_unverified(message, purpose=path.rpartition("/")[2]).sealed
    asked: Any = sealed.header
    if path == "/v1/recall":
        stream, after = bytes.fromhex(asked["stream"]), asked["after_seq"]
        return wire.make_recalled(
            key=b"\x66" * 32, request=wire.header_digest(message), stream=stream, after_seq=after, entries=(b"{}",)
        )
    said: dict[str, Any] = {"key": b"\x66" * 32, "generation": max(asked["generation"], 1), "at": AT}
    if path == "/v1/witness":
        nothing: dict[str, Any] = {"stream": wire.NO_STREAM, "through_seq": 0, "head": bytes(32), "count": 0}
        return wire.make_ack(batch=wire.header_digest(message), answers=(), sum_minor=0, **nothing, **said)
    if path == "/v1/pull":
        after = asked["after"]
        said |= {"request": wire.header_digest(message), "after": after, "through": after + 1000}
        return wire.make_page(more=False, zones=(), rows=(), **said)
    through = asked["from_seq"] + asked["count"] - 1
    return wire.make_ack(
        batch=wire.header_digest(message),
        stream=bytes.fromhex(asked["stream"]),
        through_seq=through,
        head=bytes.fromhex(asked["head"]),
        count=0,
        sum_minor=0,
        answers=(),
        **said,
    )


def mangled(message: bytes, dice: Random) -> bytes:
    """Return a message as a bad line or stick makes it."""
    how = dice.choice(("cut", "flipped", "longer"))
    if how == "cut":
        return message[: dice.randrange(len(message))]
    if how == "longer":
        return message + dice.randbytes(3)
    at = dice.randrange(len(message))
    return message[:at] + bytes([message[at] ^ (1 << dice.randrange(8))]) + message[at + 1 :]
