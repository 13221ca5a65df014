"""The moment something happens, as a door (window, command, server) reads it from the clock."""

from dataclasses import dataclass
from datetime import UTC, date, datetime


@dataclass(frozen=True, slots=True)
class Moment:
    """``local`` is aware, in the utility's time zone; everything below the doors gets it as an argument."""

    local: datetime

    @property
    def at(self) -> datetime:
        """The instant in UTC."""
        return self.local.astimezone(UTC)

    @property
    def today(self) -> date:
        """The date on the utility's calendar."""
        return self.local.date()

    @property
    def local_time(self) -> str:
        """The wall clock as papers show it, ``09:41``."""
        return self.local.strftime("%H:%M")

    def signed_day(self, as_of: datetime | None) -> date:
        """Return today, or the day of the latest signed server time ``as_of`` if later.

        Rights are measured by it: a clock set back makes none last longer.
        """
        return self.today if as_of is None else max(self.today, self.localise(as_of).date())

    def localise(self, instant: datetime) -> datetime:
        """Return ``instant`` on the utility's wall clock."""
        return instant.astimezone(self.local.tzinfo)
