"""A forest in place of the network: boosted trees on what Transform makes, without the pairs."""

from __future__ import annotations

from tfx import v1 as tfx

from components.forest_trainer import ForestTrainer
from pipelines.flights import features

# A tree finds pairs by itself, and a pair's hash has more values than trees can tell apart.
# Month and weekday together name four or five days, whose lateness it would learn by heart.
CALENDAR = [name for name in features.CALENDAR if name != "weekday"]
LEARNED_FROM = (*features.SCALED, *features.CATEGORICAL, *CALENDAR)
TREES = 160
"""As many as were best on days set aside of the training split; rows set aside are of its days."""
SEED = 2013


def forest_trainer(transform: tfx.components.Transform) -> ForestTrainer:
    """Return the trainer; ``trees`` and ``max_depth`` are run parameters."""
    return ForestTrainer(
        examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs["transform_graph"],
        label=features.transformed(features.LABEL),
        task="binary",
        features=[features.transformed(name) for name in LEARNED_FROM],
        categorical=[features.transformed(name) for name in features.CATEGORICAL],
        num_trees=tfx.dsl.experimental.RuntimeParameter(name="trees", ptype=int, default=TREES),
        max_depth=tfx.dsl.experimental.RuntimeParameter(name="max_depth", ptype=int, default=6),
        seed=SEED,
    )
