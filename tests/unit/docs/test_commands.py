"""What the documents say of the command line, against the command line."""

import argparse
import re
from collections.abc import Iterator

import pytest

from headrace.bootstrap import command as bootstrap
from headrace.cli.main import COMMANDS, build_parser
from tests.documents import PROJECT, Example, commands

REFERENCE = PROJECT / "docs" / "cli.md"
OF_THE_BOOTSTRAP = "setup"
PLACEHOLDERS = {"ARTIFACT_ID": "1", "MODEL_ID": "1", "N": "1", "STATE": "live"}
USES = list(commands())


def options(parser: argparse.ArgumentParser, name: str) -> Iterator[tuple[str, str]]:
    """Each long option, or the only one, with the command that has it."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for child, its in action.choices.items():
                yield from options(its, f"{name} {child}".strip())
        elif action.option_strings and not isinstance(action, argparse._HelpAction):
            yield name, action.option_strings[-1]


def documented() -> Iterator[tuple[str, str]]:
    """The same, of the reference."""
    for part in REFERENCE.read_text().split("\n## ")[1:]:
        heading, _, text = part.partition("\n")
        names = [name.split()[0] for name in re.findall(r"`([^`]+)`", heading)]
        for row in re.findall(r"^\| (`.*)$", text, re.MULTILINE):
            cells = [cell.strip() for cell in row.split("|")]
            command = cells[0].strip("`") if len(cells) == 4 else names[0]
            cell = cells[1] if len(cells) == 4 else cells[0]
            for option in re.findall(r"`(--?[A-Za-z][\w-]*)", cell):
                yield command, option


def test_the_reference_has_every_command_and_no_other() -> None:
    headings = re.findall(r"^## (.*)$", REFERENCE.read_text(), re.MULTILINE)
    named = [name.split()[0] for line in headings for name in re.findall(r"`([^`]+)`", line)]
    assert sorted(named) == sorted((*COMMANDS, OF_THE_BOOTSTRAP))


def test_the_reference_has_every_option_and_no_other() -> None:
    found = set(options(build_parser(), "")) - {("", "--version")}
    assert set(documented()) == found


@pytest.mark.parametrize(("use", "words"), USES, ids=[use.name for use, _ in USES])
def test_a_command_in_a_document_is_one(use: Example, words: list[str]) -> None:
    parser = bootstrap._parser() if words[:1] == [OF_THE_BOOTSTRAP] else build_parser()
    if not words or words == ["COMMAND"]:
        return
    given = [PLACEHOLDERS.get(word, word) for word in (item.strip("[]") for item in words)]
    args, rest = parser.parse_known_args(given)
    assert not rest or getattr(args, "takes_rest", False), use.text
