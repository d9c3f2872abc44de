"""A remembered cross entropy is what TFMA computes for these very numbers."""

import itertools

import numpy as np
import pytest
from tensorflow_model_analysis import version
from tensorflow_model_analysis.metrics import cross_entropy_metrics, metric_types

from headrace.beam import cross_entropy
from headrace.beam.cross_entropy import remember_cross_entropies, remembering

COMBINER = cross_entropy_metrics._BinaryCrossEntropyCombiner
remember_cross_entropies()
STOCK = COMBINER._cross_entropy.__wrapped__


def combiner(from_logits=False, label_smoothing=0.0):
    return COMBINER(
        eval_config=None,
        model_name="",
        output_name="",
        metric_key=metric_types.MetricKey("entropy"),
        aggregation_type=None,
        class_weights=None,
        example_weighted=False,
        from_logits=from_logits,
        label_smoothing=label_smoothing,
    )


NUMBERS = [0.0, -0.0, 1.0, 0.25, 0.3, -2.0, float("nan"), float("inf")]
KINDS = [np.float32, np.float64, np.int64]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_it_is_tfmas_own_in_every_order() -> None:
    pairs = [
        (np.full(shape, one).astype(kind), np.full(shape, other, other_kind))
        for one, other, kind, other_kind, shape in itertools.product(
            NUMBERS, NUMBERS, KINDS, KINDS[:2], [(1,), (1, 1), (), (2,)]
        )
    ]
    combiners = [combiner(), combiner(from_logits=True), combiner(label_smoothing=0.1)]
    for each, (label, prediction) in itertools.product(combiners, pairs * 2):
        expected = STOCK(each, label, prediction)
        found = each._cross_entropy(label, prediction)
        assert repr(found) == repr(expected)
        assert type(found) is type(expected)


def test_it_is_computed_once_for_one_pair_and_memory_is_bounded(monkeypatch) -> None:
    asked = []

    def compute(_, label, prediction):
        asked.append((label.item(), prediction.item()))
        return 0.5

    monkeypatch.setattr(cross_entropy, "_REMEMBERED", 2)
    remembered = remembering(compute)
    first, second, third = (np.array([number]) for number in (0.1, 0.2, 0.3))
    for label in (first, first, second, second, first, third, first):
        remembered(combiner(), label, first)
    assert [label for label, _ in asked] == [0.1, 0.2, 0.3, 0.1]


def test_an_unknown_version_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert version.VERSION in cross_entropy._KNOWN
    monkeypatch.setattr(COMBINER, "_cross_entropy", STOCK)
    monkeypatch.setattr(version, "VERSION", "9.9.9")
    remember_cross_entropies()
    assert COMBINER._cross_entropy is STOCK
