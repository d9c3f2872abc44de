"""The launcher server: imports TFX once, then forks a process for each node."""

from __future__ import annotations

import argparse
import functools
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from headrace.files import write_atomically
from headrace.flink.owners import cancel_jobs_aside
from headrace.launcher import child
from headrace.launcher.closing import Closer
from headrace.launcher.forking import ForkServer
from headrace.launcher.job import Job
from headrace.launcher.keras_tuner import import_keras_tuner
from headrace.launcher.listening import listen
from headrace.launcher.preloading import preload, prepare_process
from headrace.launcher.repairing import repair_forked
from headrace.launcher.room import Room
from headrace.launcher.scratch import abandoned, remove_scratch
from headrace.settings import load_settings

PRELOAD = (
    "tensorflow",
    "keras",
    "apache_beam",
    "apache_beam.runners.direct.direct_runner",
    "apache_beam.runners.portability.fn_api_runner",
    "apache_beam.runners.portability.portable_runner",
    "apache_beam.testing.test_stream",
    "tensorflow_transform.beam",
    "tensorflow_data_validation",
    "tensorflow_model_analysis",
    "tfx_bsl.public.tfxio",
    "setuptools",  # TFX reads its own packaging when a node starts
    "ydf_tf",
    "tfx.v1",
    "tfx.orchestration.portable.launcher",
    "tfx.components.example_gen.csv_example_gen.executor",
    "tfx.components.transform.executor",
    "tfx.components.evaluator.executor",
    "headrace.node",
    "headrace.node.direct_runner",
    "headrace.flink_runner",
    "headrace.compiler",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """``python -m headrace.launcher.server``; started by the client only."""
    parser = argparse.ArgumentParser(prog="headrace launcher")
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--fingerprint", required=True)
    parser.add_argument("--idle-seconds", type=float, required=True)
    parser.add_argument("--nodes", type=int, required=True)
    args = parser.parse_args(arguments)
    prepare_process()
    home = load_settings().home
    # Before it listens: whoever has reached a server finds its process, to show it or to stop it.
    state = {"pid": os.getpid(), "started": time.time(), "socket": str(args.socket)}
    write_atomically(args.state, json.dumps(state), mode=0o600)
    listener = listen(args.socket)
    start = time.monotonic()
    for directory in abandoned(os.environ):
        remove_scratch(directory)
    import_keras_tuner()
    preload(PRELOAD)
    print(f"ready after {time.monotonic() - start:.1f} s", file=sys.stderr, flush=True)
    closer = Closer(functools.partial(repair_forked, home))

    def on_end(job: Job) -> None:
        cancel_jobs_aside(home, job.pid)
        closer.on_end(job)

    ForkServer(
        listener,
        args.fingerprint,
        args.idle_seconds,
        child.OPERATIONS,
        on_start=closer.on_start,
        on_end=on_end,
        room=Room(args.nodes),
        preparations=child.PREPARATIONS,
    ).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
