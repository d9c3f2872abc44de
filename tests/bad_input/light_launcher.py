"""``python -m tests.bad_input.light_launcher SOCKET``: the launcher's server, which imports no TFX.

A node is not run; its payload is the result.
"""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path

from headrace.keeping.aside import repair_aside
from headrace.launcher.closing import Closer
from headrace.launcher.forking import ForkServer
from headrace.launcher.listening import listen
from headrace.launcher.preloading import prepare_process
from headrace.launcher.protocol import Operation
from headrace.launcher.room import Room

FINGERPRINT = "print"

if __name__ == "__main__":
    prepare_process()
    closer = Closer(functools.partial(repair_aside, Path(sys.executable), os.environ))
    ForkServer(
        listen(Path(sys.argv[1])),
        FINGERPRINT,
        float("inf"),
        {Operation.RUN_NODE: lambda payload, send: payload},
        on_start=closer.on_start,
        on_end=closer.on_end,
        room=Room(nodes=2),
    ).serve()
