"""Says every few seconds how far a job is."""

from __future__ import annotations

import logging
import time

from headrace.errors import HeadraceError
from headrace.flink.job_api import JobApi, JobDetail
from headrace.flink.rest import FlinkApi

_FIRST_SECONDS = 2.0
_WAITING_SECONDS = 5.0
_LONGEST_SECONDS = 30.0
"""Each pause between looks is twice the one before, up to this. To answer, the JobManager writes
out Beam's metrics of every vertex: for hundreds it takes a second, in which the job does not go on.
"""
_log = logging.getLogger("headrace.flink")


class SlotsMissing(HeadraceError):
    """The job waited too long for slots."""

    transient = True


class Progress:
    """Looks at a running job now and then; ``look`` may be called as often as one likes."""

    def __init__(self, api: JobApi, rest_url: str, job_id: str, slot_wait_seconds: float) -> None:
        self._api, self._rest_url, self._job_id = api, rest_url, job_id
        self._slot_wait_seconds = slot_wait_seconds
        self._pause = _FIRST_SECONDS
        self._next = time.monotonic() + self._pause
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
        detail = self._api.detail(self._job_id)
        self._pause = (
            _WAITING_SECONDS if detail.waits_for_slots else min(2 * self._pause, _LONGEST_SECONDS)
        )
        self._next = now + self._pause
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
