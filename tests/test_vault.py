"""Secrets at rest."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterpos import vault
from meterpos.vault import CannotUnwrap, ExposedSecret

KEY = vault.make_box_key()


def test_without_a_keyring_a_secret_is_a_file_only_its_owner_reads(tmp_path: Path) -> None:
    assert vault.read_secret(tmp_path, "ledger") is None
    assert vault.write_secret(tmp_path, "ledger", b"one") == "file"
    assert vault.write_secret(tmp_path, "ledger", b"two") == "file"
    assert vault.read_secret(tmp_path, "ledger") == b"two"
    (file,) = (tmp_path / "secrets").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.skipif(os.name != "posix", reason="rights of files are POSIX")
def test_a_secret_others_can_read_is_refused(tmp_path: Path) -> None:
    vault.write_secret(tmp_path, "ledger", b"one")
    (tmp_path / "secrets" / "ledger.key").chmod(0o644)
    with pytest.raises(ExposedSecret, match="chmod 600"):
        vault.read_secret(tmp_path, "ledger")


def test_a_keyring_that_works_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring
    from keyring.backend import KeyringBackend

    class Memory(KeyringBackend):
        priority = 1  # type: ignore[assignment]
        kept: dict[tuple[str, str], str] = {}

        def get_password(self, service: str, username: str) -> str | None:
            return self.kept.get((service, username))

        def set_password(self, service: str, username: str, password: str) -> None:
            self.kept[service, username] = password

    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "here")
    before = keyring.get_keyring()
    keyring.set_keyring(Memory())
    try:
        assert vault.write_secret(tmp_path, "ledger", b"\0one") == "keyring"
        assert vault.read_secret(tmp_path, "ledger") == b"\0one"
        assert vault.read_secret(tmp_path / "other", "ledger") is None
    finally:
        keyring.set_keyring(before)


def test_a_keyring_that_fails_is_stood_in_for_by_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "here")
    assert vault.write_secret(tmp_path, "ledger", b"one") == "file"
    assert vault.read_secret(tmp_path, "ledger") == b"one"
    assert vault.read_secret(tmp_path, "device") is None


@given(st.binary(max_size=100))
def test_what_was_wrapped_is_opened_by_its_key(secret: bytes) -> None:
    assert vault.unwrap(KEY, vault.wrap_for(vault.box_public_of(KEY), secret)) == secret


@given(st.data())
def test_what_was_altered_or_is_anothers_is_not_opened(data: st.DataObject) -> None:
    wrapped = bytearray(vault.wrap_for(vault.box_public_of(KEY), b"secret"))
    with pytest.raises(CannotUnwrap):
        vault.unwrap(vault.make_box_key(), bytes(wrapped))
    index = data.draw(st.integers(32, len(wrapped) - 1))
    wrapped[index] ^= data.draw(st.integers(1, 255))
    with pytest.raises(CannotUnwrap):
        vault.unwrap(KEY, bytes(wrapped))
    with pytest.raises(CannotUnwrap):
        vault.unwrap(KEY, b"short")


def test_of_many_who_make_a_secret_at_once_all_have_the_same(tmp_path: Path) -> None:
    for number in range(20):
        with ThreadPoolExecutor(8) as several:
            made = set(several.map(lambda _, name=f"s{number}": vault.read_or_make(tmp_path, name), range(8)))
        assert made == {vault.read_secret(tmp_path, f"s{number}")}
    assert len(list((tmp_path / "secrets").iterdir())) == 20


def test_a_secret_is_made_on_a_disk_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def link(*_: object) -> None:
        raise PermissionError("no links on this disk")

    monkeypatch.setattr(os, "link", link)
    assert vault.read_or_make(tmp_path, "ledger") == vault.read_secret(tmp_path, "ledger")
    assert [file.name for file in (tmp_path / "secrets").iterdir()] == ["ledger.key"]
