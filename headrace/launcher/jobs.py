"""What a node process can be asked to do, as data: requests and results of the launcher."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from headrace.graph.values import ParameterValue

__all__ = [
    "ArtifactResult",
    "CheckCodeRequest",
    "CompileRequest",
    "NodeRequest",
    "NodeResult",
    "ParameterValue",
    "ReuseRequest",
    "ReuseResult",
    "RollbackRequest",
    "RollbackResult",
]


@dataclass(frozen=True)
class NodeRequest:
    """Run one node of one compiled pipeline in one run.

    Attributes:
        ir_path: the IR file.
        node_id: node to run.
        run_id: the pipeline run; every node of a run has the same.
        parameters: runtime parameters given for the run.
        authored: what a DAG file, or who types a command, says of some of them; a run may go there.
        metadata_url: the store; may hold a password, so requests are never logged. Empty: the
            pipeline's own connection, else SQLite below the state directory.
        import_path: directories put first on ``sys.path``, as when the pipeline was compiled.
        runner: ``direct`` or ``flink``.
        beam_args: Beam arguments from settings, put before the pipeline's and the node's own.
        beam_overrides: Beam arguments put after them.
        owner: who asked, for the log and the execution (``airflow:dag/run/task/try`` or ``cli``).
        try_number: 1 for the first try of this node in this run.
        cleared_after: the last try before somebody asked for the node anew in this run: what that
            or an earlier one has completed does not count any more. 0: nobody has.
        keras: major version that ``tf.keras`` is, ``2`` or ``3``.
    """

    ir_path: str
    node_id: str
    run_id: str
    parameters: dict[str, ParameterValue] = field(default_factory=dict)
    authored: dict[str, str] = field(default_factory=dict)
    metadata_url: str = ""
    import_path: list[str] = field(default_factory=list)
    runner: str = "direct"
    beam_args: list[str] = field(default_factory=list)
    beam_overrides: list[str] = field(default_factory=list)
    owner: str = ""
    try_number: int = 1
    cleared_after: int = 0
    keras: str = "3"


@dataclass(frozen=True)
class ArtifactResult:
    """An output artifact as a task reports it."""

    id: int
    type: str
    uri: str
    key: str


@dataclass(frozen=True)
class NodeResult:
    """What a finished node reports; it becomes the task's XCom.

    Attributes:
        state: ``COMPLETE``, ``CACHED`` or ``SKIPPED`` (a ``Cond`` that did not hold, a driver that
            found nothing to do).
        execution_id: id in the metadata store; None for a skipped node.
        wall_seconds, cpu_seconds: of the node's process.
        peak_memory_bytes: its peak resident memory.
        keras: as in the request.
        reason: why the node was skipped, for a person.
        evaluation: of a node that evaluates a model: whether it is ``blessed`` (None where nobody
            judged), the ``findings`` as lines of text, and the ``metrics`` by slice.
        asset: what an asset event says of new examples or of a pushed model; else empty.
    """

    node_id: str
    run_id: str
    state: str
    execution_id: int | None
    outputs: list[ArtifactResult] = field(default_factory=list)
    cached: bool = False
    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_memory_bytes: int = 0
    keras: str = "3"
    reason: str = ""
    evaluation: dict[str, Any] = field(default_factory=dict)
    asset: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ReuseRequest:
    """Take the outputs of an earlier run over into a partial run.

    Attributes:
        run_nodes: the nodes that the run will run.
        reuse_nodes: the nodes before them, whose outputs an earlier run must have.
        base_run: that run; empty for the newest that has them all.
        parameters, metadata_url, import_path, keras: as of a ``NodeRequest``.
    """

    ir_path: str
    run_id: str
    run_nodes: list[str]
    reuse_nodes: list[str]
    base_run: str = ""
    parameters: dict[str, ParameterValue] = field(default_factory=dict)
    metadata_url: str = ""
    import_path: list[str] = field(default_factory=list)
    keras: str = "3"


@dataclass(frozen=True)
class ReuseResult:
    """The run whose outputs were taken."""

    base_run: str


@dataclass(frozen=True)
class RollbackRequest:
    """Push a model of a pipeline that was pushed before.

    Attributes:
        metadata_url: as of a ``NodeRequest``.
        model: id of the model's artifact; 0 for the one before the live one.
        owner: who asked.
        keras: as for a node.
    """

    pipeline: str
    metadata_url: str
    model: int = 0
    owner: str = ""
    keras: str = "3"


@dataclass(frozen=True)
class RollbackResult:
    """A model was pushed again.

    Attributes:
        model, instead_of: ids of its artifact, and of the model that was live before.
        pushed_model: id of the artifact of the push.
        destination, version: where a server finds it.
        asset: facts of the push for an asset event, as a Pusher's.
    """

    run_id: str
    execution_id: int
    model: int
    model_uri: str
    instead_of: int
    pushed_model: int
    destination: str
    version: str
    asset: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class CheckCodeRequest:
    """Import all code that a pipeline's nodes name, as a node's process would.

    Attributes:
        ir_path, import_path, keras: as of a ``NodeRequest``.
    """

    ir_path: str
    import_path: list[str] = field(default_factory=list)
    keras: str = "3"


@dataclass(frozen=True)
class CompileRequest:
    """Compile one target.

    Attributes:
        target: the target as a user writes it.
        project: project directory, an absolute path.
        home: state directory.
        artifact_root: directory or URI that pipeline roots go below; empty: the pipeline's own
            root, else ``artifacts`` below the state directory.
        cwd: directory that a relative target is looked up in first; empty: the project.
        fingerprint: of the TFX environment as the client sees it, recorded in the manifest.
        keras: as for a node.
    """

    target: str
    project: str
    home: str
    artifact_root: str = ""
    cwd: str = ""
    fingerprint: str = ""
    keras: str = "3"
