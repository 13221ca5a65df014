"""Figures for Prometheus: what this worker answered, and how the whole head office stands."""

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, func, select

from meterpos.headoffice import feed
from meterpos.headoffice.tables import exceptions, sms, tills
from meterpos.ledger.tables import streams

BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
Labels = Mapping[str, str]


@dataclass(slots=True)
class Requests:
    """What one worker answered, by address and status; its clock begins with it. Used on the event loop alone."""

    started_s: float = field(default_factory=time.time)
    counts: dict[tuple[str, str, int], int] = field(default_factory=dict)
    seconds: dict[str, tuple[list[int], float]] = field(default_factory=dict)

    def count(self, *, method: str, path: str, status: int, seconds: float) -> None:
        """Count one answer."""
        key = (method, path, status)
        self.counts[key] = self.counts.get(key, 0) + 1
        buckets, total = self.seconds.get(path, ([0] * (len(BUCKETS_S) + 1), 0.0))
        place = next((at for at, most in enumerate(BUCKETS_S) if seconds <= most), len(BUCKETS_S))
        buckets[place] += 1
        self.seconds[path] = (buckets, total + seconds)

    def lines(self) -> Iterator[str]:
        """Yield them as Prometheus reads them."""
        worker = {"worker": str(os.getpid())}
        yield from _head("meterpos_http_requests_total", "counter", "Answers of this worker.")
        for (method, path, status), count in sorted(self.counts.items()):
            labels = {"method": method, "path": path, "status": str(status), **worker}
            yield _line("meterpos_http_requests_total", labels, count)
        yield from _head("meterpos_http_request_seconds", "histogram", "How long answers of this worker took.")
        for path, (buckets, total) in sorted(self.seconds.items()):
            yield from _histogram("meterpos_http_request_seconds", {"path": path, **worker}, buckets, total)
        yield from _head("process_start_time_seconds", "gauge", "When this worker began.")
        yield _line("process_start_time_seconds", worker, round(self.started_s, 3))


def office_lines(conn: Connection) -> Iterator[str]:
    """Yield how head office stands; the same from every worker."""
    yield from _gauge("meterpos_generation", "How often it came back from a backup.", feed.generation(conn))
    yield from _gauge("meterpos_feed_position", "The last place in the feed.", feed.end(conn))
    received = select(func.coalesce(func.sum(streams.c.through_seq), 0))
    yield from _gauge("meterpos_entries", "Entries of tills that are held.", int(conn.execute(received).scalar_one()))
    yield from _head("meterpos_tills", "gauge", "Tills by status.")
    for status, count in conn.execute(select(tills.c.status, func.count()).group_by(tills.c.status)):
        yield _line("meterpos_tills", {"status": status}, count)
    yield from _head("meterpos_till_last_contact_seconds", "gauge", "When a till was last heard of.")
    heard = select(tills.c.till_name, tills.c.last_contact_at).where(tills.c.last_contact_at.is_not(None))
    for name, at in conn.execute(heard.order_by(tills.c.till_name)):
        yield _line("meterpos_till_last_contact_seconds", {"till": name}, int(at.timestamp()))
    yield from _head("meterpos_exceptions_open", "gauge", "Open items of the desk by code.")
    still = select(exceptions.c.code, func.count()).where(exceptions.c.resolved_at.is_(None))
    for code, count in conn.execute(still.group_by(exceptions.c.code).order_by(exceptions.c.code)):
        yield _line("meterpos_exceptions_open", {"code": code}, count)
    yield from _head("meterpos_sms", "gauge", "Messages by state.")
    for state, count in conn.execute(select(sms.c.state, func.count()).group_by(sms.c.state).order_by(sms.c.state)):
        yield _line("meterpos_sms", {"state": state}, count)


def _gauge(name: str, help_: str, value: float) -> Iterator[str]:
    yield from _head(name, "gauge", help_)
    yield _line(name, {}, value)


def _head(name: str, kind: str, help_: str) -> Iterator[str]:
    yield f"# HELP {name} {help_}\n"
    yield f"# TYPE {name} {kind}\n"


def _histogram(name: str, labels: Labels, buckets: list[int], total: float) -> Iterator[str]:
    so_far = 0
    for most, count in zip((*map(str, BUCKETS_S), "+Inf"), buckets, strict=True):
        so_far += count
        yield _line(f"{name}_bucket", {**labels, "le": most}, so_far)
    yield _line(f"{name}_sum", labels, round(total, 6))
    yield _line(f"{name}_count", labels, so_far)


def _line(name: str, labels: Labels, value: float) -> str:
    said = ",".join(f'{key}="{_quoted(text)}"' for key, text in labels.items())
    return f"{name}{{{said}}} {value}\n" if said else f"{name} {value}\n"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
