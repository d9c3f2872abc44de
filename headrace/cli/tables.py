"""Tables and trees: with rich on a terminal, plain text in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_COLOURS = {
    "running": "yellow",
    "complete": "green",
    "cached": "cyan",
    "failed": "red",
    "canceled": "magenta",
    "live": "green",
    "pending": "yellow",
    "abandoned": "magenta",
}

_WIDEST = 10_000


@dataclass(frozen=True)
class Item:
    """A line of a tree, and the lines below it."""

    label: str
    below: tuple[Item, ...] = ()


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows of cells under their columns' names; a column without any content is left out."""
    cells = [tuple(row) for row in rows]
    used = [index for index in range(len(columns)) if not cells or any(row[index] for row in cells)]
    names = [columns[index] for index in used]
    kept = [[row[index] for index in used] for row in cells]
    if sys.stdout.isatty():
        _rich_table(names, kept)
    else:
        for line in aligned([names, *kept]):
            print(line)


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines, their cells under each other, two spaces between them."""
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    return [
        "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def print_tree(root: Item) -> None:
    """Print a tree; in a pipe each level is two spaces further in."""
    if sys.stdout.isatty():
        _rich_tree(root)
    else:
        for line in indented(root):
            print(line)


def indented(root: Item, depth: int = 0) -> Iterable[str]:
    """The lines of a tree."""
    yield f"{'  ' * depth}{root.label}"
    for item in root.below:
        yield from indented(item, depth + 1)


def _rich_table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in names:
        table.add_column(name, no_wrap=True)
    for row in rows:
        table.add_row(*(Text(cell, style=_COLOURS.get(cell, "")) for cell in row))
    # Ids and URIs stay in one piece, to be copied: a terminal that is too narrow wraps whole lines.
    needed = Console(width=_WIDEST).measure(table).maximum
    Console(width=needed).print(table)


def _rich_tree(root: Item) -> None:
    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree

    def grown(item: Item, tree: Tree) -> Tree:
        for below in item.below:
            grown(below, tree.add(Text(below.label)))
        return tree

    Console().print(grown(root, Tree(Text(root.label))))
