"""Flights, on a sample, under TFX's own LocalDagRunner and through headrace: the same results.

The whole year takes minutes; pipelines/flights/README.md has its figures.
"""

import re
from pathlib import Path

import numpy as np
import pytest
import tensorflow_model_analysis as tfma
import tensorflow_transform as tft
from tensorflow_metadata.proto.v0 import anomalies_pb2

from headrace.settings import Settings
from pipelines.flights import data, features
from pipelines.flights.pipeline import create_pipeline
from tests.integration.conftest import FEW_FLIGHTS
from tests.integration.pipelines.runs import Run

pytestmark = pytest.mark.integration

# The sample, its one epoch and its lower threshold are this file's, for both ways of running.
TARGET = f"{FEW_FLIGHTS}:create_pipeline"
NAME, ROWS, AUC_AT_LEAST = "few_flights", 10_000, 0.55


@pytest.fixture(scope="module")
def local(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = Run(tmp_path_factory.mktemp("local"))
    run.locally(
        create_pipeline,
        name=NAME,
        data_root=str(data.stage(settings.home / "data" / "flights", ROWS)),
        epochs=1,
        auc_at_least=AUC_AT_LEAST,
    )
    return run


@pytest.fixture(scope="module")
def headrace(few_flights: Run) -> Run:
    return few_flights


def test_its_sources_import_nothing_of_headrace() -> None:
    sources = list(Path(data.__file__).parent.glob("*.py"))
    assert len(sources) > 8
    for source in sources:
        assert not re.search(r"^\s*(import|from) headrace", source.read_text(), re.MULTILINE)


def test_whole_days_are_held_out(local: Run) -> None:
    train, held_out = (
        {
            example.features.feature["date"].bytes_list.value[0]
            for example in local.raw_examples(split)
        }
        for split in ("train", "eval")
    )
    assert not train & held_out
    assert len(train | held_out) == 365
    assert 1.5 < len(train) / len(held_out) < 3


def test_the_examples_are_the_same(local: Run, headrace: Run) -> None:
    splits = [local.serialized_examples(split) for split in ("train", "eval")]
    assert splits == [headrace.serialized_examples(split) for split in ("train", "eval")]
    assert sum(map(len, splits)) == ROWS


def test_the_schemas_are_the_same_and_the_data_fit_the_curated_one(
    local: Run, headrace: Run
) -> None:
    # SchemaGen's, the curated one and Transform's two.
    texts = [run.schemas() for run in (local, headrace)]
    assert texts[0] == texts[1]
    assert len(texts[0]) == 4
    for run in (local, headrace):
        [folder] = [uri for uri in run.artifacts("ExampleAnomalies") if "/ExampleValidator/" in uri]
        for split in ("train", "eval"):
            found = Path(folder, f"Split-{split}", "SchemaDiff.pb")
            anomalies = anomalies_pb2.Anomalies.FromString(found.read_bytes())
            assert not anomalies.anomaly_info


def test_transform_learns_the_same(local: Run, headrace: Run) -> None:
    graphs = [tft.TFTransformOutput(run.newest("TransformGraph")) for run in (local, headrace)]
    for name in features.CATEGORICAL:
        vocabularies = [graph.vocabulary_by_name(name) for graph in graphs]
        assert vocabularies[0] == vocabularies[1]
        assert len(vocabularies[0]) >= 3


def test_every_metric_of_every_slice_is_the_same(local: Run, headrace: Run) -> None:
    one, two = local.metrics(), headrace.metrics()
    assert one == pytest.approx(two, abs=1e-4, nan_ok=True)
    assert {column for key, *_ in one for column, _ in key} == {"carrier", "origin"}
    assert {output for _, output, _ in one} == {"model", "base_rate", "carrier_and_hour"}
    assert one[(), "base_rate", "auc"] == pytest.approx(0.5)
    assert one[(), "carrier_and_hour", "auc"] > 0.6
    assert one[(), "model", "auc"] >= AUC_AT_LEAST


def test_both_are_blessed_and_the_pushed_models_say_the_same(local: Run, headrace: Run) -> None:
    assert local.blessed()
    assert headrace.blessed()
    flights = local.raw_examples("eval")[:200]
    for flight in flights:
        for name in (features.LABEL, features.DAY, *features.UNUSED):
            del flight.features.feature[name]
    one, two = (run.serve(flights)["late_probability"].numpy() for run in (local, headrace))
    assert one.shape == (200,)
    assert one == pytest.approx(two, abs=1e-4)
    assert 0 < one.min() < one.max() < 1
    assert np.unique(one).size > 50


def test_a_bad_model_is_neither_blessed_nor_pushed(headrace: Run, settings: Settings) -> None:
    before = headrace.artifacts("PushedModel")
    headrace.through_headrace(settings, TARGET, "--param", "learning_rate=1.0")
    assert not headrace.blessed()
    verdict = tfma.load_validation_result(headrace.newest("ModelEvaluation"))
    failed = {
        failure.metric_key.name
        for part in verdict.metric_validations_per_slice
        for failure in part.failures
    }
    assert not verdict.validation_ok
    assert failed >= {"log_loss", "calibration"}  # against the blessed model; on its own
    pushed = set(headrace.artifacts("PushedModel")) - set(before)
    assert not [uri for uri in pushed if list(Path(uri).glob("*.pb"))]
