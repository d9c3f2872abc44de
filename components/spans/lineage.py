"""Which spans of data an artifact was made from, by the events in the metadata store."""

from __future__ import annotations

from typing import Any

from tfx import types

from headrace.store import lineage

_SPAN = "span"
_MODEL = "Model"


def property_span(artifact: Any) -> int | None:
    """The span that an ExampleGen has noted on its artifact; None where it has none.

    Args:
        artifact: an artifact of ML Metadata, not of TFX.
    """
    if _SPAN not in artifact.custom_properties:
        return None
    value = artifact.custom_properties[_SPAN]
    # Early versions of TFX kept it as text.
    return int(value.string_value) if value.HasField("string_value") else int(value.int_value)


def span_of(artifact: types.Artifact) -> int:
    """The span of the run's examples.

    Raises:
        ValueError: they have none.
    """
    span = property_span(artifact.mlmd_artifact)
    if span is None:
        raise ValueError(
            f"the examples {artifact.id} ({artifact.uri}) have no span: "
            "give the ExampleGen that made them a pattern with {SPAN} or {YYYY}, {MM} and {DD}"
        )
    return span


def newest_span(store: Any, artifact_id: int) -> int | None:
    """The newest span among the data that an artifact was made from; None where there is none.

    What a model was warm-started from is not looked into: it is older than the model.
    """
    found: list[int] = []
    seen, level = {artifact_id}, [artifact_id]
    while level:
        read = lineage.inputs(store, lineage.makers(store, level))
        above = {item for ids in read.values() for item in ids} - seen
        seen |= above
        level = []
        for artifact in store.get_artifacts_by_id(sorted(above)) if above else ():
            span = property_span(artifact)
            if span is not None:
                found.append(span)
            elif artifact.type != _MODEL:
                level.append(artifact.id)
    return max(found, default=None)
