"""What the server writes down: a JSON object a line for programs, plain lines for a terminal; nothing of a person."""

import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, Final

_PHONE: Final = re.compile(r"(?<![\w-])\+?\d{9,15}(?![\w-])")
_PLAIN: Final = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
FRAMES_MAX: Final = 20


class JsonLines(logging.Formatter):
    """One object a record: at, level, from, event, and what was given as `extra`.

    Of an error only its kind and where it arose: its text may quote what somebody sent.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        said: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "event": without_phones(record.getMessage()),
        }
        said |= {name: value for name, value in record.__dict__.items() if name not in _PLAIN}
        if record.exc_info and record.exc_info[0] is not None:
            kind, _, trace = record.exc_info
            frames = traceback.extract_tb(trace)[-FRAMES_MAX:]
            said["error"] = kind.__name__
            said["where"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        return json.dumps(said, ensure_ascii=False, default=str)


def without_phones(text: str) -> str:
    """Return the text with whatever may be a telephone number taken out."""
    return _PHONE.sub("…", text)


def set_up(level: int = logging.INFO) -> None:
    """Write to stderr: lines for people at a terminal, JSON otherwise."""
    handler = logging.StreamHandler(sys.stderr)
    if sys.stderr.isatty():
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    else:
        handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
