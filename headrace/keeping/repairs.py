"""What a repair of a metadata store is asked, and what it has done."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class RepairRequest:
    """Close the executions whose owners are dead.

    Attributes:
        executions: ids of those to close although nobody can say whether their owners live.
        cancelled: pids, on this host, that were told to end: their executions are CANCELED, and
            not FAILED.
    """

    executions: list[int] = field(default_factory=list)
    cancelled: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class OpenExecution:
    """An execution that was open when the repair came, or had left something on disk.

    Attributes:
        state: the state that it was given, or had; empty where it was left alone.
        reason: why it was closed, or left alone.
        removed: what it had left on disk.
    """

    execution_id: int
    pipeline: str
    run_id: str
    node_id: str
    state: str
    reason: str
    removed: list[str] = field(default_factory=list)
