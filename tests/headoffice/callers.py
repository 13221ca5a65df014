"""Programs that ask head office over HTTP, each with a token of a role."""

import secrets

import requests

from meterpos.headoffice import access
from tests.support.headoffice import Server

TIMEOUT_S = 20


class Caller:
    """A program with a token of a role; ``name`` is whom the token is for."""

    def __init__(self, server: Server, role: access.Role, name: str | None = None) -> None:
        random = secrets.token_bytes(access.ID_BYTES + access.SECRET_BYTES)
        at = server.office.moment().at
        with server.office.store.write() as conn:
            shown, _ = access.add_token(conn, name=name or random.hex(), role=role, random=random, at=at)
        self.url, self.headers = server.url, {"Authorization": f"Bearer {shown}"}

    def post(self, path: str, *, key: str | None = None, **options: object) -> requests.Response:
        headers = self.headers | ({} if key is None else {"Idempotency-Key": key})
        return requests.post(f"{self.url}{path}", headers=headers, timeout=TIMEOUT_S, **options)  # type: ignore[arg-type]

    def put(self, path: str, **options: object) -> requests.Response:
        return requests.put(f"{self.url}{path}", headers=self.headers, timeout=TIMEOUT_S, **options)  # type: ignore[arg-type]

    def get(self, path: str) -> requests.Response:
        return requests.get(f"{self.url}{path}", headers=self.headers, timeout=TIMEOUT_S)

    def done(self, path: str, asked: object, *, key: str | None = None) -> dict[str, object]:
        """Ask for a write that must be done, and return its answer."""
        answer = self.post(path, key=key or secrets.token_hex(8), json=asked)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())
