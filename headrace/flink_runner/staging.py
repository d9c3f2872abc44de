"""Brings a pipeline to the JobManager: as files that it finds, or inside of the runner jar."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from apache_beam.runners.portability import flink_uber_jar_job_server as uber_jar

from headrace.flink.jar import ENTRY_CLASS
from headrace.flink.job_api import JobApi, JobRefused
from headrace.flink_runner.ownership import Ownership
from headrace.flink_runner.plan import Plan
from headrace.flink_runner.refusals import explained
from headrace.flink_runner.whole_pipeline import unfolded
from headrace.retries import PATIENT

_log = logging.getLogger("headrace.flink")


class StagedJob(uber_jar.FlinkBeamJob):  # type: ignore[misc]
    """Beam's job, submitted through ``JobApi`` and named by its plan.

    Where the cluster has the runner jar, what Beam would put into that jar goes into the job's
    folder, which JobManager and TaskManagers find as on their class path. Only with classes of
    Flink's own class path does Beam keep a harness between the stages of a job.
    """

    def __init__(self, plan: Plan, job_id: str, job_name: str, pipeline: Any, options: Any) -> None:
        self._plan = plan
        self._work = Path(tempfile.mkdtemp(prefix="headrace-flink-"))
        if plan.is_resident:
            folder = f"{self.PIPELINE_FOLDER}/{plan.token}"
            self.PIPELINE_NAME = plan.token
            self.PIPELINE_PATH = f"{folder}/pipeline.json"
            self.PIPELINE_OPTIONS_PATH = f"{folder}/pipeline-options.json"
            self.PIPELINE_MANIFEST = f"{folder}/manifest.json"
            self.ARTIFACT_FOLDER = f"{folder}/artifacts"
        jar = plan.jar or _empty_jar(self._work / "empty.jar")
        super().__init__(plan.cluster.rest_url, str(jar), job_id, job_name, pipeline, options)
        self.api = JobApi(plan.cluster.rest_url, patience=PATIENT)
        self.ownership = Ownership(plan)
        self._flink_job_id = ""
        self.has_finished = False

    @property
    def flink_job_id(self) -> str:
        return self._flink_job_id

    def prepare(self) -> None:
        """Make ready to take what the job stages; a job that stages nothing needs no server."""
        self._jar = str(self._work / "job.jar")
        shutil.copy(self._executable_jar, self._jar)
        self._stages = any(env.dependencies for env in self._environments())
        if self._stages:
            self._start_artifact_service(self._jar, self._artifact_port)
        else:
            self._artifact_manager = uber_jar.abstract_job_service.JarArtifactManager(
                self._jar, self.ARTIFACT_FOLDER
            )

    def artifact_staging_endpoint(self) -> Any:
        return super().artifact_staging_endpoint() if self._stages else None

    def _stop_artifact_service(self) -> None:
        if not self._stages:
            self._artifact_staging_server = _NoServer()
        super()._stop_artifact_service()

    def run(self) -> None:
        """Submit the job.

        Raises:
            HeadraceError: the cluster cannot be reached, or refuses it.
        """
        self._stop_artifact_service()
        try:
            jar, arguments = Path(self._jar), []
            if self._plan.is_resident:
                with zipfile.ZipFile(jar) as staged:
                    ours = [n for n in staged.namelist() if n.startswith(self.PIPELINE_FOLDER)]
                    staged.extractall(self._plan.cluster.jobs_directory, ours)
                jar = Path(self._executable_jar)
                arguments = [f"--base-job-name={self.PIPELINE_NAME}"]
            with self.ownership.of_submission():
                self._flink_job_id = self.api.submit(
                    jar,
                    ENTRY_CLASS,
                    arguments,
                    self._plan.flink_options,
                    self._plan.job_id,
                    self._plan.restore,
                )
        except JobRefused as refused:
            self.clean_up()
            _log.debug("%s", refused)
            raise explained(refused) from None
        except BaseException:
            self.clean_up()
            raise
        finally:
            shutil.rmtree(self._work, ignore_errors=True)

    def clean_up(self) -> None:
        """Remove the job's folder; once it has ended nothing needs it."""
        if self._plan.folder is not None:
            shutil.rmtree(self._plan.folder, ignore_errors=True)

    def cancel(self) -> None:
        """Cancel the job. Beam's own asks for a path that Flink does not have."""
        if self._flink_job_id:
            self.api.cancel(self._flink_job_id)
            self.clean_up()
            self.ownership.give_up()

    def get(self, path: str, **_: Any) -> Any:
        """What Flink answers; Beam asks here for a job's metrics."""
        return self.api.get(f"/{path}")

    def delete_jar(self) -> None:
        """Nothing is left: the jar was removed when the job had been submitted."""

    def get_state_stream(self) -> Any:
        """The states so far; who waits for the job looks itself."""
        yield from self._state_history

    def get_message_stream(self) -> Any:
        """None: why a job failed is in its exceptions."""
        yield from ()

    def _environments(self) -> Any:
        return self._pipeline_proto.components.environments.values()


class JobServer(uber_jar.FlinkUberJarJobServer):  # type: ignore[misc]
    """Beam's job service within this process, for one job; there is no job-server process."""

    def __init__(self, plan: Plan, options: Any) -> None:
        super().__init__(plan.cluster.rest_url, options)
        os.rmdir(self._temp_dir)
        self._plan = plan

    def create_beam_job(self, job_id: str, job_name: str, pipeline: Any, options: Any) -> StagedJob:
        return StagedJob(self._plan, job_id, job_name, pipeline, options)

    def GetJobMetrics(self, request: Any, context: Any = None) -> Any:
        """Beam's metrics of the job, in its own words.

        Flink counts only attempts that succeeded, so what a finished job has attempted is what it
        has committed; in its accumulators Beam names but the former.
        """
        response = super().GetJobMetrics(request, context)
        attempted = list(unfolded(response.metrics.attempted))
        del response.metrics.attempted[:]
        response.metrics.attempted.extend(attempted)
        if self.job(request.job_id).has_finished and not response.metrics.committed:
            response.metrics.committed.extend(response.metrics.attempted)
        return response

    def job(self, job_id: str) -> StagedJob:
        """The job of this id."""
        found: StagedJob = self._jobs[job_id]
        return found


class _NoServer:
    def stop(self, grace: float) -> None:
        """There is none."""


def _empty_jar(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as jar:
        jar.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\r\n\r\n")
    return path
