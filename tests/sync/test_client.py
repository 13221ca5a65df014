"""What the till makes of whatever answers it, on real sockets."""

import socket

import pytest

from meterpos.sync import client
from meterpos.sync.client import Line, UnusableAddress, check_address
from meterpos.sync.steps import Failure
from tests.sync.lines import Script


def http(status: str, body: bytes = b"", *headers: str, length: int | None = None) -> bytes:
    """Return an HTTP answer as bytes."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def asked(answer: bytes, *, stays: bool = False) -> bytes | Failure:
    """Return what the till makes of an answer."""
    with Script(answer, stays=stays) as script, Line(script.url, stall_timeout_s=0.3) as line:
        return line.send("/v1/push", b"hello")


def test_the_till_takes_an_answer_as_it_is() -> None:
    assert asked(http("200 OK", b"\x1f\x8bxyz")) == b"\x1f\x8bxyz"


@pytest.mark.parametrize(
    ("answer", "trouble", "words"),
    [
        (http("302 Found", b"", "Location: http://login.example/"), "strange", "login"),
        (http("301 Moved", b"", "Location: /elsewhere"), "strange", "login"),
        (http("206 Part"), "strange", "login"),
        (http("200 OK", b"xyz", "Content-Encoding: gzip"), "strange", "login"),
        (http("404 Not Found", b"<html>no such page</html>"), "strange", "login"),
        (http("403 No", b'{"error": 7, "code": "x"}'), "strange", "login"),
        (http("403 No", b'["error"]'), "strange", "login"),
        (http("403 No", b"[" * 10_000), "strange", "login"),
        (http("403 No", b'{"error": "' + b"x" * 20_000 + b'", "code": "x"}'), "strange", "login"),
        (http("403 No", b'{"error": "Till KSM01 was revoked.", "code": "revoked"}'), "refused", "KSM01 was revoked"),
        (http("408 Slow", b"{}"), "cut", "silent"),
        (http("413 Large", b"{}"), "too_large", "so much"),
        (http("429 Many", b"{}"), "busy", "busy"),
        (http("500 Oh", b"oops"), "busy", "500"),
        (http("503 Busy", b"{}"), "busy", "503"),
        (http("200 OK", b"half", length=100), "cut", "broke"),
        (b"HTTP/1.1 200 OK\r\n", "cut", "broke"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "cut", "broke"),
        (b"", "cut", "broke"),
        (b"SSH-2.0-OpenSSH_9\r\n", "cut", "broke"),
    ],
)
def test_the_till_says_why_there_is_no_answer_to_believe(answer: bytes, trouble: str, words: str) -> None:
    failure = asked(answer)
    assert isinstance(failure, Failure)
    assert failure.trouble == trouble
    assert words in failure.sentence


@pytest.mark.parametrize(
    ("said", "kept"),
    [("7", 7), ("0", 0), ("100000000000", client.COME_AGAIN_MAX_S), ("soon", 0), ("-3", 0), ("1.5", 0), ("", 0)],
)
def test_the_till_hears_when_it_is_to_come_again(said: str, kept: int) -> None:
    failure = asked(http("503 Busy", b"{}", f"Retry-After: {said}"))
    assert isinstance(failure, Failure)
    assert (failure.trouble, failure.come_again_s) == ("busy", kept)


def test_a_no_from_head_office_carries_its_word_and_is_made_harmless() -> None:
    failure = asked(http("403 No", b'{"error": "No\\u001b[31m way.", "code": "revoked"}'))
    assert failure == Failure("refused", "Head office said: No [31m way.", "revoked")


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\n", http("200 OK", b"half", length=100)])
def test_a_line_that_falls_silent_is_given_up(answer: bytes) -> None:
    failure = asked(answer, stays=True)
    assert isinstance(failure, Failure)
    assert failure.trouble == "cut"


def test_an_answer_too_large_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PACKED_BYTES_MAX", 1_000)
    failure = asked(http("200 OK", bytes(2_000)))
    assert isinstance(failure, Failure)
    assert failure.trouble == "strange"


def test_an_answer_that_trickles_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ANSWER_TIMEOUT_S", -1.0)
    failure = asked(http("200 OK", b"x"))
    assert isinstance(failure, Failure)
    assert failure.trouble == "cut"


def test_no_connection_is_told_from_a_broken_one() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with Line(f"http://127.0.0.1:{port}") as line:
        failure = line.send("/v1/push", b"hello")
    assert failure == Failure("unreachable", "Head office did not answer (no connection).")


def test_the_till_goes_through_the_proxy_of_its_machine_but_not_to_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    with Script(http("403 Forbidden")) as proxy, Script(http("200 OK", b"here")) as here:
        monkeypatch.setenv("https_proxy", proxy.url)
        monkeypatch.setenv("http_proxy", proxy.url)
        with Line("https://office.example") as line:
            away = line.send("/v1/push", b"hello")
        with Line(here.url) as line:
            assert line.send("/v1/push", b"hello") == b"here"
    assert isinstance(away, Failure)
    assert away.trouble == "unreachable"
    assert proxy.received.startswith(b"CONNECT office.example:443")


def test_a_server_that_cannot_prove_who_it_is_is_strange() -> None:
    with Script(http("200 OK", b"x")) as script, Line(script.url.replace("http:", "https:")) as line:
        failure = line.send("/v1/push", b"hello")
    assert isinstance(failure, Failure)
    assert failure.trouble in ("strange", "cut")


@pytest.mark.parametrize(
    "url",
    [
        "office.example", "ftp://office.example", "https://", "https://user:pw@office.example", "http://[::1",
        "https://office.example?x=1", "http://office.example", "http://192.168.0.9:8000", "https://office.example:no",
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_trusted_is_refused_in_a_sentence(url: str) -> None:
    with pytest.raises(UnusableAddress, match="https://"):
        check_address(url)


@pytest.mark.parametrize(
    "url", ["https://office.example", "https://office.example/", "http://localhost:8000", "http://[::1]:80"]
)
def test_a_good_address_loses_only_its_last_slash(url: str) -> None:
    assert check_address(f" {url} ") == url.rstrip("/")
