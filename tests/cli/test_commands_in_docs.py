"""Every command of `tailwise --help` has its row in docs/commands.md, which links to where it is described."""

import argparse
import re
from pathlib import Path

import pytest

from tailwise.cli.main import parser

DOCS = Path(__file__).parents[2] / "docs"
ROWS = dict(
    re.findall(r"^\| `([a-z-]+)` \|.*\|(.*)\|$", (DOCS / "commands.md").read_text(encoding="utf8"), re.MULTILINE)
)
[COMMANDS] = [list(action.choices) for action in parser()._actions if isinstance(action, argparse._SubParsersAction)]


def test_the_table_has_all_commands_and_no_others():
    assert sorted(ROWS) == sorted(COMMANDS) and len(COMMANDS) > 15


@pytest.mark.parametrize("command", COMMANDS)
def test_the_linked_page_names_the_command(command):
    """As `tailwise COMMAND`, `make COMMAND` or, on the page of commands itself, in a section."""
    page = re.findall(r"\]\(([^)#]*)", ROWS[command])[0] or "commands.md"
    text = (DOCS / page).read_text(encoding="utf8")
    assert re.search(rf"(tailwise|make) {command}\b", text), f"{page} does not name {command}"
