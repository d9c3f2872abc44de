"""The gate as a pipeline runs it, on anomalies as ExampleValidator writes them."""

import json
import shutil
from pathlib import Path

import pytest
from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx.types import standard_artifacts
from tfx.types.channel import Channel
from tfx.v1.components import ExampleValidator, StatisticsGen

from headrace.components.anomaly_gate import AnomalyGate
from headrace.components.anomaly_gate.executor import DataAnomaly
from headrace.errors import HeadraceError, UsageError
from headrace.testing import blessing


@pytest.fixture
def anomalies(artifact):
    """ExampleAnomalies of a split in which these features are bad."""

    def call(*bad):
        found = anomalies_pb2.Anomalies()
        for name in bad:
            found.anomaly_info[name].severity = anomalies_pb2.AnomalyInfo.ERROR
            found.anomaly_info[name].short_description = "Column dropped"
        content = {"Split-train/SchemaDiff.pb": found.SerializeToString()}
        return artifact(standard_artifacts.ExampleAnomalies, content, split_names='["train"]')

    return call


@pytest.fixture
def look(component, anomalies):
    """The gate's blessing of data in which these features are bad."""
    return lambda *bad, **options: component(AnomalyGate, anomalies=anomalies(*bad), **options)[
        "blessing"
    ]


def test_clean_data_is_blessed(component, anomalies, examples):
    result = component(AnomalyGate, anomalies=anomalies(), examples=examples([{"mass": 1.0}]))
    assert blessing(result["blessing"])
    [data] = result.inputs["examples"]
    assert result["blessing"].get_int_custom_property("examples_id") == data.id
    assert json.loads(Path(result["blessing"].uri, "anomalies.json").read_text()) == []


def test_what_tfx_finds_in_the_data_is_what_the_gate_stops(component, examples, schema):
    statistics = component(StatisticsGen, examples=examples([{"mass": 1.0, "sex": "femal"}]))
    validated = component(
        ExampleValidator,
        statistics=statistics["statistics"],
        schema=schema({"mass": float, "sex": ["female", "male"]}),
    )
    with pytest.raises(DataAnomaly, match="feature sex of split train: Unexpected string values"):
        component(AnomalyGate, anomalies=validated["anomalies"])


def test_an_anomaly_fails_the_node_with_its_feature_and_split(look):
    with pytest.raises(DataAnomaly) as caught:
        look("mass")
    assert caught.value.message == (
        "the data has an anomaly:\nfeature mass of split train: Column dropped"
    )
    assert "-ExampleAnomalies; mend the data or the schema" in caught.value.hint


def test_several_are_counted(look):
    with pytest.raises(DataAnomaly, match="the data has 2 anomalies:"):
        look("mass", "wing")


def test_data_to_be_set_aside_is_not_blessed_and_the_node_goes_on(look):
    found = look("mass", on_anomaly="quarantine")
    assert not blessing(found)
    assert blessing(found).reasons == ("feature mass of split train: Column dropped",)
    [written] = json.loads(Path(found.uri, "anomalies.json").read_text())
    assert (written["feature"], written["severity"]) == ("mass", "ERROR")


def test_an_ignored_feature_is_let_through(look):
    assert blessing(look("mass", ignored=["mass"]))


def test_anomalies_that_are_gone_are_told_with_their_place(component, anomalies):
    gone = anomalies()
    shutil.rmtree(gone.uri)
    with pytest.raises(HeadraceError, match=f"{gone.uri}/Split-train/SchemaDiff"):
        component(AnomalyGate, anomalies=gone)


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
