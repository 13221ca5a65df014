"""Measure what docs/PERFORMANCE.md promises: `python3 dev.py bench [--customers N] [--part NAME] [--write-docs]`."""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
# The bench's ledgers keep their key in a file of their own, never in the keyring of the person who runs it.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# An installed till has its bytecode, since pip compiles what it installs: what is measured here has it too.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

from bench import billing, day, migrate, month, outside, pages, recalculate, receipt, reports, search, tender, window  # noqa: E402
from bench.ledger import Made, kept_ledger  # noqa: E402
from bench.measure import Figure  # noqa: E402

MARK = "<!-- measured -->"
MILLION = 1_000_000
SMALL = 100_000


def _search(made: Made, _: Path) -> list[Figure]:
    return search.measure(made, limit_ms=5)


def _search_million(_: Made, scratch: Path) -> list[Figure]:
    """Measure search at a million customers; left out beside a small ledger, unless it is asked for by name."""
    return search.measure(kept_ledger(scratch, customers=MILLION, facts=False), limit_ms=16)


Part = Callable[[Made, Path], list[Figure]]
PARTS: dict[str, Part] = {
    "tender": lambda made, scratch: tender.measure(made, scratch=scratch),
    "recalculate": lambda made, scratch: recalculate.measure(made, scratch=scratch),
    "search": _search,
    "search-million": _search_million,
    "billing": lambda _made, scratch: billing.measure(scratch),
    "outside": lambda _made, scratch: outside.measure(scratch),
    "migrate": lambda made, scratch: migrate.measure(scratch, customers=made.customers),
    "reports": lambda made, scratch: reports.measure(made, scratch=scratch),
    "receipt": lambda made, scratch: receipt.measure(made, scratch=scratch),
    "pages": lambda made, scratch: pages.measure(made, scratch=scratch),
    "window": lambda made, scratch: window.measure(made, scratch=scratch),
    "day": lambda _made, _scratch: day.measure(),
    "month": lambda made, _scratch: month.measure(customers=made.customers),
}
WITHOUT_LEDGER = frozenset({"billing", "day", "migrate", "month", "outside"})
"""Parts that make what they measure on themselves."""


def main() -> int:
    """Run the parts asked for and print the table."""
    options = _options()
    chosen = options.part or [name for name in PARTS if name != "search-million" or options.customers >= SMALL]
    made, size = Made(options.cache, options.customers, 0), 0.0
    if WITHOUT_LEDGER.issuperset(chosen):
        print("no ledger is needed", flush=True)
    else:
        made = kept_ledger(options.cache, customers=options.customers)
        size = made.path.stat().st_size / 1e6
        print(f"ledger of {made.customers:,} customers, {size:,.0f} MB, made in {made.seconds:.0f} s", flush=True)
    for name in chosen:
        table = _table(name, PARTS[name](made, options.cache), _measured(name, options, size))
        print(f"\n{table}", flush=True)
        if options.write_docs:
            _write_docs(name, table)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--part", action="append", choices=list(PARTS), help="only this part; may be repeated")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "meterpos-bench")
    parser.add_argument("--write-docs", action="store_true", help="write these parts into docs/PERFORMANCE.md")
    return parser.parse_args()


def _table(name: str, figures: list[Figure], measured: str) -> str:
    lines = [
        f"### {name}",
        "",
        measured,
        "",
        "| what | here | floor | ratio | promised | kept |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for one in figures:
        kept = "" if one.kept is None else "yes" if one.kept else "**no**"
        lines.append(f"| {one.what} | {one.figure} | {one.floor} | {one.ratio} | {one.limit} | {kept} |")
    return "\n".join(lines)


def _write_docs(name: str, table: str) -> None:
    """Put a part in its place on the page; the others stay as they were, each with its own commit."""
    page = ROOT / "docs" / "PERFORMANCE.md"
    before, _, measured = page.read_text(encoding="utf-8").partition(MARK)
    known = {part.partition("\n")[0]: f"### {part.strip()}" for part in measured.split("\n### ")[1:]}
    known[name] = table
    ordered = [known[name] for name in PARTS if name in known]
    page.write_text(f"{before}{MARK}\n\n" + "\n\n".join(ordered) + "\n", encoding="utf-8")
    print(f"written: {page.relative_to(ROOT)}")


def _measured(name: str, options: argparse.Namespace, size_mb: float) -> str:
    commit = subprocess.run(
        ["git", "rev-parse", "--short=10", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    ledger = "" if name in WITHOUT_LEDGER else f" ledger {size_mb:,.0f} MB;"
    return (
        f"`python3 dev.py bench --customers {options.customers} --part {name}` at commit `{commit.stdout.strip()}`, "
        f"{datetime.now(UTC):%Y-%m-%d}, on {platform.system()} {platform.machine()} with {os.cpu_count()} cores, "
        f"Python {platform.python_version()};{ledger} {_load()}."
    )


def _load() -> str:
    """Say how busy the machine was with other things: figures of a busy machine are no figures."""
    if not hasattr(os, "getloadavg"):
        return "load unknown"
    minutes = os.getloadavg()[1]
    return f"load average over the last five minutes {minutes:.1f}, of which this bench is one"


if __name__ == "__main__":
    sys.exit(main())
