"""What a component has made of its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tfx.types import Artifact

from headrace.errors import UsageError


@dataclass(frozen=True, repr=False)
class Result:
    """How a component ended, and its outputs.

    ``result["model"]`` is the artifact of an output that has one: TFX's own object, with its
    properties as the publisher wrote them, read from the metadata store. A value artifact
    (``Integer``, ``String``, ...) has been read: ``result["count"].value``.

    Attributes:
        component: id of the node.
        state: ``COMPLETE``, ``CACHED``, or ``SKIPPED`` where the driver found nothing to do.
        reason: why it was skipped.
        outputs: artifacts by key.
        inputs: likewise, as they are in the store; fixtures give an artifact no id before that.
        execution: ML Metadata's record of it; None where it was skipped.
    """

    component: str
    state: str
    reason: str = ""
    outputs: Mapping[str, list[Artifact]] = field(default_factory=dict)
    inputs: Mapping[str, list[Artifact]] = field(default_factory=dict)
    execution: Any = None

    def __repr__(self) -> str:
        told = [
            f"{key}={artifact.type_name} {artifact.uri}"
            for key, artifacts in self.outputs.items()
            for artifact in artifacts
        ]
        return f"<{self.component} {', '.join(filter(None, [self.state, self.reason, *told]))}>"

    def __getitem__(self, key: str) -> Artifact:
        """The one artifact of an output.

        Raises:
            UsageError: there is no such output, or it has no artifact, or several.
        """
        if self.reason:
            raise UsageError(f"{self.component} was skipped: {self.reason}")
        found = self.outputs.get(key)
        if found is None:
            known = ", ".join(self.outputs) or "none"
            raise UsageError(f"{self.component} has put out no {key!r}", f"its outputs: {known}")
        if len(found) != 1:
            raise UsageError(
                f"output {key!r} of {self.component} has {len(found)} artifacts",
                f"take them from result.outputs[{key!r}]",
            )
        return found[0]

    @property
    def cached(self) -> bool:
        """Whether its outputs are those of an execution before it."""
        return self.state == "CACHED"
