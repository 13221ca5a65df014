"""Bugs on purpose: each is a small patch to one or more production functions, and the simulator has to find it.

A bug that is not found is a hole in the simulator. bugs.py holds them; a patch whose text no longer stands in the
production code fails aloud, so that the list follows the code.
"""

import inspect
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FunctionType
from typing import Any


class DoesNotApply(AssertionError):
    """The production code no longer has the text a planted bug changes."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One text in one function, `module:function` or `module:Class.method`, and what stands there instead."""

    where: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Bug:
    """A planted bug: its name, what would go wrong, and the edits that make it."""

    name: str
    says: str
    edits: tuple[Edit, ...]


@contextmanager
def planted(bug: Bug) -> Iterator[None]:
    """Let production have this bug inside the block. Raises: DoesNotApply."""
    undo: list[tuple[Any, str, Any]] = []
    try:
        for edit in bug.edits:
            _plant(edit, undo)
        yield
    finally:
        for owner, name, old in reversed(undo):
            setattr(owner, name, old)


def _plant(edit: Edit, undo: list[tuple[Any, str, Any]]) -> None:
    module_name, _, path = edit.where.partition(":")
    __import__(module_name)
    module = sys.modules[module_name]
    owner: Any = module
    *above, name = path.split(".")
    for part in above:
        owner = getattr(owner, part)
    function = getattr(owner, name)
    changed = _changed(function, edit, vars(module))
    if above:
        undo.append((owner, name, function))
        setattr(owner, name, changed)
        return
    for other in [other for key, other in sys.modules.items() if key.startswith(("meterpos", "tests.faults"))]:
        for alias in [alias for alias, value in vars(other).items() if value is function]:
            undo.append((other, alias, function))
            setattr(other, alias, changed)


def _changed(function: Any, edit: Edit, namespace: dict[str, Any]) -> Any:
    plain: FunctionType = inspect.unwrap(function)
    source = textwrap.dedent(inspect.getsource(plain))
    if source.count(edit.old) != 1:
        raise DoesNotApply(f"{edit.where} has {source.count(edit.old)} times: {edit.old!r}")
    made: dict[str, Any] = {}
    code = compile(source.replace(edit.old, edit.new), plain.__code__.co_filename, "exec")
    exec(code, namespace, made)
    return made[plain.__name__]
