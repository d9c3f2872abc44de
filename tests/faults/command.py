"""``bin/headrace bench --faults``: a whole campaign, its figures as JSON lines and as a table."""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from headrace.bootstrap.progress import Progress
from headrace.errors import EXIT_DONE, EXIT_FAILED
from headrace.flink.distribution import provide_distribution
from headrace.flink.jar import built_jar, provide_jar
from headrace.flink.paths import flink_paths
from headrace.flink.tools import missing_tools
from headrace.settings import Settings
from tests.faults.campaign import Campaign, Result
from tests.faults.cluster import Cluster
from tests.faults.database import Database
from tests.faults.engine import Engine
from tests.faults.gate import gate
from tests.faults.injuries import disks
from tests.faults.penguins import Penguins
from tests.faults.platform import Platform
from tests.faults.stage import Stage
from tests.integration import postgres

DISKS = {"artifacts": 64, "store": 32}
"""Megabytes: room for a few hundred runs."""


@contextlib.contextmanager
def on_small_disks(kind: type[Engine], place: Path, settings: Settings) -> Iterator[Stage]:
    """A stage of ``bin/headrace run`` whose store and artifacts are on disks that can be filled."""
    with disks(place, DISKS) as small:
        stage = kind(place, small, settings.tfx_python)
        try:
            yield stage
        finally:
            stage.close()


@contextlib.contextmanager
def postgresql(place: Path, settings: Settings) -> Iterator[Stage]:
    with postgres.servers() as server, gate(server.address.port) as network:
        stage = Database(place, server, network, settings.tfx_python)
        try:
            yield stage
        finally:
            stage.close()


@contextlib.contextmanager
def airflow(place: Path, settings: Settings) -> Iterator[Stage]:
    with disks(place, DISKS) as small:
        stage = Platform(place, small, settings.tfx_python)
        try:
            stage.up()
            yield stage
        finally:
            stage.close()


@contextlib.contextmanager
def flink(place: Path, settings: Settings) -> Iterator[Stage]:
    paths = flink_paths(settings)
    distribution = provide_distribution(settings, paths, Progress())
    jar = provide_jar(settings, paths, Progress())
    given = {"HEADRACE_FLINK_HOME": str(distribution.home), "HEADRACE_FLINK_JAR": str(jar)}
    stage = Cluster(place, settings.tfx_python, given)
    try:
        stage.up()
        yield stage
    finally:
        stage.close()


STAGES: dict[str, Callable[[Path, Settings], contextlib.AbstractContextManager[Stage]]] = {
    "engine": functools.partial(on_small_disks, Engine),
    "postgresql": postgresql,
    "airflow": airflow,
    "flink": flink,
    "penguins": functools.partial(on_small_disks, Penguins),
}


def main(arguments: Sequence[str], settings: Settings) -> int:
    """Run it; return 1 if something was broken."""
    parser = argparse.ArgumentParser(prog="headrace bench --faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of the sequence (default: 1)")
    parser.add_argument("--count", type=int, default=200, help="faults in all (default: 200)")
    parser.add_argument("--first", type=int, default=0, help="begin at this one of the sequence")
    parser.add_argument(
        "--stage",
        action="append",
        choices=list(STAGES),
        help="where; may be given again (default: all, each with its share)",
    )
    parser.add_argument("--two", action="store_true", help="two different faults at each moment")
    args = parser.parse_args(arguments)
    # Two campaigns may begin within a second.
    folder = settings.home / "bench" / f"{time.strftime('faults-%Y%m%dT%H%M%S')}-{os.getpid()}"
    folder.mkdir(parents=True)
    file = folder / "faults.jsonl"
    results: list[Result] = []
    chosen = []
    for name in args.stage or list(STAGES):
        if why := _why_not(name, settings):
            print(f"no stage {name}: {why}", file=sys.stderr)
        else:
            chosen.append(name)
    for number, name in enumerate(chosen):
        count = args.count // len(chosen) + (number < args.count % len(chosen))
        with (
            tempfile.TemporaryDirectory(prefix="headrace-faults-") as place,
            STAGES[name](Path(place), settings) as stage,
            file.open("a") as lines,
        ):
            for what, why in stage.absent.items():
                print(f"{name}: no {what}: {why}", file=sys.stderr)
            campaign = Campaign(stage, args.seed, at_once=args.two)
            for complaint in campaign.prepare():
                print(f"{name}: undisturbed: {complaint}", file=sys.stderr)
            print(f"{name}: undisturbed, a run takes {campaign.nominal:.1f} s", file=sys.stderr)
            for result in campaign.run(count, args.first):
                lines.write(json.dumps(result.to_dict()) + "\n")
                lines.flush()
                print(_line(result), file=sys.stderr, flush=True)
                results.append(result)
    print(table(results))
    print(f"written to {file}", file=sys.stderr)
    return EXIT_FAILED if any(it.outcome == "broken" for it in results) else EXIT_DONE


def _why_not(stage: str, settings: Settings) -> str:
    """Why this machine cannot have the stage; empty: it can."""
    if stage == "postgresql" and postgres.find_binaries() is None:
        return "PostgreSQL's server is not installed (Debian: apt-get install postgresql)"
    if stage == "flink":
        has_jar = settings.flink.jar is not None or built_jar(flink_paths(settings)).is_file()
        lacking = missing_tools(has_jar=has_jar)
        return f"it needs {' and '.join(lacking)}" if lacking else ""
    return ""


def table(results: Sequence[Result]) -> str:
    """How many faults there were of each kind, and what came of them."""
    outcomes = ("went on", "resumed", "broken", "missed")
    counts = Counter((it.stage, it.fault.name, it.outcome) for it in results)
    lines = ["| stage | fault | done | " + " | ".join(outcomes) + " |"]
    lines.append("|---" * (len(outcomes) + 3) + "|")
    for stage, name in dict.fromkeys((it.stage, it.fault.name) for it in results):
        each = [counts[stage, name, outcome] for outcome in outcomes]
        done = sum(each[:-1])
        lines.append(f"| {stage} | {name} | {done} | " + " | ".join(map(str, each)) + " |")
    return "\n".join(lines)


def _line(result: Result) -> str:
    what = f"{result.stage} {result.fault.number}: {result.fault.name} at {result.fault.moment}"
    told = f"{what}: {result.outcome}, {result.seconds} s"
    return "\n  ".join([told, *([result.reason] if result.reason else []), *result.complaints])
