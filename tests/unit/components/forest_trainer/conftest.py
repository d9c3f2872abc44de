"""Small tables as Examples, and ForestTrainer and ForestTuner on them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.types import standard_artifacts

from headrace.components.forest_trainer import ForestTrainer, ForestTuner

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
    """Trains and tunes as a pipeline does."""

    def __init__(self, component, examples, schema, artifact) -> None:
        self.examples = examples
        self._component, self._schema, self._artifact = component, schema, artifact

    def schema(self, categorical=(), **kinds):
        fields = {name: schema_pb2.Feature(type=TYPES[kind]) for name, kind in kinds.items()}
        for name in categorical:
            fields[name].int_domain.is_categorical = True
        return self._schema(fields)

    def hyperparameters(self, content):
        files = {"best_hyperparameters.txt": json.dumps(content)}
        return self._artifact(standard_artifacts.HyperParameters, files)

    def train(self, examples, schema, tuned=None, **properties):
        """Return the artifacts model and model_run."""
        given = {**PROBLEM, "num_trees": 10, **properties}
        made = self._component(
            ForestTrainer, examples=examples, schema=schema, tuned=tuned, **given
        )
        return made["model"], made["model_run"]

    def tune(self, examples, schema, space, trials):
        """Return what best_hyperparameters and tuner_results say."""
        search = {"space": space, "trials": trials, "parallel_trials": 2}
        fixed = {"num_trees": 10}
        made = self._component(
            ForestTuner,
            examples=examples,
            schema=schema,
            hyperparameters=fixed,
            **PROBLEM,
            **search,
        )
        best = Path(made["best_hyperparameters"].uri, "best_hyperparameters.txt")
        results = Path(made["tuner_results"].uri, "tuner_results.json")
        return json.loads(best.read_text()), json.loads(results.read_text())


PROBLEM = {"label": "y", "task": "binary", "seed": 1, "threads": 1}


@pytest.fixture
def workshop(component, examples, schema, artifact):
    return Workshop(component, examples, schema, artifact)


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
