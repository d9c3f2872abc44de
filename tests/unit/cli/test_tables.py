import sys

import pytest

from headrace.cli import formats
from headrace.cli.tables import Item, print_table, print_tree

ROWS = [("Make", "", "complete"), ("Transform", "", "[red]")]
TREE = Item("a", (Item("b", (Item("c"),)), Item("d")))


def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)


def test_in_a_pipe_cells_are_aligned_and_empty_columns_left_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_table(("node", "name", "state"), ROWS)
    assert capsys.readouterr().out == "node       state\nMake       complete\nTransform  [red]\n"


def test_an_empty_table_has_all_its_columns_names(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("node", "name"), [])
    assert capsys.readouterr().out == "node  name\n"


def test_on_a_terminal_states_have_colours_and_text_is_no_markup(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal(monkeypatch)
    print_table(("node", "name", "state"), ROWS)
    out = capsys.readouterr().out
    assert "\x1b[32mcomplete" in out
    assert "[red]" in out
    assert "name" not in out


def test_a_tree_in_a_pipe_is_indented(capsys: pytest.CaptureFixture[str]) -> None:
    print_tree(TREE)
    assert capsys.readouterr().out == "a\n  b\n    c\n  d\n"


def test_a_tree_on_a_terminal_has_branches(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal(monkeypatch)
    print_tree(TREE)
    assert capsys.readouterr().out == "a\n├── b\n│   └── c\n└── d\n"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (0.0, "0.0 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 00 s"),
        (125.4, "2 min 05 s"),
        (3599.6, "1 h 00 min"),
        (11_220, "3 h 07 min"),
    ],
)
def test_seconds_are_readable(value: float | None, text: str) -> None:
    assert formats.seconds(value) == text


def test_moments_are_exact_for_programs() -> None:
    assert formats.iso_moment(1_700_000_000_007) == "2023-11-14T22:13:20.007Z"


def test_memory_is_in_megabytes() -> None:
    assert (formats.megabytes(627_040_256), formats.megabytes(None)) == ("627 MB", "")
