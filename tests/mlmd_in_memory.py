"""A metadata store in memory, with runs of a pipeline as TFX writes them."""

from collections.abc import Mapping, Sequence

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2 as pb
from tfx import types
from tfx.types import artifact_utils


class Store:
    """Writes executions with their inputs and outputs, and gives artifacts as TFX has them."""

    def __init__(self) -> None:
        config = pb.ConnectionConfig()
        config.fake_database.SetInParent()
        self.store = mlmd.MetadataStore(config)
        self._types: dict[str, int] = {}
        self._made = 0

    def execution(
        self,
        kind: str,
        inputs: Mapping[str, Sequence[int]],
        outputs: Mapping[str, str],
        properties: Mapping[str, int | str] | None = None,
        event: int = pb.Event.OUTPUT,
        pipeline: str = "daily",
    ) -> list[int]:
        """The ids of its outputs, which are given as types by key; all have the properties."""
        execution_type = self.store.put_execution_type(pb.ExecutionType(name=kind))
        pairs = []
        for key, ids in inputs.items():
            for artifact_id in ids:
                [artifact] = self.store.get_artifacts_by_id([artifact_id])
                pairs.append((artifact, self._event(pb.Event.INPUT, key)))
        for key, type_name in outputs.items():
            self._made += 1
            artifact = pb.Artifact(
                type_id=self.store.put_artifact_type(pb.ArtifactType(name=type_name)),
                uri=f"/{type_name}/{self._made}",
            )
            for name, value in (properties or {}).items():
                kind = "string_value" if isinstance(value, str) else "int_value"
                setattr(artifact.custom_properties[name], kind, value)
            pairs.append((artifact, self._event(event, key)))
        context_type = self.store.put_context_type(pb.ContextType(name="pipeline"))
        context = self.store.get_context_by_type_and_name("pipeline", pipeline) or pb.Context(
            type_id=context_type, name=pipeline
        )
        _, artifact_ids, _ = self.store.put_execution(
            pb.Execution(type_id=execution_type), pairs, [context]
        )
        return list(artifact_ids)[-len(outputs) :]

    def day(
        self, span: int, base_model: Sequence[int] = (), blessed: int | None = None, pushed: int = 0
    ) -> tuple[int, int]:
        """A run that reads a span, trains and may judge and push; ids of examples and model."""
        [examples] = self.execution("Gen", {}, {"examples": "Examples"}, {"span": span})
        self.execution(
            "Window", {"window": [examples]}, {"window": "Other"}, event=pb.Event.INTERNAL_OUTPUT
        )
        [transformed] = self.execution("Transform", {"examples": [examples]}, {"t": "Examples"})
        [model] = self.execution(
            "Trainer", {"examples": [transformed], "base_model": base_model}, {"model": "Model"}
        )
        if blessed is not None:
            said = {"blessed": blessed, "current_model_id": model}
            self.execution("Evaluator", {"model": [model]}, {"blessing": "ModelBlessing"}, said)
        if pushed:
            self.execution(
                "Pusher", {"model": [model]}, {"pushed": "PushedModel"}, {"pushed": pushed}
            )
        return examples, model

    def artifacts(self, type_name: str) -> list[types.Artifact]:
        return [self.artifact(one.id) for one in self.store.get_artifacts_by_type(type_name)]

    def artifact(self, artifact_id: int) -> types.Artifact:
        [found] = self.store.get_artifacts_by_id([artifact_id])
        [kind] = self.store.get_artifact_types_by_id([found.type_id])
        return artifact_utils.deserialize_artifact(kind, found)

    @staticmethod
    def _event(kind: int, key: str) -> pb.Event:
        event = pb.Event(type=kind)
        event.path.steps.add().key = key
        return event
