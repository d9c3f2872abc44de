"""Runs the nodes of a graph in threads, each as soon as it can and at most some at once."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from headrace.errors import HeadraceError
from headrace.graph.entities import PipelineGraph
from headrace.launcher.client import JobFailed
from headrace.launcher.jobs import NodeResult
from headrace.running.states import NodeState, settled, startable

_POLL_SECONDS = 0.2
_STATES = {
    "COMPLETE": NodeState.COMPLETE,
    "CACHED": NodeState.CACHED,
    "SKIPPED": NodeState.SKIPPED,
}


@dataclass(frozen=True)
class NodeStatus:
    """A node's state and what is known of it.

    Attributes:
        started, ended: seconds of ``time.time()``; 0 before that.
        error: why it failed; for a user, without traceback.
    """

    state: NodeState = NodeState.WAITING
    started: float = 0.0
    ended: float = 0.0
    result: NodeResult | None = None
    error: HeadraceError | None = None

    @property
    def seconds(self) -> float:
        """From its start to its end, or until now."""
        return (self.ended or time.time()) - self.started if self.started else 0.0


class Work(Protocol):
    """Does the nodes' work."""

    def run(self, node_id: str) -> NodeResult:
        """Run one node to its end; called in a thread of its own."""

    def cancel(self) -> None:
        """End what runs."""


Observer = Callable[[Mapping[str, NodeStatus]], None]


@dataclass
class _Board:
    """The states of one run, for one thread alone."""

    graph: PipelineGraph
    statuses: dict[str, NodeStatus]
    observer: Observer
    ended: queue.SimpleQueue[tuple[str, NodeStatus]] = field(default_factory=queue.SimpleQueue)
    threads: dict[str, threading.Thread] = field(default_factory=dict)

    def states(self) -> dict[str, NodeState]:
        return {name: status.state for name, status in self.statuses.items()}

    def put(self, name: str, status: NodeStatus) -> None:
        self.statuses[name] = status
        self.observer(self.statuses)

    def settle(self) -> None:
        for name, state in settled(self.graph, self.states()).items():
            if state is not self.statuses[name].state:
                self.put(name, NodeStatus(state))

    def running(self) -> int:
        return sum(status.state is NodeState.RUNNING for status in self.statuses.values())


def run_graph(
    graph: PipelineGraph,
    initial: Mapping[str, NodeState],
    work: Work,
    jobs: int,
    observer: Observer,
) -> dict[str, NodeStatus]:
    """Run every node that can run, and return the last status of each.

    A failed node does not stop those that do not depend on it.

    Args:
        initial: state of each node at first; all but ``WAITING`` ones are left alone.
        jobs: greatest number of nodes at once.
        observer: called in this thread with all statuses after every change, and meanwhile.

    Raises:
        BaseException: what a signal handler raises in this thread, KeyboardInterrupt say, after
            the nodes' work was cancelled and has ended.
    """
    board = _Board(graph, {name: NodeStatus(state) for name, state in initial.items()}, observer)
    try:
        while True:
            board.settle()
            for name in startable(graph, board.states())[: max(0, jobs - board.running())]:
                _start(board, name, work)
            if not board.running():
                return board.statuses
            _wait(board)
    except BaseException:
        _cancel(board, work)
        raise


def _start(board: _Board, name: str, work: Work) -> None:
    status = NodeStatus(NodeState.RUNNING, started=time.time())
    board.put(name, status)
    thread = threading.Thread(
        target=lambda: board.ended.put((name, _done(status, name, work))), daemon=True
    )
    board.threads[name] = thread
    thread.start()


def _done(status: NodeStatus, name: str, work: Work) -> NodeStatus:
    try:
        result = work.run(name)
    except JobFailed as error:
        cancelled = error.error.error_type == "Cancelled"
        state = NodeState.CANCELLED if cancelled else NodeState.FAILED
        return replace(status, state=state, ended=time.time(), error=error)
    except HeadraceError as error:
        return replace(status, state=NodeState.FAILED, ended=time.time(), error=error)
    except BaseException as error:
        # A bug of ours, or a library's SystemExit, must not leave the run waiting for a thread that
        # is no more.
        wrapped = HeadraceError(f"node {name}: {type(error).__name__}: {error}")
        return replace(status, state=NodeState.FAILED, ended=time.time(), error=wrapped)
    return replace(status, state=_STATES[result.state], ended=time.time(), result=result)


def _wait(board: _Board) -> None:
    try:
        name, status = board.ended.get(timeout=_POLL_SECONDS)
    except queue.Empty:
        board.observer(board.statuses)
    else:
        board.put(name, status)


def _cancel(board: _Board, work: Work) -> None:
    work.cancel()
    # A signal may have come between a node's state and its thread.
    for name, status in list(board.statuses.items()):
        if status.state is NodeState.RUNNING and name not in board.threads:
            board.statuses[name] = NodeStatus(NodeState.CANCELLED)
    while board.running():
        name, status = board.ended.get()
        if status.state is NodeState.FAILED:
            status = replace(status, state=NodeState.CANCELLED)
        board.statuses[name] = status
    board.observer(board.statuses)
