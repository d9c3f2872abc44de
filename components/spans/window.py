"""The rolling window of spans that ends with the run's own."""

from __future__ import annotations

from typing import Any

from tfx import types
from tfx import v1 as tfx

from headrace.components.anomaly_gate.clean_spans import quarantined

from .lineage import span_of
from .numbers import told

WINDOW, EXAMPLES = "window", "examples"
_MOST_TOLD = 5


class SpanWindow(tfx.dsl.experimental.ResolverStrategy):  # type: ignore[misc]
    """The last ``spans`` spans up to that of the run's own examples, oldest first, each once.

    TFX's own ``SpanRangeStrategy`` ends with the newest span that there is, so that a backfill of
    an earlier day would train on what came after it, and has a span twice that was read twice.

    ::

        window = tfx.dsl.Resolver(
            strategy_class=SpanWindow,
            config={"spans": 7},
            examples=example_gen.outputs["examples"],
            window=tfx.dsl.Channel(type=Examples, producer_component_id=example_gen.id),
            blessing=tfx.dsl.Channel(type=DataBlessing),  # of an AnomalyGate, if there is one
        ).with_id("window")

    Spans that an AnomalyGate has set aside are not in it, and not missing.

    Args:
        spans: how many; fewer where the data begin later.
        allow_missing: take what there is where a span between the first and the last is missing.
    """

    def __init__(self, spans: int, allow_missing: bool = False) -> None:
        if spans < 1:
            raise ValueError(f"a window needs at least 1 span, not {spans}")
        self._spans, self._allow_missing = spans, allow_missing

    def resolve_artifacts(
        self, store: Any, input_dict: dict[str, list[types.Artifact]]
    ) -> dict[str, list[types.Artifact]]:
        """Return the inputs with the window alone under ``window``, and no more under ``examples``.

        ML Metadata keeps an artifact once among an execution's outputs. Under both names the run's
        own examples would be lost under one of them, and which one was left to chance.

        Raises:
            ValueError: the window would be empty, or a span in the middle of it is missing.
        """
        own = input_dict.get(EXAMPLES, [])
        if len(own) != 1:
            raise ValueError(
                f"an empty window: the run has {len(own)} artifacts of examples, and needs one"
            )
        last = span_of(own[0])
        aside = quarantined(input_dict)
        newest: dict[int, types.Artifact] = {}
        known: set[int] = {last}
        for artifact in sorted(input_dict.get(WINDOW, []), key=lambda one: one.id):
            span = span_of(artifact)
            known.add(span)
            if artifact.id not in aside:
                newest[span] = artifact  # a span that was read again counts as read last
        newest[last] = own[0]
        first = max(last - self._spans + 1, min(known))
        missing = [span for span in range(first, last) if span not in known]
        if missing and not self._allow_missing:
            raise ValueError(_message(missing, first, last))
        window = [newest[span] for span in range(first, last + 1) if span in newest]
        return {**input_dict, EXAMPLES: [], WINDOW: window}


def _message(missing: list[int], first: int, last: int) -> str:
    listed = ", ".join(map(told, missing[:_MOST_TOLD]))
    more = f" and {len(missing) - _MOST_TOLD} more" if len(missing) > _MOST_TOLD else ""
    noun = "span" if len(missing) == 1 else "spans"
    return (
        f"{noun} {listed}{more} missing in the window from {told(first)} to {told(last)}: "
        "run them first (a backfill does), or give the window allow_missing=True"
    )
