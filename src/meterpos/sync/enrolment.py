"""Becoming a till: a code from head office, a key made here, a certificate, and the first entry of a stream."""

import hashlib
import secrets
from pathlib import Path
from typing import Final

from meterpos import vault
from meterpos.errors import UserError
from meterpos.ledger import signing
from meterpos.ledger.moment import Moment
from meterpos.ledger.operations.enrolment import LABEL_LETTERS, LABEL_SIGNS, open_stream
from meterpos.ledger.queries.identity import Identity, find_identity
from meterpos.ledger.store import Store
from meterpos.sync import wire
from meterpos.sync.client import Line, check_address
from meterpos.sync.exchange import SOFTWARE, Sender
from meterpos.sync.lock import only_exchange
from meterpos.sync.steps import Failure

ENROL_PATH: Final = "/v1/enrol"
DEVICE_KEY: Final = "device"
PENDING_KEY: Final = "device-enrolling"
STREAM_BYTES: Final = 16


class CodeMistyped(UserError):
    """The enrolment code was not typed as it was given."""


class NotLetIn(UserError):
    """Head office did not enrol this till, or did not answer; nothing was changed."""


def enrol(
    store: Store,
    *,
    home: Path,
    server: str,
    code: str,
    database_key: bytes | None,
    moment: Moment,
    title: str = "",
    line: Sender | None = None,
) -> Identity:
    """Enrol this ledger with the head office at `server`, once, and return who it is now.

    A new device key is made and kept before anything is sent, so that after a lost answer the same code and key get
    the same certificate; it replaces an older key only when everything is settled. `database_key` is wrapped for
    head office (None: the ledger is not encrypted). `title` is where the
    till stands; head office's word for it wins.

    Raises: UnusableAddress, CodeMistyped, NotLetIn, AlreadyEnrolled, ExchangeRunning.
    """
    url = check_address(server)
    try:
        plain_code, fingerprint = wire.read_code(code)
    except wire.WireError as error:
        raise CodeMistyped(
            f"That is not an enrolment code: {error.detail}. Type it again as head office gave it.", field="code"
        ) from error
    with only_exchange(home):
        key = _key_for(home, plain_code)
        request = wire.make_enrol(
            key=key,
            public_key=signing.public_of(key),
            code=plain_code,
            title=title,
            software=SOFTWARE,
            nonce=secrets.token_bytes(wire.NONCE_BYTES),
        )
        packed = _ask(url, request, line)
        certificate = _believe(packed, request, fingerprint=fingerprint, public_key=signing.public_of(key))
        identity = _identity(certificate, packed, url=url)
        _settle(store, identity, home=home, key=key, database_key=database_key, moment=moment)
        return identity


def _key_for(home: Path, code: str) -> bytes:
    """Return the new key this code is tried with: the same one each time, another for another code."""
    about = hashlib.sha256(code.encode()).digest()
    pending = vault.read_secret(home, PENDING_KEY)
    if pending is not None and pending[: len(about)] == about:
        return pending[len(about) :]
    key = signing.generate_key()
    vault.write_secret(home, PENDING_KEY, about + key)
    return key


def _ask(url: str, request: bytes, line: Sender | None) -> bytes:
    if line is None:
        with Line(url) as own:
            return _ask(url, request, own)
    answer = line.send(ENROL_PATH, request)
    if isinstance(answer, Failure):
        raise NotLetIn(f"{answer.sentence} This till was not enrolled; check the address and the code, then try again.")
    return answer


def _believe(packed: bytes, request: bytes, *, fingerprint: bytes, public_key: bytes) -> wire.Certificate:
    try:
        certificate = wire.read_certificate(packed, fingerprint=fingerprint, request=wire.header_digest(request))
        if certificate.public_key != public_key:
            raise wire.WireError("binding", "the certificate is for another till's key")
    except wire.WireError as error:
        raise NotLetIn(
            f"The answer is not from the head office that made this code ({error.detail}). "
            "This till was not enrolled; check the address, and tell head office."
        ) from error
    return certificate


def _identity(certificate: wire.Certificate, packed: bytes, *, url: str) -> Identity:
    return Identity(
        till_name=certificate.till,
        title=certificate.title,
        device_id=certificate.device,
        stream=secrets.token_bytes(STREAM_BYTES),
        label=secrets.choice(LABEL_LETTERS) + secrets.choice(LABEL_SIGNS) + secrets.choice(LABEL_SIGNS),
        server_url=url,
        server_key=certificate.server_key,
        box_key=certificate.box_key,
        zones=certificate.zones,
        certificate=packed,
        generation=certificate.generation,
        position=0,
        as_of=None,
    )


def _settle(
    store: Store, identity: Identity, *, home: Path, key: bytes, database_key: bytes | None, moment: Moment
) -> None:
    """Write identity and first entry; the key takes its place in between, so that the same code heals a crash."""
    wrapped = b"" if database_key is None else vault.wrap_for(identity.box_key, database_key)
    approval_key = vault.read_or_make(home, vault.APPROVAL_KEY)
    with store.write() as connection:
        open_stream(
            connection,
            identity=identity,
            reason="new" if find_identity(connection) is None else "re-enrolled",
            public_key=signing.public_of(key),
            wrapped_database_key=wrapped,
            wrapped_approval_key=vault.wrap_for(identity.box_key, approval_key),
            moment=moment,
        )
        vault.write_secret(home, DEVICE_KEY, key)
