"""Working days of 300 customers through the window, by keys alone; each fails where anything differs by a cent."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from bench.measure import Figure
from meterpos.ui.heartbeat import LIMIT_MS, Piece, recurring

ROOT: Final = Path(__file__).resolve().parents[1]
PATIENCE_S: Final = 1_800
DAYS: Final = 3
"""One machine may be taken away from a day in the middle of a piece of work; not from three at the same customer."""
NAMED: Final = 3


def measure() -> list[Figure]:
    """Play the same day a few times, each in a process of its own, and return the figures."""
    days = [_played() for _ in range(DAYS)]
    plays = [[Piece(**piece) for piece in day["pieces"]] for day in days]
    again = recurring(plays)
    longest_ms = again[0].ms if again else 0.0
    best = min(days, key=lambda day: float(day["seconds"]))
    single = max((piece.ms for play in plays for piece in play), default=0.0)
    over = sum(piece.ms > LIMIT_MS for piece in again)
    return [
        Figure(what=f"a day of {best['customers']} customers, keys without pauses", figure=f"{best['seconds']:,.0f} s"),
        Figure(what="- processor time of the till", figure=f"{best['processor_s']:,.0f} s"),
        Figure(
            what=f"longest piece of work on the event loop on each of {DAYS} days, processor time",
            figure=f"{longest_ms:,.0f} ms",
            limit=f"≤ {LIMIT_MS:.0f} ms",
            kept=longest_ms <= LIMIT_MS,
        ),
        *(Figure(what=f"- {piece.during}: {piece.where}", figure=f"{piece.ms:,.0f} ms") for piece in again[:NAMED]),
        Figure(what=f"- pieces over {LIMIT_MS:.0f} ms on each day", figure=f"{over:,}"),
        Figure(what="- the longest of one day alone", figure=f"{single:,.0f} ms"),
        Figure(what="- the loop stood still by the clock, at the longest", figure=f"{best['stood_ms']:,.0f} ms"),
        *(Figure(what=f"- {kind}", figure=f"{each_ms:,.0f} ms") for kind, each_ms in best["each_ms"].items()),
    ]


def _played() -> dict[str, Any]:
    command = (sys.executable, "-m", "tests.journeys.day", "--json")
    ran = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=PATIENCE_S, check=True)
    day: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return day
