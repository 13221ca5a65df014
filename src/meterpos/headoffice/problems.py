"""What head office says when it cannot do what was asked: a sentence and a stable word, as JSON."""

from typing import Final

from meterpos.errors import MeterposError
from meterpos.sync.wire import WireError

_STATUS: Final = {"size": 413, "signature": 401}


class Problem(MeterposError):
    """An answer other than yes: HTTP status, stable word, sentence for the person at the till."""

    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code


def of_wire(error: WireError) -> Problem:
    """Return the problem of a message that cannot be trusted or understood."""
    sentences = {
        "size": "The message is too large. Send less at once.",
        "signature": "The message is not signed with this till's key.",
        "protocol": "This till's program is too old or too new for this head office. Install the matching version.",
    }
    sentence = sentences.get(error.reason, f"The message cannot be read ({error.detail}).")
    return Problem(_STATUS.get(error.reason, 400), error.reason, sentence)
