"""Every Beam-powered node of penguins, on Flink and on the direct runner, from the same inputs."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
import tensorflow_data_validation as tfdv
import tensorflow_model_analysis as tfma

from tests.integration.flink_runner.conftest import Flink

pytestmark = pytest.mark.integration

PENGUINS = "tests/data/pipelines/penguins_uncached.py:create_pipeline"
ON_FLINK = ("CsvExampleGen", "StatisticsGen", "Transform", "Evaluator")


class Outputs:
    """Where each node's outputs are, by node and key, of one runner."""

    def __init__(self, uris: dict[str, dict[str, str]]) -> None:
        self._uris = uris

    def path(self, node: str, key: str) -> Path:
        return Path(self._uris[node][key])


def outputs_of(flink: Flink, run: str) -> dict[str, dict[str, str]]:
    shown = flink.headrace("show", run, "--json")
    assert shown.returncode == 0, shown.stderr
    found: dict[str, dict[str, str]] = {}
    for execution in json.loads(shown.stdout)["executions"]:
        outputs = {item["key"]: item["uri"] for item in execution["outputs"]}
        found[execution["node_id"]] = outputs
    return found


@pytest.fixture(scope="module")
def direct(flink: Flink) -> Outputs:
    done = flink.headrace("run", PENGUINS, "--run-id=direct", "--param=epochs=5", "--to=Evaluator")
    assert done.returncode == 0, done.stdout + done.stderr
    return Outputs(outputs_of(flink, "direct"))


@pytest.fixture(scope="module")
def on_flink(flink: Flink, direct: Outputs) -> Outputs:
    """Each node runs on what the direct run made before it."""
    found: dict[str, dict[str, str]] = {}
    for node in ON_FLINK:
        arguments = ["run", PENGUINS, "--runner=flink", f"--run-id=flink-{node}", "--verbose"]
        only = [f"--from={node}", f"--to={node}", "--base-run=direct"]
        done = flink.headrace(*arguments, *only)
        assert done.returncode == 0, done.stdout + done.stderr
        found[node] = outputs_of(flink, f"flink-{node}")[node]
    return Outputs(found)


def records(directory: Path) -> list[bytes]:
    """The examples in an order of their own; a map in a proto may be written in any."""
    files = sorted(str(file) for file in directory.glob("*.gz"))
    assert files
    dataset = tf.data.TFRecordDataset(files, compression_type="GZIP")
    examples = (tf.train.Example.FromString(record.numpy()) for record in dataset)
    return sorted(example.SerializeToString(deterministic=True) for example in examples)


@pytest.mark.parametrize("split", ["train", "eval"])
def test_the_examples_are_the_same(direct: Outputs, on_flink: Outputs, split: str) -> None:
    [ours, theirs] = [
        records(side.path("CsvExampleGen", "examples") / f"Split-{split}")
        for side in (on_flink, direct)
    ]
    assert len(ours) > 50
    assert ours == theirs


@pytest.mark.parametrize("split", ["train", "eval"])
def test_the_statistics_are_the_same(direct: Outputs, on_flink: Outputs, split: str) -> None:
    def statistics(side: Outputs) -> Any:
        file = side.path("StatisticsGen", "statistics") / f"Split-{split}" / "FeatureStats.pb"
        [dataset] = tfdv.load_stats_binary(str(file)).datasets
        features = sorted(dataset.features, key=lambda feature: list(feature.path.step))
        del dataset.features[:]
        dataset.features.extend(features)
        return dataset

    assert statistics(direct).num_examples > 50
    assert statistics(on_flink) == statistics(direct)


@pytest.mark.parametrize("split", ["train", "eval"])
def test_the_transformed_examples_are_the_same(
    direct: Outputs, on_flink: Outputs, split: str
) -> None:
    [ours, theirs] = [
        records(side.path("Transform", "transformed_examples") / f"Split-{split}")
        for side in (on_flink, direct)
    ]
    assert len(ours) > 50
    assert ours == theirs


def test_the_vocabularies_are_the_same(direct: Outputs, on_flink: Outputs) -> None:
    def vocabularies(side: Outputs) -> dict[str, str]:
        assets = side.path("Transform", "transform_graph") / "transform_fn" / "assets"
        return {file.name: file.read_text() for file in assets.iterdir()}

    assert vocabularies(direct)
    assert vocabularies(on_flink) == vocabularies(direct)


def test_the_metrics_are_the_same(direct: Outputs, on_flink: Outputs) -> None:
    def metrics(side: Outputs) -> dict[tuple[Any, str], float]:
        result = tfma.load_eval_result(str(side.path("Evaluator", "evaluation")))
        return {
            (slice_key, name): value["doubleValue"]
            for slice_key, by_output in result.slicing_metrics
            for name, value in by_output[""][""].items()
            if "doubleValue" in value
        }

    ours, theirs = metrics(on_flink), metrics(direct)
    assert len(theirs) > 6
    assert ours.keys() == theirs.keys()
    assert all(math.isclose(ours[key], theirs[key], abs_tol=1e-6) for key in theirs)
