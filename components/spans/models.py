"""The model of the span before the run's own, for a warm start and as a baseline."""

from __future__ import annotations

from typing import Any

from tfx import types
from tfx import v1 as tfx

from .lineage import newest_span, span_of
from .window import EXAMPLES

MODEL, BLESSING = "model", "model_blessing"


class LatestModelBefore(tfx.dsl.experimental.ResolverStrategy):  # type: ignore[misc]
    """The newest model that was trained on data before the run's span; none in the first run.

    TFX's ``LatestArtifactStrategy`` and ``LatestBlessedModelStrategy`` give the newest of all. When
    a day is run again that is a model of this day or a later one: it would be warm-started with
    what it is to learn, be judged against itself, and nothing would come from the cache.

    ::

        before = tfx.dsl.Resolver(
            strategy_class=LatestModelBefore,
            examples=example_gen.outputs["examples"],
            model=tfx.dsl.Channel(type=Model),
            model_blessing=tfx.dsl.Channel(type=ModelBlessing),  # without it any model will do
        ).with_id("blessed_before")
    """

    def resolve_artifacts(
        self, store: Any, input_dict: dict[str, list[types.Artifact]]
    ) -> dict[str, list[types.Artifact]] | None:
        """Return the inputs with the one model, and its blessing; None where there is none.

        Raises:
            ValueError: the run's examples have no span.
        """
        [own] = input_dict[EXAMPLES]
        limit = span_of(own)
        blessings = _by_model(input_dict[BLESSING]) if BLESSING in input_dict else None
        best: tuple[int, types.Artifact] | None = None
        for model in sorted(input_dict[MODEL], key=lambda one: -one.id):
            if blessings is not None and model.id not in blessings:
                continue
            span = newest_span(store, model.id)
            if span is None or span >= limit or (best is not None and span <= best[0]):
                continue
            best = (span, model)
            if span == limit - 1:
                break  # none can be nearer, and of equal ones the newest was the first
        if best is None:
            return None
        found = {**input_dict, MODEL: [best[1]]}
        if blessings is not None:
            found[BLESSING] = [blessings[best[1].id]]
        return found


def _by_model(blessings: list[types.Artifact]) -> dict[int, types.Artifact]:
    """Positive blessings by the model's id; of several the newest."""
    return {
        one.get_int_custom_property("current_model_id"): one
        for one in sorted(blessings, key=lambda one: one.id)
        if one.get_int_custom_property("blessed") == 1
    }
