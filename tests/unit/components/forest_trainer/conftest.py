"""Small tables as Examples, and ForestTrainer's executor on them as TFX's launcher calls it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.components.util import examples_utils
from tfx.proto import example_gen_pb2
from tfx.types import standard_artifacts

from headrace.components.forest_trainer.executor import Executor
from headrace.components.forest_trainer.tuner_executor import TunerExecutor

TYPES = {"INT": schema_pb2.INT, "FLOAT": schema_pb2.FLOAT, "BYTES": schema_pb2.BYTES}


def example(row: dict[str, object]) -> tf.train.Example:
    """A tf.Example; None is a missing value, and a list is several."""
    features = {}
    for name, value in row.items():
        values = value if isinstance(value, list) else [] if value is None else [value]
        if not values:
            features[name] = tf.train.Feature()
        elif isinstance(values[0], bytes):
            features[name] = tf.train.Feature(bytes_list=tf.train.BytesList(value=values))
        elif isinstance(values[0], int):
            features[name] = tf.train.Feature(int64_list=tf.train.Int64List(value=values))
        else:
            features[name] = tf.train.Feature(float_list=tf.train.FloatList(value=values))
    return tf.train.Example(features=tf.train.Features(feature=features))


class Workshop:
    """Makes artifacts below a directory, and trains."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._count = 0

    def artifact(self, kind):
        self._count += 1
        artifact = kind()
        artifact.uri = str(self.place / str(self._count))
        Path(artifact.uri).mkdir()
        return artifact

    def examples(self, **splits):
        artifact = self.artifact(standard_artifacts.Examples)
        artifact.split_names = json.dumps(list(splits))
        examples_utils.set_payload_format(artifact, example_gen_pb2.FORMAT_TF_EXAMPLE)
        for split, rows in splits.items():
            folder = Path(artifact.uri, f"Split-{split}")
            folder.mkdir()
            with tf.io.TFRecordWriter(str(folder / "data.gz"), "GZIP") as writer:
                for row in rows:
                    writer.write(example(row).SerializeToString())
        return artifact

    def schema(self, categorical=(), **kinds):
        artifact = self.artifact(standard_artifacts.Schema)
        schema = schema_pb2.Schema()
        for name, kind in kinds.items():
            feature = schema.feature.add(name=name, type=TYPES[kind])
            if name in categorical:
                feature.int_domain.is_categorical = True
        Path(artifact.uri, "schema.pbtxt").write_text(str(schema))
        return artifact

    def hyperparameters(self, content):
        artifact = self.artifact(standard_artifacts.HyperParameters)
        Path(artifact.uri, "best_hyperparameters.txt").write_text(json.dumps(content))
        return artifact

    def train(self, examples, schema, tuned=None, **properties):
        """Return the artifacts model and model_run."""
        model = self.artifact(standard_artifacts.Model)
        run = self.artifact(standard_artifacts.ModelRun)
        inputs = {"examples": [examples]}
        if schema:
            inputs["schema"] = [schema]
        if tuned:
            inputs["tuned"] = [tuned]
        Executor().Do(inputs, {"model": [model], "model_run": [run]}, given(properties))
        return model, run

    def tune(self, examples, schema, space, trials, **properties):
        """Return what best_hyperparameters and tuner_results say."""
        best = self.artifact(standard_artifacts.HyperParameters)
        results = self.artifact(standard_artifacts.TunerResults)
        outputs = {"best_hyperparameters": [best], "tuner_results": [results]}
        inputs = {"examples": [examples], "schema": [schema]}
        search = {"space": json.dumps(space), "trials": trials, "parallel_trials": 2}
        TunerExecutor().Do(inputs, outputs, {**given(properties), **search})
        return (
            json.loads(Path(best.uri, "best_hyperparameters.txt").read_text()),
            json.loads(Path(results.uri, "tuner_results.json").read_text()),
        )


def given(properties):
    """Execution properties, with the component's defaults."""
    found = {
        "label": "y",
        "task": "binary",
        "algorithm": "gradient_boosted_trees",
        "seed": 1,
        "threads": 1,
        "train_split": "train",
        "eval_split": "eval",
        "num_trees": 10,
        **properties,
    }
    return {
        name: json.dumps(value) if isinstance(value, (dict, list)) else value
        for name, value in found.items()
    }


@pytest.fixture
def workshop(tmp_path):
    return Workshop(tmp_path)


def rows(count: int, seed: int = 0) -> list[dict[str, object]]:
    """A number and a text with gaps, of which ``y`` (0 or 1) can be told; one without use."""
    chance = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        x, c = float(chance.normal()), bytes(chance.choice([b"red", b"blue", b"green"]))
        found.append(
            {
                "x": None if chance.random() < 0.1 else x,
                "c": c,
                "n": int(chance.integers(5)),
                "y": int(x + (c == b"red") > 0.5),
            }
        )
    return found


KINDS = {"x": "FLOAT", "c": "BYTES", "n": "INT", "y": "INT"}
