"""The gate as a pipeline runs it, on real statistics."""

import json
from pathlib import Path

import pandas as pd
import pytest
import tensorflow_data_validation as tfdv
from tfx.types import standard_artifacts
from tfx.types.channel import Channel

from headrace.components.retrain_gate import Policy, RetrainGate
from headrace.components.retrain_gate.artifacts import RetrainDecision
from headrace.components.retrain_gate.executor import Executor
from headrace.errors import HeadraceError

DAY = 86_400
NOW = 1_800_000_000


@pytest.fixture
def statistics(artifact):
    def call(values, splits=("train", "eval")):
        frame = pd.DataFrame({"mass": values})
        found = tfdv.generate_statistics_from_dataframe(frame, n_jobs=1).SerializeToString()
        content = {f"Split-{split}/FeatureStats.pb": found for split in splits}
        names = json.dumps(list(splits))
        return artifact(standard_artifacts.ExampleStatistics, content, split_names=names)

    return call


@pytest.fixture
def live(artifact):
    """A live model."""
    return artifact(standard_artifacts.Model)


def written(decision):
    return json.loads(Path(decision.uri, "decision.json").read_text())


@pytest.fixture
def decide(component):
    """What the gate decides, as it writes it."""
    return lambda **given: written(component(RetrainGate, **given)["decision"])


def test_a_first_run_retrains(component, statistics):
    decision = component(RetrainGate, statistics=statistics([1.0, 2.0]))["decision"]
    told = written(decision)
    assert (told["retrain"], told["reason"]) == (True, "there is no live model yet")
    assert told["live_model"] is None
    assert decision.get_int_custom_property("retrain") == 1
    assert decision.get_string_custom_property("reason") == "there is no live model yet"


def test_the_same_data_is_no_reason_and_moved_data_is_one(component, decide, statistics, live):
    old = statistics([float(item) for item in range(100)])
    same = statistics([float(item) for item in range(100)])
    result = component(RetrainGate, statistics=same, model=live, live_statistics=old)
    assert written(result["decision"])["retrain"] is False
    assert result["decision"].get_int_custom_property("retrain") == 0
    assert written(result["decision"])["live_model"]["id"] == result.inputs["model"][0].id
    moved = statistics([float(item) for item in range(500, 600)])
    told = decide(statistics=moved, model=live, live_statistics=old)
    assert told["reason"] == "drift from the live model's run: mass 1 > 0.1"


def test_age_is_counted_from_when_the_model_was_made(statistics, live, tmp_path):
    # Not through the store, which says itself when an artifact was made.
    live.mlmd_artifact.create_time_since_epoch = (NOW - 8 * DAY) * 1000
    decision = RetrainDecision()
    decision.uri = str(tmp_path)
    policy = Policy(max_drift=None, max_age_days=7).to_json()
    Executor().Do(
        {"statistics": [statistics([1.0])], "model": [live]},
        {"decision": [decision]},
        {"policy": policy, "force": 0, "decided_at": NOW},
    )
    assert written(decision)["reason"] == "the live model is 8.0 days old, of 7 allowed"


def test_a_model_that_is_gone_is_a_reason(decide, statistics, live):
    Path(live.uri).rmdir()
    told = decide(statistics=statistics([1.0]), model=live)
    assert f"the live model {told['live_model']['id']} is gone" in told["reason"]


def test_statistics_that_are_gone_are_told_with_their_place(decide, statistics, live):
    old = statistics([1.0])
    Path(old.uri, "Split-train", "FeatureStats.pb").unlink()
    with pytest.raises(HeadraceError, match="live_statistics, split train, cannot be read from"):
        decide(statistics=statistics([1.0]), model=live, live_statistics=old)


def test_a_split_that_is_not_there_is_told(decide, statistics):
    with pytest.raises(HeadraceError, match="statistics have no split 'test'"):
        decide(statistics=statistics([1.0]), policy=Policy(split="test"))


def test_statistics_of_transform_are_told(decide, statistics):
    with pytest.raises(HeadraceError, match="have no splits"):
        decide(statistics=statistics([1.0], splits=()))


def test_serving_statistics_of_one_split_are_compared_whatever_its_name(decide, statistics, live):
    told = decide(
        statistics=statistics([1.0, 2.0]),
        model=live,
        live_statistics=statistics([1.0, 2.0]),
        serving_statistics=statistics([900.0, 901.0], splits=("requests",)),
    )
    assert told["reason"] == "skew from what is served: mass 1 > 0.1"


def test_a_decision_by_the_data_comes_from_the_cache(component, statistics):
    decide = component.using(cache=True)
    one, same = statistics([1.0]), {"policy": Policy(max_age_spans=7)}
    cached = [decide(RetrainGate, statistics=one, **same).cached for _ in range(2)]
    assert cached == [False, True]


def test_one_by_the_clock_is_each_runs_own(component, statistics):
    given = {"statistics": statistics([1.0]), "policy": Policy(max_age_days=7)}
    execution = component(RetrainGate, **given).execution
    decided_at = execution.custom_properties["decided_at"].int_value
    assert decided_at > NOW - 20 * 365 * DAY, "the cache key has the time"


def test_a_model_that_is_gone_is_not_hidden_by_the_cache(component, statistics, live):
    decide = component.using(cache=True)
    given = {"statistics": statistics([1.0]), "model": live}
    decide(RetrainGate, **given)
    Path(live.uri).rmdir()
    after = decide(RetrainGate, **given)
    assert not after.cached
    assert "is gone from" in written(after["decision"])["reason"]


def test_the_predicate_reads_the_decision():
    gate = RetrainGate(statistics=Channel(type=standard_artifacts.ExampleStatistics))
    assert gate.outputs["decision"].type is RetrainDecision
    assert list(gate.retrain.traverse())
