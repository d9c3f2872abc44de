"""What the pool sees to by itself, a second apart: memory, ended jobs, the preloaded server."""

from __future__ import annotations

import logging
import threading
import time

import httpx

from headrace.flink.job_api import ENDED, knows_no_such_job
from headrace.worker_pool.harnesses import Harnesses
from headrace.worker_pool.jobs import FlinkJob, Jobs
from headrace.worker_pool.memory import end_too_large
from headrace.worker_pool.server_process import PreloadedServers

_PAUSE_SECONDS = 1.0
_ASK_EVERY_SECONDS = 3.0
_SILENT_SECONDS = 60.0
"""A JobManager that is silent for so long has died, and in a session cluster its jobs with it."""
_SUBMISSION_SECONDS = 600.0
"""A job is told of before it is submitted, so for so long it may be one that is to come."""
_log = logging.getLogger("headrace.worker_pool")


class Watcher:
    """Runs in a thread until stopped."""

    def __init__(
        self, servers: PreloadedServers, harnesses: Harnesses, jobs: Jobs, limit: int | None
    ) -> None:
        self._servers, self._harnesses, self._jobs = servers, harnesses, jobs
        self._limit = limit
        self._stopped = threading.Event()
        self._asked = 0.0
        self._silent_since: dict[str, float] = {}
        self._unknown_since: dict[str, float | None] = {}
        """None for a job that was known at least once."""

    def run(self) -> None:
        """Look after everything until ``stop``."""
        while not self._stopped.wait(_PAUSE_SECONDS):
            try:
                self._servers.keep_running()
                if self._limit is not None:
                    end_too_large(self._harnesses.running(), self._limit)
                if time.monotonic() - self._asked > _ASK_EVERY_SECONDS:
                    self._asked = time.monotonic()
                    self._end_harnesses_of_ended_jobs()
            except Exception:  # the pool must live on, whatever one look brings
                _log.exception("the pool could not look after its harnesses")

    def stop(self) -> None:
        self._stopped.set()

    def _end_harnesses_of_ended_jobs(self) -> None:
        """Where a client was killed, or cannot tell: the harnesses of a job end with it."""
        running = self._jobs.running()
        self._silent_since = {k: v for k, v in self._silent_since.items() if k in running}
        self._unknown_since = {k: v for k, v in self._unknown_since.items() if k in running}
        for token, job in running.items():
            if self._has_ended(token, job):
                count = self._harnesses.end_job(token)
                self._jobs.stream(token).end()
                if count:
                    _log.info("%d harnesses of job %s ended with it", count, job.job_id)

    def _has_ended(self, token: str, job: FlinkJob) -> bool:
        try:
            answer = httpx.get(f"{job.rest_url}/jobs/{job.job_id}/status", timeout=5.0)
            self._silent_since.pop(token, None)
            if knows_no_such_job(answer):
                return self._is_gone(token)
            self._unknown_since[token] = None
            return answer.json().get("status") in ENDED
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, AttributeError, TypeError):
            # Silence, no address, or not Flink: one job's is not to keep the others from a look.
            since = self._silent_since.setdefault(token, time.monotonic())
            return time.monotonic() - since > _SILENT_SECONDS

    def _is_gone(self, token: str) -> bool:
        """Whether a job that the JobManager does not know will not come any more."""
        since = self._unknown_since.setdefault(token, time.monotonic())
        return since is None or time.monotonic() - since > _SUBMISSION_SECONDS
