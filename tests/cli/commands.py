"""Running commands in a test: in this process for speed, the same door and the same exit codes as a real one."""

import io
import json
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meterpos.cli.main import main


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    raw: bytes
    told: str

    @property
    def out(self) -> str:
        """The standard output as text."""
        return self.raw.decode()

    @property
    def answer(self) -> Any:
        """The standard output as JSON."""
        return json.loads(self.raw)


def run(*arguments: str) -> Done:
    """Run `meterpos` with these arguments."""
    raw = io.BytesIO()
    out, err = io.TextIOWrapper(raw, encoding="utf-8", newline=""), io.StringIO()
    code = 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main(arguments)
        except SystemExit as left:
            code = int(left.code or 0)
    out.flush()
    return Done(code, raw.getvalue(), err.getvalue())


class Commands:
    """The commands of one program."""

    def __call__(self, *arguments: str) -> Done:
        """Run a command and return what it left behind."""
        raise NotImplementedError

    def do(self, *arguments: str) -> Done:
        """Run a command that must succeed."""
        done = self(*arguments)
        assert done.code == 0, f"{' '.join(arguments)}: {done.code} {done.told}"
        return done

    def ask(self, *arguments: str) -> Any:
        """Run a command that must succeed with --json and return its answer."""
        return self.do(*arguments, "--json").answer

    def refused(self, *arguments: str) -> str:
        """Run a command that must be refused, and return its sentence."""
        done = self(*arguments)
        assert (done.code, done.raw) == (1, b""), f"{' '.join(arguments)}: {done.code} {done.out}"
        return done.told


@dataclass(frozen=True)
class TillCommands(Commands):
    """`meterpos till --home HOME …`."""

    home: Path

    def __call__(self, *arguments: str) -> Done:
        return run("till", "--home", str(self.home), *arguments)


@dataclass(frozen=True)
class Staff(Commands):
    """`meterpos headoffice --database URL …`."""

    database_url: str

    def __call__(self, *arguments: str) -> Done:
        return run("headoffice", "--database", self.database_url, *arguments)


def file(folder: Path, name: str, content: str | Sequence[str]) -> str:
    """Write a file and return its path as a command takes it."""
    path = folder / name
    path.write_text(content if isinstance(content, str) else "\n".join(content) + "\n", encoding="utf-8")
    return str(path)
