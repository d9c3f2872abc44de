"""TFMA's merged metrics are those of all examples, whatever holds the accumulators."""

import copy
import math
import subprocess
import sys

import numpy as np
import pytest
from tensorflow_model_analysis.metrics import cross_entropy_metrics, mean_regression_error
from tensorflow_model_analysis.metrics.metric_types import MetricKey, StandardMetricInputs

from headrace.beam.merging import MODULES, combiners, merge_each_once

merge_each_once()

SETTINGS = {
    "eval_config": None,
    "model_name": "",
    "output_name": "",
    "metric_key": MetricKey("metric"),
    "aggregation_type": None,
    "class_weights": None,
    "example_weighted": False,
}


def entropy():
    return cross_entropy_metrics._BinaryCrossEntropyCombiner(
        **SETTINGS, from_logits=False, label_smoothing=0.0
    )


def absolute_error():
    return mean_regression_error._MeanAbsoluteErrorCombiner(**SETTINGS)


def accumulated(combiner, label, prediction):
    example = StandardMetricInputs(
        label=np.array([label]),
        prediction=np.array([prediction]),
        example_weight=np.array([1.0]),
    )
    return combiner.add_input(combiner.create_accumulator(), example)


EXAMPLES = [(1.0, 0.9), (0.0, 0.4), (1.0, 0.3)]


@pytest.mark.parametrize("container", [list, tuple, iter, lambda found: (one for one in found)])
@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (entropy, -(math.log(0.9) + math.log(0.6) + math.log(0.3)) / 3),
        (absolute_error, (0.1 + 0.4 + 0.7) / 3),
    ],
)
def test_each_accumulator_is_counted_once(make, expected, container) -> None:
    combiner = make()
    parts = [accumulated(combiner, *example) for example in EXAMPLES]
    merged = combiner.merge_accumulators(container(parts))
    assert combiner.extract_output(merged)[SETTINGS["metric_key"]] == pytest.approx(expected)


def test_the_fault_is_still_tfmas_own() -> None:
    """Where it is not, the module is to go."""
    combiner = entropy()
    parts = [accumulated(combiner, *example) for example in EXAMPLES]
    stock = type(combiner).merge_accumulators.__wrapped__
    of_list = stock(combiner, copy.deepcopy(parts))
    of_iterator = stock(combiner, iter(copy.deepcopy(parts)))
    assert of_list.total_cross_entropy != of_iterator.total_cross_entropy


def test_every_module_has_a_combiner_and_none_is_wrapped_twice() -> None:
    merge_each_once()
    found = list(combiners())
    assert {kind.__module__.rpartition(".")[2] for kind in found} == set(MODULES)
    for kind in found:
        assert hasattr(kind.merge_accumulators, "__wrapped__")
        assert not hasattr(kind.merge_accumulators.__wrapped__, "__wrapped__")


def test_tfma_is_not_imported_for_it() -> None:
    code = (
        "import sys; from headrace.beam.merging import merge_each_once; merge_each_once();"
        "assert 'tensorflow_model_analysis' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
