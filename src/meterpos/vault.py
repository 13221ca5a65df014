"""Secrets at rest: the operating system's keyring where there is one, else 0600 files, said aloud.

A *wrapped* secret can be opened by one private key alone (X25519, HKDF-SHA256, ChaCha20-Poly1305).
"""

import base64
import os
import stat
from pathlib import Path
from typing import Final, Literal

from meterpos.errors import MeterposError, UserError

Place = Literal["keyring", "file"]
APPROVAL_KEY: Final = "approval"
"""The secret a till shares with head office for approvals by telephone."""
SERVICE: Final = "meterpos"
_INFO: Final = b"meterpos wrap v1"
_FOLDER: Final = "secrets"


class CannotUnwrap(MeterposError):
    """The wrapped secret was made for another key, or was altered."""


class ExposedSecret(UserError):
    """A secret's file can be read by other users of this machine."""


def read_secret(home: Path, name: str) -> bytes | None:
    """Return the secret ``name`` of this home, None where there is none.

    Raises: ExposedSecret when its file is readable by others.
    """
    file = _file(home, name)
    if file.exists():
        if os.name == "posix" and file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise ExposedSecret(f"{file} can be read by other users. Run: chmod 600 '{file}'")
        return file.read_bytes()
    text = _from_keyring(home, name)
    return None if text is None else base64.b64decode(text)


def write_secret(home: Path, name: str, value: bytes) -> Place:
    """Keep a secret and return where it went; the door that called says so to the person."""
    if _to_keyring(home, name, base64.b64encode(value).decode()):
        return "keyring"
    file = _file(home, name)
    _written_beside(file, ".new", value).replace(file)
    return "file"


def read_or_make(home: Path, name: str) -> bytes:
    """Return the secret ``name`` of this home, made of 32 random bytes where there is none. Raises: ExposedSecret.

    Of several who make it at once, such as a server's workers, one does, and all have that one's.
    """
    value = read_secret(home, name)
    if value is None:
        _make(home, name, os.urandom(32))
        value = read_secret(home, name)
        assert value is not None, f"the secret {name} was made and is not there"
    return value


def _make(home: Path, name: str, value: bytes) -> None:
    if _to_keyring(home, name, base64.b64encode(value).decode()):
        return
    file = _file(home, name)
    made = _written_beside(file, f".{os.urandom(4).hex()}.new", value)
    try:
        os.link(made, file)
    except FileExistsError:
        made.unlink()
    except OSError:  # a disk that knows no second name for a file
        made.replace(file)
    else:
        made.unlink()


def _written_beside(file: Path, suffix: str, value: bytes) -> Path:
    """Write a secret onto the disk beside where it shall be, for nobody else to read, and return where."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = file.with_suffix(suffix)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(value)
        stream.flush()
        os.fsync(stream.fileno())
    return beside


def make_box_key() -> bytes:
    """Make a private key for `unwrap`: 32 bytes."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    return X25519PrivateKey.generate().private_bytes_raw()


def box_public_of(private: bytes) -> bytes:
    """Return the public key that belongs to a private one of `make_box_key`."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def wrap_for(public_key: bytes, secret: bytes) -> bytes:
    """Wrap ``secret`` so that only the holder of the private key to ``public_key`` can open it."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    ephemeral = X25519PrivateKey.generate()
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(public_key))
    sender = ephemeral.public_key().public_bytes_raw()
    return sender + ChaCha20Poly1305(_derive(shared, sender + public_key)).encrypt(bytes(12), secret, None)


def unwrap(private_key: bytes, wrapped: bytes) -> bytes:
    """Return the secret. Raises: CannotUnwrap when it is not for this key or was altered."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    own = X25519PrivateKey.from_private_bytes(private_key)
    sender = wrapped[:32]
    try:
        shared = own.exchange(X25519PublicKey.from_public_bytes(sender))
        key = _derive(shared, sender + own.public_key().public_bytes_raw())
        return ChaCha20Poly1305(key).decrypt(bytes(12), wrapped[32:], None)
    except (InvalidTag, ValueError) as error:
        raise CannotUnwrap("the wrapped secret is for another key, or was altered") from error


def _derive(shared: bytes, salt: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=_INFO).derive(shared)


def _file(home: Path, name: str) -> Path:
    return home / _FOLDER / f"{name}.key"


def _entry(home: Path, name: str) -> str:
    return f"{name}@{home.resolve()}"


def _from_keyring(home: Path, name: str) -> str | None:
    if not _has_keyring():
        return None
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(SERVICE, _entry(home, name))
    except KeyringError:
        return None


def _to_keyring(home: Path, name: str, text: str) -> bool:
    if not _has_keyring():
        return False
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(SERVICE, _entry(home, name), text)
        return keyring.get_password(SERVICE, _entry(home, name)) == text
    except KeyringError:
        return False


def _has_keyring() -> bool:
    """Tell whether a secret service may be there, without the cost of asking where there cannot be one."""
    return os.name == "nt" or "DBUS_SESSION_BUS_ADDRESS" in os.environ
