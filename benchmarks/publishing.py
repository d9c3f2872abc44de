"""Puts measured results into docs/performance.md: its tables, its plots, machine and versions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.plots import draw
from headrace.errors import UsageError
from headrace.files import write_atomically
from headrace.settings import Settings

_BLOCK = "<!-- measured: {name} -->\n{text}\n<!-- end of {name} -->"
_MARKED = re.compile(r"<!-- measured: (\S+) -->\n.*?<!-- end of \1 -->", re.DOTALL)


def publish(files: Sequence[Path], settings: Settings, log: Path) -> list[str]:
    """Rewrite the blocks of the document that these results are of; return their names.

    Of a benchmark that several files have, the last one's rows count.

    Raises:
        UsageError: a file is no result of a benchmark.
    """
    rows: dict[str, list[Any]] = {}
    measured = {}
    for file in files:
        try:
            document = json.loads(file.read_text())
            here: dict[str, list[Any]] = {}
            for row in document["rows"]:
                here.setdefault(row["benchmark"], []).append(row)
            rows |= here
            measured |= dict.fromkeys(here, document)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UsageError(f"{file} is no result of a benchmark: {error}") from None
    page = settings.project / "docs" / "performance.md"
    draw(list(files), page.parent / "images" / "benchmarks", settings, log)
    blocks = {
        name: f"{_table(found)}\n\n{_origin(name, measured[name])}" for name, found in rows.items()
    }
    blocks["machine"] = _machine(measured[next(reversed(measured))])
    published: list[str] = []

    def replace(match: re.Match[str]) -> str:
        name = match[1]
        if name not in blocks:
            return match[0]
        published.append(name)
        return _BLOCK.format(name=name, text=blocks[name])

    write_atomically(page, _MARKED.sub(replace, page.read_text()))
    return published


def _table(rows: Iterable[Any]) -> str:
    lines = [
        "| figure | | median | least to greatest | runs | ours / peer |",
        "|---|---|---|---|---|---|",
    ]
    told = ""
    for row in rows:
        figure = row["figure"] if row["figure"] != told else ""
        told = row["figure"]
        summary = row["summary"]
        subject = row["subject"]
        if row.get("size") is not None:
            subject = f"{subject}, {row['size']:,.0f}"
        spread = f"{shown(summary['low'])} to {shown(summary['high'])}"
        ratio = "" if row["ratio"] is None else shown(row["ratio"])
        cells = (figure, subject, shown(summary["median"]), spread, str(summary["runs"]), ratio)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _origin(name: str, document: Any) -> str:
    origin = f"Measured at commit {document['versions']['headrace']}."
    busy = document.get("busy", {}).get(name)
    if busy is None:
        return origin
    before, after = (f"{processors:.1f}" for processors in busy)
    return f"{origin} Other work just before and after: {before} and {after} processors."


def _machine(document: Any) -> str:
    machine, versions = document["machine"], document["versions"]
    named = ", ".join(
        f"{name} {version}" for name, version in versions.items() if name != "headrace"
    )
    return (
        f"{machine['cores']} cores of {machine['processor']}, "
        f"{machine['memory_bytes'] / 1e9:.0f} GB of memory, {machine['platform']}, "
        f"Python {machine['python']}; {named}."
    )


def shown(value: float) -> str:
    """A figure in three digits."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
