"""Every command and option is in docs/cli.md, word for word, and says how it is used."""

from pathlib import Path

import pytest
import typer

from meterpos.cli import docs
from meterpos.cli.main import app

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"
COMMANDS = dict(docs.commands(typer.main.get_command(app), "meterpos"))


def test_the_page_says_what_the_commands_say() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == docs.rewritten(page), "run: python -m meterpos.cli.docs docs/cli.md"


def test_an_option_missing_from_the_page_is_noticed() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert "- `--tender-id UUID`" in page
    shorter = "\n".join(line for line in page.splitlines() if "--tender-id UUID" not in line) + "\n"
    assert shorter != docs.rewritten(shorter)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_says_what_it_does_and_shows_an_example(name: str) -> None:
    command = COMMANDS[name]
    assert command.help
    if not getattr(command, "commands", None):
        assert f"{command.epilog} ".startswith(f"Example: {name} "), f"{name} shows no example of itself"
    for option in command.params:
        assert option.name == "help" or option.help, f"{name} {option.name} has no help"
