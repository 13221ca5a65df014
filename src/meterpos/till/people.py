"""Who stands at the till: PINs, signing in, and the second person who approves."""

import secrets

from meterpos import vault
from meterpos.ledger.journal import Approval
from meterpos.ledger.operations import approvals, people, reversals
from meterpos.ledger.rules.approvals import NONCE_BYTES, Wanted, new_nonce
from meterpos.till.base import TillBase


class People(TillBase):
    """The verbs of PIN and approval; argon2 takes 0.3 s."""

    __slots__ = ()

    def set_pin(self, *, user_name: str, code: str, pin: str) -> None:
        """Set a user's PIN with the code from head office. Raises: what `people.set_pin` raises."""
        with self.store.write() as connection:
            people.set_pin(connection, user_name=user_name, code=code, pin=pin, pepper=self.pepper)

    def login_name(self) -> str:
        """Return who is signed in to this machine: in their name a till works before head office sent anybody."""
        import getpass

        try:
            return getpass.getuser()
        except (OSError, KeyError):  # a login without a name, as in some containers
            return "till"

    def sign_in(self, *, user_name: str, pin: str, approving: bool = False) -> None:
        """Check a PIN and note it in the journal; wrong tries are counted there and slow the next ones down.

        Raises: WrongPin, UnknownUser, TooManyTries.
        """
        moment = self.moment()
        with self.store.write() as connection:
            right = people.sign_in(
                connection, user_name=user_name, pin=pin, pepper=self.pepper, moment=moment, approving=approving
            )
            wait_s = people.wait_of(connection, user_name=user_name, moment=moment)
        if not right:
            raise people.wrong_pin(wait_s=wait_s)

    def sign_out(self, *, user_name: str, why: people.SignOut) -> None:
        """Note that the till was locked or left."""
        with self.store.write() as connection:
            people.sign_out(connection, user_name=user_name, why=why, moment=self.moment())

    def approve(self, *, approver: str, pin: str, clerk: str) -> Approval:
        """Return the approval of a second person, by PIN.

        Raises: NotApproved when the clerk approves their own act, MayNotApprove, WrongPin, TooManyTries.
        """
        if approver == clerk:
            raise reversals.NotApproved("A second person has to approve. Ask a supervisor.", field="approver")
        with self.store.read() as connection:
            people.require_approver(connection, user_name=approver, moment=self.moment())
        self.sign_in(user_name=approver, pin=pin, approving=True)
        return Approval(by=approver, how="pin", nonce=secrets.token_hex(8))

    def ask_approval(self, wanted: Wanted) -> str:
        """Return what to read to head office for an approval by telephone. Raises: NotEnrolled."""
        nonce = new_nonce(secrets.token_bytes(NONCE_BYTES))
        with self.store.write() as connection:
            return approvals.ask_approval(connection, wanted=wanted, nonce=nonce).text

    def approve_by_code(self, wanted: Wanted, *, code: str, clerk: str) -> Approval:
        """Return the approval head office's digits give; the act it is for uses them up.

        Raises: NotAskedFor, WrongApprovalCode.
        """
        key, moment = vault.read_or_make(self.settings.home, vault.APPROVAL_KEY), self.moment()
        with self.store.write() as connection:
            found = approvals.use_code(connection, wanted=wanted, code=code, key=key, moment=moment, clerk=clerk)
        if found is None:
            raise approvals.WrongApprovalCode(
                "Those digits are not right. Have them read again.", field="approval_code"
            )
        return found
