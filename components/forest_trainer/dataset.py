"""What a forest is trained on: splits of Examples, as YDF takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow_transform as tft
from absl import logging
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx import types
from tfx.types import artifact_utils
from tfx.utils import io_utils

from headrace.errors import HeadraceError

from .columns import Categories, Column
from .fields import Kind, features_of, label_kind
from .labels import Classes, check_weights, classes_of, numbers_of
from .problem import Problem, Task
from .reading import read_split

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Dataset:
    """A training split, and what must hold for others as well.

    Attributes:
        widths: how many numbers a row has of each feature.
        classes: None for a regression.
    """

    arrays: Arrays
    schema: schema_pb2.Schema
    features: Mapping[str, Kind]
    widths: Mapping[str, int]
    classes: Classes | None

    def __len__(self) -> int:
        return len(next(iter(self.arrays.values())))


def schema_for(
    schemas: list[types.Artifact] | None, transform: tft.TFTransformOutput | None
) -> schema_pb2.Schema:
    """The schema of the examples: Transform's where they were transformed.

    Raises:
        HeadraceError: neither is given.
    """
    if transform:
        return transform.transformed_metadata.schema
    if not schemas:
        raise HeadraceError(
            "what the examples hold is not known",
            "give ForestTrainer the schema, or the transform_graph that made the examples",
        )
    uri = artifact_utils.get_single_uri(schemas)
    schema: schema_pb2.Schema = io_utils.SchemaReader().read(io_utils.get_only_uri_in_dir(uri))
    return schema


def read_training(
    examples: Sequence[types.Artifact], split: str, problem: Problem, schema: schema_pb2.Schema
) -> Dataset:
    """Read the split to train on.

    Raises:
        HeadraceError: it cannot be trained on, for a reason that the message says.
    """
    features = features_of(problem, schema)
    columns = read_split(examples, split, schema, _wanted(problem, features, schema))
    label = columns.pop(problem.label)
    classes = None
    arrays: Arrays = {}
    if problem.task is Task.REGRESSION:
        arrays[problem.label] = numbers_of(problem, label, split)
    else:
        are_numbers = label_kind(problem, schema) != schema_pb2.BYTES
        classes = classes_of(problem, label, split, are_numbers)
        assert isinstance(label, Categories)
        arrays[problem.label] = classes.indices(label)
    arrays |= _others(problem, columns, split, {})
    widths = {name: arrays[name].shape[1] if arrays[name].ndim > 1 else 1 for name in features}
    return Dataset(arrays, schema, features, widths, classes)


def read_held_out(
    examples: Sequence[types.Artifact], split: str, problem: Problem, training: Dataset
) -> Arrays:
    """Read a split to judge by; rows of classes that training never saw are left out.

    Raises:
        HeadraceError: it does not go with the training split.
    """
    wanted = _wanted(problem, training.features, training.schema)
    columns = read_split(examples, split, training.schema, wanted)
    label = columns.pop(problem.label)
    arrays: Arrays = {}
    if training.classes is None:
        arrays[problem.label] = numbers_of(problem, label, split)
    else:
        assert isinstance(label, Categories)
        arrays[problem.label] = training.classes.indices(label)
    arrays |= _others(problem, columns, split, training.widths)
    known = arrays[problem.label] != -1 if training.classes else np.isfinite(arrays[problem.label])
    if not known.all():
        logging.warning(
            "%d rows of split %s have no label, or one that is not in the training split.",
            (~known).sum(),
            split,
        )
        arrays = {name: array[known] for name, array in arrays.items()}
    return arrays


def _wanted(
    problem: Problem, features: Mapping[str, Kind], schema: schema_pb2.Schema
) -> dict[str, Kind]:
    is_number = problem.task is Task.REGRESSION
    label_kind(problem, schema)
    wanted = {**features, problem.label: Kind.NUMBER if is_number else Kind.CATEGORY}
    if problem.weights:
        wanted[problem.weights] = Kind.NUMBER
    return wanted


def _others(
    problem: Problem, columns: Mapping[str, Column], split: str, widths: Mapping[str, int]
) -> Arrays:
    arrays = {}
    for name, column in columns.items():
        if name == problem.weights:
            arrays[name] = check_weights(problem, column, split)
            continue
        array = column.for_ydf()
        width = widths.get(name, 1)
        if width > 1 and array.ndim == 1 and np.isnan(array).all():
            array = np.full((len(array), width), np.nan, np.float32)
        found = array.shape[1] if array.ndim > 1 else 1
        if widths and found != width:
            raise HeadraceError(
                f"feature {name!r} has {found} values a row in split {split!r}, "
                f"and {width} in the training split"
            )
        arrays[name] = array
    return arrays
