"""Ways to send one message, each telling what came of it in the same five words. None of them ever logs its key.

*accepted* the gateway has it · *refused* it never will go to that phone · *later* try again · *stopped* nothing goes
until a person puts the gateway right · *unsure* the line broke after the message was on its way: nobody knows.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol
from urllib.parse import urlencode

from meterpos.headoffice.sms.setup import Gateway as Setup
from meterpos.ledger.money import AmountError, parse_amount

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

log: Final = logging.getLogger(__name__)

Word = Literal["accepted", "refused", "later", "stopped", "unsure"]
CONNECT_TIMEOUT_S: Final = 10.0
ANSWER_TIMEOUT_S: Final = 30.0
ANSWER_BYTES_MAX: Final = 64_000
_TOLD_MAX: Final = 160
LANES_MAX: Final = 8
"""How many messages go side by side at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message on its way out."""

    sms_id: str
    phone: str
    text: str
    parts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one message: ``wants_none`` when the phone has opted out at the gateway."""

    word: Word
    detail: str = ""
    gateway_id: str | None = None
    cost_minor: int | None = None
    wait_s: int | None = None
    wants_none: bool = False


class Gateway(Protocol):
    """A way to send."""

    def send(self, message: Outgoing) -> Outcome:
        """Send one message and tell what came of it; never raises for what the other side does."""
        ...


def gateway_of(setup: Setup, *, key: str, timeout_s: float = ANSWER_TIMEOUT_S) -> Gateway:
    """Return the gateway that was chosen."""
    if setup.kind == "africastalking":
        line = _Line(setup.url, {"apiKey": key, "Accept": "application/json"}, secret=key, timeout_s=timeout_s)
        return AfricasTalking(line, username=setup.username, sender=setup.sender)
    if setup.kind == "http":
        line = _Line(setup.url, {"Authorization": f"Bearer {key}"}, secret=key, timeout_s=timeout_s)
        return PlainHttp(line, sender=setup.sender)
    return Log()


class Log:
    """Sends nothing and says so: for setting up, and for a utility without a gateway."""

    def send(self, message: Outgoing) -> Outcome:
        """Write one line without phone or words."""
        log.info("sms %s of %d parts would go out", message.sms_id, message.parts)
        return Outcome(word="accepted", gateway_id=f"log-{message.sms_id}", detail="written to the log alone")


@dataclass(frozen=True, slots=True)
class _Answer:
    """What an HTTP gateway answered; ``status`` 0 when it did not, with the outcome that follows."""

    status: int
    text: str = ""
    outcome: Outcome | None = None
    wait_s: int | None = None


def _new_pool() -> "PoolManager":
    import urllib3

    return urllib3.PoolManager(maxsize=LANES_MAX)


@dataclass(frozen=True, slots=True)
class _Line:
    """One HTTP address, asked once a message: no redirects, no repeats of its own, an end to every wait.

    Connections are kept for the round that this line lives for: a handshake a message would take longer than it.
    """

    url: str
    headers: Mapping[str, str] = field(repr=False)
    secret: str = field(repr=False)
    timeout_s: float = ANSWER_TIMEOUT_S
    pool: "PoolManager" = field(default_factory=_new_pool, repr=False)

    def post(self, body: bytes, *, kind: str, more: Mapping[str, str] | None = None) -> _Answer:
        """Send ``body`` and return what was answered."""
        import urllib3
        from urllib3 import exceptions

        timeout = urllib3.Timeout(connect=min(CONNECT_TIMEOUT_S, self.timeout_s), read=self.timeout_s)
        headers = {**self.headers, "Content-Type": kind, **(more or {})}
        try:
            with self.pool.request(
                "POST",
                self.url,
                body=body,
                headers=headers,
                timeout=timeout,
                redirect=False,
                retries=False,
                preload_content=False,
            ) as response:
                return self._read(response)
        except (exceptions.NewConnectionError, exceptions.ConnectTimeoutError, exceptions.SSLError) as error:
            return _Answer(0, outcome=Outcome(word="later", detail=f"no connection ({type(error).__name__})"))
        except exceptions.ReadTimeoutError:
            return _Answer(0, outcome=Outcome(word="unsure", detail="the gateway did not answer in time"))
        except (exceptions.HTTPError, OSError) as error:
            return _Answer(0, outcome=Outcome(word="unsure", detail=f"the line broke ({type(error).__name__})"))

    def _read(self, response: "BaseHTTPResponse") -> _Answer:
        text = response.read(ANSWER_BYTES_MAX).decode("utf-8", "replace")
        wait = response.headers.get("Retry-After", "")
        return _Answer(response.status, text, wait_s=int(wait) if wait.isascii() and wait.isdigit() else None)

    def said(self, text: str) -> str:
        """Return what a gateway said on one short line, without the key should it repeat it."""
        plain = "".join(sign if sign.isprintable() else " " for sign in text)
        return (plain.replace(self.secret, "…") if self.secret else plain)[:_TOLD_MAX]


def _of_status(line: _Line, answer: _Answer) -> Outcome | None:
    """Return what an HTTP status alone says; None when the body has to be read."""
    if answer.outcome is not None:
        return answer.outcome
    said = f"answer {answer.status}: {line.said(answer.text)}"
    if answer.status in (401, 402, 403):
        return Outcome(word="stopped", detail=said)
    if answer.status == 429 or answer.status >= 500:
        return Outcome(word="later", detail=said, wait_s=answer.wait_s)
    return None


_ACCEPTED: Final = frozenset({100, 101, 102})
_STOPPED: Final = frozenset({401, 402, 405})
"""RiskHold, InvalidSenderId, InsufficientBalance: no message goes until somebody puts it right."""
_REFUSED: Final = frozenset({403, 404, 406})
"""InvalidPhoneNumber, UnsupportedNumberType, UserInBlacklist."""
_WANTS_NONE: Final = frozenset({406})
_QUIET_HOURS: Final = 409
"""DoNotDisturbRejection: a promotional sender at night, in Nigeria. Nobody opted out; it may go in the morning."""
_QUIET_WAIT_S: Final = 3600


@dataclass(frozen=True, slots=True)
class AfricasTalking:
    """The messaging API of Africa's Talking, version 1: a form in, JSON out, a status code for each recipient.

    Source: docs.africastalking.com/sms/sending.
    """

    line: _Line
    username: str
    sender: str

    def send(self, message: Outgoing) -> Outcome:
        """Send one message to its one recipient."""
        form = {"username": self.username, "to": message.phone, "message": message.text}
        if self.sender:
            form["from"] = self.sender
        answer = self.line.post(urlencode(form).encode(), kind="application/x-www-form-urlencoded")
        outcome = _of_status(self.line, answer)
        return outcome if outcome is not None else self._judge(answer)

    def _judge(self, answer: _Answer) -> Outcome:
        try:
            data = json.loads(answer.text)["SMSMessageData"]
            recipients = data["Recipients"]
            if not recipients:
                # So it answers of a sender that is not registered, and of an empty purse.
                return Outcome(word="stopped", detail=self.line.said(str(data["Message"])))
            one = recipients[0]
            code, status = int(one["statusCode"]), str(one.get("status", ""))
        except (ValueError, KeyError, TypeError, IndexError):
            word: Word = "unsure" if answer.status < 300 else "refused"
            return Outcome(word=word, detail=f"answer {answer.status} cannot be read: {self.line.said(answer.text)}")
        detail = f"{code} {self.line.said(status)}".strip()
        if code in _ACCEPTED:
            return Outcome(
                word="accepted",
                detail=detail,
                gateway_id=_number(one.get("messageId")),
                cost_minor=_cost(one.get("cost")),
            )
        if code in _STOPPED:
            return Outcome(word="stopped", detail=detail)
        if code in _REFUSED:
            return Outcome(word="refused", detail=detail, wants_none=code in _WANTS_NONE)
        return Outcome(word="later", detail=detail, wait_s=_QUIET_WAIT_S if code == _QUIET_HOURS else None)


def _number(given: Any) -> str | None:
    """Return a gateway's number of a message, None where it gave none: no report can be about it then."""
    return str(given) if given and given != "None" else None


def _cost(text: Any) -> int | None:
    """Return the minor units of ``KES 0.8000``, None where it is no such text."""
    amount = str(text).rpartition(" ")[2]
    whole, _, cents = amount.partition(".")
    try:
        return parse_amount(f"{whole}.{cents[:2]}" if cents else whole)
    except AmountError:
        return None


@dataclass(frozen=True, slots=True)
class PlainHttp:
    """Any gateway that takes JSON: ``{id, to, text, from}`` in, ``{id}`` out; the id also as Idempotency-Key."""

    line: _Line
    sender: str

    def send(self, message: Outgoing) -> Outcome:
        """Send one message."""
        body = {"id": message.sms_id, "to": message.phone, "text": message.text, "from": self.sender}
        answer = self.line.post(
            json.dumps(body).encode(), kind="application/json", more={"Idempotency-Key": message.sms_id}
        )
        outcome = _of_status(self.line, answer)
        if outcome is not None:
            return outcome
        said = self.line.said(answer.text)
        if answer.status == 409:
            return Outcome(word="accepted", gateway_id=message.sms_id, detail="the gateway had it already")
        if answer.status == 410:
            return Outcome(word="refused", wants_none=True, detail="the phone wants no messages")
        if not 200 <= answer.status < 300:
            return Outcome(word="refused", detail=f"answer {answer.status}: {said}")
        try:
            given = json.loads(answer.text).get("id")
        except (ValueError, AttributeError):
            given = None
        return Outcome(word="accepted", gateway_id=str(given or message.sms_id), detail=f"answer {answer.status}")
