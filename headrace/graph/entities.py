"""A pipeline as plain data: what the Airflow side and the command line need to know of an IR."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class ParameterType(str, Enum):
    """Type of a runtime parameter, as TFX declares it."""

    INT = "int"
    FLOAT = "float"
    STR = "str"
    BOOL = "bool"


class NodeKind(str, Enum):
    """What a node needs to run."""

    COMPONENT = "component"
    """Runs an executor in Python."""
    BEAM = "beam"
    """Runs an executor that is a Beam pipeline."""
    IMPORTER = "importer"
    """Driver only: registers an artifact that exists."""
    RESOLVER = "resolver"
    """Driver only: looks artifacts up in the metadata store."""
    PIPELINE_BEGIN = "pipeline_begin"
    """Hands the inputs of a sub-pipeline to its nodes."""
    PIPELINE_END = "pipeline_end"
    """Hands the outputs of a sub-pipeline to the nodes after it."""


@dataclass(frozen=True)
class RuntimeParameter:
    """A value given when a run starts.

    Attributes:
        default: the pipeline's own default, or None where a run must give one.
        nodes: ids of the nodes that use it, in pipeline order.
    """

    name: str
    type: ParameterType
    default: int | float | str | bool | None = None
    nodes: tuple[str, ...] = ()


@dataclass(frozen=True)
class NodeInput:
    """One input channel; ``producers`` are pairs of node id and output key."""

    key: str
    artifact_type: str
    producers: tuple[tuple[str, str], ...] = ()
    optional: bool = False


@dataclass(frozen=True)
class NodeOutput:
    """One output channel."""

    key: str
    artifact_type: str


@dataclass(frozen=True)
class Node:
    """A node of the pipeline; it becomes one task.

    Attributes:
        id: node id, unique in the pipeline; in a sub-pipeline it is the group and TFX's own node
            id, joined by dots.
        component: class or function name of the component, such as ``CsvExampleGen``.
        executor: dotted path of the executor class, empty for driver-only nodes.
        upstream: ids of the nodes that must end before it, in pipeline order.
        conditional: whether it runs only under a ``Cond``.
        parameters: names of the runtime parameters that it uses.
        group: ids of the sub-pipelines that it is in, outermost first.
        trigger: TFX's trigger strategy; empty where all upstream nodes must succeed.
        required: upstream nodes without whose outputs it cannot run: it is skipped if one of them
            is. A skipped node counts as a success for all other nodes after it, as it does in TFX.
    """

    id: str
    component: str
    kind: NodeKind
    executor: str = ""
    upstream: tuple[str, ...] = ()
    inputs: tuple[NodeInput, ...] = ()
    outputs: tuple[NodeOutput, ...] = ()
    parameters: tuple[str, ...] = ()
    conditional: bool = False
    cache_enabled: bool = False
    group: tuple[str, ...] = ()
    trigger: str = ""
    required: tuple[str, ...] = ()

    @property
    def runs_after_failures(self) -> bool:
        """Whether it runs once its upstream nodes have ended, however they did."""
        return self.trigger.endswith("ALL_UPSTREAM_NODES_COMPLETED")


@dataclass(frozen=True)
class PipelineGraph:
    """A compiled pipeline: nodes in topological order and the runtime parameters they share."""

    name: str
    nodes: tuple[Node, ...]
    parameters: tuple[RuntimeParameter, ...] = ()
    _by_id: dict[str, Node] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._by_id.update((node.id, node) for node in self.nodes)

    def node(self, node_id: str) -> Node:
        """Return the node with this id; KeyError if there is none."""
        return self._by_id[node_id]

    def skippable(self) -> frozenset[str]:
        """Nodes that a run may skip: under a condition, or behind such a node."""
        found: set[str] = set()
        for node in self.nodes:  # in topological order, so one pass is enough
            if node.conditional or not found.isdisjoint(node.upstream):
                found.add(node.id)
        return frozenset(found)
