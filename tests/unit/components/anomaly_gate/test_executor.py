import json
from pathlib import Path

import pytest
from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx.types import standard_artifacts
from tfx.types.channel import Channel

from headrace.components.anomaly_gate import AnomalyGate
from headrace.components.anomaly_gate.artifacts import DataBlessing
from headrace.components.anomaly_gate.executor import DataAnomaly, Executor
from headrace.errors import HeadraceError, UsageError


class Gate:
    def __init__(self, place):
        self.place = place

    def look(self, *bad, on_anomaly="fail", severity="ERROR", ignored=()):
        anomalies = standard_artifacts.ExampleAnomalies()
        anomalies.uri = str(self.place / "anomalies")
        anomalies.split_names = '["train"]'
        found = anomalies_pb2.Anomalies()
        for name in bad:
            found.anomaly_info[name].severity = anomalies_pb2.AnomalyInfo.ERROR
            found.anomaly_info[name].short_description = "Column dropped"
        folder = Path(anomalies.uri, "Split-train")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "SchemaDiff.pb").write_bytes(found.SerializeToString())
        return self._do(anomalies, on_anomaly, severity, ignored)

    def _do(self, anomalies, on_anomaly="fail", severity="ERROR", ignored=()):
        examples = standard_artifacts.Examples()
        examples.id = 5
        blessing = DataBlessing()
        blessing.uri = str(self.place / "blessing")
        Executor().Do(
            {"anomalies": [anomalies], "examples": [examples]},
            {"blessing": [blessing]},
            {"severity": severity, "on_anomaly": on_anomaly, "ignored": json.dumps(list(ignored))},
        )
        return blessing


@pytest.fixture
def gate(tmp_path):
    return Gate(tmp_path)


def test_clean_data_is_blessed(gate):
    blessing = gate.look()
    assert blessing.get_int_custom_property("blessed") == 1
    assert blessing.get_int_custom_property("examples_id") == 5
    assert json.loads(Path(blessing.uri, "anomalies.json").read_text()) == []


def test_an_anomaly_fails_the_node_with_its_feature_and_split(gate):
    with pytest.raises(DataAnomaly) as caught:
        gate.look("mass")
    assert caught.value.message == (
        "the data has an anomaly:\nfeature mass of split train: Column dropped"
    )
    assert "anomalies" in caught.value.hint


def test_several_are_counted(gate):
    with pytest.raises(DataAnomaly, match="the data has 2 anomalies:"):
        gate.look("mass", "wing")


def test_data_to_be_set_aside_is_not_blessed_and_the_node_goes_on(gate):
    blessing = gate.look("mass", on_anomaly="quarantine")
    assert blessing.get_int_custom_property("blessed") == 0
    reason = blessing.get_string_custom_property("reason")
    assert reason == "feature mass of split train: Column dropped"
    [written] = json.loads(Path(blessing.uri, "anomalies.json").read_text())
    assert (written["feature"], written["severity"]) == ("mass", "ERROR")


def test_an_ignored_feature_is_let_through(gate):
    assert gate.look("mass", ignored=["mass"]).get_int_custom_property("blessed") == 1


def test_anomalies_that_are_gone_are_told_with_their_place(gate):
    gone = standard_artifacts.ExampleAnomalies()
    gone.uri, gone.split_names = "/nowhere/7", '["train"]'
    with pytest.raises(HeadraceError, match="/nowhere/7/Split-train/SchemaDiff"):
        gate._do(gone)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"severity": "error"}, "severity 'error' is not known"),
        ({"on_anomaly": "skip"}, "on_anomaly 'skip' is not known"),
    ],
)
def test_a_mistake_is_told_when_the_pipeline_is_made(options, message):
    with pytest.raises(UsageError, match=message):
        AnomalyGate(Channel(type=standard_artifacts.ExampleAnomalies), **options)
