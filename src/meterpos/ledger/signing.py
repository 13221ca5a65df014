"""Ed25519 signatures bound to a purpose, over raw 32-byte keys.

Every signature in the house says what it is for: what was signed as a page can never be shown as an acknowledgement.
"""

KEY_BYTES = 32
SIGNATURE_BYTES = 64

_PREFIX = b"meterpos "


def generate_key() -> bytes:
    """Make a new private key: 32 random bytes from the operating system."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.generate().private_bytes_raw()


def public_of(private: bytes) -> bytes:
    """Return the 32-byte public key that belongs to a private one."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def sign(private: bytes, *, purpose: str, message: bytes) -> bytes:
    """Sign a message for one purpose; the signature (64 bytes) is the same each time."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(private).sign(_bound(purpose, message))


def verify(public: bytes, *, purpose: str, message: bytes, signature: bytes) -> bool:
    """Tell whether this key signed this message for this purpose; keys and signatures of a wrong size are simply
    not valid.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if len(public) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, _bound(purpose, message))
    except (InvalidSignature, ValueError):
        return False
    return True


def _bound(purpose: str, message: bytes) -> bytes:
    name = purpose.encode("ascii")
    assert name and b"\0" not in name, purpose
    return _PREFIX + name + b"\0" + message
