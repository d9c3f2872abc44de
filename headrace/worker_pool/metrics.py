"""What a harness reports of its work: the user's metrics, not what Beam measures of itself.

Beam's Flink runner keeps every metric of every step in an accumulator of each task, and for each
look at a job the JobManager writes all of them out. Of a Transform's 5,650 metrics 5,490 were
Beam's own, times and counts of each step, and writing them took 21 of the JobManager's 29 s.
"""

from __future__ import annotations

import json
from typing import Any

ALL_METRICS = "headrace_all_metrics"
"""The experiment that asks for all metrics."""
_EXPERIMENTS = "beam:option:experiments:v1"


def wants_all_metrics(pipeline_options: str) -> bool:
    """Whether a job's options, in JSON as harnesses get them, ask for all metrics."""
    options = json.loads(pipeline_options or "{}")
    return ALL_METRICS in (options.get(_EXPERIMENTS) or ())


def report_users_metrics() -> None:
    """Have this process report the user's metrics alone."""
    from apache_beam.metrics.monitoring_infos import is_user_monitoring_info
    from apache_beam.runners.worker import bundle_processor

    find = bundle_processor.BundleProcessor.monitoring_infos

    def users_alone(self: Any) -> list[Any]:
        return [info for info in find(self) if is_user_monitoring_info(info)]

    bundle_processor.BundleProcessor.monitoring_infos = users_alone
