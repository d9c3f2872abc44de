"""Draws results: for each benchmark one SVG, its figures as bars, or over a size as lines.

matplotlib is in an environment of its own, locked in requirements/plots.txt.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from benchmarks.peer_environment import build_peer
from headrace.settings import Settings


def draw(results: list[Path], folder: Path, settings: Settings, log: Path) -> list[Path]:
    """Draw the rows of these JSON files; the newest of two of a benchmark wins.

    Raises:
        RuntimeError: they cannot be drawn; the message names the log.
    """
    python = build_peer(
        settings.project / "benchmarks" / "requirements" / "plots.txt",
        settings.home / "bench" / "envs" / "plots",
        settings.layout,
        log,
    )
    script = settings.project / "benchmarks" / "peers" / "draw.py"
    command = [str(python), str(script), str(folder), *map(str, results)]
    with log.open("ab") as output:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=output, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the plots could not be drawn: see {log}")
    return [Path(line) for line in done.stdout.decode().splitlines()]
