"""Every sentence the rooms of the till may say to a person, read from their source: what is raised, and what is told.

`python -m tests.ui.sentences sw` lists those the Swahili catalogue lacks.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from meterpos.ui import said

SOURCE = Path(__file__).parents[2] / "src" / "meterpos"
ROOMS = ("ledger", "printing", "sync", "till", "settings.py", "vault.py", "ui")
AT_HEAD_OFFICE = frozenset({"metering.py", "tariffs.py"})
"""Rules of the ledger by which head office alone bills: no till says their sentences."""
TELLERS = {"Failure": 1, "Sent": 1, "Outcome": 2}
"""Calls that carry a sentence, and where in them it stands."""


@dataclass
class Source:
    """One module: its tree, its constants, its functions."""

    path: Path
    tree: ast.Module
    constants: dict[str, ast.expr] = field(default_factory=dict)
    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "Source":
        made = cls(path, ast.parse(path.read_text(encoding="utf-8")))
        for node in ast.walk(made.tree):
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                made.constants |= {one.id: node.value for one in targets if isinstance(one, ast.Name)}
            elif isinstance(node, ast.FunctionDef):
                made.functions[node.name] = node
        return made

    def sentences(self, told: ast.expr, *, depth: int = 0) -> Iterator[str]:
        """Yield what an expression may say, `{}` where a value stands; through constants, choices and functions."""
        if depth > 4:
            return
        if isinstance(told, ast.Constant) and isinstance(told.value, str):
            yield told.value
        elif isinstance(told, ast.JoinedStr):
            yield "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in told.values)  # type: ignore[misc]
        elif isinstance(told, ast.Name) and told.id in self.constants:
            yield from self.sentences(self.constants[told.id], depth=depth + 1)
        elif isinstance(told, ast.BoolOp):
            for value in told.values:
                yield from self.sentences(value, depth=depth + 1)
        elif isinstance(told, ast.IfExp):
            yield from self.sentences(told.body, depth=depth + 1)
            yield from self.sentences(told.orelse, depth=depth + 1)
        elif isinstance(told, ast.Call):
            yield from self._returned(told, depth)

    def _returned(self, call: ast.Call, depth: int) -> Iterator[str]:
        name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
        function = self.functions.get(name)
        for node in ast.walk(function) if function is not None else ():
            if isinstance(node, ast.Return) and node.value is not None:
                yield from self.sentences(node.value, depth=depth + 1)


@cache
def sources() -> tuple[Source, ...]:
    """Return the modules of the till's rooms."""
    paths = [path for room in ROOMS for path in (SOURCE / room, *(SOURCE / room).rglob("*.py")) if path.is_file()]
    return tuple(Source.read(path) for path in sorted(paths) if path.name not in AT_HEAD_OFFICE)


def user_errors(modules: tuple[Source, ...]) -> set[str]:
    """Return the names of the errors that may be shown to a person."""
    bases = {
        node.name: [base.id for base in node.bases if isinstance(base, ast.Name)]
        for module in modules
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef)
    }

    def is_one(name: str) -> bool:
        return name == "UserError" or any(is_one(base) for base in bases.get(name, []))

    return {name for name in bases if is_one(name)} | {"UserError"}


@cache
def told() -> dict[str, str]:
    """Return every sentence with the module that says it."""
    modules = sources()
    errors = user_errors(modules)
    found: dict[str, str] = {}
    for module in modules:
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            place = 0 if name in errors else TELLERS.get(name)
            if place is None:
                continue
            given = node.args[place : place + 1] + [one.value for one in node.keywords if one.arg == "detail"]
            for expression in given:
                for sentence in module.sentences(expression):
                    if " " in sentence:
                        found.setdefault(sentence, module.path.name)
    return found


@cache
def pieces() -> frozenset[str]:
    """Return every text that stands anywhere in those modules."""
    nodes = (node for module in sources() for node in ast.walk(module.tree))
    return frozenset(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


if __name__ == "__main__":
    known = said.catalogue(sys.argv[1])
    for sentence, where in sorted(told().items()):
        if sentence not in known:
            print(f"{where}\t{sentence}")
