"""The executor on real statistics, as TFX's launcher calls it."""

import json
from pathlib import Path

import pandas as pd
import pytest
import tensorflow_data_validation as tfdv
from tfx.types import standard_artifacts
from tfx.types.channel import Channel

from headrace.components.retrain_gate import Policy, RetrainGate
from headrace.components.retrain_gate.artifacts import RetrainDecision
from headrace.components.retrain_gate.driver import Driver
from headrace.components.retrain_gate.executor import Executor
from headrace.errors import HeadraceError

DAY = 86_400
NOW = 1_800_000_000


class Gate:
    def __init__(self, place):
        self.place = place

    def statistics(self, name, values, splits=("train", "eval")):
        artifact = standard_artifacts.ExampleStatistics()
        artifact.uri = str(self.place / name)
        artifact.split_names = json.dumps(list(splits))
        for split in splits:
            folder = Path(artifact.uri, f"Split-{split}")
            folder.mkdir(parents=True)
            frame = pd.DataFrame({"mass": values})
            found = tfdv.generate_statistics_from_dataframe(frame, n_jobs=1)
            (folder / "FeatureStats.pb").write_bytes(found.SerializeToString())
        return artifact

    def model(self, age_days=1.0):
        artifact = standard_artifacts.Model()
        artifact.uri = str(self.place / "model")
        Path(artifact.uri).mkdir()
        artifact.id = 7
        artifact.mlmd_artifact.create_time_since_epoch = int(NOW - age_days * DAY) * 1000
        return artifact

    def decide(self, policy=None, force=0, **inputs):
        decision = RetrainDecision()
        decision.uri = str(self.place / "decision")
        properties = {"policy": (policy or Policy()).to_json(), "force": force, "decided_at": NOW}
        given = {name: [artifact] for name, artifact in inputs.items()}
        Executor().Do(given, {"decision": [decision]}, properties)
        self.decision = decision
        return json.loads(Path(decision.uri, "decision.json").read_text())


@pytest.fixture
def gate(tmp_path):
    return Gate(tmp_path)


def test_a_first_run_retrains(gate):
    written = gate.decide(statistics=gate.statistics("new", [1.0, 2.0]))
    assert (written["retrain"], written["reason"]) == (True, "there is no live model yet")
    assert written["live_model"] is None
    assert gate.decision.get_int_custom_property("retrain") == 1
    assert gate.decision.get_string_custom_property("reason") == "there is no live model yet"


def test_the_same_data_is_no_reason_and_moved_data_is_one(gate):
    model = gate.model()
    old = gate.statistics("old", [float(item) for item in range(100)])
    written = gate.decide(
        statistics=gate.statistics("new", [float(item) for item in range(100)]),
        model=model,
        live_statistics=old,
    )
    assert written["retrain"] is False
    assert gate.decision.get_int_custom_property("retrain") == 0
    assert written["live_model"]["id"] == 7
    moved = gate.statistics("moved", [float(item) for item in range(500, 600)])
    written = gate.decide(statistics=moved, model=model, live_statistics=old)
    assert written["reason"] == "drift from the live model's run: mass 1 > 0.1"


def test_age_is_counted_from_when_the_model_was_made(gate):
    written = gate.decide(
        Policy(max_drift=None, max_age_days=7),
        statistics=gate.statistics("new", [1.0]),
        model=gate.model(age_days=8),
    )
    assert written["reason"] == "the live model is 8.0 days old, of 7 allowed"


def test_a_model_that_is_gone_is_a_reason(gate):
    model = gate.model()
    Path(model.uri).rmdir()
    written = gate.decide(statistics=gate.statistics("new", [1.0]), model=model)
    assert "the live model 7 is gone" in written["reason"]


def test_statistics_that_are_gone_are_told_with_their_place(gate):
    old = gate.statistics("old", [1.0])
    Path(old.uri, "Split-train", "FeatureStats.pb").unlink()
    with pytest.raises(HeadraceError, match="live_statistics, split train, cannot be read from"):
        gate.decide(
            statistics=gate.statistics("new", [1.0]), model=gate.model(), live_statistics=old
        )


def test_a_split_that_is_not_there_is_told(gate):
    with pytest.raises(HeadraceError, match="statistics have no split 'test'"):
        gate.decide(Policy(split="test"), statistics=gate.statistics("new", [1.0]))


def test_statistics_of_transform_are_told(gate):
    with pytest.raises(HeadraceError, match="have no splits"):
        gate.decide(statistics=gate.statistics("new", [1.0], splits=()))


def test_serving_statistics_of_one_split_are_compared_whatever_its_name(gate):
    written = gate.decide(
        statistics=gate.statistics("new", [1.0, 2.0]),
        model=gate.model(),
        live_statistics=gate.statistics("old", [1.0, 2.0]),
        serving_statistics=gate.statistics("served", [900.0, 901.0], splits=("requests",)),
    )
    assert written["reason"] == "skew from what is served: mass 1 > 0.1"


def test_each_run_has_a_decision_of_its_own():
    first = Driver(None).run(None).exec_properties["decided_at"].int_value
    assert first > NOW - 20 * 365 * DAY, "the cache key has the time"


def test_the_predicate_reads_the_decision():
    gate = RetrainGate(statistics=Channel(type=standard_artifacts.ExampleStatistics))
    assert gate.outputs["decision"].type is RetrainDecision
    assert list(gate.retrain.traverse())
