"""Looking after the ledger: what must hold of it checked, cheaply at start and whole once a day; backups."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from meterpos import vault
from meterpos.ledger import signing
from meterpos.ledger.store import Store
from meterpos.till.base import DEVICE_KEY, TillBase

if TYPE_CHECKING:
    from meterpos.ledger.checks import Problem
    from meterpos.ledger.marks import Mark
    from meterpos.till.backups import Saved

MARK_FILE: Final = "checked.mark"
WHOLE_FILE: Final = "checked.whole"


class Care(TillBase):
    """The verbs that look after the ledger. They may read all of it: never on a GUI thread, nor in its lane."""

    __slots__ = ()

    def check(self, *, rebuild: bool = False) -> "tuple[Problem, ...]":
        """Check all that must hold; with ``rebuild`` also against a ledger worked out anew. Keep a mark if all does."""
        from meterpos.ledger.checks import run_checks
        from meterpos.ledger.marks import mark_of

        with self.store.read() as connection:
            problems = (*run_checks(connection), *self._check_keys())
            mark = mark_of(connection) if not problems else {}
        if rebuild:
            problems += self._rebuilt()
        if not problems:
            self._keep(mark)
        self._file(WHOLE_FILE).write_text(self.now().isoformat(), encoding="ascii")
        return problems

    def recalculate(
        self, *, account_nos: Collection[str] | None, customer_nos: Collection[str] = (), clerk: str
    ) -> int:
        """Bring the kept sums of these accounts, of their owners and of these customers in line with the movements.

        No accounts named (``None``) are all of them. Returns how many were different before. One transaction, which
        nothing is lost by. Raises: MayNot for whoever only looks.
        """
        from meterpos.ledger import balances
        from meterpos.ledger.operations.people import require_right_of

        with self.store.write() as connection:
            require_right_of(connection, user_name=clerk, act="recalculate", moment=self.moment())
            changed = balances.recalculate(connection, account_nos)
            balances.recalculate_customers(connection, customer_nos)
        return len(changed)

    def check_since_last(self) -> "tuple[Problem, ...]":
        """Check what came since the last check, and that what was checked then is there; whole where no mark tells.

        What is found leaves the mark where it was, so that it is found again.
        """
        from meterpos.ledger.checks import Problem
        from meterpos.ledger.marks import check_since, mark_of, read_mark

        try:
            kept = self._file(MARK_FILE).read_bytes()
        except FileNotFoundError:
            return self.check()
        mark = read_mark(kept, secret=self.pepper)
        if mark is None:
            altered = Problem("mark_is_ours", "The mark of how far the ledger was checked was altered or is another's.")
            return (altered, *self.check())
        with self.store.read() as connection:
            problems = (*check_since(connection, mark), *self._check_keys())
            mark = mark_of(connection) if not problems else {}
        if not problems:
            self._keep(mark)
        return problems

    def checked_whole_at(self) -> datetime | None:
        """Return when the whole ledger was last checked, None where it never was."""
        try:
            return datetime.fromisoformat(self._file(WHOLE_FILE).read_text(encoding="ascii").strip())
        except (OSError, ValueError):
            return None

    def backup(self, file: Path) -> "Saved":
        """Copy the ledger into a new file, encrypted as it is, while the till works on; then open and look at the copy.

        Raises: CannotBackUp, DiskFull; there is no file then.
        """
        from meterpos.till.backups import back_up

        return back_up(self.store, file, key=self.database_key)

    def _check_keys(self) -> "Iterator[Problem]":
        """The key this till signs with is the one its stream began with: papers and batches would not be believed."""
        from meterpos.ledger.checks import Problem
        from meterpos.ledger.journal import BrokenEntry, entries_after

        who = self.identity()
        if who is None:
            return
        key = vault.read_secret(self.settings.home, DEVICE_KEY)
        with self.store.read() as connection:
            first = entries_after(connection, who.stream, seq=0, limit=1)
        try:
            public = first[0].content.body.get("public_key") if first else None
        except BrokenEntry:
            yield Problem(
                "device_key_is_the_enrolled_one",
                "The entry this till was enrolled with cannot be read any more. Restore a backup.",
            )
            return
        if key is None or (public is not None and signing.public_of(key).hex() != public):
            yield Problem(
                "device_key_is_the_enrolled_one",
                "The key this till signs with is missing, or is not the one it was enrolled with. "
                "Ask head office for a new code and enrol the till again.",
            )

    def _rebuilt(self) -> "tuple[Problem, ...]":
        from meterpos.ledger.rebuild import find_rebuilt_differences, rebuild

        with (
            scratch_ledger(self.settings.home, key=self.database_key) as scratch,
            self.store.read() as kept,
            scratch.write() as made,
        ):
            rebuild(kept, made)
            return tuple(find_rebuilt_differences(kept, made))

    def _keep(self, mark: "Mark") -> None:
        from meterpos.ledger.marks import write_mark

        new = self._file(MARK_FILE + ".new")
        new.write_bytes(write_mark(mark, secret=self.pepper))
        new.replace(self._file(MARK_FILE))

    def _file(self, name: str) -> Path:
        return self.settings.home / name


@contextmanager
def scratch_ledger(home: Path, *, key: bytes | None) -> Iterator[Store]:
    """Open an empty ledger beside the real one, under the same key, and take it away again."""
    from meterpos.ledger.upgrade import upgrade

    with TemporaryDirectory(prefix="scratch-", dir=home, ignore_cleanup_errors=True) as folder:
        store = Store(f"sqlite:///{Path(folder) / 'ledger.db'}", key=key)
        try:
            upgrade(store)
            yield store
        finally:
            store.close()
