"""Turns what a process prints into log frames: lines, with the level that they name."""

from __future__ import annotations

import re
from pathlib import Path

from headrace.launcher.protocol import LogFrame

LONGEST_LINE = 16_000
"""Characters; the rest of a longer line is cut off and counted."""

_LETTERS = {"I": "INFO", "W": "WARNING", "E": "ERROR", "F": "CRITICAL"}
_GLOG = re.compile(r"^([IWEF])\d{4} \d\d:\d\d:\d\d")
_TENSORFLOW = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: ([IWEF]) ")
_NO_GPU = re.compile(r"failed call to cuInit")
"""TensorFlow's way to say, as an error, that there is no GPU."""
_NVIDIA_DRIVER = Path("/dev/nvidiactl")
_NAMED = re.compile(r"^(DEBUG|INFO|WARNING|ERROR|CRITICAL):[\w.]+:")


class LineSplitter:
    """Collects bytes and gives out whole lines."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines that ``data`` completes, without their ends."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        return lines

    def finish(self) -> list[bytes]:
        """Return what came after the last end of line, if anything."""
        rest, self._rest = self._rest, b""
        return [rest] if rest else []


def log_frame(line: bytes, time: float) -> LogFrame | None:
    """A printed line as a log frame; None for a blank one."""
    text = line.decode("utf-8", errors="replace").rstrip()
    # A progress bar writes over its line; only its last state is worth a log line.
    text = text.rpartition("\r")[2]
    if not text.strip():
        return None
    return LogFrame(level=level_of(text), message=shortened(text), logger="stdout", time=time)


def level_of(text: str) -> str:
    """The level that a line of TensorFlow, glog or Python's logging names; INFO for any other.

    That TensorFlow finds no GPU is an error only where there is a driver for one.
    """
    if _NO_GPU.search(text) and not _NVIDIA_DRIVER.exists():
        return "INFO"
    match = _GLOG.match(text) or _TENSORFLOW.match(text)
    if match:
        return _LETTERS[match.group(1)]
    named = _NAMED.match(text)
    return named.group(1) if named else "INFO"


def shortened(text: str) -> str:
    """``text``, or its beginning and how much was cut off."""
    if len(text) <= LONGEST_LINE:
        return text
    return f"{text[:LONGEST_LINE]} ... ({len(text) - LONGEST_LINE} characters cut off)"
