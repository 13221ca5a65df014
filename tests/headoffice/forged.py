"""A till made of bytes: it says whatever a test wants to see head office answer, each batch properly signed."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Self

import requests

from meterpos.ledger import signing
from meterpos.ledger.journal import FIRST_PREV, Approval, Entry, content_bytes, make_entry
from meterpos.ledger.projection import facts_of
from meterpos.sync import wire
from tests.support.headoffice import Server

APPROVED = Approval(by="otieno", how="pin", nonce="00")
FRAME = {
    "template": 1,
    "language": "en",
    "currency": "KES",
    "training": False,
    "head": ["Lake Water"],
    "foot": [],
    "till_title": "Market",
    "clerk_name": "Achieng",
    "local_time": "09:41",
}


@dataclass
class Forged:
    """A till that is only a key and a chain of entries. `entries` are what it has made, `sent` how many went."""

    server: Server
    name: str
    key: bytes
    certificate: wire.Certificate
    stream: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    entries: list[Entry] = field(default_factory=list)
    papers: int = 0

    @classmethod
    def enrol(cls, server: Server, name: str = "KSM01", zones: Sequence[str] = ("Mamboleo",)) -> Self:
        """Add a till to head office and enrol it over HTTP."""
        key = signing.generate_key()
        certificate = enrol(server, server.add_till(name, zones), key)
        till = cls(server, name, key, certificate)
        till.write("stream_opened", {"till": name, "device": certificate.device, "label": "B7K", "reason": "new"})
        return till

    @property
    def head(self) -> bytes:
        """The id of the last entry."""
        return self.entries[-1].entry_id if self.entries else FIRST_PREV

    def write(
        self,
        kind: str,
        body: dict[str, Any],
        *,
        at: datetime | None = None,
        shift: int | None = 1,
        approval: Approval | None = None,
    ) -> Entry:
        """Append an entry."""
        data = content_bytes(
            kind=kind,
            at=at or datetime.now(UTC),
            business_date=date(2026, 11, 20),
            shift=shift,
            clerk="achieng",
            body=body,
            approval=approval,
        )
        return self.append(data)

    def append(self, data: bytes) -> Entry:
        """Append these bytes, whatever they are."""
        entry = make_entry(stream=self.stream, seq=len(self.entries) + 1, prev=self.head, data=data)
        self.entries.append(entry)
        return entry

    def number(self) -> str:
        """Return the number of the next paper."""
        self.papers += 1
        return f"{self.name}-B7K-{self.papers:06d}"

    def pay(
        self,
        account_no: str,
        amount_minor: int,
        *,
        method: str = "cash",
        reference: str | None = None,
        invoice: str | None = None,
        counts: bool = True,
        suspense: dict[str, str] | None = None,
        position: int = 0,
        approval: Approval | None = None,
        **when: Any,
    ) -> Entry:
        """Take one payment on one account: a plain tender, as a till makes it."""
        leg = {"method": method, "amount": amount_minor, "reference": reference, "counts": counts}
        part = {
            "account": account_no,
            "meter": None if suspense else "M",
            "utility": "water",
            "place": "Plot 1",
            "invoice": invoice,
            "invoice_known": True,
            "amount": amount_minor,
            "lines": [],
            "credit": 0,
            "balance_after": 0,
            "credit_after": 0,
            "suspense": suspense,
        }
        body = {
            **FRAME,
            "tender_id": secrets.token_hex(16),
            "number": self.number(),
            "customer": {"no": "AC-1", "name": "Somebody"},
            "known": {"generation": 1, "position": position, "as_of": None, "as_of_local": None},
            "legs": [{**leg, "unconfirmed": False}],
            "parts": [part],
            "tendered": None,
            "change": 0,
            "sms_to": None,
            "till": self.name,
        }
        return self.write("tender", body, approval=approval, **when)

    def reverse(self, original: Entry, *, approval: Approval | None = APPROVED) -> Entry:
        """Reverse a tender, whoever took it."""
        return self.write("reversal", self.reversal_body(original), approval=approval)

    def reversal_body(self, original: Entry) -> dict[str, Any]:
        """Return what the reversal of a tender says."""
        paper = original.content.body
        return {
            "tender_id": secrets.token_hex(16),
            "number": self.number(),
            "customer": paper["customer"],
            "reason": "wrong meter",
            "of": {"number": paper["number"], "entry": original.short_id},
            "legs": paper["legs"],
            "parts": paper["parts"],
            "refund": [],
            "payments": [
                {
                    "of": payment.fact_id,
                    "account": payment.account_no,
                    "amount": -payment.amount_minor,
                    "method": payment.method,
                    "reference": payment.reference,
                }
                for payment in facts_of(original)
            ],
        }

    def correct(self, original: Entry, account_no: str, *, approval: Approval | None = APPROVED) -> Entry:
        """Move a tender to another account, whoever took it."""
        undone = self.reversal_body(original)
        paper = original.content.body
        made = {
            **paper,
            "tender_id": undone["tender_id"],
            "number": self.number(),
            "parts": [{**paper["parts"][0], "account": account_no, "meter": "M", "suspense": None}],
        }
        body = {
            "tender_id": undone["tender_id"],
            "number": made["number"],
            "known": paper["known"],
            "reversal": undone,
            "tender": made,
        }
        return self.write("correction", body, approval=approval)

    def batch(self, start: int = 0, stop: int | None = None, **changes: Any) -> bytes:
        """Return the signed batch of the entries from `start` up to `stop`."""
        chosen = self.entries[start:stop]
        prev = self.entries[start - 1].entry_id if start else FIRST_PREV
        header: dict[str, Any] = {
            "key": self.key,
            "device": self.certificate.device,
            "stream": self.stream,
            "from_seq": start + 1,
            "prev": prev,
            "head": chosen[-1].entry_id if chosen else prev,
            "entries": [entry.data for entry in chosen],
            "generation": 1,
            "position": 0,
            "software": "forged",
            "nonce": secrets.token_bytes(wire.NONCE_BYTES),
        }
        return wire.make_push(**(header | changes))

    def push(self, start: int = 0, stop: int | None = None, **changes: Any) -> wire.Ack:
        """Push entries and return what head office signed for."""
        return self.deliver(self.batch(start, stop, **changes))

    def deliver(self, batch: bytes) -> wire.Ack:
        """Deliver a batch as it is."""
        answer = post(self.server, "/v1/push", batch)
        assert answer.status_code == 200, answer.text
        return wire.read_ack(
            answer.content,
            key=self.certificate.server_key,
            batch=wire.header_digest(batch),
            stream=self.stream,
        )

    def pull(self, after: int = 0, *, limit: int = 1000, **changes: Any) -> requests.Response:
        """Ask for a page and return the raw answer."""
        return post(self.server, "/v1/pull", self.question(after, limit=limit, **changes))

    def question(self, after: int = 0, *, limit: int = 1000, **changes: Any) -> bytes:
        """Return the signed question for a page."""
        header: dict[str, Any] = {
            "key": self.key,
            "device": self.certificate.device,
            "generation": 1,
            "after": after,
            "limit": limit,
            "software": "forged",
            "nonce": secrets.token_bytes(wire.NONCE_BYTES),
        }
        return wire.make_pull(**(header | changes))

    def page(self, after: int = 0, *, limit: int = 1000, **changes: Any) -> wire.Page:
        """Ask for a page and return it."""
        question = self.question(after, limit=limit, **changes)
        answer = post(self.server, "/v1/pull", question)
        assert answer.status_code == 200, answer.text
        return wire.read_page(answer.content, key=self.certificate.server_key, request=wire.header_digest(question))


def enrol(server: Server, code: str, key: bytes) -> wire.Certificate:
    """Enrol this key with this code over HTTP."""
    request = enrol_request(code, key)
    answer = post(server, "/v1/enrol", request)
    assert answer.status_code == 200, answer.text
    return wire.read_certificate(
        answer.content, fingerprint=wire.read_code(code)[1], request=wire.header_digest(request)
    )


def enrol_request(code: str, key: bytes) -> bytes:
    """Return the signed request to be enrolled."""
    return wire.make_enrol(
        key=key,
        public_key=signing.public_of(key),
        code=code,
        title="",
        software="forged",
        nonce=secrets.token_bytes(wire.NONCE_BYTES),
    )


def post(server: Server, path: str, body: bytes) -> requests.Response:
    """Post bytes to head office."""
    return requests.post(server.url + path, data=body, timeout=30)


def outcomes(ack: wire.Ack) -> list[str]:
    """Return what became of each entry: its outcome or, where there is one, its code."""
    return [answer.code or answer.outcome for answer in ack.answers]


def tomorrow() -> datetime:
    """Return an instant ahead of every clock."""
    return datetime.now(UTC) + timedelta(days=1)
