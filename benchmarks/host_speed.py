"""How fast the machine itself is at a moment: the same work each time, on all processors at once.

A benchmark of hours needs it: a virtual machine may become half as fast from one minute to the
next, with nothing else to be seen on it.
"""

from __future__ import annotations

import os
import subprocess
import time

from benchmarks.context import Context


def seconds_of_the_same_work(context: Context) -> float:
    """Wall-clock seconds of one process of the peer for each processor, side by side.

    Raises:
        RuntimeError: the peer failed; the message names its log.
    """
    script = context.settings.project / "benchmarks" / "peers" / "steady.py"
    command = [str(context.settings.tfx_python), str(script)]
    with context.log.open("ab") as log:
        begin = time.monotonic()
        processes = [
            subprocess.Popen(command, env=context.environ(), stdout=log, stderr=log)
            for _ in range(os.cpu_count() or 1)
        ]
        codes = [process.wait() for process in processes]
        seconds = time.monotonic() - begin
    if any(codes):
        raise RuntimeError(f"{script.name} ended with {codes}: see {context.log}")
    return seconds
