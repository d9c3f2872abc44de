"""The penguins pipeline by ``headrace run``: Beam-powered nodes on Flink, and on the direct runner.

Cluster and launchers are up, and a first run of each that is not counted has warmed them. Memory is
that of everything together: nodes, and for Flink its processes and harnesses.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.context import Context
from benchmarks.flink_platform import Cost, Platform, platform
from benchmarks.measure import summarize
from benchmarks.results import Row

OURS = "penguins, runner flink"
PEER = "penguins, runner direct"
_TARGET = "pipelines/penguins/pipeline.py:create_pipeline"
_BEAM_POWERED = ("CsvExampleGen", "StatisticsGen", "Transform", "Evaluator")


def run(context: Context) -> list[Row]:
    """Measure the two in turn."""
    costs: dict[str, list[Cost]] = {OURS: [], PEER: []}
    with platform(context, flink=True) as flink, platform(context, flink=False) as direct:
        sides: list[tuple[str, Platform, str]] = [(OURS, flink, "flink"), (PEER, direct, "direct")]
        for repeat in range(context.repeats + 1):
            for subject, side, runner in sides:
                name = f"{runner}-{repeat}"
                cost = side.run(_TARGET, name, f"--runner={runner}")
                if repeat:
                    costs[subject].append(cost)
    figures = {
        "wall (s)": lambda cost: cost.seconds,
        **{f"{node} (s)": _of_node(node) for node in _BEAM_POWERED},
        "peak memory (MB)": lambda cost: cost.peak_bytes / 1e6,
    }
    rows = []
    for figure, value in figures.items():
        ours, peer = (summarize([value(cost) for cost in costs[side]]) for side in (OURS, PEER))
        rows.append(Row("flink_penguins", OURS, figure, ours))
        rows.append(Row("flink_penguins", PEER, figure, peer, ours.median / peer.median))
    return rows


def _of_node(node: str) -> Callable[[Cost], float]:
    return lambda cost: cost.nodes[node]
