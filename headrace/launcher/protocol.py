"""What a client and a node process say to each other over a Unix socket.

One JSON object a line, UTF-8, at most ``MAX_FRAME_BYTES``. The client sends one ``Request``; the
answer is any number of log and event frames, then at most one of result and error, then exactly one
exit frame, which the process that reaps the child writes. The line ``CANCEL`` from the client
cancels the job, and so does closing the connection, unless the request has a ``Hold``; the line
``LET_GO`` before that says that another client is on its way.
JSON only: nothing that arrives here is ever unpickled or evaluated.
"""

from __future__ import annotations

import json
import math
import reprlib
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any

from headrace.fields import read_fields

PROTOCOL_VERSION = 3
MAX_FRAME_BYTES = 16 * 1024 * 1024
CANCEL = b"cancel"
LET_GO = b"let go"
FLINK_JOB = "flink_job"
"""The event that a node has submitted a job; its detail is the job's page in Flink's web UI."""


class ProtocolError(Exception):
    """A frame that is not of this protocol."""


class NewerProtocolError(ProtocolError):
    """A request of a later version of headrace."""


class Operation(str, Enum):
    """The only things that a forked process can be asked to do; a server knows some of them."""

    RUN_NODE = "run_node"
    COMPILE = "compile"
    ATTACH = "attach"
    RUN_HARNESS = "run_harness"
    REUSE_OUTPUTS = "reuse_outputs"
    ROLL_BACK = "roll_back"
    CHECK_CODE = "check_code"


@dataclass(frozen=True)
class Hold:
    """Makes a job outlive its client, and lets a later client find it.

    A request whose hold has the key of a running job becomes that job's client, and takes the
    place of the one before it. If the job is another one by its digest, it is cancelled instead.

    Attributes:
        key: names the job among those of the server.
        digest: of what is asked for, so that a job is not taken for another.
        attempt: the client's try; a failure is told to clients of the same try only, and a later
            one starts the job anew.
        seconds: how long the job runs, and its end is remembered, while it has no client; 0 for a
            client that nobody follows.
        handover: the same for a job that was let go, until the first client has come for it.
        seen: how many of the job's frames the client has already.
    """

    key: str
    digest: str
    attempt: int
    seconds: float
    handover: float = 120.0
    seen: int = 0


@dataclass(frozen=True)
class Request:
    """The first frame of a connection.

    Attributes:
        fingerprint: of the TFX environment and headrace's own sources, as the client sees them; a
            server with another one ends itself so that a fresh one is started.
        payload: fields of the operation's own request (``NodeRequest``, say).
        environ: environment variables set in the child only.
        hold: makes the job outlive its client; with ``ATTACH`` it names the job to watch.
    """

    operation: Operation
    payload: dict[str, Any]
    fingerprint: str = ""
    environ: dict[str, str] = field(default_factory=dict)
    hold: Hold | None = None
    version: int = PROTOCOL_VERSION


class FrameKind(str, Enum):
    """Tag of a frame on the wire."""

    LOG = "log"
    EVENT = "event"
    RESULT = "result"
    ERROR = "error"
    STALE = "stale"
    EXIT = "exit"


@dataclass(frozen=True)
class LogFrame:
    """One log record. ``level`` is a name of the logging module; ``logger`` its source."""

    level: str
    message: str
    logger: str = ""
    time: float = 0.0
    kind: FrameKind = FrameKind.LOG


@dataclass(frozen=True)
class EventFrame:
    """Something that happened to the job.

    Attributes:
        event: ``starting``, ``waiting`` (for room; the job has not begun), ``started``,
            ``connected`` (a harness to its runner), ``flink_job`` (``detail`` is its URL),
            ``cancelling``, ``taken`` (by a newer client), ``busy`` (with what must end first) or
            ``unknown`` (there is no job of that key).
    """

    event: str
    pid: int = 0
    detail: str = ""
    kind: FrameKind = FrameKind.EVENT


@dataclass(frozen=True)
class ResultFrame:
    """The operation's result, as JSON."""

    value: dict[str, Any]
    kind: FrameKind = FrameKind.RESULT


@dataclass(frozen=True)
class ErrorFrame:
    """Why the job failed.

    Attributes:
        error_type: class name of the exception.
        message: one line or more for the user, with file, line and node where known.
        hint: what to do; may be empty.
        traceback: the Python traceback, for a debug level; may be empty.
        transient: whether trying again may help (a database that was locked, say).
    """

    error_type: str
    message: str
    hint: str = ""
    traceback: str = ""
    transient: bool = False
    kind: FrameKind = FrameKind.ERROR


@dataclass(frozen=True)
class StaleFrame:
    """The server is of another version of the environment and ends: start a new one."""

    kind: FrameKind = FrameKind.STALE


@dataclass(frozen=True)
class ExitFrame:
    """The child has ended and was reaped.

    Attributes:
        code: exit code, or None if a signal ended it.
        signal: number of the signal, or None.
        cpu_seconds: user and system time of the child and of those it waited for.
        max_rss_bytes: peak resident memory of the largest process among them.
    """

    code: int | None
    signal: int | None = None
    cpu_seconds: float = 0.0
    max_rss_bytes: int = 0
    kind: FrameKind = FrameKind.EXIT


Frame = LogFrame | EventFrame | ResultFrame | ErrorFrame | StaleFrame | ExitFrame

_FRAMES: dict[str, type[Any]] = {
    FrameKind.LOG: LogFrame,
    FrameKind.EVENT: EventFrame,
    FrameKind.RESULT: ResultFrame,
    FrameKind.ERROR: ErrorFrame,
    FrameKind.STALE: StaleFrame,
    FrameKind.EXIT: ExitFrame,
}


def encode(message: Request | Frame) -> bytes:
    """Return the message as one line of JSON, newline included.

    Raises:
        ProtocolError: it would be longer than ``MAX_FRAME_BYTES``.
    """
    line = json.dumps(asdict(message), separators=(",", ":"), ensure_ascii=False)
    # A variable of the environment may hold bytes that are no text: as JSON's escapes they arrive
    # as they are. What a node says is for people.
    errors = "backslashreplace" if isinstance(message, Request) else "replace"
    data = line.encode("utf-8", errors=errors) + b"\n"
    if len(data) > MAX_FRAME_BYTES:
        raise ProtocolError(f"a frame of {len(data)} bytes is over the limit of {MAX_FRAME_BYTES}")
    return data


def decode_frame(line: bytes) -> Frame:
    """Read one frame that a server or child wrote.

    Raises:
        ProtocolError: the line is not such a frame.
    """
    fields = _object(line)
    kind = fields.get("kind")
    if not isinstance(kind, str) or kind not in _FRAMES:
        raise ProtocolError(f"not a frame: its kind is {reprlib.repr(kind)}")
    try:
        frame: Frame = read_fields(_FRAMES[kind], fields)
    except ValueError as error:
        raise ProtocolError(f"not a frame: {error}") from None
    return frame


def decode_request(line: bytes) -> Request:
    """Read the request that opens a connection.

    Raises:
        ProtocolError: the line is not a request, or of another protocol version.
        NewerProtocolError: it is of a later one.
    """
    fields = _object(line)
    version = fields.get("version")
    if version != PROTOCOL_VERSION:
        is_newer = isinstance(version, int) and version > PROTOCOL_VERSION
        error = NewerProtocolError if is_newer else ProtocolError
        raise error(f"protocol version {reprlib.repr(version)}, not {PROTOCOL_VERSION}")
    try:
        request = read_fields(Request, fields)
    except ValueError as error:
        raise ProtocolError(f"not a request: {error}") from None
    hold = request.hold
    if hold is not None and not (math.isfinite(hold.seconds) and math.isfinite(hold.handover)):
        raise ProtocolError("not a request: a hold that never ends")
    return request


def _object(line: bytes) -> dict[str, Any]:
    if len(line) > MAX_FRAME_BYTES:
        raise ProtocolError("line over the limit")
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"not JSON: {error}") from None
    if not isinstance(fields, dict):
        raise ProtocolError("not a JSON object")
    return fields
