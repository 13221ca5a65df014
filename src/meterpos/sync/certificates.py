"""How a till is let in: the one-time code, the request signed by the new key, the certificate."""

import base64
import hashlib
from collections.abc import Sequence

from meterpos.sync import fields
from meterpos.sync.framing import PROTOCOL, WireError, check_signature, no_body, open_unverified, seal
from meterpos.sync.records import Certificate, Enrol

ZONES_MAX = 500
CODE_RANDOM_BYTES = 8
CODE_FINGERPRINT_BYTES = 8


def make_code(random: bytes, *, server_key: bytes) -> str:
    """Make a one-time enrolment code of 8 random bytes: base32, with the fingerprint of the server's key inside."""
    assert len(random) == CODE_RANDOM_BYTES
    return base64.b32encode(random + code_fingerprint(server_key)).decode("ascii").rstrip("=")


def read_code(text: str) -> tuple[str, bytes]:
    """Read a code as typed (any case, spaces and dashes between); return it normalised, and the fingerprint it carries.

    Raises: WireError (form) for anything else.
    """
    code = "".join(text.split()).replace("-", "").upper().replace("0", "O").replace("1", "I").replace("8", "B")
    try:
        octets = base64.b32decode(code + "=" * (-len(code) % 8))
    except ValueError as error:
        raise WireError("form", "the enrolment code holds a character that codes do not have") from error
    if (
        len(octets) != CODE_RANDOM_BYTES + CODE_FINGERPRINT_BYTES
        or base64.b32encode(octets).decode("ascii").rstrip("=") != code
    ):
        raise WireError("form", "the enrolment code is too long, too short or mistyped")
    return code, octets[CODE_RANDOM_BYTES:]


def code_fingerprint(server_key: bytes) -> bytes:
    """Return what an enrolment code carries of the server's public key."""
    return hashlib.sha256(server_key).digest()[:CODE_FINGERPRINT_BYTES]


def make_enrol(*, key: bytes, public_key: bytes, code: str, title: str, software: str, nonce: bytes) -> bytes:
    """Sign the request to be enrolled with the new device key itself."""
    header: dict[str, object] = {
        "purpose": "enrol",
        "protocol": PROTOCOL,
        "code": code,
        "public_key": public_key.hex(),
        "title": title,
        "software": software,
        "nonce": nonce.hex(),
    }
    return seal(header, key=key)


def read_enrol(packed: bytes) -> Enrol:
    """Read a request to be enrolled; it is signed by the key it brings."""
    opened = open_unverified(packed, purpose="enrol")
    sealed = opened.sealed
    header = fields.Header(sealed.header)
    header.protocol(PROTOCOL)
    public_key = header.octets("public_key", size=32)
    check_signature(opened, key=public_key)
    enrol = Enrol(
        code=header.text("code"),
        public_key=public_key,
        title=header.text("title", empty=True),
        software=header.text("software", empty=True),
        digest=sealed.digest,
    )
    header.octets("nonce", size=8)
    header.finish()
    no_body(sealed)
    return enrol


def make_certificate(
    *,
    key: bytes,
    request: str,
    device: str,
    till: str,
    title: str,
    zones: Sequence[str],
    public_key: bytes,
    server_key: bytes,
    box_key: bytes,
    utility: str,
    generation: int,
    at: str,
) -> bytes:
    """Sign a till's certificate with the server key; `request` is Enrol.digest."""
    header: dict[str, object] = {
        "purpose": "certificate",
        "protocol": PROTOCOL,
        "request": request,
        "device": device,
        "till": till,
        "title": title,
        "zones": list(zones),
        "public_key": public_key.hex(),
        "server_key": server_key.hex(),
        "box_key": box_key.hex(),
        "utility": utility,
        "generation": generation,
        "at": at,
    }
    return seal(header, key=key)


def read_certificate(
    packed: bytes, *, fingerprint: bytes | None = None, server_key: bytes | None = None, request: str | None = None
) -> Certificate:
    """Read a certificate: a new till knows only the code's fingerprint and its request, an enrolled one the
    server's key.
    """
    opened = open_unverified(packed, purpose="certificate")
    sealed = opened.sealed
    header = fields.Header(sealed.header)
    header.protocol(PROTOCOL)
    key = header.octets("server_key", size=32)
    if (server_key is not None and key != server_key) or (
        fingerprint is not None and code_fingerprint(key) != fingerprint
    ):
        raise WireError("binding", "the certificate is of another head office")
    check_signature(opened, key=key)
    certificate = Certificate(
        request=header.text("request"),
        device=header.text("device"),
        till=header.text("till"),
        title=header.text("title", empty=True),
        zones=header.texts("zones", most=ZONES_MAX),
        public_key=header.octets("public_key", size=32),
        server_key=key,
        box_key=header.octets("box_key", size=32),
        utility=header.text("utility", empty=True),
        generation=header.integer("generation", least=1),
        at=header.instant("at"),
    )
    header.finish()
    no_body(sealed)
    if request is not None and certificate.request != request:
        raise WireError("binding", "the certificate answers another request")
    return certificate
