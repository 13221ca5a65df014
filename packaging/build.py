"""Build the archives that are carried to a pay point and to head office: unpack, start, no network needed.

An archive holds the wheels (meterpos and exactly what its side needs, pinned and hashed by requirements.lock), and a
start program that installs them into a runtime of its own on first use. It serves the platform it was built on and the
versions of Python it was built for.
"""

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.tags import platform_tags
from packaging.utils import canonicalize_name, parse_wheel_filename

from dev import QT_DISPLAY_LIBRARIES, QT_LIBRARIES

ROOT = Path(__file__).resolve().parents[1]
HERE = Path(__file__).resolve().parent
WORK = ROOT / "build"
WHEEL_CACHE = WORK / "wheels"
PYTHONS = ("3.11", "3.12", "3.13")
INSTALLER = "pip"  # carried along: the PC may have none


class BuildError(Exception):
    """The archive cannot be built; the message says why, in one sentence."""


@dataclass(frozen=True)
class Side:
    """One of the two programs: which extra of pyproject.toml it needs and how its command begins."""

    name: str
    extra: str
    command: str


SIDES = (Side("till", "till", "till"), Side("headoffice", "headoffice", "headoffice"))


def build(side: Side, pythons: tuple[str, ...], out: Path) -> Path:
    """Build one side's archive and return its path."""
    WHEEL_CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WORK) as work:
        package = build_package(Path(work))
        version = parse_wheel_filename(package.name)[1]
        pins = needed_pins(side, pythons)
        for python in pythons:
            fetch_wheels(pins, python, Path(work))
        folder = Path(work) / f"meterpos-{side.name}-{version}"
        (folder / "wheels").mkdir(parents=True)
        for wheel in {package, *wheels_of(pins, pythons)}:
            shutil.copyfile(wheel, folder / "wheels" / wheel.name)
        own_pin = f"meterpos=={version} \\\n    --hash=sha256:{sha256(package)}\n"
        (folder / "requirements.lock").write_text("".join(pins.values()) + own_pin)
        write_start(folder, side)
        shutil.copyfile(ROOT / "LICENSE", folder / "LICENSE")
        for extra in HERE.glob(f"meterpos-{side.name}.*"):
            shutil.copyfile(extra, folder / extra.name)
        return pack(folder, out / f"{folder.name}-{platform_name()}.tar.gz")


def build_package(work: Path) -> Path:
    """Build the wheel of meterpos itself, from this tree, with the tools the lock brought."""
    arguments = ["--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(work)]
    pip("wheel", *arguments, str(ROOT))
    return next(work.glob("meterpos-*.whl"))


def needed_pins(side: Side, pythons: tuple[str, ...]) -> dict[str, str]:
    """Return the blocks of requirements.lock that a side needs, by canonical name."""
    pins = locked_pins()
    names = {INSTALLER}
    for python in pythons:
        environment = {**default_environment(), "python_version": python}
        environment["python_full_version"] = f"{python}.0"
        names |= closure("meterpos", {side.extra}, {str(k): str(v) for k, v in environment.items()})
    names.discard("meterpos")
    return {name: block for name, block in pins.items() if name in names}


def locked_pins() -> dict[str, str]:
    """Return requirements.lock as blocks (pin and hashes), by canonical name."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    blocks = re.findall(r"^\S+==.*\n(?:    --hash=.*\n)+", text, re.MULTILINE)
    return {canonicalize_name(block.partition("==")[0].partition("[")[0]): block for block in blocks}


def closure(name: str, extras: set[str], environment: dict[str, str]) -> set[str]:
    """Return the names of everything a distribution needs, itself included, on one kind of machine."""
    found: set[str] = set()
    waiting = [(name, frozenset(extras))]
    seen = set()
    while waiting:
        name, wanted = waiting.pop()
        if (name, wanted) in seen:
            continue
        seen.add((name, wanted))
        found.add(name)
        for requirement in requirements_of(name):
            marker = requirement.marker
            if marker is None or any(marker.evaluate({**environment, "extra": extra}) for extra in (wanted or {""})):
                waiting.append((canonicalize_name(requirement.name), frozenset(requirement.extras)))
    return found


def requirements_of(name: str) -> Iterator[Requirement]:
    """Yield what a distribution says it needs; nothing for one that this machine has no use for."""
    try:
        lines = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return
    for line in lines:
        yield Requirement(line)


def fetch_wheels(pins: dict[str, str], python: str, work: Path) -> None:
    """Bring the pinned wheels for one version of Python into the cache; those already there cost nothing."""
    missing = [block for name, block in pins.items() if not cached_wheel(name, block, python)]
    if not missing:
        return
    print(f"fetching {len(missing)} wheels for Python {python}", flush=True)
    wanted, arrivals = work / f"wanted-{python}.txt", work / f"arrivals-{python}"
    wanted.write_text("".join(re.sub(r" ; .*(?= \\)", "", block) for block in missing))
    platforms = [part for tag in platform_tags() for part in ("--platform", tag)]
    choice = ["--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", str(wanted)]
    pip("download", *choice, "--dest", str(arrivals), "--python-version", python, *platforms)
    for wheel in arrivals.glob("*.whl"):
        wheel.replace(WHEEL_CACHE / wheel.name)


def wheels_of(pins: dict[str, str], pythons: tuple[str, ...]) -> set[Path]:
    """Return the cached wheels of all pins for all versions of Python."""
    return {
        wheel
        for name, block in pins.items()
        for python in pythons
        if (wheel := cached_wheel(name, block, python)) is not None
    }


def cached_wheel(name: str, block: str, python: str) -> Path | None:
    """Return the wheel of one pin that fits one version of Python here and has a pinned hash, if it is in the cache."""
    version = block.partition("==")[2].split()[0]
    platforms = set(platform_tags()) | {"any"}
    for wheel in sorted(WHEEL_CACHE.glob("*.whl")):
        wheel_name, wheel_version, _, tags = parse_wheel_filename(wheel.name)
        fits = any(tag.platform in platforms and fits_python(tag.interpreter, tag.abi, python) for tag in tags)
        if wheel_name == name and str(wheel_version) == version and fits and sha256(wheel) in block:
            return wheel
    return None


def fits_python(interpreter: str, abi: str, python: str) -> bool:
    """Tell whether a wheel's interpreter and ABI tags fit a version of CPython."""
    minor = int(python.partition(".")[2])
    if abi == "none":
        return interpreter in ("py3", f"cp3{minor}", f"py3{minor}")
    if abi == "abi3":
        return interpreter.startswith("cp3") and int(interpreter.removeprefix("cp3")) <= minor
    return interpreter == abi == f"cp3{minor}"


def write_start(folder: Path, side: Side) -> None:
    """Write the start program, the command that calls it, and what to read first."""
    libraries = {**QT_LIBRARIES, **QT_DISPLAY_LIBRARIES} if side.extra == "till" else {}
    start = (HERE / "start.py").read_text(encoding="utf-8").replace("@COMMAND@", side.command)
    start = start.replace("{}  # build.py fills them in", repr(libraries))
    (folder / "start.py").write_text(start, encoding="utf-8")
    (folder / "READ-ME-FIRST.txt").write_text(read_me_first(side, libraries), encoding="utf-8")
    if sys.platform == "win32":
        text = '@echo off\r\npy -3 "%~dp0start.py" %*\r\n'
        (folder / f"meterpos-{side.name}.cmd").write_text(text, newline="")
        return
    command = folder / f"meterpos-{side.name}"
    command.write_text('#!/bin/sh\nexec python3 "$(dirname "$(readlink -f "$0")")/start.py" "$@"\n')
    command.chmod(0o755)


def read_me_first(side: Side, libraries: dict[str, str]) -> str:
    """Return what a person who unpacked the archive needs to know."""
    packages = " ".join(sorted(libraries.values()))
    needs = "Python 3.11 or newer" + (f", and on Debian or Ubuntu: {packages}" if packages else "")
    return (
        f"meterpos {side.name}\n\nNeeds: {needs}.\nStart: ./meterpos-{side.name} --help\n\n"
        "The first start installs the program into this folder (a minute on an old PC); no network is needed.\n"
        "Money and keys are not kept here: this folder can be replaced by that of a newer version at any time.\n"
    )


def pack(folder: Path, archive: Path) -> Path:
    """Pack a folder; wheels are compressed already, so lightly."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        tar.add(folder, folder.name, filter=without_owner)
    return archive


def without_owner(item: tarfile.TarInfo) -> tarfile.TarInfo:
    """Leave the builder's name out of the archive."""
    item.uid = item.gid = 0
    item.uname = item.gname = ""
    return item


def platform_name() -> str:
    """Return the platform as it stands in the archive's name."""
    import sysconfig

    return sysconfig.get_platform().replace("-", "_").replace(".", "_")


def sha256(path: Path) -> str:
    """Return a file's hash as the lock writes it."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def pip(*arguments: str) -> None:
    """Run pip quietly; a failure is one sentence without the addresses of indexes."""
    command = [sys.executable, "-m", "pip", *arguments, "--disable-pip-version-check", "--no-input"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if "ERROR" in line.upper()]
        reason = re.sub(r"\w+://\S+", "the package index", (lines or ["no reason given"])[0])
        raise BuildError(f"pip {arguments[0]} failed; check the network and run again ({reason}).")


def main() -> int:
    """Build the archives asked for."""
    parser = argparse.ArgumentParser(prog="dev.py package", description=__doc__)
    parser.add_argument("sides", nargs="*", help="till, headoffice (default: both)")
    parser.add_argument("--python", nargs="+", default=PYTHONS, metavar="3.x", help="versions the archive shall serve")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="where to put the archives (default: dist)")
    options = parser.parse_args()
    unknown = set(options.sides) - {side.name for side in SIDES}
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are till and headoffice")
    try:
        for side in SIDES:
            if not options.sides or side.name in options.sides:
                archive = build(side, tuple(options.python), options.out)
                print(f"{archive} ({archive.stat().st_size / 1e6:.0f} MB)", flush=True)
    except BuildError as error:
        print(f"dev.py package: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
