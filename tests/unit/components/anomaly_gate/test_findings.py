import pandas as pd
import pytest
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2

from headrace.components.anomaly_gate.findings import Finding, find, told


def anomaly(feature, severity, text="bad"):
    found = anomalies_pb2.Anomalies()
    info = found.anomaly_info[feature]
    info.severity = anomalies_pb2.AnomalyInfo.Severity.Value(severity)
    info.path.step.append(feature)
    info.short_description = text
    return found


@pytest.mark.parametrize(
    ("severity", "least", "counts"),
    [
        ("ERROR", "ERROR", True),
        ("ERROR", "WARNING", True),
        ("WARNING", "ERROR", False),
        ("WARNING", "WARNING", True),
        ("UNKNOWN", "ERROR", True),
    ],
)
def test_an_anomaly_counts_from_the_severity_that_was_chosen(severity, least, counts):
    assert bool(find({"train": anomaly("mass", severity)}, least, ())) is counts


def test_an_ignored_feature_does_not_count():
    assert find({"train": anomaly("mass", "ERROR")}, "WARNING", ("mass",)) == []


def test_data_that_is_missing_is_an_error():
    [finding] = find({"eval": anomalies_pb2.Anomalies(data_missing=True)}, "ERROR", ())
    assert str(finding) == "the data of split eval: there is no example"


def test_an_anomaly_of_the_whole_data_counts():
    found = anomalies_pb2.Anomalies()
    found.dataset_anomaly_info.severity = anomalies_pb2.AnomalyInfo.ERROR
    found.dataset_anomaly_info.description = "too few\n examples"
    [finding] = find({"train": found}, "ERROR", ())
    assert str(finding) == "the data of split train: too few examples"


def test_what_tfdv_finds_is_told_with_split_feature_and_value():
    schema = schema_pb2.Schema()
    feature = schema.feature.add(name="island", type=schema_pb2.BYTES)
    feature.domain = "islands"
    schema.string_domain.add(name="islands", value=["Biscoe", "Dream"])
    frame = pd.DataFrame({"island": ["Biscoe", "Atlantis"]})
    statistics = tfdv.generate_statistics_from_dataframe(frame, n_jobs=1)
    [finding] = find({"train": tfdv.validate_statistics(statistics, schema)}, "ERROR", ())
    assert (finding.split, finding.feature, finding.severity) == ("train", "island", "ERROR")
    assert "Unexpected string values" in finding.text
    assert "Atlantis" in finding.text


def test_ten_are_told_and_the_rest_counted():
    findings = [Finding("train", f"f{index}", "ERROR", "bad") for index in range(12)]
    lines = told(findings).splitlines()
    assert (len(lines), lines[0], lines[-1]) == (
        11,
        "feature f0 of split train: bad",
        "and 2 more",
    )
