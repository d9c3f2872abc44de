"""A tree as a picture (SVG): the root on the left, what fulfils a condition above what does not."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_DEEPEST = 6
_COLUMN, _ROW, _WIDTH, _HEIGHT, _EDGE, _TITLE = 250, 34, 210, 26, 12, 30
_LONGEST, _FITTING = 34, 27
"""Characters of a text: what is longer is cut off, or drawn narrower."""


@dataclass
class _Box:
    text: str
    depth: int
    row: float = 0
    above: _Box | None = None
    below: _Box | None = None


def draw_tree(model: Any, title: str, classes: Sequence[str] = ()) -> str:
    """Return the first tree of a model of YDF's, to a depth of 6."""
    root = _box(model.get_tree(0).root, model.data_spec(), classes, 0)
    rows = _place(root, 0)
    boxes = _all(root)
    width = _EDGE * 2 + _COLUMN * max(box.depth for box in boxes) + _WIDTH
    height = int(_EDGE * 2 + _TITLE + _ROW * rows)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="{_EDGE}" y="22" font-size="14">{html.escape(title)}</text>',
    ]
    for box in boxes:
        lines += [_edge(box, child, word) for child, word in _children(box)]
    lines += [_drawn(box) for box in boxes]
    return "\n".join([*lines, "</svg>", ""])


def _box(node: Any, spec: Any, classes: Sequence[str], depth: int) -> _Box:
    if node.is_leaf:
        return _Box(_value(node.value, classes), depth)
    # YDF writes score and missing value in brackets after the condition.
    text = node.condition.pretty(spec).partition(" [score=")[0].replace("'", "")
    if depth == _DEEPEST:
        return _Box(f"{text} …", depth)
    above = _box(node.pos_child, spec, classes, depth + 1)
    return _Box(text, depth, 0, above, _box(node.neg_child, spec, classes, depth + 1))


def _value(value: Any, classes: Sequence[str]) -> str:
    shares = getattr(value, "probability", None)
    count = f"{value.num_examples:,.0f} rows"
    if shares is None:
        return f"{value.value:+.4g} ({count})"
    best = max(range(len(shares)), key=shares.__getitem__)
    name = classes[best] if best < len(classes) else str(best)
    return f"{name} {shares[best]:.0%} ({count})"


def _place(box: _Box, first: int) -> int:
    """Give each leaf a row and each other box the middle of its children's; return the next row."""
    if box.above is None or box.below is None:
        box.row = first
        return first + 1
    after = _place(box.below, _place(box.above, first))
    box.row = (box.above.row + box.below.row) / 2
    return after


def _children(box: _Box) -> list[tuple[_Box, str]]:
    if box.above is None or box.below is None:
        return []
    return [(box.above, "yes"), (box.below, "no")]


def _all(box: _Box) -> list[_Box]:
    return [box, *(found for child, _ in _children(box) for found in _all(child))]


def _corner(box: _Box) -> tuple[float, float]:
    return _EDGE + _COLUMN * box.depth, _EDGE + _TITLE + _ROW * box.row


def _edge(box: _Box, child: _Box, word: str) -> str:
    (left, top), (right, bottom) = _corner(box), _corner(child)
    start, end, middle = left + _WIDTH, right, _HEIGHT / 2
    return (
        f'<path d="M{start} {top + middle} L{end} {bottom + middle}" stroke="#888" fill="none"/>'
        f'<text x="{(start + end) / 2 - 8}" y="{(top + bottom) / 2 + middle - 3}" '
        f'fill="#666" font-size="10">{word}</text>'
    )


def _drawn(box: _Box) -> str:
    left, top = _corner(box)
    fill = "#e8f1fa" if box.above else "#eaf5e6"
    text = box.text if len(box.text) <= _LONGEST else f"{box.text[: _LONGEST - 1]}…"
    narrower = f' textLength="{_WIDTH - 12}" lengthAdjust="spacingAndGlyphs"'
    fitted = narrower if len(text) > _FITTING else ""
    return (
        f'<g><title>{html.escape(box.text)}</title><rect x="{left}" y="{top}" width="{_WIDTH}" '
        f'height="{_HEIGHT}" rx="4" fill="{fill}" stroke="#888"/>'
        f'<text x="{left + 6}" y="{top + 17}"{fitted}>{html.escape(text)}</text></g>'
    )
