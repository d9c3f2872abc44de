"""The process that harnesses are forked from: everything that Beam jobs of TFX need is imported."""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

from headrace.launcher.forking import ForkServer
from headrace.launcher.keras_tuner import import_keras_tuner
from headrace.launcher.listening import listen
from headrace.launcher.preloading import preload, prepare_process
from headrace.launcher.processes import die_with_parent
from headrace.launcher.protocol import Operation
from headrace.worker_pool.harness import run_harness

PRELOAD = (
    "tensorflow",
    "apache_beam",
    "apache_beam.runners.worker.sdk_worker_main",
    "apache_beam.io.gcp.gcsfilesystem",
    "apache_beam.runners.worker.operations",
    "apache_beam.runners.portability.fn_api_runner.fn_runner",
    "tensorflow_transform.beam",
    "tensorflow_data_validation",
    "tensorflow_model_analysis",
    "ydf_tf",
    "tfx.v1",
    "tfx.components.example_gen.csv_example_gen.executor",
    "tfx.components.example_gen.import_example_gen.executor",
    "tfx.components.statistics_gen.executor",
    "tfx.components.transform.executor",
    "tfx.components.evaluator.executor",
    "tfx.components.bulk_inferrer.executor",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """``python -m headrace.worker_pool.preloaded``; started by the pool only, and ends with it."""
    parser = argparse.ArgumentParser(prog="headrace worker pool, preloaded server")
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--without-preload", action="store_true", help="for tests of the pool")
    args = parser.parse_args(arguments)
    die_with_parent()
    prepare_process()
    warnings.simplefilter("ignore", FutureWarning)  # libraries', of their own dependencies
    listener = listen(args.socket)
    start = time.monotonic()
    with contextlib.suppress(KeyboardInterrupt):
        import_keras_tuner()
        preload(() if args.without_preload else PRELOAD)
        print(f"preloaded in {time.monotonic() - start:.1f} s", file=sys.stderr, flush=True)
        operations = {Operation.RUN_HARNESS: run_harness}
        ForkServer(listener, args.token, float("inf"), operations).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
