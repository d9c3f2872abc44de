"""Which features of a schema are read, and as what."""

from __future__ import annotations

import difflib
import enum
from collections.abc import Mapping

from tensorflow_metadata.proto.v0 import schema_pb2

from headrace.errors import HeadraceError

from .problem import Problem, Task


class Kind(enum.Enum):
    """What a column is to a forest."""

    NUMBER = "number"
    CATEGORY = "category"


def features_of(problem: Problem, schema: schema_pb2.Schema) -> dict[str, Kind]:
    """Return the features to learn from, by name and in order of their names.

    Raises:
        HeadraceError: a feature, the label or the weights are not in the schema, or none is left.
    """
    in_schema = {feature.name: feature for feature in schema.feature}
    others = {problem.label, problem.weights}
    wanted = problem.features or tuple(name for name in in_schema if name not in others)
    for name in (problem.label, problem.weights, *wanted, *problem.categorical):
        if name is not None:
            _find(in_schema, name, "the label" if name == problem.label else "the feature")
    if problem.label in wanted:
        raise HeadraceError(f"the label {problem.label!r} cannot be a feature as well")
    if not wanted:
        raise HeadraceError("the schema has no feature beside the label")
    return {name: _kind(in_schema[name], problem) for name in sorted(wanted)}


def label_kind(problem: Problem, schema: schema_pb2.Schema) -> int:
    """Return the type that the schema gives the label, one of ``schema_pb2``'s.

    Raises:
        HeadraceError: it does not fit the task.
    """
    in_schema = {feature.name: feature for feature in schema.feature}
    label = _find(in_schema, problem.label, "the label")
    if problem.task is Task.REGRESSION and label.type == schema_pb2.BYTES:
        raise HeadraceError(f"the label {problem.label!r} is text; regression needs a number")
    return int(label.type)


def _find(in_schema: Mapping[str, schema_pb2.Feature], name: str, role: str) -> schema_pb2.Feature:
    if name in in_schema:
        return in_schema[name]
    near = difflib.get_close_matches(name, in_schema, n=3)
    hint = f"near it are {', '.join(near)}" if near else f"it has {', '.join(sorted(in_schema))}"
    raise HeadraceError(f"the examples' schema has no feature {name!r}, {role} to use", hint)


def _kind(feature: schema_pb2.Feature, problem: Problem) -> Kind:
    if feature.type == schema_pb2.BYTES or feature.name in problem.categorical:
        return Kind.CATEGORY
    if feature.type == schema_pb2.INT and feature.int_domain.is_categorical:
        return Kind.CATEGORY
    if feature.type in (schema_pb2.INT, schema_pb2.FLOAT):
        return Kind.NUMBER
    raise HeadraceError(
        f"feature {feature.name!r} is neither a number nor text",
        "name the features to use with features=[...]",
    )
