"""Flights' CSV into examples: ColumnarExampleGen beside TFX's CsvExampleGen, on the direct runner.

Each run is a process of its own. Its time is the executor's: TFX is imported already, as it is in
headrace's launcher, and what the first Beam pipeline of a process costs is in it. Memory is the
process's peak, TFX's own 0.6 GB included.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from benchmarks.context import Context
from benchmarks.measure import run_process, summarize
from benchmarks.results import Row

_PEER = "csv"
NAMES = {
    "plain": "ColumnarExampleGen, tf.Example, no gzip",
    "gzip": "ColumnarExampleGen, tf.Example, gzip",
    "parquet": "ColumnarExampleGen, Parquet",
    _PEER: "TFX CsvExampleGen (tf.Example, gzip)",
}
_STAGE = """
import sys
from pathlib import Path
from pipelines.flights import data
base = data.stage(Path(sys.argv[1]))
rows = sum(1 for _ in (base / data.FILE_NAME).open(newline="")) - 1
Path(sys.argv[1], "staged").write_text(f"{base}\\n{rows}")
"""


def run(context: Context) -> list[Row]:
    """Measure each variant in turn, as many times as asked."""
    base, rows = stage(context)
    rates: dict[str, list[float]] = {variant: [] for variant in NAMES}
    memory: dict[str, list[float]] = {variant: [] for variant in NAMES}
    for repeat in range(context.repeats):
        for variant in NAMES:
            seconds, peak = ingest(context, variant, base, repeat)
            rates[variant].append(rows / seconds / 1000)
            memory[variant].append(peak / 1e6)
    return [
        *_rows("thousand rows/s", rates),
        *_rows("peak memory (MB)", memory),
    ]


def _rows(figure: str, values: dict[str, list[float]]) -> list[Row]:
    peer = summarize(values[_PEER])
    found = []
    for variant, name in NAMES.items():
        ours = summarize(values[variant])
        ratio = None if variant == _PEER else ours.median / peer.median
        found.append(Row("examplegen", name, figure, ours, ratio))
    return found


def stage(context: Context) -> tuple[str, int]:
    """Put flights' CSV into a directory; return that and the number of rows."""
    place = context.scratch / "data"
    place.mkdir()
    run_process(
        [str(context.settings.tfx_python), "-c", _STAGE, str(place)],
        cwd=context.settings.project,
        environ=context.environ(),
        log=context.log,
    )
    base, rows = (place / "staged").read_text().splitlines()
    return base, int(rows)


def ingest(context: Context, variant: str, base: str, repeat: int) -> tuple[float, int]:
    """Run the variant's executor; return its seconds and its process's peak memory."""
    place: Path = context.scratch / f"{variant}-{repeat}"
    place.mkdir()
    script = context.settings.project / "benchmarks" / "peers" / "example_gen.py"
    cost = run_process(
        [str(context.settings.tfx_python), str(script), variant, base, str(place)],
        cwd=context.settings.project,
        environ=context.environ(),
        log=context.log,
    )
    seconds = float(json.loads((place / "cost.json").read_text())["seconds"])
    shutil.rmtree(place)
    return seconds, cost.peak_memory_bytes
