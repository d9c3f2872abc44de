"""One policy for what may pass by itself: tried again, ever more slowly, and logged."""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

_T = TypeVar("_T")
_log = logging.getLogger(__name__)

TRANSIENT_ERRORS = frozenset(
    (
        *(errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EAGAIN, errno.EREMOTEIO),
        *(errno.ECONNREFUSED, errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE),
        *(errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ENETUNREACH, errno.ENETDOWN, errno.ENETRESET),
    )
)
"""What a file system on a network says for a moment; never that a disk is full, a file is missing
or access is denied."""


@dataclass(frozen=True)
class Patience:
    """How often a call is made, and how long is waited before it is made again.

    Attributes:
        calls: at most; 1 for none but the first.
        pause_seconds: before the second call; each pause is twice the one before.
        longest_seconds: of a pause.
        total_seconds: after so long no call is made again, however many there were.
    """

    calls: int = 5
    pause_seconds: float = 0.5
    longest_seconds: float = 8.0
    total_seconds: float = 60.0

    def pause(self, calls: int) -> float:
        """Seconds to wait after so many calls."""
        return float(min(self.pause_seconds * 2 ** (calls - 1), self.longest_seconds))


PATIENT = Patience()
IMPATIENT = Patience(calls=1)


def patiently(
    call: Callable[[int], _T],
    what: str,
    is_transient: Callable[[Exception], bool],
    patience: Patience = PATIENT,
) -> _T:
    """Return what ``call`` does, made again for as long as it fails in a way that may pass.

    Args:
        call: is given how many calls were made before; one that may have been heard although it
            failed can look then.
        what: names the call in the log.

    Raises:
        Exception: of the last call.
    """
    start = time.monotonic()
    for number in range(patience.calls):
        try:
            return call(number)
        except Exception as error:
            pause = patience.pause(number + 1)
            late = time.monotonic() - start + pause > patience.total_seconds
            if number + 1 == patience.calls or late or not is_transient(error):
                raise
            _log.warning(
                "%s: %s; tried again in %.1f s (call %d of %d failed)",
                what,
                _first_line(error),
                pause,
                number + 1,
                patience.calls,
            )
        time.sleep(pause)
    raise AssertionError("a policy has one call at least")


def is_transient_os_error(error: Exception) -> bool:
    """Whether the operating system may say something else in a moment."""
    return isinstance(error, OSError) and error.errno in TRANSIENT_ERRORS


def _first_line(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:300]
