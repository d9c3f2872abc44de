"""Beam-powered nodes of penguins, flights and sms, on Flink and on the direct runner.

Each node runs on Flink on what the direct run made before it, so both have the same inputs; what
they write must be equal to the last digit, in whatever order; what a model gives, within 1e-6.
Penguins runs stage by stage, although it is so small, and parts of it once more as one stage.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_data_validation as tfdv
import tensorflow_model_analysis as tfma
from tensorflow_serving.apis import prediction_log_pb2

from tests.integration.conftest import FEW_FLIGHTS, SMS
from tests.integration.flink_runner.conftest import Flink
from tests.integration.pipelines.runs import Run

pytestmark = pytest.mark.integration

PENGUINS = "tests/data/pipelines/penguins_on_both_runners.py:create_pipeline"
FLIGHTS = f"{FEW_FLIGHTS}:create_pipeline"
NODES = ("StatisticsGen", "Transform", "Evaluator")
CASES = [
    *(("penguins", node) for node in ("CsvExampleGen", *NODES, "BulkInferrer", "ImportExampleGen")),
    *(("flights", node) for node in ("ColumnarExampleGen", *NODES)),
    *(("small_penguins", node) for node in ("Transform", "Evaluator")),
    *(("sms", node) for node in ("TextExampleGen", "TextPredictions")),
]
_FORGET_WHAT_IS_CACHED = """
DELETE FROM Association WHERE context_id IN (
    SELECT Context.id FROM Context JOIN Type ON Type.id = Context.type_id
    WHERE Type.name = 'execution_cache'
)
"""
Outputs = dict[str, Path]


@dataclass(frozen=True)
class Comparison:
    """One pipeline's direct run, and the means to run nodes of it on Flink."""

    name: str
    flink: Flink
    target: str
    store: Path
    beam_args: str = ""

    def run(self, *arguments: str) -> None:
        done = self.headrace("run", self.target, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr

    def outputs(self, run: str, node: str) -> Outputs:
        """Where a node's outputs are, by key."""
        shown = self.headrace("show", run, "--json")
        assert shown.returncode == 0, shown.stderr
        [found] = [
            execution
            for execution in json.loads(shown.stdout)["executions"]
            if execution["node_id"] == node
        ]
        assert found["state"] == "complete"
        return {item["key"]: Path(item["uri"]) for item in found["outputs"]}

    def on_flink(self, node: str) -> tuple[Outputs, Outputs]:
        """The node's outputs on Flink and on the direct runner."""
        direct, run = f"direct-{self.name.removeprefix('small_')}", f"flink-{self.name}-{node}"
        only = (f"--from={node}", f"--to={node}", f"--base-run={direct}")
        self.run("--runner=flink", f"--run-id={run}", *only, "--verbose")
        return self.outputs(run, node), self.outputs(direct, node)

    def headrace(self, *arguments: str) -> Any:
        environ = {
            **self.flink.environ,
            "HEADRACE_METADATA_URL": f"sqlite:///{self.store}",
            "HEADRACE_BEAM_ARGS": self.beam_args,
        }
        return Flink(self.flink.settings, environ).headrace(*arguments, timeout=600)


@pytest.fixture(scope="module")
def penguins(flink: Flink, tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    store = tmp_path_factory.mktemp("penguins") / "metadata.sqlite"
    found = Comparison("penguins", flink, PENGUINS, store, "--headrace_one_stage_bytes=0")
    found.run("--run-id=direct-penguins", "--param=epochs=5")
    return found


@pytest.fixture(scope="module")
def small_penguins(penguins: Comparison) -> Comparison:
    return replace(penguins, name="small_penguins", beam_args="")


@pytest.fixture(scope="module")
def flights(flink: Flink, few_flights: Run, tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    """In two slots, although so few would get one, so that sums are put together from two."""
    store = store_of(few_flights, tmp_path_factory.mktemp("flights"))
    return Comparison("flights", flink, FLIGHTS, store, "--parallelism=2")


@pytest.fixture(scope="module")
def sms(flink: Flink, sms_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    """Stage by stage in two slots, although it is so small."""
    store = store_of(sms_run, tmp_path_factory.mktemp("sms"))
    args = "--parallelism=2 --headrace_one_stage_bytes=0"
    return Comparison("sms", flink, SMS, store, args)


def store_of(run: Run, place: Path) -> Path:
    """A copy of the run's store, without what is cached; other tests go on with the original."""
    store = place / "metadata.sqlite"
    with (
        closing(sqlite3.connect(run.root / "metadata.sqlite")) as source,
        closing(sqlite3.connect(store)) as copy,
    ):
        source.backup(copy)
        copy.execute(_FORGET_WHAT_IS_CACHED)
        copy.commit()
    return store


@pytest.fixture(scope="module")
def compared(
    penguins: Comparison, small_penguins: Comparison, flights: Comparison, sms: Comparison
) -> dict[tuple[str, str], tuple[Outputs, Outputs]]:
    """Every node of both, two at a time: they share the cluster."""
    comparisons = {item.name: item for item in (penguins, small_penguins, flights, sms)}
    with ThreadPoolExecutor(2) as workers:
        found = workers.map(lambda case: comparisons[case[0]].on_flink(case[1]), CASES)
        return dict(zip(CASES, found, strict=True))


def records(directory: Path) -> Iterator[bytes]:
    files = sorted(str(file) for file in directory.glob("*.gz"))
    assert files
    yield from tf.data.TFRecordDataset(files, compression_type="GZIP").as_numpy_iterator()


def in_one_order(example: bytes) -> bytes:
    """The same example; a map, as its features are, may be written in any order."""
    return tf.train.Example.FromString(example).SerializeToString(deterministic=True)


def same_examples(ours: Path, theirs: Path) -> None:
    for split in ("Split-train", "Split-eval"):
        [found, expected] = [
            sorted(map(in_one_order, records(side / split))) for side in (ours, theirs)
        ]
        assert len(expected) > 50
        assert found == expected


def same_statistics(ours: Path, theirs: Path) -> None:
    files = sorted(file.relative_to(theirs) for file in theirs.rglob("FeatureStats.pb"))
    assert files
    for file in files:
        [found, expected] = [statistics(side / file) for side in (ours, theirs)]
        assert expected.num_examples > 50
        assert found == expected


def statistics(file: Path) -> Any:
    [dataset] = tfdv.load_stats_binary(str(file)).datasets
    features = sorted(dataset.features, key=lambda feature: list(feature.path.step))
    del dataset.features[:]
    dataset.features.extend(features)
    return dataset


def same_vocabularies(ours: Path, theirs: Path) -> None:
    [found, expected] = [
        {file.name: file.read_bytes() for file in (side / "transform_fn" / "assets").iterdir()}
        for side in (ours, theirs)
    ]
    assert expected
    assert found == expected


def same_schema(ours: Path, theirs: Path) -> None:
    assert (ours / "schema.pbtxt").read_bytes() == (theirs / "schema.pbtxt").read_bytes()


def same_metrics(ours: Path, theirs: Path) -> None:
    [found, expected] = [metrics(side) for side in (ours, theirs)]
    assert len(expected) > 6
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        same = math.isclose(found[key], value, rel_tol=0, abs_tol=1e-6)
        assert same or (math.isnan(found[key]) and math.isnan(value)), key


def metrics(evaluation: Path) -> dict[tuple[Any, str, str], float]:
    result = tfma.load_eval_result(str(evaluation))
    return {
        (slice_key, output, name): float(value["doubleValue"])
        for slice_key, by_output in result.slicing_metrics
        for output, by_name in by_output.items()
        for name, value in by_name[""].items()
        if "doubleValue" in value
    }


def same_blessing(ours: Path, theirs: Path) -> None:
    [found, expected] = [{file.name for file in side.iterdir()} for side in (ours, theirs)]
    assert found == expected


def same_predictions(ours: Path, theirs: Path) -> None:
    """Batches that a model is asked about grow by the time that they take: bits may differ."""
    found, expected = predictions(ours), predictions(theirs)
    assert len(expected) > 300
    assert found.keys() == expected.keys()
    for example, value in expected.items():
        np.testing.assert_allclose(found[example], value, rtol=0, atol=1e-6)


def predictions(directory: Path) -> dict[bytes, np.ndarray]:
    """What the model gave, by the example that it was asked about."""
    logs = [
        prediction_log_pb2.PredictionLog.FromString(record).predict_log
        for record in records(directory)
    ]
    return {
        in_one_order(log.request.inputs["examples"].string_val[0]): tf.make_ndarray(output)
        for log in logs
        for output in log.response.outputs.values()
    }


def same_lines(ours: Path, theirs: Path) -> None:
    for kind in ("predictions", "by_label", "by_word"):
        [found, expected] = [
            sorted(
                line
                for file in side.glob(f"{kind}-*.tsv")
                for line in file.read_text(encoding="utf-8").splitlines()[1:]
            )
            for side in (ours, theirs)
        ]
        assert len(expected) > 1
        assert found == expected


SAME: dict[str, Callable[[Path, Path], None]] = {
    "examples": same_examples,
    "statistics": same_statistics,
    "transformed_examples": same_examples,
    "transform_graph": same_vocabularies,
    "pre_transform_schema": same_schema,
    "post_transform_schema": same_schema,
    "pre_transform_stats": same_statistics,
    "post_transform_stats": same_statistics,
    "evaluation": same_metrics,
    "blessing": same_blessing,
    "inference_result": same_predictions,
    "predictions": same_lines,
}
NOT_COMPARED = ("post_transform_anomalies", "updated_analyzer_cache")


@pytest.mark.parametrize(("pipeline", "node"), CASES)
def test_a_node_writes_on_flink_what_it_writes_on_the_direct_runner(
    compared: dict[tuple[str, str], tuple[Outputs, Outputs]], pipeline: str, node: str
) -> None:
    ours, theirs = compared[pipeline, node]
    assert ours.keys() == theirs.keys()
    keys = theirs.keys() - set(NOT_COMPARED)
    assert keys <= SAME.keys()
    for key in sorted(keys):
        SAME[key](ours[key], theirs[key])
