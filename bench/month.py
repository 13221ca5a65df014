"""A month in the life of a utility with 20,000 customers and 12 tills, on both databases; a cent more fails it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from bench import postgresql
from bench.measure import Figure

ROOT: Final = Path(__file__).resolve().parents[1]
CUSTOMERS_MAX: Final = 20_000
TILLS: Final = 12
PATIENCE_S: Final = 3_600


def measure(*, customers: int) -> list[Figure]:
    """Live through the month in a process of its own on each database; return what happened and how long it took."""
    from tests.support.postgres import Databases

    figures = []
    for name, url in (("SQLite", None), ("PostgreSQL", Databases(postgresql.server()).new())):
        month = _lived(min(customers, CUSTOMERS_MAX), url)
        seconds = month["seconds"]
        whole = f"a month of {min(customers, CUSTOMERS_MAX):,} customers and {TILLS} tills on {name}"
        figures.append(Figure(what=whole, figure=f"{sum(seconds.values()):,.0f} s"))
        figures += [Figure(what=f"- {what}", figure=f"{count:,}") for what, count in month["counts"].items()]
        figures += [Figure(what=f"- {what}", figure=f"{took:,.1f} s") for what, took in seconds.items()]
    return figures


def _lived(customers: int, url: str | None) -> Any:
    command = [sys.executable, "-m", "tests.journeys.month", "--json"]
    command += ["--customers", str(customers), "--tills", str(TILLS)]
    command += ["--database", url] if url else []
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    ran = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, timeout=PATIENCE_S, check=True
    )
    return json.loads(ran.stdout.splitlines()[-1])
