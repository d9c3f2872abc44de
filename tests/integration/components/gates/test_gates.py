"""The gates in pipelines: two stories, because each run needs the one before it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from headrace.ir.store import current_ir
from headrace.settings import Settings
from tests.integration.conftest import PROJECT

pytestmark = pytest.mark.integration

TARGET = "tests/data/pipelines/gated.py:create_pipeline"
DAYS = "tests/data/pipelines/gated_days.py:create_pipeline"
UNDER_THE_GATE = ("MakeModel", "Judge", "Pusher")


class Platform:
    """``headrace`` on a store and a state directory of the test's own."""

    def __init__(self, settings: Settings, place: Path) -> None:
        self.place, self.told = place, ""
        self.serving = settings.home / "gated" / "serving"
        self.data = settings.home / "gated" / "data"
        self.data.mkdir(parents=True, exist_ok=True)
        self._environ = {
            **os.environ,
            "HEADRACE_PROJECT": str(PROJECT),
            "HEADRACE_HOME": str(settings.home),
            "HEADRACE_TFX_PYTHON": str(settings.tfx_python),
            "HEADRACE_METADATA_URL": f"sqlite:///{place / 'metadata.sqlite'}",
            "HEADRACE_ARTIFACT_ROOT": str(place / "artifacts"),
        }

    def write(self, masses: range, islands: tuple[str, str] = ("Biscoe", "Dream")) -> None:
        rows = [f"{mass},{islands[mass % 2]}" for mass in masses]
        (self.data / "birds.csv").write_text("\n".join(["mass,island", *rows]))

    def do(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "headrace.cli", *arguments],
            cwd=PROJECT,
            env=self._environ,
            capture_output=True,
            text=True,
            check=False,
        )

    def run(self, *parameters: str, target: str = TARGET) -> dict[str, dict]:
        given = [item for text in parameters for item in ("--param", text)]
        done = self.do("run", target, "--json", *given)
        self.told = done.stderr
        return {node["id"]: node for node in json.loads(done.stdout)["nodes"]}

    def day(self, date: int, *parameters: str) -> dict[str, dict]:
        return self.run(f"span={date}", *parameters, target=DAYS)

    def served(self) -> list[str]:
        """The words of the versions, oldest first."""
        versions = sorted(item for item in self.serving.iterdir() if item.is_dir())
        return [(item / "saved_model.pb").read_text() for item in versions]


@pytest.fixture
def platform(settings: Settings, tmp_path: Path) -> Platform:
    return Platform(settings, tmp_path)


def states(nodes: dict[str, dict]) -> set[str]:
    return {nodes[name]["state"] for name in UNDER_THE_GATE}


def test_a_model_is_trained_for_a_reason_and_taken_back(platform: Platform) -> None:
    platform.write(range(100))
    assert states(platform.run()) == {"complete"}
    assert platform.served() == ["a"]
    refused = platform.do("rollback", "gated")
    assert refused.returncode == 2
    assert "has pushed no model before the live one" in refused.stderr

    without_a_reason = platform.run("word=b")
    assert states(without_a_reason) == {"skipped"}
    reason = without_a_reason["MakeModel"]["result"]["reason"]
    assert reason.startswith("RetrainGate.decision.retrain == 1 does not hold: retrain of ")
    assert "no reason to retrain: drift is at most" in reason

    platform.write(range(5000, 5100))
    assert states(platform.run("word=b")) == {"complete"}
    assert platform.served() == ["a", "b"]

    done = json.loads(platform.do("rollback", "gated", "--json").stdout)
    assert platform.served() == ["a", "b", "a"]
    shown = json.loads(platform.do("show", done["run_id"], "--json").stdout)
    assert [item["execution_id"] for item in shown["executions"]] == [done["execution_id"]]


def test_days_retrain_for_a_reason_are_cached_when_run_again_and_push_over_nothing_newer(
    platform: Platform, settings: Settings
) -> None:
    place = settings.home / "gated_days"
    for date, first in ((20130101, 0), (20130102, 0), (20130103, 5000)):
        day = place / "days" / str(date)
        day.mkdir(parents=True)
        rows = map(str, range(first, first + 100))
        (day / "birds.csv").write_text("\n".join(["mass", *rows]))
    gated = ("RetrainGate", "MakeModel", "Pusher")

    def states_of(date: int) -> list[str]:
        nodes = platform.day(date)
        return [nodes[name]["state"] for name in gated]

    assert states_of(20130101) == ["complete", "complete", "complete"]  # there is no model yet
    assert states_of(20130102) == ["complete", "skipped", "skipped"]
    assert states_of(20130103) == ["complete", "complete", "complete"]  # drift
    served = sorted((place / "serving").glob("[0-9]*"))
    assert len(served) == 2

    assert states_of(20130102) == ["cached", "skipped", "skipped"]
    assert states_of(20130103) == ["cached", "cached", "cached"]

    older = platform.day(20130102, "retrain=1", "word=b")["Pusher"]["result"]["asset"]
    assert older["pushed"] is False
    assert "was trained on spans up to 15707 (2013-01-02), and model " in older["reason"]
    assert f"Pusher: not pushed: {older['reason']}" in platform.told
    assert sorted((place / "serving").glob("[0-9]*")) == served


def test_an_anomaly_stops_the_run_and_is_in_the_error(platform: Platform) -> None:
    platform.write(range(100), islands=("Biscoe", "Atlantis"))
    nodes = platform.run()
    assert nodes["AnomalyGate"]["state"] == "failed"
    message = nodes["AnomalyGate"]["error"]["message"]
    assert "feature island of split" in message
    assert "Atlantis" in message
    assert {nodes[name]["state"] for name in ("RetrainGate", "MakeModel")} == {"upstream_failed"}


def test_penguins_with_every_part_of_the_gate_compiles(settings: Settings) -> None:
    target = f"{PROJECT}/tests/data/pipelines/gated_penguins.py:create_pipeline"
    assert current_ir(target, settings).ir_path
