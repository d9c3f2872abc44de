"""Has TFX's Tuner run trials at once, where ``TuneArgs(num_parallel_trials=...)`` asks for it.

TFX's own executor refuses ``TuneArgs``. Here the search goes on in several processes, which are
forked from the node and so have TFX imported; each asks the node's oracle for its next trial, by a
pipe. KerasTuner's own way is gRPC, which does not survive these forks.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import multiprocessing
import os
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

from tfx.types import standard_component_specs as specs

from headrace.errors import HeadraceError
from headrace.launcher.failures import CarriedError
from headrace.launcher.processes import die_with_parent

_ASKED = frozenset(
    (
        *("create_trial", "update_trial", "end_trial", "get_trial", "get_best_trials"),
        *("get_space", "update_space", "remaining_trials"),
    )
)
_READY = "ready"
_log = logging.getLogger(__name__)


def mend_tuner() -> None:
    """Do so for every Tuner in this process; a second call does nothing."""
    from tfx.components.tuner import executor

    stock = executor.Executor.Do
    if hasattr(stock, "__wrapped__"):
        return

    @functools.wraps(stock)
    def tune(self: Any, inputs: Any, outputs: Any, properties: dict[str, Any]) -> None:
        args = executor.get_tune_args(properties)
        others = {key: item for key, item in properties.items() if key != specs.TUNE_ARGS_KEY}
        processors = len(os.sched_getaffinity(0))
        at_once = min(args.num_parallel_trials, processors) if args else 1
        if at_once < 2:
            stock(self, inputs, outputs, others)
            return
        _log.info("%d trials at once, of %d processors", at_once, processors)
        folder = self._get_tmp_dir()
        tuner = search(
            lambda: _tuner_fn_result(executor, inputs, others, folder),
            at_once,
            max(1, processors // at_once),
        )
        executor.write_best_hyperparameters(tuner, outputs)

    executor.Executor.Do = tune


def search(make: Callable[[], Any], at_once: int, threads: int) -> Any:
    """Search in so many processes, and return the tuner, which knows every trial.

    Args:
        make: gives a TunerFnResult; it is called in each of the processes, and here.
        threads: that TensorFlow may use in each of them.

    Raises:
        CarriedError: what a trial has raised in its process.
        HeadraceError: a process has died.
    """
    fork = multiprocessing.get_context("fork")
    workers: dict[Any, Any] = {}
    for number in range(at_once):
        ours, theirs = fork.Pipe()
        worker = fork.Process(target=_work, args=(make, f"tuner{number}", threads, theirs))
        worker.start()
        theirs.close()
        workers[ours] = worker
    try:
        tuner = make().tuner
        _begin(workers)
        _answer(tuner.oracle, workers)
    finally:
        for worker in workers.values():
            worker.kill()
            worker.join()
    return tuner


def _tuner_fn_result(executor: Any, inputs: Any, properties: Any, folder: str) -> Any:
    from tfx.components.trainer import fn_args_utils

    tuner_fn = executor._get_tuner_fn(properties)
    return tuner_fn(fn_args_utils.get_common_fn_args(inputs, properties, folder))


def _work(make: Callable[[], Any], name: str, threads: int, node: Connection) -> None:
    import tensorflow as tf

    die_with_parent()
    try:
        with contextlib.suppress(RuntimeError):  # TensorFlow has begun to work already
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(threads)
        made = make()
        node.send(_READY)
        node.recv()
        made.tuner.tuner_id = name
        made.tuner.oracle = _NodesOracle(made.tuner.oracle, node)
        made.tuner.search(**made.fit_kwargs)
    except BaseException as raised:
        node.send(_Ended((type(raised).__name__, str(raised), traceback.format_exc())))
    else:
        node.send(_Ended())


@dataclass(frozen=True)
class _Ended:
    """What a process says last."""

    failure: tuple[str, str, str] | None = None


class _NodesOracle:
    """The node's oracle, in place of a process's own, which knows only what never changes."""

    def __init__(self, own: Any, node: Connection) -> None:
        self._own, self._node = own, node

    def __getattr__(self, name: str) -> Any:
        if name not in _ASKED:
            return getattr(self._own, name)

        def ask(*args: Any, **kwargs: Any) -> Any:
            self._node.send((name, args, kwargs))
            answer = self._node.recv()
            if isinstance(answer, Exception):
                raise answer
            return answer

        return ask

    def save(self, *_: Any, **__: Any) -> None:
        """The node saves."""


def _begin(workers: dict[Any, Any]) -> None:
    """Let the processes begin once each has its tuner.

    A tuner that is made reads what the search has written so far, which would be half-written here.
    """
    for worker, process in workers.items():
        _heard(worker, process)
    for worker in workers:
        with contextlib.suppress(OSError):  # it is dead, and heard of so next
            worker.send(_READY)


def _heard(worker: Any, process: Any) -> Any:
    """What a process says next, unless it is that it has failed."""
    try:
        said = worker.recv()
    except (EOFError, ConnectionResetError):
        process.join()
        raise HeadraceError(
            f"a process that ran trials has ended by itself, with {process.exitcode}",
            "was it the memory? num_parallel_trials=1 runs one trial after another",
        ) from None
    if isinstance(said, _Ended) and said.failure is not None:
        raise CarriedError(*said.failure)
    return said


def _answer(oracle: Any, workers: dict[Any, Any]) -> None:
    """Let processes ask the oracle until all have ended."""
    waiting = dict(workers)
    while waiting:
        ready: list[Any] = wait(list(waiting))
        for worker in ready:
            asked = _heard(worker, waiting[worker])
            if isinstance(asked, _Ended):
                waiting.pop(worker)
                continue
            name, args, kwargs = asked
            try:
                worker.send(getattr(oracle, name)(*args, **kwargs))
            except Exception as raised:  # it is the search's, which runs over there
                worker.send(raised)
