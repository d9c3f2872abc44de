"""How long a node takes to start: forked from the warm launcher, and in a process that imports TFX.

A node is asked for as a task of Airflow asks. The launcher's cold start is in neither pair: it has
a figure of its own, a node asked for while no launcher runs. Memory is the kernel's own account
(``smaps_rollup``) of nodes that wait side by side: what each shares with the launcher and with the
others, and what is its own.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.context import Context
from benchmarks.measure import interleaved, run_process, summarize
from benchmarks.nodes import Nodes, Timing, nodes_of
from benchmarks.results import Row, compared
from headrace.settings import Settings

_OURS, _COLD, _PEER = (
    "headrace, launcher warm",
    "headrace, no launcher yet",
    "a process that imports TFX",
)
TARGET = "benchmarks/peers/small_nodes.py:create_pipeline"
_DRIVER_ONLY = ("Importer", "Resolver", "SchemaGen")
_AT_ONCE = 4
_STATISTICS = """
import sys
import pandas
import tensorflow_data_validation as tfdv
found = tfdv.generate_statistics_from_dataframe(
    pandas.DataFrame({f"feature{number}": range(100) for number in range(20)})
)
with open(sys.argv[1], "wb") as file:
    file.write(found.SerializeToString())
"""


def run(context: Context) -> list[Row]:
    """Measure warm launches and the peer's in turn, then cold starts, then memory."""
    parameters = {"statistics": str(make_statistics(context))}
    with nodes_of(context, TARGET, context.scratch / "home") as nodes:
        rows = _starts(nodes, context.repeats, parameters)
        cold = [_cold(nodes) for _ in range(context.repeats)]
        rows.append(Row("launch", _COLD, "asked to executor start (s)", summarize(cold)))
        return [*rows, *_memory(nodes, context)]


def make_statistics(context: Context) -> Path:
    """Statistics of a few columns, as a directory that TFX imports."""
    found = context.scratch / "statistics"
    (found / "Split-train").mkdir(parents=True)
    file = found / "Split-train" / "FeatureStats.pb"
    run_process(
        [str(context.settings.tfx_python), "-c", _STATISTICS, str(file)],
        cwd=context.settings.project,
        environ=context.environ(),
        log=context.log,
    )
    return found


def _starts(nodes: Nodes, repeats: int, parameters: dict[str, str]) -> list[Row]:
    def one(settings: Settings) -> dict[str, Timing]:
        run_id = f"run{time.time_ns()}"
        given = {name: parameters if name == "Importer" else {} for name in _DRIVER_ONLY}
        return {
            name: nodes.run(name, run_id, given.get(name), settings=settings)
            for name in (*_DRIVER_ONLY, "Wait")
        }

    found = interleaved(
        {
            _OURS: lambda: one(nodes.settings),
            _PEER: lambda: one(nodes.in_subprocesses()),
        },
        repeats,
        uncounted=1,
    )
    starts = {
        subject: [timing["Wait"].executor or 0.0 for timing in timings]
        for subject, timings in found.items()
    }
    rows = compared("launch", "asked to executor start (s)", starts)
    for name in _DRIVER_ONLY:
        whole = {
            subject: [timing[name].whole for timing in timings]
            for subject, timings in found.items()
        }
        rows += compared("launch", f"{name}, whole (s)", whole)
    return rows


def _cold(nodes: Nodes) -> float:
    nodes.stop_launcher()
    return nodes.run("Wait", f"run{time.time_ns()}").executor or 0.0


@dataclass(frozen=True)
class _Memory:
    resident: float
    shared: float
    own: float


def _memory(nodes: Nodes, context: Context) -> list[Row]:
    found = {
        _OURS: _waiting(nodes, nodes.settings, context.scratch / "go-on"),
        _PEER: _waiting(nodes, nodes.in_subprocesses(), context.scratch / "go-on-too"),
    }
    rows: list[Row] = []
    for figure in ("resident", "shared", "own"):
        name = f"a waiting node's memory, {figure} (MB)"
        values = {
            subject: [getattr(item, figure) / 1e6 for item in measured]
            for subject, measured in found.items()
        }
        rows += compared("launch", name, values)
    return rows


def _waiting(nodes: Nodes, settings: Settings, until: Path) -> list[_Memory]:
    """The memory of nodes that all wait for a file, which is then made."""
    found: list[_Memory] = []
    waiting: list[int] = []

    def on_start(timing: Timing) -> None:
        waiting.append(timing.pid)
        if len(waiting) == _AT_ONCE:
            found.extend(map(_of_process, waiting))
            until.touch()

    def wait(number: int) -> None:
        run_id, parameters = f"{until.name}{number}", {"until": str(until)}
        nodes.run("Wait", run_id, parameters, settings=settings, on_start=on_start)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(wait, range(_AT_ONCE)))
    return found


def _of_process(pid: int) -> _Memory:
    kilobytes = {
        line.split(":")[0]: int(line.split()[1])
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    }
    shared = kilobytes["Shared_Clean"] + kilobytes["Shared_Dirty"]
    return _Memory(kilobytes["Rss"] * 1024, shared * 1024, (kilobytes["Rss"] - shared) * 1024)
