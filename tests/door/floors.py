"""Hold what the tests covered against the coverage floors of pyproject.toml; `dev.py test` runs it after them."""

import glob
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from dev import ROOT, VENV, say

MISSING_SHOWN_MAX: Final = 12


def main() -> int:
    """Say which files are below their floors; return 3 if one is."""
    report = VENV / "meterpos-coverage.json"
    made = subprocess.run([sys.executable, "-m", "coverage", "json", "-q", "-o", str(report)], cwd=ROOT, check=False)
    if made.returncode != 0:
        return 1
    files = {Path(name).as_posix(): data for name, data in json.loads(report.read_text())["files"].items()}
    complaints = list(below_floors(files, coverage_floors()))
    for complaint in complaints:
        say(complaint)
    say("coverage floors: " + (f"{len(complaints)} below" if complaints else "all reached"))
    return 3 if complaints else 0


def coverage_floors() -> dict[str, float]:
    """Return the floors: file pattern to percent of lines and branches."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    floors: dict[str, float] = pyproject["tool"]["meterpos"]["coverage-floors"]
    return floors


def below_floors(files: dict[str, dict[str, Any]], floors: dict[str, float], *, root: Path = ROOT) -> Iterator[str]:
    """Yield one sentence for each file below its floor, and for each floor that holds no file."""
    for pattern, floor in floors.items():
        names = [Path(name).as_posix() for name in glob.glob(pattern, root_dir=root, recursive=True)]
        if not names:
            yield f"{pattern}: the floor names no file; correct it in pyproject.toml"
        for name in sorted(names):
            data = files.get(name)
            if data is None:
                yield f"{name}: 0 % covered, floor {floor} %"
                continue
            covered = float(data["summary"]["percent_covered"])
            if covered < floor:
                yield f"{name}: {covered:.1f} % covered, floor {floor} % (missing: {_what_is_missing(data)})"


def _what_is_missing(data: dict[str, Any]) -> str:
    """Return the lines and branches of one file that no test took, the first few of them."""
    missing = [str(line) for line in data["missing_lines"]]
    missing += [f"{start}->{'exit' if end < 0 else end}" for start, end in data.get("missing_branches", [])]
    more = f" and {len(missing) - MISSING_SHOWN_MAX} more" if len(missing) > MISSING_SHOWN_MAX else ""
    return ", ".join(missing[:MISSING_SHOWN_MAX]) + more


if __name__ == "__main__":
    sys.exit(main())
