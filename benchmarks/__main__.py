"""``bin/headrace bench [NAME...]``: measures, prints a table and writes JSON."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import (
    airflow2,
    examplegen,
    flink_flights,
    flink_job,
    flink_penguins,
    parse,
    penguins,
)
from benchmarks.context import Context
from benchmarks.results import Row, save, table
from headrace.settings import load_settings

BENCHMARKS: dict[str, Callable[[Context], list[Row]]] = {
    "parse": parse.run,
    "penguins": penguins.run,
    "airflow2": airflow2.run,
    "examplegen": examplegen.run,
    "flink_penguins": flink_penguins.run,
    "flink_job": flink_job.run,
    "flink_flights": flink_flights.run,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="headrace bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--repeats", type=int, default=3, help="counted runs (default: 3)")
    parser.add_argument(
        "--size", type=int, default=10, help="of flink_flights: how many years of flights"
    )
    args = parser.parse_args()
    unknown = sorted(set(args.names) - set(BENCHMARKS))
    if unknown or args.repeats < 1 or args.size < 1:
        few = "--repeats and --size must be at least 1"
        what = f"unknown benchmark {unknown[0]}" if unknown else few
        parser.error(f"{what}; known: {', '.join(BENCHMARKS)}")
    # What a benchmark has started is ended by its own clean-up, which this leads to.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    settings = load_settings()
    folder = settings.home / "bench" / time.strftime("%Y%m%dT%H%M%S")
    folder.mkdir(parents=True)
    rows: list[Row] = []
    for name in args.names or BENCHMARKS:
        print(f"{name}: measuring, output goes to {folder / name}.log", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix=f"headrace-bench-{name}-") as scratch:
            log = folder / f"{name}.log"
            context = Context(settings, Path(scratch), log, args.repeats, args.size)
            rows += BENCHMARKS[name](context)
        save(rows, folder / "results.json")
    print(table(rows))
    print(f"written to {folder / 'results.json'}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
