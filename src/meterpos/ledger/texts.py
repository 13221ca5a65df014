"""Text as every database takes it: NUL and half a surrogate pair are no letters (decision record 0037).

At a door, before money changes hands, such a text is refused in a sentence. What is in an entry all the same is read
with a mark in its place, the same way at till and head office, and its bytes stay as they are.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from meterpos.errors import UserError

MARK: Final = "\N{REPLACEMENT CHARACTER}"
NO_LETTER: Final = "A sign that is no letter (NUL, or half of one) was given. Type it again without; nothing was done."
_NO_LETTER: Final = re.compile("[\0\ud800-\udfff]")


class UnusableText(UserError):
    """A text holds what is no letter; nothing was done with it."""


def is_text(value: str) -> bool:
    """Tell whether every database takes this text."""
    return _NO_LETTER.search(value) is None


def readable(text: str, *, mark: str = MARK) -> str:
    """Return the text with ``mark`` where something is no letter."""
    return _NO_LETTER.sub(mark, text)


def readable_all(value: Any) -> Any:
    """Return a value as JSON holds it, with every text in it readable."""
    if isinstance(value, str):
        return readable(value)
    if isinstance(value, Mapping):
        return {readable(name): readable_all(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [readable_all(item) for item in value]
    return value


def require_text(value: Any) -> None:
    """Check every text in a value as JSON holds it. Raises: UnusableText."""
    if isinstance(value, str):
        if not is_text(value):
            raise UnusableText(NO_LETTER)
    elif isinstance(value, Mapping):
        for name, item in value.items():
            require_text(name)
            require_text(item)
    elif isinstance(value, list | tuple):
        for item in value:
            require_text(item)
