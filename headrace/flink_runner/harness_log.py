"""Brings what a job's harnesses say into this process's log."""

from __future__ import annotations

import logging
import threading
from types import TracebackType

from headrace.errors import HeadraceError
from headrace.launcher.protocol import ErrorFrame, EventFrame, Frame, LogFrame
from headrace.worker_pool.client import PoolClient, PoolUnreachable

_JOIN_SECONDS = 2.0
_log = logging.getLogger("headrace.flink")


class HarnessLog:
    """While in this context, a thread follows the job's log at the worker pool.

    A pool that this machine cannot reach, as beside a TaskManager elsewhere, is done without:
    Flink's own logs have what harnesses say, too. On leaving, the job's harnesses are ended.

    Attributes:
        failure: why the pool has killed a harness; the job need not go on.
        lost: which harness died last by itself, and how; empty: none.
    """

    def __init__(self, endpoint: str, token: str, rest_url: str, flink_job_id: str) -> None:
        self._client = PoolClient(endpoint, token) if endpoint else None
        self._rest_url, self._job_id = rest_url, flink_job_id
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self.failure: HeadraceError | None = None
        self.lost = ""

    def __enter__(self) -> HarnessLog:
        if self._client is not None:
            try:
                self._client.bind(self._rest_url, self._job_id)
                self._thread.start()
            except PoolUnreachable as error:
                _log.debug("The worker pool's log cannot be followed: %s", error)
                self._client.close()
                self._client = None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._client is None:
            return
        try:
            self._client.end()
            self._thread.join(_JOIN_SECONDS)
        except PoolUnreachable as unreachable:
            _log.debug("The worker pool cannot be told of the job's end: %s", unreachable)
        finally:
            self._client.close()

    def _follow(self) -> None:
        assert self._client is not None
        for frame in self._client.frames():
            self._take(frame)

    def _take(self, frame: Frame) -> None:
        if isinstance(frame, LogFrame):
            level = logging.getLevelName(frame.level)
            logger = logging.getLogger(frame.logger or "harness")
            record = logger.makeRecord(
                logger.name,
                level if isinstance(level, int) else logging.INFO,
                "(harness)",
                0,
                frame.message,
                (),
                None,
            )
            record.created = frame.time or record.created
            logger.handle(record)
        elif isinstance(frame, EventFrame) and frame.event == "lost":
            self.lost = frame.detail
            _log.warning("%s", frame.detail)
        elif isinstance(frame, ErrorFrame):
            self.failure = HeadraceError(frame.message, frame.hint)
