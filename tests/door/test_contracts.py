"""Every import contract is kept by the house as it stands, and breaks when it is violated."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
NAMES = {contract["id"]: contract["name"] for contract in PYPROJECT["tool"]["importlinter"]["contracts"]}

# contract, module that misbehaves, what it imports
VIOLATIONS = [
    ("rooms", "ledger.money", "meterpos.sync"),
    ("rooms", "ledger.store", "meterpos.headoffice"),
    ("rooms", "errors", "meterpos.settings"),
    ("rooms", "settings", "meterpos.ledger"),
    ("rooms", "sync", "meterpos.printing"),
    ("rooms", "printing", "meterpos.sync"),
    ("rooms", "sync", "meterpos.till"),
    ("rooms", "headoffice", "meterpos.ui"),
    ("rooms", "ui", "meterpos.cli"),
    ("rooms", "headoffice", "meterpos.till"),
    ("two-programs", "ui.pages", "meterpos.headoffice"),
    ("heart", "ledger.journal", "time"),
    ("heart", "ledger.seal", "secrets"),
    ("heart", "ledger.operations", "requests"),
    ("heart", "ledger.queries", "PySide6"),
    ("ledger", "ledger.rules.aging", "meterpos.ledger.operations"),
    ("ledger", "ledger.money", "meterpos.ledger.store"),
    ("ledger", "ledger.store", "meterpos.ledger.tables"),
    ("ledger", "ledger.tables.base", "meterpos.ledger.rules"),
    ("pure-rules", "ledger.rules.allocation", "meterpos.ledger.tables"),
    ("pure-rules", "ledger.rules.balances", "sqlalchemy"),
    ("tables", "cli.main", "meterpos.ledger.tables"),
    ("tables", "ui.pages", "meterpos.ledger.tables"),
    ("tables", "printing", "meterpos.ledger.tables"),
    ("tables", "sync.wire", "meterpos.ledger.tables"),
    ("qt", "printing", "PySide6.QtGui"),
    ("qt", "cli.main", "PySide6.QtWidgets"),
    ("till", "till.payments", "meterpos.till.custody"),
    ("papers", "printing.thermal", "meterpos.printing.pdf"),
    ("papers", "printing.preview", "meterpos.printing.thermal"),
    ("papers", "printing.document", "meterpos.printing.receipt"),
    ("papers", "printing.receipt", "meterpos.printing.devices"),
    ("window", "ui.pages", "sqlalchemy"),
    ("window", "ui.widgets", "requests"),
    ("window", "ui.models", "meterpos.ledger.store"),
]


def test_the_house_keeps_its_contracts() -> None:
    done = lint_imports(ROOT / "src", [])
    assert done.returncode == 0, done.stdout


def test_every_contract_is_seen_to_break() -> None:
    assert {contract for contract, _, _ in VIOLATIONS} == set(NAMES)


@pytest.mark.parametrize(("contract", "module", "forbidden"), VIOLATIONS)
def test_a_forbidden_import_breaks_its_contract(tmp_path: Path, contract: str, module: str, forbidden: str) -> None:
    source = copy_of_the_house(tmp_path)
    for name in (f"meterpos.{module}", forbidden):
        if name.startswith("meterpos."):
            ensure_module(source, name)
    with module_file(source, f"meterpos.{module}").open("a", encoding="utf-8") as text:
        text.write(f"\nimport {forbidden}\n")

    done = lint_imports(source, [contract])

    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{NAMES[contract]} BROKEN" in done.stdout
    assert f"meterpos.{module} -> {forbidden.split('.Qt', maxsplit=1)[0]}" in done.stdout


@pytest.mark.parametrize(
    ("contract", "module"), [("rooms", "utils"), ("ledger", "ledger.helpers"), ("papers", "printing.tools")]
)
def test_a_module_that_has_no_place_breaks_the_contract(tmp_path: Path, contract: str, module: str) -> None:
    source = copy_of_the_house(tmp_path)
    ensure_module(source, f"meterpos.{module}")

    done = lint_imports(source, [contract])

    assert done.returncode == 1
    assert module.rpartition(".")[2] in done.stdout


def copy_of_the_house(folder: Path) -> Path:
    """Copy the package's modules, and nothing else, to where they may be spoiled."""
    source = folder / "src"
    for path in (ROOT / "src").rglob("*.py"):
        copy = source / path.relative_to(ROOT / "src")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    return source


def ensure_module(source: Path, name: str) -> None:
    """Make an empty module where the house has none of that name yet."""
    parts = name.split(".")
    for depth in range(1, len(parts)):
        package = source.joinpath(*parts[:depth])
        package.mkdir(exist_ok=True)
        (package / "__init__.py").touch()
    if not module_file(source, name).exists():
        module_file(source, name).touch()


def module_file(source: Path, name: str) -> Path:
    """Return the file of a module, be it a package or not."""
    path = source.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def lint_imports(source: Path, contracts: list[str]) -> "subprocess.CompletedProcess[str]":
    """Run the import linter over a tree of the package."""
    only = [part for contract in contracts for part in ("--contract", contract)]
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", program, "--no-cache", "--no-logo", *only],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(source), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
