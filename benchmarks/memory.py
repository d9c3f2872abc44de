"""Peak memory of several processes together, where no single one of them has it all."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable
from types import TracebackType

import psutil

_EVERY_SECONDS = 0.5
_SHARE = 0.02
"""Of a processor's time that looking may take: the kernel walks all pages of large processes."""


class PeakMemory:
    """While in this context, looks again and again at these processes and all that they started.

    Twice a second, or as seldom as it must be for the looks to cost next to nothing.

    A page that several of them share counts once (the kernel's proportional set size).

    Args:
        roots: asked for the processes each time, as they may be started meanwhile.
    """

    def __init__(self, roots: Callable[[], Iterable[int]]) -> None:
        self._roots = roots
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.peak_bytes = 0

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        pause = _EVERY_SECONDS
        while not self._ended.wait(pause):
            begin = time.thread_time()
            self.peak_bytes = max(self.peak_bytes, memory_bytes(self._roots()))
            pause = max(_EVERY_SECONDS, (time.thread_time() - begin) / _SHARE)


def memory_bytes(roots: Iterable[int]) -> int:
    """What these processes and their descendants take now."""
    found: dict[int, psutil.Process] = {}
    for pid in roots:
        with contextlib.suppress(psutil.Error):
            root = psutil.Process(pid)
            found.update({item.pid: item for item in (root, *root.children(recursive=True))})
    return sum(map(_proportional, found.values()))


def _proportional(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.Error):
        return int(process.memory_full_info().pss)
    return 0
