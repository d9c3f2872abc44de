"""``headrace run`` on a cluster that the command line names, with Beam arguments of every level."""

import json
from pathlib import Path

import pytest

from tests.integration.conftest import PROJECT
from tests.integration.flink.conftest import Cluster

pytestmark = pytest.mark.integration

TARGET = f"{PROJECT}/tests/data/pipelines/beam_levels.py:create_pipeline"


def test_each_level_overrides_the_one_before_and_the_command_line_names_the_cluster(
    cluster: Cluster, stopped: Cluster
) -> None:
    found = cluster.status()
    levels = ("settings", "pipeline", "node", "command_line")
    lowest = [f"--up_to_{level}=settings" for level in levels]
    highest = [
        "--up_to_command_line=command_line",
        "--parallelism=1",
        f"--environment_config={found['worker_pool']}",
    ]
    ran = stopped.headrace(
        "run",
        TARGET,
        "--json",
        f"--flink-master={found['url']}",
        *(f"--beam-arg={argument}" for argument in highest),
        HEADRACE_BEAM_ARGS=" ".join([*lowest, "--parallelism=99"]),
        HEADRACE_FLINK_JOBS_DIRECTORY=cluster.state.details["jobs_directory"],
        HEADRACE_LAUNCHER="subprocess",
    )
    assert ran.returncode == 0, ran.stderr
    [node] = json.loads(ran.stdout)["nodes"]
    said = Path(node["result"]["outputs"][0]["uri"]).read_text()
    assert said == " ".join(f"{level}={level}" for level in levels)
    jobs = [job for job in cluster.status()["jobs"] if job["name"].startswith("beam_levels/")]
    assert [job["state"] for job in jobs] == ["FINISHED"]
