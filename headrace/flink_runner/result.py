"""A submitted job: followed to its end, cancelled if the follower is, explained if it fails."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable

from apache_beam.runners.portability import portable_runner
from apache_beam.runners.runner import PipelineState

from headrace.errors import HeadraceError
from headrace.flink.job_api import ENDED, JobApi, JobDetail, JobUnknown
from headrace.flink.rest import FlinkUnreachable
from headrace.flink.stopping import stop_with_savepoint
from headrace.flink.traces import java_cause, of_user_code, python_error
from headrace.flink_runner.facts import JobFacts, counters_of, distributions_of, write_facts
from headrace.flink_runner.harness_log import HarnessLog
from headrace.flink_runner.plan import Plan
from headrace.flink_runner.progress import Progress
from headrace.flink_runner.staging import JobServer
from headrace.launcher.logs import EVENT
from headrace.launcher.protocol import FLINK_JOB

_POLL_SECONDS = 0.15
_LONGEST_POLL_SECONDS = 0.4
"""A change of a job's state is seen within half a second."""
_POLL_SHARE = 0.01
"""Of a job's time so far: asking a JobManager for a job of 426 vertices six times a second takes a
tenth of a processor."""
_SILENT_SECONDS = 60.0
"""How long the JobManager may not answer before its job is given up."""
_SETTLE_SECONDS = 1.5
"""Flink answers with what it counted up to a second ago."""
_STATES = {
    "FINISHED": PipelineState.DONE,
    "FAILED": PipelineState.FAILED,
    "CANCELED": PipelineState.CANCELLED,
}
_log = logging.getLogger("headrace.flink")


def pause_after(seconds: float) -> float:
    """How long to wait before a job that has run for so long is asked for again, in seconds."""
    return min(max(_POLL_SECONDS, _POLL_SHARE * seconds), _LONGEST_POLL_SECONDS)


class JobFailed(HeadraceError):
    """The job failed for a reason that is not the user's code."""


class JobLost(JobFailed):
    """The job ended with its JobManager."""

    transient = True


class FlinkResult(portable_runner.PipelineResult):  # type: ignore[misc]
    """What ``Pipeline.run`` returns.

    Args:
        pool: ``host:port`` of the worker pool, if it can be reached from here.
    """

    def __init__(
        self,
        plan: Plan,
        service: JobServer,
        job_id: str,
        callbacks: list[Callable[[], object]],
        pool: str,
    ) -> None:
        super().__init__(service, job_id, iter(()), iter(()), callbacks)
        self._plan = plan
        self._pool = pool
        self._job = service.job(job_id)
        self._started = time.monotonic()
        self._ended: str | None = None
        page = plan.cluster.job_page(self.flink_job_id)
        _log.info(
            "Flink job %s started, parallelism %d: %s",
            self.flink_job_id,
            plan.shape.parallelism,
            page,
            extra={EVENT: (FLINK_JOB, page)},
        )

    @property
    def flink_job_id(self) -> str:
        return self._job.flink_job_id

    def wait_until_finish(self, duration: int | None = None) -> str:
        """Follow the job to its end.

        Whatever ends the waiting early ends the job, too.

        Args:
            duration: milliseconds to wait at most; the job goes on after them.

        Returns:
            The state that the job is in then.

        Raises:
            CarriedError: the user's code failed in a harness.
            HeadraceError: the job failed for another reason; the message has it.
        """
        deadline = time.monotonic() + duration / 1000 if duration else float("inf")
        try:
            with self._job.ownership.of_waiting(), self._harness_log() as harness_log:
                try:
                    state = self._follow(deadline, harness_log)
                except BaseException:
                    self._give_up()  # first of all: a cancelled process has seconds to live
                    raise
                if state not in ENDED:
                    harness_log.leave()
        except BaseException:
            self._give_up()
            raise
        if state not in ENDED:
            return str(PipelineState.RUNNING)
        return self._conclude(state, harness_log.lost)

    def stop_with_savepoint(self, directory: str = "", *, drain: bool = False) -> str:
        """Stop a streaming job when a savepoint of it is complete; return the savepoint's path.

        A job that is given the path as ``--savepoint_path`` goes on where this one has ended.

        Args:
            directory: of savepoints, as the JobManager reads it; by default the cluster's own.
            drain: let event time end first, which fires every window; for a job that is not to go
                on.

        Raises:
            HeadraceError: there is no savepoint; the job goes on.
        """
        with JobApi(self._plan.cluster.rest_url) as api:
            path = stop_with_savepoint(api, self.flink_job_id, directory, drain=drain)
        self._job.clean_up()
        return path

    def _follow(self, deadline: float, harness_log: HarnessLog) -> str:
        api = self._job.api
        seconds = self._plan.slot_wait_seconds
        progress = Progress(api, self._plan.cluster.rest_url, self.flink_job_id, seconds)
        silent_since: float | None = None
        state, restarts = "CREATED", 0
        while time.monotonic() < deadline:
            try:
                state = api.state(self.flink_job_id)
                if state in ENDED:
                    break
                if state == "RESTARTING":
                    restarts = self._look_at_restart(restarts)
                progress.look()
                silent_since = None
            except JobUnknown:
                raise JobLost(
                    f"Flink job {self.flink_job_id} is lost: its JobManager has ended, and the "
                    "one that runs now does not know it",
                    "a retry of the node submits it again",
                ) from None
            except FlinkUnreachable:
                silent_since = silent_since or time.monotonic()
                if time.monotonic() - silent_since > _SILENT_SECONDS:
                    raise
            if harness_log.failure is not None:
                raise harness_log.failure
            time.sleep(pause_after(time.monotonic() - self._started))
        if state == "FAILED" and harness_log.failure is not None:
            raise harness_log.failure
        return state

    def _look_at_restart(self, known: int) -> int:
        """Give the job up if Python code has failed often enough; return how many failures so far.

        Raises:
            CarriedError: it is given up.
        """
        traces = self._job.api.exceptions(self.flink_job_id)
        if len(traces) == known:
            return known
        errors = [error for trace in traces if (error := python_error([trace])) is not None]
        failures = [error for error in errors if of_user_code(error)]
        for trace in traces[known:]:
            _log.debug("%s", trace)
        if 0 < self._plan.python_failures <= len(failures):
            raise failures[-1]
        reason = str(errors[-1]) if errors else java_cause(traces)
        _log.warning("Flink restarts the job: %s", reason)
        return len(traces)

    def _conclude(self, state: str, lost: str) -> str:
        self._ended = state
        self._state = _STATES[state]
        self._job.has_finished = state == "FINISHED"
        seconds = time.monotonic() - self._started
        facts = self._facts(state, seconds)
        _log.info(
            "Flink job %s after %.1f s: %d vertices, %s records",
            state.lower(),
            seconds,
            facts.vertices,
            f"{facts.records:,}",
        )
        try:
            if self._plan.facts is not None:
                write_facts(self._plan.facts, facts)
            if state == "FAILED":
                raise self._failure(lost)
            if state == "CANCELED":
                raise JobFailed(
                    f"Flink job {self.flink_job_id} was cancelled by somebody else",
                    "from Flink's web UI, for example",
                )
        finally:
            self._job.clean_up()
            self._job.api.close()
            self._cleanup()
        return str(self._state)

    def _facts(self, state: str, seconds: float) -> JobFacts:
        detail = self._last_detail()
        counters: dict[str, int] = {}
        distributions: dict[str, dict[str, int]] = {}
        # A job without a single metric has no container of them, which Beam makes an error.
        with contextlib.suppress(LookupError, HeadraceError, RuntimeError):
            found = self.metrics().query()
            counters = counters_of(found["counters"])
            distributions = distributions_of(found["distributions"])
        return JobFacts(
            job_id=self.flink_job_id,
            name=self._plan.name,
            state=state,
            seconds=round(seconds, 3),
            parallelism=self._plan.shape.parallelism,
            harnesses=self._plan.shape.harnesses,
            vertices=len(detail.vertices) if detail else 0,
            records=detail.records if detail else 0,
            counters=counters,
            distributions=distributions,
        )

    def _last_detail(self) -> JobDetail | None:
        deadline = time.monotonic() + _SETTLE_SECONDS
        with contextlib.suppress(HeadraceError):
            while True:
                detail = self._job.api.detail(self.flink_job_id)
                if detail.has_ended or time.monotonic() > deadline:
                    return detail
                time.sleep(_POLL_SECONDS)
        return None

    def _failure(self, lost: str) -> Exception:
        try:
            traces = self._job.api.exceptions(self.flink_job_id)
        except HeadraceError:
            traces = []
        for trace in traces:
            _log.debug("%s", trace)
        carried = python_error(traces)
        if carried is not None:
            return carried
        if lost:
            return JobFailed(
                f"Flink job {self.flink_job_id} failed: {lost}",
                "SIGKILL is what the kernel sends when memory runs out: see dmesg",
            )
        cause = java_cause(traces) or "Flink does not say why"
        logs = self._plan.cluster.logs
        return JobFailed(
            f"Flink job {self.flink_job_id} failed: {cause}",
            f"logs: {logs}" if logs else f"see {self._plan.cluster.rest_url}",
        )

    def _give_up(self) -> None:
        """Cancel the job, as far as that can be done; the error that is on its way matters more."""
        if self._ended is not None:
            return
        self._ended = "CANCELED"
        with contextlib.suppress(Exception):
            if self._job.api.cancel(self.flink_job_id):
                _log.warning("Flink job %s is cancelled", self.flink_job_id)
            self._job.ownership.give_up()
        with contextlib.suppress(Exception):
            self._job.clean_up()
            self._cleanup()

    def _harness_log(self) -> HarnessLog:
        return HarnessLog(self._pool, self._plan.token)
