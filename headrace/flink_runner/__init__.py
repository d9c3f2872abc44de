"""A Beam runner for Flink: ``--runner=headrace.flink_runner.FlinkRunner``.

Over the client that Beam brings for its own Flink runner, which stages a pipeline and speaks to
Flink's REST API. It needs no other argument: the cluster is the one of ``headrace flink up``, or
the one that settings or ``--flink_master`` name.
"""

from headrace.flink_runner.runner import FlinkRunner

__all__ = ["FlinkRunner"]
