"""Gets a process ready to be forked from: what every job needs is imported, and nothing runs."""

from __future__ import annotations

import gc
import importlib
import os
import threading
import warnings
from collections.abc import Sequence


def prepare_process() -> None:
    """What must be so before anything heavy is imported by a process that will fork."""
    # gRPC's fork handlers start threads of their own, and there is no channel to protect yet.
    os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    warnings.filterwarnings("ignore", message="This process .* is multi-threaded")


def preload(modules: Sequence[str]) -> None:
    """Import what every job needs; afterwards no Python thread but this one may be alive.

    Three native threads remain, which forking does not hurt: OpenBLAS and jemalloc (of NumPy and
    PyArrow) stop and restart theirs around a fork, and TensorFlow's waits without a lock.

    Raises:
        RuntimeError: a module left a Python thread behind, so forking would not be safe.
    """
    for name in modules:
        importlib.import_module(name)
    left = [
        thread.name for thread in threading.enumerate() if thread is not threading.main_thread()
    ]
    if left:
        raise RuntimeError(f"threads are left after importing {modules}: {left}")
    # Objects made until here are never collected, so a child's collector does not touch (and so
    # copy) the pages that it shares with the server.
    gc.collect()
    gc.freeze()
