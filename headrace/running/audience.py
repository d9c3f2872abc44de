"""Whether anybody reads what a run says."""

from __future__ import annotations

import os
import select


def has_gone(descriptor: int) -> bool:
    """Whether it is a pipe whose reader has closed it or died."""
    poll = select.poll()
    poll.register(descriptor, 0)  # an error is told without being asked for
    return any(event & select.POLLERR for _, event in poll.poll(0))


def speak_to_nobody(descriptor: int) -> None:
    """Let what is still to be said go nowhere, so that it cannot fail."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
