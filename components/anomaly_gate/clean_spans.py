"""Resolver strategy: the newest spans that were not set aside."""

from __future__ import annotations

from typing import Any

from tfx import types
from tfx.dsl.components.common.resolver import ResolverStrategy
from tfx.types import standard_artifacts

from headrace.errors import UsageError

from .artifacts import BLESSED, EXAMPLES_ID, DataBlessing

_SPAN, _VERSION = "span", "version"

Artifacts = dict[str, list[types.Artifact]]


class CleanSpansStrategy(ResolverStrategy):  # type: ignore[misc]
    """Resolves the examples of the newest spans that an AnomalyGate has let through.

    Of a span that was read more than once it is the newest version that is clean. Data that no gate
    has looked at counts as clean, so that a pipeline may get a gate later.

    ```python
    window = tfx.dsl.Resolver(
        strategy_class=CleanSpansStrategy,
        config={"spans": 7},
        examples=tfx.dsl.Channel(type=Examples, producer_component_id=example_gen.id),
        blessing=tfx.dsl.Channel(type=DataBlessing),
    ).with_id("window")
    ```

    Args:
        spans: how many.
    """

    def __init__(self, spans: int = 1) -> None:
        if not isinstance(spans, int) or spans < 1:
            raise UsageError(f"CleanSpansStrategy: spans must be 1 or more, not {spans!r}")
        self._spans = spans

    def resolve_artifacts(self, store: Any, input_dict: Artifacts) -> Artifacts | None:
        """The examples, oldest span first, and their blessings; None if there are none."""
        verdicts, aside = _verdicts(input_dict), quarantined(input_dict)
        resolved: Artifacts = {}
        kept: set[int] = set()
        for name, items in input_dict.items():
            if any(isinstance(item, standard_artifacts.Examples) for item in items):
                resolved[name] = self._newest([item for item in items if item.id not in aside])
                kept.update(item.id for item in resolved[name])
        if not kept:
            return None
        told = [verdicts[key] for key in sorted(kept & verdicts.keys())]
        return {name: resolved.get(name, told) for name in input_dict}

    def _newest(self, examples: list[types.Artifact]) -> list[types.Artifact]:
        by_span: dict[int, types.Artifact] = {}
        for item in sorted(examples, key=_age):
            by_span[item.get_int_custom_property(_SPAN)] = item
        return [by_span[span] for span in sorted(by_span)[-self._spans :]]


def quarantined(inputs: Artifacts) -> set[int]:
    """Ids of the examples whose newest verdict, among the inputs, is that they are set aside."""
    verdicts = _verdicts(inputs)
    return {key for key, item in verdicts.items() if not item.get_int_custom_property(BLESSED)}


def _age(item: types.Artifact) -> tuple[int, int]:
    return item.get_int_custom_property(_VERSION), item.id


def _verdicts(inputs: Artifacts) -> dict[int, types.Artifact]:
    """The newest verdict on each artifact of examples; types are told by name, as in the store."""
    found = [
        item
        for items in inputs.values()
        for item in items
        if item.type_name == DataBlessing.TYPE_NAME
    ]
    ordered = sorted(found, key=lambda item: item.id)
    return {item.get_int_custom_property(EXAMPLES_ID): item for item in ordered}
