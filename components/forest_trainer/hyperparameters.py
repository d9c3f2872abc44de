"""Hyperparameters by YDF's own names, checked before anything is read."""

from __future__ import annotations

import difflib
import inspect
import json
import typing
from collections.abc import Mapping
from typing import Any

import ydf
from tfx import types
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.utils import io_utils

from headrace.errors import HeadraceError

from .problem import HYPERPARAMETERS_KEY, ONE_BY_ONE, Algorithm

LEARNERS = {
    Algorithm.GRADIENT_BOOSTED_TREES: ydf.GradientBoostedTreesLearner,
    Algorithm.RANDOM_FOREST: ydf.RandomForestLearner,
}

# What the component decides itself: the data, the seed, where it runs, or another kind of answer.
_NOT_HYPERPARAMETERS = frozenset(
    (
        "class_weights",
        "data_spec",
        "explicit_args",
        "extra_training_config",
        "feature_selector",
        "features",
        "include_all_columns",
        "label",
        "label_classes",
        "max_num_scanned_rows_to_infer_semantic",
        "num_threads",
        "random_seed",
        "ranking_group",
        "resume_training",
        "resume_training_snapshot_interval_seconds",
        "task",
        "tuner",
        "uplift_treatment",
        "weights",
        "workers",
        "working_dir",
    )
)

Value = bool | int | float | str


def known(algorithm: Algorithm) -> dict[str, tuple[type, ...]]:
    """The types that each hyperparameter of a kind of forest may have, by its name."""
    found = {}
    for name, parameter in inspect.signature(LEARNERS[algorithm].__init__).parameters.items():
        kinds = typing.get_args(parameter.annotation) or (parameter.annotation,)
        plain = tuple(kind for kind in kinds if kind in (bool, int, float, str))
        if name not in _NOT_HYPERPARAMETERS and plain:
            found[name] = plain
    return found


def check(algorithm: Algorithm, given: Mapping[str, Any]) -> dict[str, Value]:
    """Return the hyperparameters as YDF takes them.

    Raises:
        HeadraceError: one is unknown, or is of the wrong type.
    """
    kinds = known(algorithm)
    return {name: _checked(algorithm, kinds, name, value) for name, value in given.items()}


def of_properties(properties: Mapping[str, Any]) -> dict[str, Any]:
    """What execution properties say, unchecked."""
    found: dict[str, Any] = json.loads(properties.get(HYPERPARAMETERS_KEY) or "{}")
    if not isinstance(found, dict):
        raise HeadraceError(f"hyperparameters must be values by name, not {found!r}")
    for name in ONE_BY_ONE:
        if properties.get(name) is not None:
            if name in found:
                raise HeadraceError(f"{name} is given twice: by itself and in hyperparameters")
            found[name] = properties[name]
    return found


def of_artifact(artifacts: list[types.Artifact] | None) -> dict[str, Any]:
    """What a HyperParameters artifact says: values by name, or KerasTuner's form of them.

    Raises:
        HeadraceError: it is neither.
    """
    if not artifacts:
        return {}
    path = io_utils.get_only_uri_in_dir(artifact_utils.get_single_uri(artifacts))
    with fileio.open(path, "rb") as file:
        found = json.loads(file.read())
    if isinstance(found, dict) and isinstance(found.get("values"), dict):
        found = found["values"]
    if not isinstance(found, dict):
        raise HeadraceError(f"{path} must hold hyperparameters by name")
    return found


def _checked(
    algorithm: Algorithm, kinds: Mapping[str, tuple[type, ...]], name: str, value: Any
) -> Value:
    if name not in kinds:
        near = difflib.get_close_matches(name, kinds, n=1)
        raise HeadraceError(
            f"{algorithm.value} has no hyperparameter {name!r}",
            f"did you mean {near[0]!r}?" if near else "docs/forest_trainer.md says which it has",
        )
    for kind in kinds[name]:
        if type(value) is kind:
            return typing.cast(Value, value)
        if kind is float and type(value) is int:
            return float(value)
    wanted = " or ".join(kind.__name__ for kind in kinds[name])
    raise HeadraceError(f"hyperparameter {name} must be {wanted}, not {value!r}")
