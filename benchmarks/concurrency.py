"""Many runs of one pipeline at once, on one host: do all end well, and is the store as it must be?

Penguins and a pipeline of nodes that do next to nothing, each in a new store on SQLite and one on
PostgreSQL, as many ``headrace run`` at the same moment; then penguins as so many DAG runs at once.
After each, all that is in the store is counted and held against one run alone: one execution for
each node of each run, no context or type twice, outputs of one execution only, and what the cache
has served from an execution of the same key. Anything else fails the benchmark.

A second round of the same runs is served by the cache.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import launch
from benchmarks.airflow_platform import airflow_platform
from benchmarks.census import Ask, Census, ask_postgres, ask_sqlite, faults, take
from benchmarks.context import Context
from benchmarks.measure import summarize
from benchmarks.memory import PeakMemory
from benchmarks.results import Row
from headrace.launcher.starting import launcher_processes, stop_launcher
from headrace.settings import Settings
from tests.integration import postgres

PENGUINS = "pipelines/penguins/pipeline.py:create_pipeline"
_DAG = """
from headrace.airflow import pipeline_dag

target = "{project}/pipelines/penguins/pipeline.py:create_pipeline"
dag = pipeline_dag(target, dag_id="penguins", max_active_runs={runs})
"""


@dataclass(frozen=True)
class Store:
    """A metadata store of the benchmark's own, empty at first."""

    url: str
    ask: Ask


@dataclass(frozen=True)
class Load:
    """A pipeline, and how many runs of it there are at once."""

    name: str
    runs: int
    target: str
    parameters: tuple[str, ...] = ()


def run(context: Context) -> list[Row]:
    """Measure on the command line, then under Airflow.

    Raises:
        RuntimeError: a run has failed, or a store is not as it must be; the message says what.
    """
    return [*small_nodes(context), *penguins(context), *dag_runs(context)]


def small_nodes(context: Context) -> list[Row]:
    """Ten times as many runs of nodes that do nothing, on both kinds of store."""
    parameters = (f"--param=statistics={launch.make_statistics(context)}",)
    return _on_both(
        context, Load("nodes that do nothing", context.runs * 10, launch.TARGET, parameters)
    )


def penguins(context: Context) -> list[Row]:
    """Penguins on both kinds of store."""
    return _on_both(context, _penguins(context))


def dag_runs(context: Context) -> list[Row]:
    """Penguins as DAG runs, all triggered before the first has ended."""
    load = _penguins(context)
    with _command_line(context) as commands:
        _, alone = commands.alone(load)
    text = _DAG.format(project=context.settings.project, runs=load.runs)
    with airflow_platform(context, {"penguins.py": text}) as airflow:
        begin = time.monotonic()
        runs = airflow.run_at_once("penguins", load.runs)
        seconds = time.monotonic() - begin
        store = _sqlite(airflow.settings.layout.metadata_database)
        _require_exact(take(store.ask), alone, runs, "penguins under Airflow")
    return [_row(f"{load.runs} runs of {load.name} at once (s)", "SQLite, as DAG runs", seconds)]


def _penguins(context: Context) -> Load:
    return Load("penguins", context.runs, PENGUINS)


def _on_both(context: Context, load: Load) -> list[Row]:
    if postgres.find_binaries() is None:
        raise RuntimeError("PostgreSQL's server is not installed: apt-get install postgresql")
    with postgres.server() as server, _command_line(context) as commands:
        seconds, alone = commands.alone(load)
        rows = [_row(f"{load.name}, a run alone (s)", "SQLite", seconds)]
        for subject, store in _stores(context, server):
            rows += commands.at_once(load, subject, store, alone)
    return rows


class CommandLine:
    """``headrace run`` as a user types it, with a state directory of the benchmark's own."""

    def __init__(self, context: Context, settings: Settings) -> None:
        self._context, self._settings = context, settings

    def alone(self, load: Load) -> tuple[float, Census]:
        """One run, with TFX imported; its seconds, and what it leaves in an empty store."""
        for name in ("warm", "alone"):
            place = self._context.scratch / f"{name}-{load.target.count('/')}-{load.runs}"
            place.mkdir()
            store = _sqlite(place / "metadata.sqlite")
            seconds, _ = self._runs(load, store, [f"{name}-{place.name}"], place)
            census = take(store.ask)
            shutil.rmtree(place)
        return seconds, census

    def at_once(self, load: Load, subject: str, store: Store, alone: Census) -> list[Row]:
        """Two rounds of so many runs, the second served by the cache; their seconds and memory."""
        place = Path(tempfile.mkdtemp(prefix="many-", dir=self._context.scratch))
        rows: list[Row] = []
        runs: list[str] = []
        for turn in ("at once", "at once again, from the cache"):
            begun = [f"{subject.lower()}-{len(runs) + number}" for number in range(load.runs)]
            runs += begun
            seconds, peak = self._runs(load, store, begun, place)
            _require_exact(take(store.ask), alone, runs, f"{load.name} on {subject}, {turn}")
            name = f"{load.runs} runs of {load.name} {turn}"
            rows += [
                _row(f"{name} (s)", subject, seconds),
                _row(f"{name}, memory (MB)", subject, peak / 1e6),
            ]
        shutil.rmtree(place)
        return rows

    def _runs(self, load: Load, store: Store, runs: list[str], place: Path) -> tuple[float, int]:
        """Begin them all at the same moment and wait for all; seconds, and peak of the memory."""
        environ = self._context.environ(
            HEADRACE_HOME=str(self._settings.home),
            HEADRACE_TFX_PYTHON=str(self._settings.tfx_python),
            HEADRACE_METADATA_URL=store.url,
            HEADRACE_ARTIFACT_ROOT=str(place / "artifacts"),
        )
        python = str(self._context.settings.layout.airflow_python)
        command = [python, "-m", "headrace.cli", "run", load.target, *load.parameters]
        begin = time.monotonic()
        with PeakMemory(self._launchers) as memory, contextlib.ExitStack() as ends:
            processes = {}
            for name in runs:
                output = ends.enter_context((place / f"{name}.log").open("wb"))
                processes[name] = subprocess.Popen(
                    [*command, f"--run-id={name}"],
                    cwd=self._context.settings.project,
                    env=environ,
                    stdout=output,
                    stderr=output,
                )
                ends.callback(processes[name].terminate)
            codes = {name: process.wait() for name, process in processes.items()}
        seconds = time.monotonic() - begin
        failed = {name: code for name, code in codes.items() if code != 0}
        for name in list(failed)[:5]:
            text = (place / f"{name}.log").read_text(errors="replace")
            with self._context.log.open("a") as log:
                log.write(f"{name} ended with {failed[name]}:\n{text}\n")
        if failed:
            raise RuntimeError(f"{len(failed)} of {len(runs)} runs failed: see {self._context.log}")
        return seconds, memory.peak_bytes

    def _launchers(self) -> list[int]:
        return [process.pid for process in launcher_processes(self._settings).values()]


@contextlib.contextmanager
def _command_line(context: Context) -> Iterator[CommandLine]:
    home = Path(tempfile.mkdtemp(prefix="home-", dir=context.scratch))
    settings = replace(context.settings, home=home)
    try:
        yield CommandLine(context, settings)
    finally:
        stop_launcher(settings)
        shutil.rmtree(home, ignore_errors=True)


def _stores(context: Context, server: postgres.Postgres) -> Iterator[tuple[str, Store]]:
    place = Path(tempfile.mkdtemp(prefix="store-", dir=context.scratch))
    yield "SQLite", _sqlite(place / "metadata.sqlite")
    server.query("postgres", "create database many")
    yield "PostgreSQL", Store(server.url("many"), ask_postgres(server, "many"))


def _sqlite(path: Path) -> Store:
    return Store(f"sqlite:///{path}", ask_sqlite(path))


def _require_exact(now: Census, alone: Census, runs: list[str], what: str) -> None:
    wrong = faults(now, alone, runs)
    if wrong:
        shown = "; ".join(wrong[:10])
        raise RuntimeError(f"{what}: {len(wrong)} faults in the store: {shown}")


def _row(figure: str, subject: str, value: float) -> Row:
    return Row("concurrency", subject, figure, summarize([value]))
