"""Writes the reference part of docs/cli.md from the commands themselves: `python -m meterpos.cli.docs docs/cli.md`.

What stands above the marker line is written by hand and kept. A test fails when what stands below is not what this
writes.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import typer

from meterpos.cli.main import app

MARKER: Final = "<!-- below: written by `python -m meterpos.cli.docs docs/cli.md`; change the commands, then run it -->"


def reference() -> str:
    """Return every group, command and option as Markdown."""
    root = typer.main.get_command(app)
    return "\n".join(_described(root, "meterpos")).rstrip() + "\n"


def rewritten(page: str) -> str:
    """Return the page with its reference part written anew."""
    head, _, _ = page.partition(MARKER)
    return f"{head.rstrip()}\n\n{MARKER}\n\n{reference()}"


def commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield ``command`` and everything below it with their full names, in the order they are shown."""
    yield name, command
    for child, below in getattr(command, "commands", {}).items():
        yield from commands(below, f"{name} {child}")


def _described(root: Any, name: str) -> Iterator[str]:
    for full_name, command in commands(root, name):
        yield f"{'###' if full_name.count(' ') > 1 else '##'} {full_name}\n"
        yield f"{_paragraph(command.help)}\n"
        yield f"    {_usage(full_name, command)}\n"
        told = [_option(option) for option in command.params if not _is_help(option)]
        if told:
            yield "\n".join(told) + "\n"
        if command.epilog:
            yield f"{_example(command.epilog)}\n"


def _usage(full_name: str, command: Any) -> str:
    arguments = [_placeholder(one) for one in command.params if one.param_type_name == "argument"]
    has_options = any(one.param_type_name == "option" and not _is_help(one) for one in command.params)
    below = "COMMAND ..." if getattr(command, "commands", None) else ""
    if below and command.invoke_without_command:
        below = f"[{below}]"
    return " ".join(word for word in (full_name, "[OPTIONS]" if has_options else "", *arguments, below) if word)


def _option(option: Any) -> str:
    if option.param_type_name == "argument":
        return f"- `{_placeholder(option)}` {option.help}"
    takes = "" if option.is_flag else f" {_placeholder(option)}"
    needed = " *Needed.*" if option.required else ""
    default = f" *Default: {option.default}.*" if _has_default(option) else ""
    return f"- `{', '.join(option.opts)}{takes}` {option.help}{needed}{default}"


def _placeholder(option: Any) -> str:
    return str(option.metavar or option.name.upper())


def _has_default(option: Any) -> bool:
    return not option.is_flag and isinstance(option.default, str | int) and option.default != ""


def _is_help(option: Any) -> bool:
    return "--help" in option.opts


def _paragraph(text: str) -> str:
    return " ".join(text.split())


def _example(epilog: str) -> str:
    words, _, command = epilog.partition(": ")
    return f"{words}: `{command}`"


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(rewritten(page.read_text(encoding="utf-8")), encoding="utf-8")
