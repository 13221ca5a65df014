"""Calls nobody would make, of everything head office's own OpenAPI document offers: whatever comes, no answer is a 5xx.

Each call takes a path and a method of the document (now and then a method it does not offer), fills its parameters with
what their schema allows or with anything, shows a good token, a bad one or none, and sends a body that is what the path
reads, something near it, or noise.
"""

import http.client
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from meterpos.headoffice import access
from meterpos.headoffice.app import create_app
from meterpos.headoffice.limits import Limit
from meterpos.headoffice.matching import callbacks
from meterpos.headoffice.office import Office
from meterpos.headoffice.sms import setup
from meterpos.headoffice.watch import Limits
from tests.support.headoffice import Server, make_office

METHODS: Final = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")
TEXTS: Final = (
    "",
    "0",
    "-1",
    "null",
    "2026-11-20",
    "2026-13-45",
    "x" * 300,
    "%00",
    "Ω≈ç",
    "../..",
    "'; --",
    "1e400",
    "[]",
    "9" * 40,
)
TIMEOUT_S: Final = 60
PER_MINUTE: Final = 10**9
"""How often this caller may ask: behind the limits, too, no call may do harm."""


@dataclass
class Called:
    """What came of so many calls."""

    calls: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    paths: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)

    def add(self, other: "Called") -> None:
        """Add another's figures to these."""
        self.calls += other.calls
        self.answers += other.answers
        self.paths |= other.paths
        self.wrong += other.wrong


@dataclass
class Caller:
    """Somebody who calls; `good` are secrets and headers that open something."""

    url: str
    document: dict[str, Any]
    dice: Random
    good: Sequence[str]
    tokens: Sequence[str]
    done: Called = field(default_factory=Called)

    def call(self) -> None:
        """Make one call, and note what was answered."""
        dice = self.dice
        path = dice.choice(sorted(self.document["paths"]))
        method = dice.choice(sorted(self.document["paths"][path])).upper()
        said = self.document["paths"][path][method.lower()]
        if dice.random() < 0.05:
            method = dice.choice(METHODS)
        where = self._where(path, said.get("parameters", ()))
        headers = self._headers(said)
        body = self._body(said) if method not in ("GET", "HEAD") or dice.random() < 0.1 else b""
        line = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=TIMEOUT_S)
        try:
            line.request(method, where, body=body, headers=headers)
            answer = line.getresponse()
            status = answer.status
            answer.read()
        except (http.client.HTTPException, OSError) as error:
            if isinstance(error, ConnectionError) and headers.get("Content-Length", "0").startswith("-"):
                self.done.calls += 1  # no HTTP: refused and hung up on, maybe before the refusal is read
                return
            self.done.wrong.append(f"{type(error).__name__} for {method} {where[:200]} {headers} {body[:200]!r}")
            return
        finally:
            line.close()
        self.done.calls += 1
        self.done.answers[status] += 1
        self.done.paths.add(path)
        if status >= 500:
            self.done.wrong.append(f"{status} for {method} {where[:200]} {headers} {body[:200]!r}")

    def _where(self, path: str, parameters: Sequence[dict[str, Any]]) -> str:
        asked = {}
        for one in parameters:
            value = self._value(one["schema"], one["name"])
            if one["in"] == "path":
                path = path.replace(f"{{{one['name']}}}", quote(value, safe="") or "-")
            elif one["in"] == "query" and self.dice.random() < 0.7:
                asked[one["name"]] = value
        return f"{path}?{urlencode(asked)}" if asked else path

    def _value(self, schema: dict[str, Any], name: str) -> str:
        """Return a value the schema names, or anything."""
        dice = self.dice
        if dice.random() < 0.25:
            return dice.choice(TEXTS)
        if "enum" in schema:
            return str(dice.choice(schema["enum"]))
        kinds = {one.get("format") or one.get("type") for one in (schema, *schema.get("anyOf", ()))}
        if "date" in kinds:
            return f"{dice.choice((1, 1999, 2026, 9999)):04d}-{dice.randint(1, 12):02d}-{dice.randint(1, 28):02d}"
        if "boolean" in kinds:
            return dice.choice(("true", "false", "1"))
        if name == "secret":
            return dice.choice(self.good)
        return dice.choice((*TEXTS, *map(str, schema.get("examples", ()))))

    def _headers(self, said: dict[str, Any]) -> dict[str, str]:
        dice = self.dice
        headers = {
            "Content-Type": dice.choice(
                (*said.get("requestBody", {}).get("content", {}), "text/plain", "application/json")
            )
        }
        if dice.random() < 0.7:
            headers["Authorization"] = f"Bearer {dice.choice(self.tokens)}"
        for one in said.get("parameters", ()):
            if one["in"] == "header" and dice.random() < 0.8:
                odd = ("", "t=1,v1=00", f"t={10**30},v1={'0' * 64}", "x" * 500)
                headers[one["name"]] = str(dice.randrange(10**6)) if dice.random() < 0.7 else dice.choice(odd)
        if dice.random() < 0.03:
            headers["Content-Length"] = dice.choice(("-1", "0"))
        return headers

    def _body(self, said: dict[str, Any]) -> bytes:
        """Return a body as the path's example says, near it, or noise."""
        dice = self.dice
        content = said.get("requestBody", {}).get("content", {})
        examples = [one["example"] for one in content.values() if isinstance(one.get("example"), dict)]
        way = dice.random()
        if way < 0.15 or not content:
            return dice.randbytes(dice.choice((0, 1, 40, 4_000)))
        if way < 0.2:
            return b"[" * 50_000
        files = [one["example"] for one in content.values() if isinstance(one.get("example"), str)]
        if files and way < 0.8:
            return self._file(dice.choice(files))
        near = dict(dice.choice(examples)) if examples else {}
        for _ in range(dice.randrange(3)):
            name = dice.choice((*near, "amount", "text", "resolution", "id", "from"))
            near[name] = dice.choice((*TEXTS, None, 1, -1, 10**30, 1.5, [], {}, True, "700.00", "\ud800"))
        if "application/x-www-form-urlencoded" in content and dice.random() < 0.5:
            return urlencode({name: str(value) for name, value in near.items()}, errors="replace").encode()
        return json.dumps(near).encode()

    def _file(self, example: str) -> bytes:
        """Return a CSV file as the example is, or with something else in one of its cells."""
        rows = [line.split(",") for line in example.splitlines()]
        for _ in range(self.dice.randrange(3)):
            row = self.dice.choice(rows)
            row[self.dice.randrange(len(row))] = self.dice.choice((*TEXTS, "MTR-001", "A1", "2026-11-20", "12.5"))
        return "".join(",".join(row) + "\n" for row in rows).encode()


def call_all(folder: Path, *, calls: int, seed: int) -> Called:
    """Make so many calls at a head office with the town."""
    with _office(folder) as (office, server):
        document = create_app(office).openapi()
        tokens = [*TEXTS[:4], "mp_x_y"]
        with office.write() as (conn, _):
            for role in access.ROLES:
                shown, _ = access.add_token(
                    conn,
                    name=f"fuzz {role}",
                    role=role,
                    random=Random(role).randbytes(25),
                    at=datetime.now(UTC),
                )
                tokens += [shown] * 3
        home = office.settings.home
        good = (callbacks.secret(home), setup.callback_secret(home))
        caller = Caller(server.url, document, Random(f"api {seed}"), good, tokens)
        for _ in range(calls):
            caller.call()
            if len(caller.done.wrong) > 5:
                break
        return caller.done


@contextmanager
def _office(folder: Path) -> Iterator[tuple[Office, Server]]:
    office: Office = make_office(folder / "office", f"sqlite:///{folder / 'office.db'}")
    unlimited = Limits(enrol=Limit(PER_MINUTE), office=Limit(PER_MINUTE), failed=Limit(PER_MINUTE))
    server = Server.start(office, app=create_app(office, limits=unlimited))
    server.import_town()
    try:
        yield office, server
    finally:
        server.stop()
