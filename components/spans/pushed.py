"""The model that another pipeline pushed last."""

from __future__ import annotations

from typing import Any

from tfx import types
from tfx import v1 as tfx
from tfx.types import artifact_utils

from headrace.store import lineage

from .models import MODEL

_PIPELINE = "pipeline"
_PUSHED = "PushedModel"


class LatestPushedModel(tfx.dsl.experimental.ResolverStrategy):  # type: ignore[misc]
    """The Model that a pipeline's Pusher has pushed last, of the same metadata store.

    It is the artifact that its Trainer made, so that lineage goes on over the two pipelines.

    ::

        model = tfx.dsl.Resolver(
            strategy_class=LatestPushedModel,
            config={"pipeline": "flights_daily"},
            model=tfx.dsl.Channel(type=Model),
        ).with_id("pushed_model")

    Args:
        pipeline: name of the pipeline that pushes.
    """

    def __init__(self, pipeline: str) -> None:
        self._pipeline = pipeline

    def resolve_artifacts(
        self, store: Any, input_dict: dict[str, list[types.Artifact]]
    ) -> dict[str, list[types.Artifact]]:
        """Return the inputs with the one model under ``model``.

        Raises:
            ValueError: the pipeline has pushed none.
        """
        model = last_pushed(store, self._pipeline)
        if model is None:
            raise ValueError(f"pipeline {self._pipeline} has pushed no model: run it first")
        return {**input_dict, MODEL: [_artifact(store, model)]}


def last_pushed(store: Any, pipeline: str) -> int | None:
    """Id of the Model that a pipeline has pushed last, be it by a rollback; None: it has none."""
    context = store.get_context_by_type_and_name(_PIPELINE, pipeline)
    for pushed in sorted(_artifacts(store), key=lambda one: -one.id) if context else ():
        if pushed.custom_properties["pushed"].int_value != 1:
            continue
        contexts = store.get_contexts_by_artifact(pushed.id)
        models = lineage.inputs(store, lineage.makers(store, [pushed.id])).get(MODEL)
        if models and any(one.id == context.id for one in contexts):
            return models[0]
    return None


def _artifacts(store: Any) -> list[Any]:
    return list(store.get_artifacts_by_type(_PUSHED))


def _artifact(store: Any, artifact_id: int) -> types.Artifact:
    [found] = store.get_artifacts_by_id([artifact_id])
    [kind] = store.get_artifact_types_by_id([found.type_id])
    return artifact_utils.deserialize_artifact(kind, found)
