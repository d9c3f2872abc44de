"""ColumnarExampleGen of flights, ten times over (3.4 million rows): on Flink, and as it comes.

On the direct runner the component has one process, with a thread for each core. Cluster and
launchers are up, and a first run of each warms them; what the first job of a new cluster takes has
a figure of its own.
"""

from __future__ import annotations

from benchmarks.context import Context
from benchmarks.flink_flights import TARGET, stage
from benchmarks.flink_platform import Platform, platform
from benchmarks.measure import interleaved, summarize
from benchmarks.results import Row, compared

OURS, PEER = "flink, parallelism 2", "direct runner"
_NODE = "ColumnarExampleGen"


def run(context: Context) -> list[Row]:
    """Measure the two in turn."""
    data = stage(context)
    with platform(context, flink=True) as flink, platform(context, flink=False) as direct:
        first = _seconds(flink, "flink", str(data))
        _seconds(direct, "direct", str(data))
        found = interleaved(
            {
                OURS: lambda: _seconds(flink, "flink", str(data)),
                PEER: lambda: _seconds(direct, "direct", str(data)),
            },
            context.repeats,
        )
    return [
        *compared("flink_examplegen", f"{_NODE} (s)", found),
        Row("flink_examplegen", OURS, "first job of the cluster (s)", summarize([first])),
    ]


def _seconds(side: Platform, runner: str, data: str) -> float:
    arguments = (f"--runner={runner}", f"--param=data_root={data}", f"--to={_NODE}")
    beam_args = "--parallelism=2" if runner == "flink" else ""
    return side.run(TARGET, "run", *arguments, beam_args=beam_args).nodes[_NODE]
