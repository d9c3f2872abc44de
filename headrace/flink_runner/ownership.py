"""Keeps on record that this process answers for a Flink job, from before the job is there."""

from __future__ import annotations

import atexit
import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from headrace.flink import owners
from headrace.flink.job_api import JobRefused
from headrace.flink_runner.plan import Plan
from headrace.services.identity import ProcessIdentity


class Ownership:
    """A job whose process is killed is cancelled by whoever finds the record that it left.

    The record is removed when the job has ended or is left to itself, and at this process's
    regular end: then nobody waits for the job, on purpose.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._file: Path | None = None

    @contextlib.contextmanager
    def of_submission(self) -> Iterator[None]:
        """Hold from before the cluster may know the job; a stream is made to outlive this process.

        It is kept if the submission is broken off, since a job may come of it yet, and given up
        if the cluster refuses the job.
        """
        if self._plan.is_unbounded:
            yield
            return
        self._record(is_submitting=True)
        try:
            yield
        except JobRefused:
            self.give_up()
            raise
        except BaseException:
            atexit.unregister(self.give_up)
            raise
        self._record(is_submitting=False)

    @contextlib.contextmanager
    def of_waiting(self) -> Iterator[None]:
        """Hold while this process waits for the job.

        If the waiting is broken off, who breaks it off cancels the job and gives it up, or else the
        record stays for others who do.
        """
        self._record(is_submitting=False)
        with contextlib.suppress(OSError):
            owners.cancel_orphans(self._plan.home)
        try:
            yield
        except BaseException:
            atexit.unregister(self.give_up)
            raise
        self.give_up()

    def give_up(self) -> None:
        """Answer for the job no longer."""
        if self._file is not None:
            self._file.unlink(missing_ok=True)
            self._file = None
            atexit.unregister(self.give_up)

    def _record(self, *, is_submitting: bool) -> None:
        job = owners.OwnedJob(
            rest_url=self._plan.cluster.rest_url,
            job_id=self._plan.job_id,
            name=self._plan.name,
            owner=ProcessIdentity.of(os.getpid()),
            folder=str(self._plan.folder or ""),
            is_submitting=is_submitting,
        )
        if self._file is None:
            atexit.register(self.give_up)
        self._file = owners.record(self._plan.home, job)
