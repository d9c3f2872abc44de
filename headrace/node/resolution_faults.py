"""What a resolver's strategy itself says when it fails, which TFX hides behind its own error."""

from __future__ import annotations

_CAUSE = "\n\nThe above exception was the direct cause of the following exception:\n"
_HIDING = "Internal error occurred during evaluating input_graph"


def reason_of(message: str) -> str:
    """The reason in the message of a failed execution, which is a whole traceback: its last line.

    Where TFX only says that an operation of its own has failed, it is what that has said.
    """
    text = message.strip()
    cause, _, rest = text.rpartition(_CAUSE)
    if not cause or _HIDING not in _last_line(rest):
        return _last_line(text)
    kind, colon, said = _last_line(cause).partition(": ")
    return said if colon and kind.endswith("Error") else _last_line(cause)


def is_a_strategys(message: str) -> bool:
    """Whether the failure is one that TFX hides."""
    return _CAUSE in message and _HIDING in _last_line(message)


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else ""
