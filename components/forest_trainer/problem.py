"""What is to be learned: the label, the kind of answer, the features, the kind of forest."""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headrace.errors import HeadraceError

LABEL_KEY = "label"
TASK_KEY = "task"
ALGORITHM_KEY = "algorithm"
WEIGHTS_KEY = "weights"
FEATURES_KEY = "features"
CATEGORICAL_KEY = "categorical"
SEED_KEY = "seed"
THREADS_KEY = "threads"
TRAIN_SPLIT_KEY = "train_split"
EVAL_SPLIT_KEY = "eval_split"
HYPERPARAMETERS_KEY = "hyperparameters"
TUNED_KEY = "tuned"
ONE_BY_ONE = ("num_trees", "max_depth", "min_examples", "shrinkage", "subsample")
"""Hyperparameters with execution properties of their own, so that a run can set them."""


class Task(str, enum.Enum):
    """The kind of answer."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"


class Algorithm(str, enum.Enum):
    """The kind of forest."""

    GRADIENT_BOOSTED_TREES = "gradient_boosted_trees"
    RANDOM_FOREST = "random_forest"


@dataclass(frozen=True)
class Problem:
    """What is to be learned.

    Attributes:
        features: None for all that the schema has, but for the label and the weights.
        categorical: features of whole numbers that are names, beside those the schema says are.
        threads: 0 for as many as there are processors.
    """

    label: str
    task: Task
    algorithm: Algorithm = Algorithm.GRADIENT_BOOSTED_TREES
    weights: str | None = None
    features: tuple[str, ...] | None = None
    categorical: tuple[str, ...] = ()
    seed: int = 0
    threads: int = 0


def read_problem(properties: Mapping[str, Any]) -> Problem:
    """Return what execution properties say.

    Raises:
        HeadraceError: one of them has no meaning.
    """
    label = str(properties.get(LABEL_KEY) or "")
    if not label:
        raise HeadraceError("label must name the feature to predict")
    seed, threads = (int(properties.get(key) or 0) for key in (SEED_KEY, THREADS_KEY))
    if seed < 0:
        raise HeadraceError(f"seed must be 0 or more, not {seed}")
    if threads < 0:
        raise HeadraceError(f"threads must be 0 (one a processor) or more, not {threads}")
    features = names(properties.get(FEATURES_KEY))
    return Problem(
        label=label,
        task=Task(_one_of(Task, TASK_KEY, properties.get(TASK_KEY))),
        algorithm=Algorithm(_one_of(Algorithm, ALGORITHM_KEY, properties.get(ALGORITHM_KEY))),
        weights=properties.get(WEIGHTS_KEY) or None,
        features=features or None,
        categorical=names(properties.get(CATEGORICAL_KEY)),
        seed=seed,
        threads=threads,
    )


def names(text: str | None) -> tuple[str, ...]:
    """A list of names that was kept as JSON."""
    return tuple(json.loads(text)) if text else ()


def as_json(values: Sequence[str] | None) -> str | None:
    """The list of names as an execution property."""
    return json.dumps(list(values)) if values else None


def _one_of(kinds: type[enum.Enum], name: str, given: object) -> object:
    known = [str(kind.value) for kind in kinds]
    if given not in known:
        raise HeadraceError(f"{name} must be one of {', '.join(known)}, not {given!r}")
    return given
