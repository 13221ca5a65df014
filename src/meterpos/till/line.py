"""The line to head office: enrolment and exchange, over the network or by stick; each is imported when used."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from meterpos.ledger.queries.identity import Identity
from meterpos.ledger.search_index import build_where_missing
from meterpos.till.base import TillBase

if TYPE_CHECKING:
    from meterpos.sync import client
    from meterpos.sync.courier import CourierIn, CourierOut
    from meterpos.sync.exchange import ExchangeResult, Progress
    from meterpos.sync.steps import Memory


class Line(TillBase):
    """The verbs that leave the house."""

    __slots__ = ()

    def enrol(self, *, server: str, code: str, title: str = "") -> Identity:
        """Become a till of the head office at ``server``; waits for the network.

        Raises: PracticeStays; what `meterpos.sync.enrolment.enrol` raises.
        """
        from meterpos.sync.enrolment import enrol
        from meterpos.sync.exchange import refuse_training

        who = self.identity()
        if who is not None:
            refuse_training(who)

        identity = enrol(
            self.store,
            home=self.settings.home,
            server=server,
            code=code,
            database_key=self.database_key,
            moment=self.moment(),
            title=title,
        )
        self._device_key = None  # a new one was made
        return identity

    def exchange(
        self,
        *,
        memory: "Memory | None" = None,
        progress: "Callable[[Progress], None] | None" = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> "ExchangeResult":
        """Exchange once with head office; waits for the network. What goes wrong on the line is an outcome.

        The connection is kept, so that one that follows soon opens none.

        Raises: NotEnrolled, PracticeStays, ExchangeRunning, DiskFull.
        """
        from meterpos.sync.exchange import exchange

        done = exchange(
            self.store,
            home=self.settings.home,
            device_key=self.device_key,
            line=self._kept_line(),
            memory=memory,
            now=self.now,
            progress=progress,
            cancelled=cancelled,
        )
        build_where_missing(self.store)
        return done

    def _kept_line(self) -> "client.Line | None":
        """Return the line to the head office this till is of now."""
        from meterpos.sync import client

        who = self.identity()
        if who is None or who.training:
            return None
        if self._line is None or self._line.url != client.check_address(who.server_url):
            self._line = client.Line(who.server_url)
        return self._line

    def courier_out(self, file: Path) -> "CourierOut":
        """Write everything head office is to know, and the question for what is new, to a file for a stick.

        It takes its name when it is whole; an older file of that name is replaced. Raises: NotEnrolled, CannotWrite.
        """
        from meterpos.sync.courier import make_request
        from meterpos.sync.courier_file import save

        data, out = make_request(self.store, device_key=self.device_key, at=self.now())
        save(file, data)
        return out

    def courier_in(self, file: Path) -> "CourierIn":
        """Take in what head office put on a stick. Reading a file twice changes nothing.

        Raises: UnusableCourier with nothing changed; NotEnrolled, ExchangeRunning, DiskFull.
        """
        from meterpos.sync.courier import read_answer
        from meterpos.sync.courier_file import load

        done = read_answer(load(file), self.store, home=self.settings.home, device_key=self.device_key, at=self.now())
        build_where_missing(self.store)
        return done

    def mirror(self) -> int:
        """Bring the mirror on the second medium up to date, where there is to be one; return how many entries it took.

        Never in the way of a payment: call it after. Raises: MirrorMissing.
        """
        if self.settings.mirror is None:
            return 0
        from meterpos.sync.mirror import grow

        folder = Path(self.settings.mirror)
        return grow(self.store, home=self.settings.home, folder=folder, device_key=self.device_key)
