"""The ways of running a pipeline, made alike."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from headrace.services.rest import AirflowApi
from tests.e2e.conformance.cases import FAILED, NOT_RUN, RAN, SKIPPED, TARGETS, Case
from tests.e2e.conftest import Platform

WATCHER = "any_node_failed"
_BECAME = {
    "complete": RAN,
    "cached": RAN,
    "success": RAN,
    "skipped": SKIPPED,
    "failed": FAILED,
    "upstream_failed": NOT_RUN,
}


@dataclass(frozen=True)
class Outcome:
    """What became of a run; ``results`` are the nodes' own reports."""

    succeeded: bool
    nodes: dict[str, str]
    results: dict[str, dict[str, Any]]

    def text(self, node: str) -> str:
        return Path(self.results[node]["outputs"][0]["uri"]).read_text()

    def has(self, node: str, pattern: str) -> bool:
        """Whether a file of that pattern is in one of the node's outputs."""
        places = [Path(output["uri"]) for output in self.results[node]["outputs"]]
        return any(list(place.glob(pattern)) for place in places)


class Engine(Protocol):
    """Runs cases."""

    def start(self, case: Case, run_id: str) -> None:
        """Begin; may return before the end."""

    def outcome(self, case: Case, run_id: str) -> Outcome:
        """Wait for the end."""

    def told(self, case: Case, run_id: str, node: str) -> str:
        """What a user reads of a node of a run that has ended."""


class RunCommand:
    """``headrace run``."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def start(self, case: Case, run_id: str) -> None:
        pass

    def outcome(self, case: Case, run_id: str) -> Outcome:
        given = [
            text
            for name, value in case.parameters.items()
            for text in ("--param", f"{name}={value}")
        ]
        target = TARGETS[case.pipeline]
        completed = self._platform.headrace("run", target, "--run-id", run_id, "--json", *given)
        document = json.loads(completed.stdout)
        nodes = document["nodes"]
        assert completed.returncode == (0 if document["run"]["state"] == "success" else 1)
        return Outcome(
            document["run"]["state"] == "success",
            {node["id"]: _BECAME[node["state"]] for node in nodes},
            {node["id"]: node["result"] for node in nodes if node["result"]},
        )

    def told(self, case: Case, run_id: str, node: str) -> str:
        return (self._platform.home / "runs" / run_id / f"{node}.log").read_text()


class Airflow:
    """A real Airflow, its scheduler and executor."""

    def __init__(self, api: AirflowApi) -> None:
        self._api = api

    def start(self, case: Case, run_id: str) -> None:
        self._api.trigger(case.pipeline, run_id, dict(case.parameters))

    def outcome(self, case: Case, run_id: str) -> Outcome:
        deadline = time.monotonic() + 300
        while (state := self._api.run(case.pipeline, run_id)["state"]) not in ("success", "failed"):
            assert time.monotonic() < deadline, f"{run_id} does not end"
            time.sleep(0.3)
        tasks = {
            task["task_id"]: _BECAME[task["state"]]
            for task in self._api.tasks(case.pipeline, run_id)
            if task["task_id"] != WATCHER
        }
        ran = [name for name, became in tasks.items() if became == RAN]
        results = {name: self._api.result(case.pipeline, run_id, name) or {} for name in ran}
        return Outcome(state == "success", tasks, results)

    def told(self, case: Case, run_id: str, node: str) -> str:
        return "\n".join(self._api.log(case.pipeline, run_id, node, 1))
