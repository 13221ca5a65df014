"""Head office checks itself: what came since at every start, all once a day; what is found stands on the desk."""

import contextlib
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from meterpos.headoffice import exceptions, marks
from meterpos.headoffice.checks import open_items, openings_of, run_checks
from meterpos.headoffice.marks import Mark
from meterpos.headoffice.office import Office
from meterpos.ledger.checks import Problem
from meterpos.sync.lock import HomeBusy, only_one

log: Final = logging.getLogger(__name__)
CHECK_LOCK: Final = "check.lock"
MARK_FILE: Final = "checked.mark"
WHOLE_FILE: Final = "checked.whole"
WHOLE_EVERY: Final = timedelta(hours=24)


def check_now(office: Office) -> None:
    """Run every check and keep what was found as items of the desk; nothing while another worker does so."""
    with contextlib.suppress(HomeBusy), only_one(office.settings.home, CHECK_LOCK, HomeBusy("Checking.")):
        with office.store.read() as conn:
            problems = list(run_checks(conn))
            mark = marks.mark_of(conn)
        _log(problems)
        with office.write() as (conn, _):
            open_items(conn, problems, at=office.moment().at)
        if not problems:
            _keep(office, mark)
        _file(office, WHOLE_FILE).write_text(office.moment().at.isoformat(), encoding="ascii")


def check_at_start(office: Office) -> None:
    """Check what came since the last check, and that what was checked then is there; nothing where no mark tells.

    What is found leaves the mark where it was, so that it is found again; only a whole check settles an item.
    """
    with contextlib.suppress(HomeBusy), only_one(office.settings.home, CHECK_LOCK, HomeBusy("Checking.")):
        try:
            kept = _file(office, MARK_FILE).read_bytes()
        except FileNotFoundError:
            return
        problems, mark = _since(office, kept)
        if not problems:
            _keep(office, mark)
            return
        _log(problems)
        with office.write() as (conn, _):
            exceptions.open_all(conn, openings_of(problems), at=office.moment().at)


def _since(office: Office, kept: bytes) -> tuple[list[Problem], Mark]:
    before = marks.read_mark(kept, secret=office.keys.box)
    with office.store.read() as conn:
        mark = marks.mark_of(conn)
        if before is not None:
            return list(marks.check_since(conn, before)), mark
    altered = "The mark of how far head office was checked was altered or is another's."
    return [Problem("mark_is_ours", altered)], mark


def whole_is_due(office: Office) -> bool:
    """Tell whether everything was last checked more than a day ago, or never."""
    try:
        at = datetime.fromisoformat(_file(office, WHOLE_FILE).read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        return True
    return not timedelta(0) <= office.moment().at - at < WHOLE_EVERY


def _log(problems: Sequence[Problem]) -> None:
    for problem in problems:
        log.error("check %s: %s", problem.check, problem.sentence)


def _keep(office: Office, mark: Mark) -> None:
    new = _file(office, MARK_FILE + ".new")
    new.write_bytes(marks.write_mark(mark, secret=office.keys.box))
    new.replace(_file(office, MARK_FILE))


def _file(office: Office, name: str) -> Path:
    return office.settings.home / name
