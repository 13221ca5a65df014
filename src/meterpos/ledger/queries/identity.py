"""Who this till is, and where it stands in head office's feed."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from meterpos.errors import UserError
from meterpos.ledger.tables import till_identity


class NotEnrolled(UserError):
    """This till has not been enrolled with a head office."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The one row a till keeps about itself; ``generation`` and ``position`` are its cursor, ``as_of`` signed time.

    ``training`` says that the ledger is for practice: its papers say so, and nothing of it is ever sent.
    """

    till_name: str
    title: str
    device_id: str
    stream: bytes
    label: str
    server_url: str
    server_key: bytes
    box_key: bytes
    zones: tuple[str, ...]
    certificate: bytes
    generation: int
    position: int
    as_of: datetime | None
    training: bool = False

    @property
    def full_title(self) -> str:
        """The till as papers name it: ``KSM01 Kisumu Market``."""
        return f"{self.till_name} {self.title}".strip()

    @property
    def suspense_account(self) -> str:
        """The account for money whose meter this till does not know."""
        return suspense_account(self.till_name)


def suspense_account(till_name: str) -> str:
    """Return the number of a till's suspense account."""
    return f"SUSPENSE-{till_name}"


_row: Final = select(*(till_identity.c[field.name] for field in fields(Identity))).where(till_identity.c.id == 1)


def find_identity(connection: Connection) -> Identity | None:
    """Return who this till is, None before it is enrolled."""
    row = connection.execute(_row).one_or_none()
    if row is None:
        return None
    return Identity(**{**row._mapping, "zones": tuple(row.zones)})


def identity(connection: Connection) -> Identity:
    """Return who this till is. Raises: NotEnrolled before it is."""
    found = find_identity(connection)
    if found is None:
        raise NotEnrolled(
            "This till is not enrolled yet. Ask head office for a code, then run: "
            "meterpos till enrol --server ADDRESS --code CODE"
        )
    return found
