"""The label's column as YDF takes it, and the classes that it names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headrace.errors import HeadraceError

from .columns import Categories, Column, Numbers
from .problem import Problem, Task


@dataclass(frozen=True)
class Classes:
    """The classes, in order: of numbers by size, of texts by their bytes."""

    names: tuple[bytes, ...]
    are_numbers: bool

    def indices(self, label: Categories) -> np.ndarray:
        """The class of each row; -1 for one that is not among them."""
        places = {name: place for place, name in enumerate(self.names)}
        by_code = np.array([*(places.get(name, -1) for name in label.names), -1], np.int64)
        return by_code[label.codes]


def classes_of(problem: Problem, label: Column, split: str, are_numbers: bool) -> Classes:
    """Return the classes that a split's label names.

    Raises:
        HeadraceError: rows have no label, or the number of classes does not fit the task.
    """
    assert isinstance(label, Categories)
    missing = int((label.codes < 0).sum())
    check_present(problem, missing, len(label), split)
    used = np.unique(label.codes)
    found = {label.names[code] for code in used}
    if are_numbers and any(float(name) % 1 for name in found):
        raise HeadraceError(
            f"the label {problem.label!r} has fractions; task {problem.task.value} takes classes",
            "use task='regression'",
        )
    names = sorted(found, key=float) if are_numbers else sorted(found)
    shown = ", ".join(name.decode(errors="replace") for name in names[:10])
    if len(names) == 1:
        raise HeadraceError(
            f"the label {problem.label!r} is {shown} in every row of split {split!r}: "
            "there is nothing to tell apart"
        )
    if problem.task is Task.BINARY and len(names) > 2:
        raise HeadraceError(
            f"the label {problem.label!r} has {len(names)} classes ({shown}); task binary takes 2",
            "use task='multiclass', or 'regression' if it is a quantity",
        )
    return Classes(tuple(names), are_numbers)


def numbers_of(problem: Problem, label: Column, split: str) -> np.ndarray:
    """Return a label to regress to.

    Raises:
        HeadraceError: rows have no label, or always the same.
    """
    assert isinstance(label, Numbers)
    check_present(problem, int((~np.isfinite(label.values)).sum()), len(label), split)
    return label.values


def check_present(problem: Problem, missing: int, rows: int, split: str) -> None:
    """Raise HeadraceError if rows have no label."""
    if missing:
        raise HeadraceError(
            f"the label {problem.label!r} is missing in {missing} of {rows} rows of "
            f"split {split!r}",
            "leave such rows out before training",
        )


def check_weights(problem: Problem, weights: Column, split: str) -> np.ndarray:
    """Return the weights.

    Raises:
        HeadraceError: one is missing or negative, or none is above 0.
    """
    assert isinstance(weights, Numbers)
    values = weights.values
    wrong = int((~(values >= 0)).sum())
    if wrong:
        raise HeadraceError(
            f"the weights {problem.weights!r} are missing or below 0 in {wrong} of "
            f"{len(values)} rows of split {split!r}"
        )
    if not values.any():
        raise HeadraceError(f"the weights {problem.weights!r} are all 0 in split {split!r}")
    return values
