"""Results of a benchmark: figures beside their peer's, as a table and as JSON."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

from benchmarks.measure import Summary, summarize
from headrace.files import write_atomically
from headrace.settings import Settings

_PACKAGES = {
    "tfx": ("tfx", "tensorflow", "apache-beam", "ml-metadata", "pyarrow"),
    "airflow": ("apache-airflow",),
}


@dataclass(frozen=True)
class Row:
    """One figure of ours or of a peer.

    Attributes:
        subject: what was measured.
        figure: name of the figure, with its unit.
        ratio: our median divided by this peer's, or None on our own row.
        size: how much there was of what the figure may grow with, where that was varied.
    """

    benchmark: str
    subject: str
    figure: str
    summary: Summary
    ratio: float | None = None
    size: float | None = None


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "platform": platform.platform(),
        "python": platform.python_version(),
    }


def versions(settings: Settings) -> dict[str, str]:
    """Of headrace, as a commit, and of what it runs on."""
    found = {"headrace": _commit(settings.project)}
    pythons = {"tfx": settings.tfx_python, "airflow": settings.layout.airflow_python}
    for side, names in _PACKAGES.items():
        places = [str(path) for path in pythons[side].parent.parent.glob("lib/python3*/site-*")]
        for item in metadata.distributions(path=places):
            name = (item.metadata["Name"] or "").lower()
            if name in names:
                found[name] = item.version
    for line in (settings.project / "requirements" / "flink.txt").read_text().splitlines():
        if line.startswith("apache-flink-libraries=="):
            found["flink"] = line.split("==")[1].split()[0]
    return found


def save(
    rows: Sequence[Row], busy: Mapping[str, Sequence[float]], path: Path, settings: Settings
) -> None:
    """Write rows, machine and versions as JSON.

    Args:
        busy: for each benchmark how many processors did other work, just before and after it.
    """
    document = {
        "machine": machine(),
        "versions": versions(settings),
        "busy": dict(busy),
        "rows": [asdict(row) for row in rows],
    }
    write_atomically(path, json.dumps(document, indent=1) + "\n")


def table(rows: Sequence[Row]) -> str:
    """The rows as plain text, one a line, columns aligned."""
    lines = [("benchmark", "subject", "figure", "median", "min to max", "runs", "ours / peer")]
    for row in rows:
        summary = row.summary
        lines.append(
            (
                row.benchmark,
                row.subject if row.size is None else f"{row.subject}, {row.size:,.0f}",
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


def compared(benchmark: str, figure: str, values: Mapping[str, Sequence[float]]) -> list[Row]:
    """A row for each subject; the first is ours, and the others have its ratio to them."""
    rows: list[Row] = []
    for subject, measured in values.items():
        summary = summarize(measured)
        ratio = rows[0].summary.median / summary.median if rows else None
        rows.append(Row(benchmark, subject, figure, summary, ratio))
    return rows


def _commit(project: Path) -> str:
    """The commit that is measured, marked where files differ from it; empty outside of git."""
    command = ["git", "-C", str(project), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
