"""A working day of 300 customers through the window, by keys alone; it fails where anything differs by a cent."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

from bench.measure import Figure
from meterpos.ui.heartbeat import LIMIT_MS

ROOT: Final = Path(__file__).resolve().parents[1]
PATIENCE_S: Final = 1_800


def measure() -> list[Figure]:
    """Play the day in a process of its own, and return its figures."""
    command = (sys.executable, "-m", "tests.journeys.day", "--json")
    ran = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=PATIENCE_S, check=True)
    day = json.loads(ran.stdout.splitlines()[-1])
    each = [Figure(what=f"- {kind}", figure=f"{each_ms:,.0f} ms") for kind, each_ms in day["each_ms"].items()]
    return [
        Figure(what=f"a day of {day['customers']} customers, keys without pauses", figure=f"{day['seconds']:,.0f} s"),
        Figure(what="- processor time of the till", figure=f"{day['processor_s']:,.0f} s"),
        Figure(
            what="longest piece of work on the event loop, processor time",
            figure=f"{day['work_ms']:,.0f} ms",
            limit=f"≤ {LIMIT_MS:.0f} ms",
            kept=day["work_ms"] <= LIMIT_MS,
        ),
        Figure(what=f"- pieces over {LIMIT_MS:.0f} ms", figure=f"{day['work_over']:,}"),
        Figure(what="- the loop stood still by the clock, at the longest", figure=f"{day['stood_ms']:,.0f} ms"),
        *each,
    ]
