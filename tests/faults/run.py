"""Prove the promise in figures: `python3 dev.py faults [PART ...] [--runs N] [--seed S] [--seconds T]`.

Each part prints what it did, how often, from which seed; a seed that fails prints its story and is played again with
`--seed S --runs 1`.
"""

import argparse
import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
# Secrets of the harness's tills lie in files of their own, never in the keyring of the person who runs it.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"

from tests.faults import parts, parts_disk, parts_served  # noqa: E402

PARTS: dict[str, Callable[[argparse.Namespace], bool]] = {
    "schedules": parts.schedules,
    "months": parts.months,
    "planted": parts.planted,
    "http": parts.http,
    "line": parts.bad_lines,
    "cuts": parts_served.cut_often_line,
    "feed": parts.feed,
    "kill": parts_disk.killed,
    "power": parts_disk.power_cuts,
    "calls": parts_disk.failing_calls,
    "rot": parts_disk.rotten_disks,
    "printer": parts.printers,
    "fuzz": parts.fuzzing,
    "order": parts.permutations,
    "api": parts_served.openapi_calls,
    "speed": parts_served.exchange_speed,
    "drain": parts_served.tills_coming_back,
    "soak": parts_served.soaked,
}


def parser() -> argparse.ArgumentParser:
    """Describe the door."""
    door = argparse.ArgumentParser(prog="dev.py faults", description=__doc__, allow_abbrev=False)
    door.add_argument("parts", nargs="*", metavar="PART", help=f"one of {', '.join(PARTS)}; all unless given")
    door.add_argument("--runs", type=int, default=None, help="how many runs of each part")
    door.add_argument("--seed", type=int, default=0, help="the first seed")
    door.add_argument("--seconds", type=float, default=None, help="how long each part may take")
    door.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes at once")
    return door


def main() -> int:
    """Run the parts asked for; 1 when one of them failed."""
    options = parser().parse_args()
    unknown = [name for name in options.parts if name not in PARTS]
    if unknown:
        parser().error(f"there is no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    logging.disable(logging.CRITICAL)
    failed = []
    for name in options.parts or PARTS:
        began = time.monotonic()
        print(f"=== {name}", flush=True)
        if not PARTS[name](options):
            failed.append(name)
        print(f"    {name}: {'FAILED' if name in failed else 'passed'} in {time.monotonic() - began:.0f} s", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
