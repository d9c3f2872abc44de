"""Results of a benchmark: figures beside their peer's, as a table and as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.measure import Summary
from headrace.files import write_atomically


@dataclass(frozen=True)
class Row:
    """One figure of ours or of a peer.

    Attributes:
        subject: what was measured.
        figure: name of the figure, with its unit.
        ratio: our median divided by this peer's, or None on our own row.
    """

    benchmark: str
    subject: str
    figure: str
    summary: Summary
    ratio: float | None = None


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    return {
        "cores": os.cpu_count(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "platform": platform.platform(),
        "python": platform.python_version(),
    }


def save(rows: Sequence[Row], path: Path) -> None:
    """Write rows and machine as JSON."""
    document = {"machine": machine(), "rows": [asdict(row) for row in rows]}
    write_atomically(path, json.dumps(document, indent=1) + "\n")


def table(rows: Sequence[Row]) -> str:
    """The rows as plain text, one a line, columns aligned."""
    lines = [("benchmark", "subject", "figure", "median", "min to max", "runs", "ours / peer")]
    for row in rows:
        summary = row.summary
        lines.append(
            (
                row.benchmark,
                row.subject,
                row.figure,
                f"{summary.median:.2f}",
                f"{summary.low:.2f} to {summary.high:.2f}",
                str(summary.runs),
                "" if row.ratio is None else f"{row.ratio:.3f}",
            )
        )
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
