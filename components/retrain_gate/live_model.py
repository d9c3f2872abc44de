"""Resolver strategy: the model that is in use, and what its run has made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tfx import types
from tfx.dsl.components.common.resolver import ResolverStrategy
from tfx.types import standard_artifacts

from headrace.components.spans.lineage import newest_span, span_of
from headrace.errors import UsageError
from headrace.store import lineage

_RUN = "pipeline_run"
_EXAMPLES = "examples"

Artifacts = dict[str, list[types.Artifact]]


class LiveModelStrategy(ResolverStrategy):  # type: ignore[misc]
    """Resolves the live model, with artifacts of the run that has trained it.

    The live model is the one that was pushed last, where a channel of PushedModel is given, and
    else the latest blessed one, by a channel of ModelBlessing. After a rollback only the first is
    right. Any other channel resolves to the artifact of its type in the run that trained the model;
    of evaluations, to that of the model itself.

    ```python
    live = tfx.dsl.Resolver(
        strategy_class=LiveModelStrategy,
        model=tfx.dsl.Channel(type=Model),
        pushed_model=tfx.dsl.Channel(type=PushedModel),
        statistics=tfx.dsl.Channel(type=ExampleStatistics, producer_component_id=statistics.id),
    ).with_id("live_model")
    ```
    """

    def resolve_artifacts(self, store: Any, input_dict: Artifacts) -> Artifacts | None:
        """The live model and what belongs to it; None if there is no live model."""
        key = self._key_of(input_dict, standard_artifacts.Model)
        models = {artifact.id: artifact for artifact in input_dict.get(key, ())}
        pushes = _of_type(input_dict, standard_artifacts.PushedModel)
        blessings = _of_type(input_dict, standard_artifacts.ModelBlessing)
        if pushes:
            found, mark = _pushed_last(store, pushes, models, self._may_be(store, input_dict))
        else:
            found, mark = _blessed_last(blessings, models, self._may_be(store, input_dict))
        if found is None or mark is None:
            return None
        resolved: Artifacts = {}
        for name, candidates in input_dict.items():
            if name == key:
                resolved[name] = [models[found]]
            elif any(item.id == mark.id for item in candidates):
                resolved[name] = [mark]
            else:
                resolved[name] = _of_the_run(store, found, candidates)
        return resolved

    def _may_be(self, store: Any, inputs: Artifacts) -> Callable[[int], bool]:
        """Which models, by id, count at all."""
        return lambda model: True

    def _key_of(self, inputs: Artifacts, kind: type[types.Artifact]) -> str:
        """The key of the models; without any there is nothing to tell it by."""
        keys = [name for name, items in inputs.items() if items and isinstance(items[0], kind)]
        if len(keys) > 1:
            raise UsageError(
                f"LiveModelStrategy: {' and '.join(keys)} are both of type Model",
                "it resolves one model",
            )
        return keys[0] if keys else ""


class LiveModelBefore(LiveModelStrategy):
    """The live model as it was before the run's span: of those trained on earlier spans only.

    A day that is run again, or by a backfill, then has the same live model as it had before, and
    what is decided about it comes from the cache. Takes the run's ``examples`` as well, and the
    channels of LiveModelStrategy.
    """

    def _may_be(self, store: Any, inputs: Artifacts) -> Callable[[int], bool]:
        """Those before the run's span.

        Raises:
            ValueError: the run's examples have no span.
        """
        [own] = inputs[_EXAMPLES]
        limit = span_of(own)

        def is_before(model: int) -> bool:
            newest = newest_span(store, model)
            return newest is not None and newest < limit

        return is_before


def _of_type(inputs: Artifacts, kind: type[types.Artifact]) -> list[types.Artifact]:
    return [item for items in inputs.values() for item in items if isinstance(item, kind)]


def _pushed_last(
    store: Any,
    pushes: Sequence[types.Artifact],
    models: dict[int, types.Artifact],
    may_be: Callable[[int], bool],
) -> tuple[int | None, types.Artifact | None]:
    for push in sorted(pushes, key=lambda item: item.id, reverse=True):
        if push.get_int_custom_property("pushed") != 1:
            continue
        read = _read_for(store, push.id)
        found = [item for item in read if item in models and may_be(item)]
        if found:
            return found[0], push
    return None, None


def _blessed_last(
    blessings: Iterable[types.Artifact],
    models: dict[int, types.Artifact],
    may_be: Callable[[int], bool],
) -> tuple[int | None, types.Artifact | None]:
    blessed = {
        item.get_int_custom_property("current_model_id"): item
        for item in sorted(blessings, key=lambda item: item.id, reverse=True)
        if item.get_int_custom_property("blessed") == 1
    }
    newest_first = sorted(blessed.keys() & models.keys(), reverse=True)
    found = next((model for model in newest_first if may_be(model)), None)
    return (None, None) if found is None else (found, blessed[found])


def _read_for(store: Any, artifact_id: int) -> list[int]:
    """The artifacts that an artifact was made from."""
    read = lineage.inputs(store, lineage.makers(store, [artifact_id]))
    return [item for items in read.values() for item in items]


def _of_the_run(
    store: Any, model: int, candidates: Sequence[types.Artifact]
) -> list[types.Artifact]:
    """The newest candidate of the run that trained the model; one made from the model, if any.

    Where the cache has served the run, its artifacts are outputs of the run all the same.
    """
    made = _made_in(store, _run_of(store, model))
    found = sorted((item for item in candidates if item.id in made), key=lambda item: item.id)
    if any(isinstance(item, standard_artifacts.ModelEvaluation) for item in found):
        found = [item for item in found if model in _read_for(store, item.id)]
    return found[-1:]


def _run_of(store: Any, artifact_id: int) -> int | None:
    makers = lineage.makers(store, [artifact_id])
    if not makers:
        return None
    contexts = store.get_contexts_by_execution(makers[0])
    return next((context.id for context in contexts if context.type == _RUN), None)


def _made_in(store: Any, run: int | None) -> set[int]:
    if run is None:
        return set()
    executions = [item.id for item in store.get_executions_by_context(run)]
    return {item for items in lineage.outputs(store, executions).values() for item in items}
