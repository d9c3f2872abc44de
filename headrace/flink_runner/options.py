"""Beam options of this runner, and what Beam's own are set to where nobody has set them."""

from __future__ import annotations

import argparse
import os
from typing import Any

from apache_beam.options.pipeline_options import (
    DebugOptions,
    FlinkRunnerOptions,
    GoogleCloudOptions,
    PipelineOptions,
    PortableOptions,
    StandardOptions,
    WorkerOptions,
)

from headrace.errors import UsageError
from headrace.flink.job_api import Restore
from headrace.flink_runner.sizing import BYTES_A_SLOT, Shape

CACHE_MILLIS = 60_000
"""How long a TaskManager keeps what serves a harness (not the harness: the pool ends that) after
the last stage of a job."""
EXPIRATION_MILLIS = 30_000
"""A harness serves the stages that start within this time after its own start; a later one gets a
fresh harness, which costs half a second. After a harness has died, Beam's Flink runner gives it to
restarted tasks until this time is over, and they fail again at once. Our runner jar does not, but
a cluster may have another; so restarts go on for longer (``restart-strategy`` in Flink's
configuration)."""
PYTHON_FAILURES = 1
"""A batch job is given up when the user's code fails: Flink would run all of it again, as a retry
of the node does."""
_SLOT_WAIT_SECONDS = 3600.0
_FOR_EVER_MILLIS = (1 << 63) - 1
_CACHE_MEGABYTES = 100
"""Of side inputs that a harness keeps; Beam's default is to fetch them for each bundle again."""


class HeadraceOptions(PipelineOptions):  # type: ignore[misc]
    """Options that Beam does not know."""

    @classmethod
    def _add_argparse_args(cls, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--headrace_input_bytes",
            type=int,
            help="Size of what the job reads, from which its parallelism follows if that is unset.",
        )
        parser.add_argument(
            "--headrace_one_stage_bytes",
            type=int,
            default=BYTES_A_SLOT,
            help="A batch job that is known to read less than this, and whose parallelism is "
            "unset, runs whole in one harness, as a single stage of Flink; 0: no job does.",
        )
        parser.add_argument(
            "--headrace_facts", help="Directory to which facts of the ended job are written."
        )
        parser.add_argument(
            "--headrace_slot_wait_seconds",
            type=float,
            default=_SLOT_WAIT_SECONDS,
            help="How long a job may wait for slots before it fails.",
        )
        parser.add_argument(
            "--headrace_python_failures",
            type=int,
            help="After how many failures of its Python code a job is given up; 0: when Flink "
            f"gives it up. Default: {PYTHON_FAILURES}, or 0 for a streaming job.",
        )
        parser.add_argument(
            "--environment_expiration_millis",
            type=int,
            help="Of Beam's Flink runner, which Beam's Python options do not name: for how long "
            "a harness is given to stages that start.",
        )
        parser.add_argument(
            "--flink_option",
            action="append",
            metavar="KEY=VALUE",
            help="An option of Flink's own configuration for this job; may be given again.",
        )
        parser.add_argument(
            "--shutdown_sources_after_idle_ms",
            type=int,
            help="Of Beam's Flink runner, which Beam's Python options do not name: for how long "
            "sources live on that have nothing more to give. Default for a job with unbounded "
            "data: for ever.",
        )
        parser.add_argument(
            "--finish_bundle_before_checkpointing",
            choices=("true", "false"),
            help="Of Beam's Flink runner, which Beam's Python options do not name: whether a "
            "checkpoint waits for what has begun. Default for a job with unbounded data: true.",
        )
        parser.add_argument(
            "--savepoint_path",
            help="Savepoint or retained checkpoint that the job goes on from. Beam's Flink runner "
            "has the option, too, but heeds it only for a cluster that it names itself.",
        )
        parser.add_argument(
            "--allow_non_restored_state",
            action="store_true",
            help="Go on also where the savepoint has state that the pipeline no longer has.",
        )


def is_given(options: PipelineOptions, name: str) -> bool:
    """Whether an option was set, be it to its default."""
    if name in options.get_all_options(drop_default=True):
        return True
    flags = [str(flag) for flag in options._flags or []]
    return any(flag == f"--{name}" or flag.startswith(f"--{name}=") for flag in flags)


def fill_in(options: PipelineOptions, shape: Shape, job_name: str) -> None:
    """Set what is not set; whatever was set stays."""
    flink = options.view_as(FlinkRunnerOptions)
    portable = options.view_as(PortableOptions)
    flink.parallelism = shape.parallelism
    if not is_given(options, "sdk_worker_parallelism"):
        portable.sdk_worker_parallelism = shape.harnesses
    if not is_given(options, "environment_cache_millis"):
        portable.environment_cache_millis = CACHE_MILLIS
    own = options.view_as(HeadraceOptions)
    if own.environment_expiration_millis is None:
        own.environment_expiration_millis = EXPIRATION_MILLIS
    options.view_as(GoogleCloudOptions).job_name = job_name
    level = os.environ.get("HEADRACE_LOG_LEVEL", "").upper()
    if level and not is_given(options, "default_sdk_harness_log_level"):
        options.view_as(WorkerOptions).default_sdk_harness_log_level = level
    if not is_given(options, "max_cache_memory_usage_mb"):
        options.view_as(WorkerOptions).max_cache_memory_usage_mb = _CACHE_MEGABYTES
    debug = options.view_as(DebugOptions)
    if debug.lookup_experiment("pre_optimize") is None:
        # Fewer, larger stages: each costs Flink a shuffle and the harness a bundle.
        debug.add_experiment("pre_optimize=all")
    if debug.lookup_experiment("disable_logging_submission_environment") is None:
        # Otherwise Beam runs "pip freeze" for each job, to show what the client has installed.
        debug.add_experiment("disable_logging_submission_environment")


def fill_in_streaming(options: PipelineOptions) -> None:
    """Set what a job with unbounded data needs and has not set."""
    options.view_as(StandardOptions).streaming = True
    own = options.view_as(HeadraceOptions)
    if own.shutdown_sources_after_idle_ms is None:
        # When the impulse that begins an unbounded read has ended, what reads on is asked to end,
        # too: it reads on, but never answers, and no checkpoint of the job completes.
        own.shutdown_sources_after_idle_ms = _FOR_EVER_MILLIS
    if own.finish_bundle_before_checkpointing is None:
        # Otherwise the output of a bundle that a checkpoint cuts short is held back until the next
        # bundle begins: where an unbounded read begins with a single element, for ever.
        own.finish_bundle_before_checkpointing = "true"


def python_failures(options: PipelineOptions) -> int:
    """After how many failures of its Python code the job is given up; 0: never by this runner."""
    given: int | None = options.view_as(HeadraceOptions).headrace_python_failures
    if given is not None:
        return given
    return 0 if options.view_as(StandardOptions).streaming else PYTHON_FAILURES


def restore_of(options: PipelineOptions) -> Restore | None:
    """The state that the job is to go on with; None: it begins anew."""
    own = options.view_as(HeadraceOptions)
    if not own.savepoint_path:
        return None
    return Restore(own.savepoint_path, bool(own.allow_non_restored_state))


def flink_options(options: PipelineOptions) -> dict[str, str]:
    """Flink's own options for the job; of one that was given twice the later.

    Raises:
        UsageError: one of them is not ``KEY=VALUE``.
    """
    given: dict[str, str] = {}
    for text in options.view_as(HeadraceOptions).flink_option or []:
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise UsageError(f"--flink_option: expected KEY=VALUE, got {text!r}")
        given[key] = value
    return given


def chosen_parallelism(options: PipelineOptions) -> int | None:
    """The parallelism that the user has set; None: it is for the runner to choose."""
    found: Any = options.view_as(FlinkRunnerOptions).parallelism
    return int(found) if found is not None and int(found) > 0 else None
