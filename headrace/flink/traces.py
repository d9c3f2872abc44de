"""Reads what a Java trace says: the Python exception in it, or the cause that a user can act on."""

from __future__ import annotations

import re
from collections.abc import Sequence

from headrace.launcher.failures import CarriedError

_LONGEST = 500
_PYTHON = "Traceback (most recent call last):"
_JAVA_LINE = re.compile(r"^\s*(at |\.\.\. \d+ more|Caused by: |Suppressed: )")
_LOST_CONNECTION = (
    "RpcError",
    "_InactiveRpcError",
    "_MultiThreadedRendezvous",
    "FutureTimeoutError",
)
_FROM_HARNESS = "Error received from SDK harness"
_RAISED = re.compile(r"^(?P<type>[A-Za-z_][\w.]*)(?:: (?P<text>.*))?$", re.DOTALL)
_WHILE_RUNNING = re.compile(r"\s*\[while running '(?P<step>[^']*?)(?:-ptransform-\d+)?'\]")
_CAUSE = re.compile(r"^(?:Caused by: )?[\w.$]+(?:Exception|Error|Throwable)[\w.$]*: (.+)$")


def python_error(traces: Sequence[str]) -> CarriedError | None:
    """The Python exception in the last of these Java traces that has one."""
    for trace in reversed(traces):
        start = trace.find(_PYTHON, max(0, trace.find(_FROM_HARNESS)))
        if start >= 0:
            return _read(_python_lines(trace[start:]))
    return None


def of_user_code(error: CarriedError) -> bool:
    """Whether it is not just what a harness says when the runner or another harness has gone."""
    return error.error_type not in _LOST_CONNECTION


def java_cause(traces: Sequence[str]) -> str:
    """The innermost cause of the last trace in one line; empty if there is none."""
    for trace in reversed(traces):
        causes = [match[1] for line in trace.splitlines() if (match := _CAUSE.match(line))]
        if causes:
            return causes[-1]
        first = trace.strip().splitlines()
        if first:
            return first[0]
    return ""


def told_reason(traces: Sequence[str]) -> str:
    """Why a job failed or was restarted last, in one line; empty if it did neither."""
    error = python_error(traces[-1:])
    text = " ".join((str(error) if error is not None else java_cause(traces)).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."


def _python_lines(text: str) -> list[str]:
    lines = []
    for line in text.splitlines():
        if _JAVA_LINE.match(line) and not line.startswith("  File "):
            break
        lines.append(line)
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def _read(lines: list[str]) -> CarriedError:
    traceback = "\n".join(lines)
    last = max(number for number, line in enumerate(lines) if line.startswith(_PYTHON))
    raised = next(
        (n for n in range(last + 1, len(lines)) if lines[n] and not lines[n].startswith(" ")),
        len(lines),
    )
    match = _RAISED.match("\n".join(lines[raised:]).strip())
    if match is None:
        return CarriedError("Exception", "\n".join(lines[raised:]).strip(), traceback)
    told = match["text"] or ""
    step = _WHILE_RUNNING.search(told)
    return CarriedError(
        match["type"].rpartition(".")[2],
        _WHILE_RUNNING.sub("", told).strip(),
        traceback,
        step["step"] if step is not None else "",
    )
