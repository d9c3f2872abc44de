"""The flights pipeline from nothing: by headrace, and with TFX's stock components.

The peer is the same pipeline with CsvExampleGen in place of ColumnarExampleGen, under TFX's
LocalDagRunner in a process of its own. Both use Beam's direct runner, and each run has a metadata
store and an artifact root of its own, so nothing comes from a cache. Trainer runs, since Evaluator
needs its model, but is left out of the figures. Of the peer's process the import of TFX is left out
as well, as the launcher has it done once: the whole process, without Trainer, stands beside it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.context import Context
from benchmarks.flink_platform import Platform, platform
from benchmarks.measure import interleaved, run_process
from benchmarks.results import Row, compared

OURS = "headrace"
PEER = "stock components, LocalDagRunner"
PROCESS = "stock components, whole process"
TRAINER = "Trainer"
BEAM_POWERED = {
    "ExampleGen": ("ColumnarExampleGen", "CsvExampleGen"),
    "StatisticsGen": ("StatisticsGen",),
    "Transform": ("Transform",),
    "Evaluator": ("Evaluator",),
}
"""The nodes that are shown, and the ids that they have; the rest is shown as one."""
_FIRST = "ImportSchemaGen"
"""A node that reads no data and comes after no other."""
_PIPELINE = """
from pipelines.flights import pipeline


def create_pipeline():
    return pipeline.create_pipeline(data_root={data!r})
"""
_STAGE = """
import sys
from pathlib import Path
from pipelines.flights import data
rows = int(sys.argv[2])
data.stage(Path(sys.argv[1]), rows or None)
"""


@dataclass(frozen=True)
class Spent:
    """Seconds of one run, either wall or CPU.

    Attributes:
        run: wall, of the run; CPU, the sum of its nodes'.
        process: with the import of TFX; 0 where that is not a part.
    """

    run: float
    nodes: Mapping[str, float]
    process: float = 0.0


@dataclass(frozen=True)
class Measured:
    """What one run cost."""

    wall: Spent
    cpu: Spent
    peak_bytes: int


def run(context: Context) -> list[Row]:
    """Measure ours and the peer in turn."""
    data = _stage(context)
    with platform(context, flink=False) as side:
        target = context.scratch / "flights_here.py"
        target.write_text(_PIPELINE.format(data=str(data)))
        side.run(f"{target}:create_pipeline", "warm", f"--to={_FIRST}")  # starts the launcher
        found = interleaved(
            {
                OURS: lambda: _ours(side, f"{target}:create_pipeline"),
                PEER: lambda: _peer(context, data),
            },
            context.repeats,
        )
    return rows(found[OURS], found[PEER])


def rows(ours: Sequence[Measured], peer: Sequence[Measured]) -> list[Row]:
    """The figures of both: all nodes but Trainer together, then one by one, then memory."""
    found: list[Row] = []
    for unit in ("wall", "cpu"):
        mine: list[Spent] = [getattr(measured, unit) for measured in ours]
        theirs: list[Spent] = [getattr(measured, unit) for measured in peer]
        name = "CPU" if unit == "cpu" else unit
        totals = {
            OURS: [spent.run - spent.nodes[TRAINER] for spent in mine],
            PEER: [spent.run - spent.nodes[TRAINER] for spent in theirs],
            PROCESS: [spent.process - spent.nodes[TRAINER] for spent in theirs],
        }
        found += compared("flights", f"all but Trainer, {name} (s)", totals)
        for node in (*BEAM_POWERED, "other nodes"):
            parts = {
                OURS: [_of_node(spent, node) for spent in mine],
                PEER: [_of_node(spent, node) for spent in theirs],
            }
            found += compared("flights", f"{node}, {name} (s)", parts)
    memory = {
        side: [measured.peak_bytes / 1e6 for measured in costs]
        for side, costs in ((OURS, ours), (PEER, peer))
    }
    return found + compared("flights", "peak memory (MB)", memory)


def _of_node(spent: Spent, node: str) -> float:
    if node in BEAM_POWERED:
        return sum(spent.nodes.get(name, 0.0) for name in BEAM_POWERED[node])
    shown = {TRAINER, *(name for names in BEAM_POWERED.values() for name in names)}
    return sum(seconds for name, seconds in spent.nodes.items() if name not in shown)


def _ours(side: Platform, target: str) -> Measured:
    cost = side.run(target, "ours", "--runner=direct")
    cpu = Spent(sum(cost.cpu.values()), cost.cpu)
    return Measured(Spent(cost.seconds, cost.nodes), cpu, cost.peak_bytes)


def _peer(context: Context, data: Path) -> Measured:
    place = context.scratch / "peer"
    place.mkdir()
    script = context.settings.project / "benchmarks" / "peers" / "stock_flights.py"
    process = run_process(
        [str(context.settings.tfx_python), str(script), str(data), str(place)],
        cwd=context.settings.project,
        environ=context.environ(),
        log=context.log,
    )
    costs = json.loads((place / "costs.json").read_text())
    shutil.rmtree(place)

    wall, cpu = (
        {name: float(node[unit]) for name, node in costs["nodes"].items()}
        for unit in ("wall", "cpu")
    )
    return Measured(
        Spent(float(costs["seconds"]), wall, process.wall_seconds),
        Spent(sum(cpu.values()), cpu, process.cpu_seconds),
        process.peak_memory_bytes,
    )


def _stage(context: Context) -> Path:
    """Prepare the flights; each benchmark reads them from a directory of its own."""
    base = context.scratch / "data"
    base.mkdir()
    run_process(
        [str(context.settings.tfx_python), "-c", _STAGE, str(base), str(context.flights or 0)],
        cwd=context.settings.project,
        environ=context.environ(),
        log=context.log,
    )
    return next(path for path in base.iterdir() if path.is_dir())
