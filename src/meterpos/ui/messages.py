"""The one door an error passes on its way to a person.

User errors are shown word for word; everything else is logged and becomes one sentence.
"""

import logging

from meterpos.errors import UserError
from meterpos.ui import words

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
    """Return the one sentence a person is shown for this error."""
    return str(as_user_error(error))
