"""Submits a stream to Flink and leaves it there; run in the TFX environment by ``stream start``.

Prints the job's id and the stream's directory as JSON.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from headrace.errors import HeadraceError, UsageError
from headrace.layout import find_project
from headrace.target import parse_target


def main(argv: list[str]) -> int:
    """Submit; 1 with a message on standard error if that fails."""
    parser = argparse.ArgumentParser()
    parser.add_argument("target")
    parser.add_argument("job_name")
    args, beam_args = parser.parse_known_args(argv)
    try:
        stream = load_stream(args.target)
        options = PipelineOptions(
            [
                "--runner=headrace.flink_runner.FlinkRunner",
                "--streaming",
                "--parallelism=1",  # one step reads; the other has little to do
                f"--job_name={args.job_name}",
                *getattr(stream, "beam_args", ()),
                *beam_args,
            ]
        )
        pipeline = beam.Pipeline(options=options)
        stream.build(pipeline)
        result: Any = pipeline.run()
    except HeadraceError as error:
        print(f"{error.message}\n{error.hint}".strip(), file=sys.stderr)
        return 1
    except Exception as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    print(json.dumps({"job_id": result.flink_job_id, "directory": str(stream.directory)}))
    return 0


def load_stream(text: str) -> Any:
    """Call the function that a target names.

    Raises:
        UsageError: there is none, or what it returns is no stream.
    """
    target = parse_target(text, find_project(Path.cwd()))
    sys.path[:0] = [str(path) for path in target.import_path if str(path) not in sys.path]
    function = getattr(importlib.import_module(target.module), target.function, None)
    if not callable(function):
        raise UsageError(f"{target.file} has no function {target.function}")
    stream = function()
    if not hasattr(stream, "build") or not hasattr(stream, "directory"):
        raise UsageError(
            f"{target} returns a {type(stream).__name__}, which is no stream",
            "a stream has a directory and a method build(pipeline), as FileStream has",
        )
    return stream


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
