"""YDF's learners, set up from a problem and its hyperparameters."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import ydf

from headrace.errors import HeadraceError

from .dataset import Dataset
from .fields import Kind
from .hyperparameters import LEARNERS, Value
from .problem import Problem, Task

_SEMANTICS = {Kind.NUMBER: ydf.Semantic.NUMERICAL, Kind.CATEGORY: ydf.Semantic.CATEGORICAL}


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) or 1


def train(
    problem: Problem,
    hyperparameters: Mapping[str, Value],
    data: Dataset,
    tuner: ydf.RandomSearchTuner | None = None,
) -> Any:
    """Return a trained model of YDF's.

    Args:
        tuner: searches hyperparameters; several trainings then share the threads.

    Raises:
        HeadraceError: YDF refuses a hyperparameter's value, or several together.
    """
    threads = problem.threads or processors()
    if tuner:
        threads = max(1, threads // tuner.parallel_trials)
    is_number = problem.task is Task.REGRESSION
    try:
        learner = LEARNERS[problem.algorithm](
            label=problem.label,
            task=ydf.Task.REGRESSION if is_number else ydf.Task.CLASSIFICATION,
            weights=problem.weights,
            features=[ydf.Column(name, _SEMANTICS[kind]) for name, kind in data.features.items()],
            include_all_columns=False,
            random_seed=problem.seed,
            num_threads=threads,
            tuner=tuner,
            **hyperparameters,
        )
        learner.validate_hyperparameters()
        # Only here it looks at the range of each value.
        return learner.train(data.arrays, verbose=0)
    except ValueError as error:
        text = str(error).removeprefix("INVALID_ARGUMENT: ")
        raise HeadraceError(f"YDF does not train with this: {text}") from error
