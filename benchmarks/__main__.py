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
    cancel,
    concurrency,
    examplegen,
    examplegen_large,
    flights,
    flink_examplegen,
    flink_flights,
    flink_job,
    flink_penguins,
    fuzz,
    growth,
    launch,
    metadata,
    parse,
    penguins,
    scheduling,
    soak,
)
from benchmarks.context import Context
from benchmarks.load import busy_processors
from benchmarks.plots import draw
from benchmarks.publishing import publish
from benchmarks.results import Row, save, table
from headrace.errors import UsageError
from headrace.settings import Settings, load_settings

ONLY_IF_NAMED = ("soak",)
"""What takes hours."""
BENCHMARKS: dict[str, Callable[[Context], list[Row]]] = {
    "parse": parse.run,
    "penguins": penguins.run,
    "airflow2": airflow2.run,
    "launch": launch.run,
    "metadata": metadata.run,
    "growth": growth.run,
    "scheduling": scheduling.run,
    "examplegen": examplegen.run,
    "examplegen_large": examplegen_large.run,
    "flights": flights.run,
    "flink_penguins": flink_penguins.run,
    "flink_job": flink_job.run,
    "flink_examplegen": flink_examplegen.run,
    "flink_flights": flink_flights.run,
    "concurrency": concurrency.run,
    "cancel": cancel.run,
    "soak": soak.run,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="headrace bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--repeats", type=int, default=3, help="counted runs (default: 3)")
    parser.add_argument(
        "--size",
        type=int,
        default=10,
        help="of what reads many flights: how many times over (10)",
    )
    parser.add_argument(
        "--flights",
        type=int,
        metavar="N",
        help="of flights: so many in place of all of them, for a trial",
    )
    parser.add_argument(
        "--runs",
        type=int,
        default=20,
        help="of concurrency: so many runs of penguins at once, and ten times as many small ones",
    )
    parser.add_argument(
        "--minutes", type=float, default=120, help="of soak: how long it watches (default: 120)"
    )
    parser.add_argument(
        "--publish",
        nargs="+",
        type=Path,
        metavar="RESULTS",
        help="measure nothing; put these results into docs/performance.md",
    )
    parser.add_argument(
        "--fuzz", action="store_true", help="measure nothing; give every parser bad input"
    )
    parser.add_argument(
        "--cases", type=int, default=100_000, help="of --fuzz: at least so many (default: 100,000)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of --fuzz: other cases for another")
    parser.add_argument(
        "--faults",
        action="store_true",
        help="measure nothing; kill, pause and fill things, and audit: see --faults --help",
    )
    if "--faults" in sys.argv[1:]:
        return _campaign([text for text in sys.argv[1:] if text != "--faults"])
    args = parser.parse_args()
    unknown = sorted(set(args.names) - set(BENCHMARKS))
    if (
        unknown
        or args.repeats < 1
        or min(args.size, args.flights or 1, args.runs, args.minutes) < 1
    ):
        few = "--repeats, --size, --flights, --runs and --minutes must be at least 1"
        what = f"unknown benchmark {unknown[0]}" if unknown else few
        parser.error(f"{what}; known: {', '.join(BENCHMARKS)}")
    # What a benchmark has started is ended by its own clean-up, which this leads to.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    settings = load_settings()
    if args.fuzz:
        return fuzz.campaign(settings, args.cases, args.seed)
    if args.publish:
        return _publish(args.publish, settings)
    folder = settings.home / "bench" / time.strftime("%Y%m%dT%H%M%S")
    folder.mkdir(parents=True)
    rows: list[Row] = []
    busy: dict[str, list[float]] = {}
    faults: list[str] = []
    for name in args.names or [name for name in BENCHMARKS if name not in ONLY_IF_NAMED]:
        print(f"{name}: measuring, output goes to {folder / name}.log", file=sys.stderr, flush=True)
        before = busy_processors()
        with tempfile.TemporaryDirectory(prefix=f"headrace-bench-{name}-") as scratch:
            log = folder / f"{name}.log"
            context = Context(
                settings,
                Path(scratch),
                log,
                args.repeats,
                args.size,
                args.flights,
                args.runs,
                args.minutes,
                faults,
            )
            rows += BENCHMARKS[name](context)
        busy[name] = [before, busy_processors()]
        save(rows, busy, folder / "results.json", settings)
    print(table(rows))
    print(f"written to {folder / 'results.json'}", file=sys.stderr)
    for plot in draw([folder / "results.json"], folder, settings, folder / "plots.log"):
        print(f"drawn in {plot}", file=sys.stderr)
    for fault in faults:
        print(f"does not hold: {fault}", file=sys.stderr)
    return 1 if faults else 0


def _campaign(arguments: list[str]) -> int:
    from tests.faults.command import main as campaign  # its servers are those of tests

    # What a stage has started and mounted is ended by its own clean-up, which this leads to.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    return campaign(arguments, load_settings())


def _publish(files: list[Path], settings: Settings) -> int:
    log = settings.home / "bench" / "publish.log"
    try:
        published = publish(files, settings, log)
    except UsageError as error:
        print(f"headrace bench: {error}", file=sys.stderr)
        return error.exit_code
    print(f"docs/performance.md has new figures of: {', '.join(published)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
