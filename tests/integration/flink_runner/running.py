"""A node whose Beam job runs while the test goes on."""

from __future__ import annotations

import threading

from headrace.launcher.jobs import NodeResult
from tests.integration.flink_runner.conftest import Flink, Jobs
from tests.waiting import LONG_SECONDS, wait_until


class Running:
    """A node that runs in a thread until something ends it."""

    def __init__(self, jobs: Jobs, run: str, mode: str, *beam_args: str) -> None:
        self.error: BaseException | None = None
        self.result: NodeResult | None = None
        self.jobs, self.run = jobs, run

        def work() -> None:
            try:
                self.result = jobs.run(run, mode, *beam_args)
            except BaseException as error:
                self.error = error

        self.thread = threading.Thread(target=work)
        self.thread.start()

    @property
    def flink(self) -> Flink:
        return self.jobs.flink

    def job_id(self) -> str:
        """Flink's id of the job, as soon as it is there."""
        name = self.jobs.name(self.run)
        wait_until(lambda: self.flink.job_ids(name) or not self.thread.is_alive())
        assert self.error is None
        [found] = self.flink.job_ids(name)
        return found

    def join(self) -> BaseException | None:
        self.thread.join(LONG_SECONDS)
        assert not self.thread.is_alive()
        return self.error
