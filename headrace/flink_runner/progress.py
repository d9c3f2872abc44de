"""Says every few seconds how far a job is."""

from __future__ import annotations

import logging
import time

from headrace.errors import HeadraceError
from headrace.flink.job_api import JobApi, JobDetail
from headrace.flink.rest import FlinkApi

_FIRST_SECONDS = 2.0
_EVERY_SECONDS = 5.0
_LATER_SECONDS = 15.0
"""Once a job has run for a minute. To answer, the JobManager writes out Beam's metrics of every
vertex, which takes it tenths of a second in which it does nothing else for the job."""
_LATER_AFTER_SECONDS = 60.0
_log = logging.getLogger("headrace.flink")


class SlotsMissing(HeadraceError):
    """The job waited too long for slots."""

    transient = True


class Progress:
    """Looks at a running job now and then; ``look`` may be called as often as one likes."""

    def __init__(self, api: JobApi, rest_url: str, job_id: str, slot_wait_seconds: float) -> None:
        self._api, self._rest_url, self._job_id = api, rest_url, job_id
        self._slot_wait_seconds = slot_wait_seconds
        self._started = time.monotonic()
        self._next = self._started + _FIRST_SECONDS
        self._waiting_since: float | None = None
        self._told = ""

    def look(self) -> None:
        """Log how far the job is, if it is time and something has changed.

        Raises:
            SlotsMissing: it has waited for slots for too long.
        """
        now = time.monotonic()
        if now < self._next:
            return
        is_late = now - self._started > _LATER_AFTER_SECONDS
        self._next = now + (_LATER_SECONDS if is_late else _EVERY_SECONDS)
        detail = self._api.detail(self._job_id)
        if detail.has_ended:
            return
        text = self._waiting(detail, now) if detail.waits_for_slots else describe(detail)
        if text != self._told:
            self._told = text
            _log.info("%s", text)

    def _waiting(self, detail: JobDetail, now: float) -> str:
        self._waiting_since = self._waiting_since or now
        wanted = max(vertex.parallelism for vertex in detail.vertices)
        with FlinkApi(self._rest_url) as api:
            overview = api.overview()
        text = (
            f"Waiting for slots: the job asks for {wanted}; {overview.free_slots} of "
            f"{overview.slots} are free"
        )
        if now - self._waiting_since > self._slot_wait_seconds:
            raise SlotsMissing(
                f"{text}, and it has waited for {self._slot_wait_seconds:.0f} s",
                "end other jobs, give the cluster more slots (flink_slots, "
                "flink_task_managers), or lower --parallelism",
            )
        return text


def describe(detail: JobDetail) -> str:
    """One line on a job that runs."""
    running = f", {detail.running_vertices} running" if detail.running_vertices else ""
    state = "" if detail.state == "RUNNING" else f" ({detail.state.lower()})"
    return (
        f"Flink{state}: {detail.finished_vertices} of {len(detail.vertices)} vertices finished"
        f"{running}, {detail.records:,} records"
    )
