"""The one door an error passes on its way to a person.

User errors are shown word for word; everything else is logged and becomes one sentence.
"""

import logging

from meterpos.errors import UserError
from meterpos.ui import said, words

log = logging.getLogger(__name__)


class Unexpected(UserError):
    """Something that should not happen; the details are in the log, not on the screen."""


def as_user_error(error: BaseException) -> UserError:
    """Return the error as something that may be shown; an unexpected one is logged with its traceback."""
    if isinstance(error, UserError):
        return error
    log.error("unexpected error", exc_info=error)
    return Unexpected(words.say("error.unexpected", kind=type(error).__name__))


def sentence(error: BaseException) -> str:
    """Return the one sentence a person is shown for this error, in the language being spoken.

    What the ledger says is English; `said` has it in the others, sentence by sentence.
    """
    told = as_user_error(error)
    wait_s = getattr(told, "wait_s", 0)
    if wait_s:
        key = "wrong.too_many_tries" if type(told).__name__ == "TooManyTries" else "wrong.pin_wait"
        return words.say(key, wait=words.span(wait_s))
    return translated(str(told))


def translated(sentence: str) -> str:
    """Return what the ledger or a printer said, in the language being spoken where the catalogue knows it."""
    return said.translated(sentence, words.language()) or sentence
