"""Says on standard error what the set-up does: one moving line on a terminal, plain lines else."""

from __future__ import annotations

import contextlib
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from typing import TextIO

_REDRAW_SECONDS = 0.5
_REMIND_SECONDS = 20.0


class Progress:
    """The set-up's steps as a person follows them.

    Args:
        stream: where lines go; moving lines only if it is a terminal.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._moving = self._stream.isatty()
        self._lock = threading.Lock()
        self._detail = ""

    def say(self, text: str) -> None:
        """Print one line."""
        with self._lock:
            self._print(f"headrace: {text}")

    def detail(self, text: str) -> None:
        """Show what the running step does right now."""
        with self._lock:
            self._detail = " ".join(text.split())

    @contextlib.contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Show a step while the block runs, and the time that it took once it is done."""
        started = time.monotonic()
        self.detail("")
        if not self._moving:
            self.say(f"{title} ...")
        ended = threading.Event()
        reporter = threading.Thread(
            target=self._report, args=(title, started, ended), name="progress", daemon=True
        )
        reporter.start()
        try:
            yield
        finally:
            ended.set()
            reporter.join()
            self._clear()
        self.say(f"{title}: done in {_duration(time.monotonic() - started)}")

    def _report(self, title: str, started: float, ended: threading.Event) -> None:
        while not ended.wait(_REDRAW_SECONDS if self._moving else _REMIND_SECONDS):
            with self._lock:
                took = _duration(time.monotonic() - started)
                detail = f", {self._detail}" if self._detail else ""
                line = f"headrace: {title} ({took}{detail})"
                if self._moving:
                    width = shutil.get_terminal_size().columns - 1
                    self._write(f"\r\x1b[2K{line[:width]}")
                else:
                    self._print(line)

    def _clear(self) -> None:
        if self._moving:
            with self._lock:
                self._write("\r\x1b[2K")

    def _print(self, line: str) -> None:
        self._write(f"\r\x1b[2K{line}\n" if self._moving else f"{line}\n")

    def _write(self, text: str) -> None:
        # A reader that has gone is no reason to stop a set-up half-way.
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
            self._stream.flush()


def _duration(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02} s"
