"""The training till: a home of its own beside the real one, with a made-up town in its own ledger."""

import secrets
from pathlib import Path
from typing import Final

from meterpos import vault
from meterpos.ledger.operations.enrolment import LABEL_LETTERS, LABEL_SIGNS
from meterpos.ledger.operations.training import CODE, open_town
from meterpos.ledger.queries.people import users
from meterpos.settings import load_till_settings, training_home, write_till_settings
from meterpos.till.assembly import Till, open_till
from meterpos.till.base import DEVICE_KEY

PIN: Final = "2468"
"""Everybody's PIN in the town; the window says so."""

_TAKEN_ALONG: Final = ("printer", "columns", "language", "theme", "text_size")


def open_training(home: Path | None = None) -> Till:
    """Open the training till beside the real one in ``home``, made where there is none yet.

    It prints on the real one's printer and speaks its language. The town's people have their PIN, which takes a second
    the first time. Raises: what `open_till` raises.
    """
    real, place = load_till_settings(home), training_home(home)
    known = load_till_settings(place)
    write_till_settings(
        place,
        {name: getattr(real, name) for name in _TAKEN_ALONG if getattr(real, name) != getattr(known, name)},
    )
    till = open_till(place)
    if till.identity() is None:
        _settle(till)
    with till.store.read() as connection:
        without = [user.user_name for user in users(connection) if not user.has_pin]
    for name in without:
        till.set_pin(user_name=name, code=CODE, pin=PIN)
    return till


def _settle(till: Till) -> None:
    device_key = secrets.token_bytes(32)
    label = secrets.choice(LABEL_LETTERS) + secrets.choice(LABEL_SIGNS) + secrets.choice(LABEL_SIGNS)
    vault.write_secret(till.settings.home, DEVICE_KEY, device_key)
    with till.store.write() as connection:
        open_town(connection, stream=secrets.token_bytes(16), label=label, device_key=device_key, moment=till.moment())
