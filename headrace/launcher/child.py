"""Inside the process that does one job: sets its surroundings up, does it, says how it went.

The process writes frames to one pipe and has its standard output and error on another. Whoever
started it reads both, so that the last words of a crash are not lost.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

from headrace.errors import EXIT_DONE, EXIT_FAILED
from headrace.fields import read_fields
from headrace.launcher.failures import describe
from headrace.launcher.jobs import (
    CheckCodeRequest,
    CompileRequest,
    NodeRequest,
    ReuseRequest,
    RollbackRequest,
)
from headrace.launcher.keras_tuner import import_keras_tuner
from headrace.launcher.logs import route_logging, without_secrets
from headrace.launcher.processes import HELD_BACK, end_forked_process
from headrace.launcher.protocol import (
    ErrorFrame,
    Frame,
    Operation,
    ProtocolError,
    Request,
    ResultFrame,
    decode_request,
    encode,
)

if TYPE_CHECKING:
    from headrace.node.metadata import Metadata

Send = Callable[[Frame], None]
Operations = Mapping[Operation, Callable[[dict[str, Any], Send], dict[str, Any]]]
"""What the process can be asked for: takes the request's payload and a way to send frames."""


Preparations = Mapping[
    Operation, Callable[[dict[str, Any]], Callable[[dict[str, Any], Send], dict[str, Any]]]
]
"""What can be done for an operation before it is asked for: takes the payload of an earlier request
of its kind, and gives what is then called in the operation's place."""


@dataclass(frozen=True)
class Signals:
    """File descriptors of a process that stands by, which its server has the other ends of.

    Attributes:
        letter: a file that holds the request when there is one.
        go: something to read comes with the request, and the end when there will be none.
        ready: written to when the process is ready.
    """

    letter: int
    go: int
    ready: int


class Cancelled(BaseException):
    """The client has cancelled the job. Not an Exception, so that no component swallows it."""


def main(request: Request, frames: int, output: int, operations: Operations) -> NoReturn:
    """Do the job and end the process; never returns.

    Args:
        frames: file descriptor that frames are written to.
        output: file descriptor that becomes standard output and error.
    """
    try:
        _take_over_standard_streams(output)
    except BaseException:
        # Even a broken set-up must leave a trace where the reader of the output finds it.
        sys.excepthook(*sys.exc_info())
        end_forked_process(EXIT_FAILED)
    _do_and_end(request, frames, operations)


def stand_by(
    like: Request,
    signals: Signals,
    frames: int,
    output: int,
    operations: Operations,
    preparations: Preparations,
) -> NoReturn:
    """Prepare for a request like an earlier one, wait for it, do its job and end the process.

    Args:
        frames, output, operations: as of ``main``.
    """
    try:
        _take_over_standard_streams(output)
        _set_environ(like.environ)
        prepared = preparations[like.operation](like.payload)
        os.write(signals.ready, b"!")
        if not os.read(signals.go, 1):
            end_forked_process(EXIT_DONE)
        with os.fdopen(signals.letter, "rb") as letter:
            letter.seek(0)
            request = decode_request(letter.read())
        for descriptor in (signals.go, signals.ready):
            os.close(descriptor)
    except BaseException:
        # Nobody waits for it: the job that it was for will be done by another, which says why.
        end_forked_process(EXIT_FAILED)
    _do_and_end(request, frames, {**operations, like.operation: prepared})


def _do_and_end(request: Request, frames: int, operations: Operations) -> NoReturn:
    code = EXIT_FAILED
    try:
        send = _Sender(frames)
        _set_environ(request.environ)
        tempfile.tempdir = None  # the server's, which is not this job's
        signal.signal(signal.SIGTERM, _cancel)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        level = logging.getLevelName(os.environ.get("HEADRACE_LOG_LEVEL", "INFO").upper())
        route_logging(send, level if isinstance(level, int) else logging.INFO)
        code = _do(request, send, operations)
    except BaseException:
        sys.excepthook(*sys.exc_info())  # as in main
    finally:
        end_forked_process(code)


def _set_environ(environ: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environ)


def _do(request: Request, send: Send, operations: Operations) -> int:
    node = str(request.payload.get("node_id", ""))
    try:
        # Not before: only here is a cancellation told as one.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD_BACK)
        value = operations[request.operation](request.payload, send)
    except Cancelled:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        where = f"node {node}: " if node else ""
        send(ErrorFrame("Cancelled", f"{where}the job was cancelled"))
        return 128 + signal.SIGTERM
    except BaseException as raised:
        error = _without_secrets(describe(raised, node))
        logging.getLogger(__name__).debug("%s", error.traceback)
        send(error)
        return EXIT_FAILED
    send(ResultFrame(value))
    return EXIT_DONE


def _without_secrets(error: ErrorFrame) -> ErrorFrame:
    return replace(
        error,
        message=without_secrets(error.message),
        hint=without_secrets(error.hint),
        traceback=without_secrets(error.traceback),
    )


class _Sender:
    """Writes whole frames, one thread at a time."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()

    def __call__(self, frame: Frame) -> None:
        data = memoryview(encode(frame))
        with self._lock, contextlib.suppress(BrokenPipeError):
            while data:
                data = data[os.write(self._descriptor, data) :]


def _take_over_standard_streams(output: int) -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    for descriptor in (null, output):
        if descriptor > 2:
            os.close(descriptor)
    # Open for as long as the process lives.
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", errors="replace", buffering=1, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="replace", buffering=1, closefd=False)  # noqa: SIM115
    faulthandler.enable(file=2)


def _cancel(_signal: int, _frame: FrameType | None) -> None:
    raise Cancelled


def _run_node(
    payload: dict[str, Any], _send: Send, metadata: Metadata | None = None
) -> dict[str, Any]:
    import_keras_tuner()
    request = read_fields(NodeRequest, payload)
    use_import_path(request.import_path)
    from headrace.node import run_node

    return asdict(run_node(request, metadata))


def _open_store(payload: dict[str, Any]) -> Callable[[dict[str, Any], Send], dict[str, Any]]:
    from headrace.node.opening_ahead import open_ahead

    metadata = open_ahead(read_fields(NodeRequest, payload))
    return lambda payload, send: _run_node(payload, send, metadata)


def _reuse_outputs(payload: dict[str, Any], _send: Send) -> dict[str, Any]:
    import_keras_tuner()
    request = read_fields(ReuseRequest, payload)
    use_import_path(request.import_path)
    from headrace.node.reuse import reuse_outputs

    return asdict(reuse_outputs(request))


def _roll_back(payload: dict[str, Any], _send: Send) -> dict[str, Any]:
    import_keras_tuner()
    from headrace.node.rollback import roll_back

    result = roll_back(read_fields(RollbackRequest, payload))
    return {} if result is None else asdict(result)


def _compile(payload: dict[str, Any], _send: Send) -> dict[str, Any]:
    import_keras_tuner()
    from headrace.compiler import compile_target

    return asdict(compile_target(read_fields(CompileRequest, payload)))


def _check_code(payload: dict[str, Any], _send: Send) -> dict[str, Any]:
    import_keras_tuner()
    request = read_fields(CheckCodeRequest, payload)
    use_import_path(request.import_path)
    from headrace.node.code_check import faults_of_code

    return {"faults": faults_of_code(Path(request.ir_path))}


OPERATIONS: Operations = {
    Operation.RUN_NODE: _run_node,
    Operation.COMPILE: _compile,
    Operation.REUSE_OUTPUTS: _reuse_outputs,
    Operation.ROLL_BACK: _roll_back,
    Operation.CHECK_CODE: _check_code,
}
PREPARATIONS: Preparations = {Operation.RUN_NODE: _open_store}


def use_import_path(import_path: list[str]) -> None:
    """Let the author's modules be found here, and in the processes that Beam starts."""
    sys.path[:] = dict.fromkeys([*import_path, *sys.path])
    inherited = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys([*import_path, *inherited]))
    if import_path and Path(import_path[0]).is_dir():
        os.chdir(import_path[0])


def subprocess_main() -> NoReturn:
    """``python -m headrace.launcher.child FRAMES_FD OUTPUT_FD``, the request on standard input."""
    frames, output = int(sys.argv[1]), int(sys.argv[2])
    try:
        request = decode_request(sys.stdin.buffer.readline())
    except ProtocolError as error:
        sys.exit(f"headrace: {error}")
    main(request, frames, output, OPERATIONS)


if __name__ == "__main__":
    subprocess_main()
