"""Memory and speed of ColumnarExampleGen on one large CSV: flights, ``--size`` times over.

At ``--size 165`` the file has 5 GB. Each run is a process of its own, TFX's 0.6 GB included.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks.context import Context
from benchmarks.examplegen import NAMES, ingest, stage
from benchmarks.measure import summarize
from benchmarks.results import Row

_VARIANTS = ("gzip", "parquet")


def run(context: Context) -> list[Row]:
    """Measure each variant once: what a large file shows does not vary much."""
    base, rows = stage(context)
    [source] = Path(base).iterdir()
    large = context.scratch / "large"
    large.mkdir()
    header, _, body = source.read_bytes().partition(b"\n")
    with (large / source.name).open("wb") as file:
        file.write(header + b"\n")
        for _ in range(context.size):
            file.write(body)
    size = (large / source.name).stat().st_size
    found = []
    for variant in _VARIANTS:
        seconds, peak = ingest(context, variant, str(large), 0)
        subject = f"{NAMES[variant]}, {size / 1e9:.1f} GB"
        rate = summarize([rows * context.size / seconds / 1000])
        found += [
            Row("examplegen_large", subject, "thousand rows/s", rate),
            Row("examplegen_large", subject, "peak memory (MB)", summarize([peak / 1e6])),
        ]
    shutil.rmtree(large)
    return sorted(found, key=lambda row: row.figure)
