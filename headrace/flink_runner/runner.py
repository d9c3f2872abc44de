"""The runner: from a Beam pipeline to a submitted Flink job."""

from __future__ import annotations

import copy
import json
import logging
import os
from dataclasses import replace
from typing import Any

from apache_beam.options.pipeline_options import (
    FlinkRunnerOptions,
    PortableOptions,
    StandardOptions,
)
from apache_beam.runners.portability import flink_runner, portable_runner

from headrace.errors import HeadraceError
from headrace.flink_runner import one_stage
from headrace.flink_runner.harness_log import bind
from headrace.flink_runner.options import fill_in, fill_in_streaming, python_failures
from headrace.flink_runner.plan import Plan, import_path, make_plan
from headrace.flink_runner.result import FlinkResult
from headrace.flink_runner.staging import JobServer
from headrace.flink_runner.streams import has_side_inputs, is_unbounded, without_checkpoints
from headrace.flink_runner.submission import uninterrupted
from headrace.settings import Keras, keras_of, load_settings
from headrace.worker_pool.requests import job_params


class FlinkRunner(flink_runner.FlinkRunner):  # type: ignore[misc]
    """Runs a Beam pipeline on the Flink cluster that headrace knows."""

    _plan: Plan

    def run_pipeline(self, pipeline: Any, options: Any) -> FlinkResult:
        """Submit the pipeline and return at once; ``wait_until_finish`` follows it.

        Raises:
            HeadraceError: there is no cluster, or it refuses the job.
        """
        # It tells of every request, of which there are some a second.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        # The pipeline may be run again, then as another job.
        options = copy.deepcopy(options)
        self._plan = make_plan(options, load_settings())
        fill_in(options, self._plan.shape, self._plan.name)
        result: FlinkResult = super().run_pipeline(pipeline, options)
        return result

    def default_environment(self, options: Any) -> Any:
        """The cluster's worker pool, unless the user has named another environment."""
        portable = options.view_as(PortableOptions)
        if portable.environment_type in (None, "EXTERNAL"):
            portable.environment_type = "EXTERNAL"
            portable.environment_config = self._pool_config(portable.environment_config)
        return portable_runner.PortableRunner.default_environment(self, options)

    def default_job_server(self, options: Any) -> JobServer:
        # The program that translates the pipeline runs on the JobManager, and finds it by itself.
        options.view_as(FlinkRunnerOptions).flink_master = "[auto]"
        return JobServer(self._plan, options)

    def create_job_service_handle(self, job_service: Any, options: Any) -> Any:
        return portable_runner.JobServiceHandle(job_service, options, retain_unknown_options=True)

    def run_portable_pipeline(self, pipeline: Any, options: Any) -> FlinkResult:
        # Java would look for a class of this name.
        options.view_as(StandardOptions).runner = None
        callbacks = self.start_and_replace_loopback_environments(pipeline, options)
        unbounded = is_unbounded(pipeline)
        if unbounded:
            fill_in_streaming(options)
            failures = python_failures(options)
            self._plan = replace(self._plan, python_failures=failures, is_unbounded=True)
        if options.view_as(StandardOptions).streaming and has_side_inputs(pipeline):
            self._plan = replace(self._plan, flink_options=without_checkpoints(self._plan))
        if self._plan.one_stage and not unbounded and one_stage.is_possible(pipeline):
            pipeline = one_stage.as_one_stage(pipeline)
        optimized = self._optimize_pipeline(pipeline, options)
        service = self.default_job_server(options).start()
        handle = self.create_job_service_handle(service, options)

        # Before the job is there: if this process is killed meanwhile, its harnesses end with it.
        pool = self._bound_pool()
        job_id = uninterrupted(
            lambda: str(handle.submit(optimized)[0]), undo=lambda done: service.job(done).cancel()
        )
        return FlinkResult(self._plan, service, job_id, callbacks, pool)

    def _bound_pool(self) -> str:
        """The worker pool, told which Flink job it will work for; empty: it cannot be reached."""
        cluster, token = self._plan.cluster, self._plan.token
        reached = bind(cluster.worker_pool, token, cluster.rest_url, self._plan.job_id)
        return cluster.worker_pool if reached else ""

    def _pool_config(self, given: str | None) -> str:
        if given and given.strip().startswith("{"):
            return given
        pool = given or self._plan.cluster.worker_pool
        if not pool:
            raise HeadraceError(
                f"no worker pool is known for the Flink cluster at {self._plan.cluster.rest_url}",
                "set flink_worker_pool to the HOST:PORT at which its TaskManagers reach one, or "
                "give --environment_type",
            )
        keras = keras_of(os.environ) or Keras.THREE
        params = job_params(self._plan.token, self._plan.name, import_path(), keras)
        return json.dumps({"url": pool, "params": params})
