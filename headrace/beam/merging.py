"""TFMA counts the first of the accumulators that it merges twice; here each is counted once.

Five modules of TFMA 0.52 take the first accumulator as the result and then add them all to it.
That is right for an iterator, which has moved past its first element by then, and wrong for a list,
which is what Beam's runners may pass: with workers side by side a slice's log loss was off by up to
6 %.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import apache_beam as beam

MODULES = (
    "cross_entropy_metrics",
    "flip_metrics",
    "mean_regression_error",
    "model_cosine_similarity",
    "prediction_difference_metrics",
)
"""Those of ``tensorflow_model_analysis.metrics`` whose combiners do so."""

Merge = Callable[[Any, Iterable[Any]], Any]


def merge_each_once() -> None:
    """Mend TFMA's combiners in this process; a no-op where TFMA is not imported, or is mended."""
    if "tensorflow_model_analysis" not in sys.modules:
        return
    for combiner in combiners():
        merge = combiner.__dict__["merge_accumulators"]
        if not hasattr(merge, "__wrapped__"):
            combiner.merge_accumulators = of_an_iterator(merge)


def combiners() -> Iterator[Any]:
    """The classes of ``MODULES`` that define how Beam merges their accumulators."""
    for name in MODULES:
        module = importlib.import_module(f"tensorflow_model_analysis.metrics.{name}")
        for _, kind in inspect.getmembers(module, inspect.isclass):
            own = kind.__module__ == module.__name__ and "merge_accumulators" in kind.__dict__
            if own and issubclass(kind, beam.CombineFn):
                yield kind


def of_an_iterator(merge: Merge) -> Merge:
    """The method of a combiner, given an iterator whatever it is called with."""

    @functools.wraps(merge)
    def merge_accumulators(combiner: Any, accumulators: Iterable[Any]) -> Any:
        return merge(combiner, iter(accumulators))

    return merge_accumulators
