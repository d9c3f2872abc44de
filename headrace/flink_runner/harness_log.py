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


def bind(endpoint: str, token: str, rest_url: str, flink_job_id: str) -> bool:
    """Tell the worker pool which Flink job it is, so that the harnesses end with that.

    A pool that this machine cannot reach, as beside a TaskManager elsewhere, is done without:
    Flink's own logs have what harnesses say, and it closes harnesses that it needs no more.

    Returns:
        Whether the pool can be reached.
    """
    if not endpoint:
        return False
    client = PoolClient(endpoint, token)
    try:
        client.bind(rest_url, flink_job_id)
    except PoolUnreachable as error:
        _log.debug("The worker pool's log cannot be followed: %s", error)
        return False
    finally:
        client.close()
    return True


class HarnessLog:
    """While in this context, a thread follows the job's log at the worker pool.

    At its end the job's harnesses are ended, but not those of a job that was left.

    Args:
        endpoint: of a pool that ``bind`` has reached; empty: there is none.

    Attributes:
        failure: why the pool has killed a harness; the job need not go on.
        lost: which harness died last by itself, and how; empty: none.
    """

    def __init__(self, endpoint: str, token: str) -> None:
        self._client = PoolClient(endpoint, token) if endpoint else None
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self.failure: HeadraceError | None = None
        self.lost = ""
        self._left = False

    def __enter__(self) -> HarnessLog:
        if self._client is not None:
            self._thread.start()
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
            if not self._left:
                self._client.end()
                self._thread.join(_JOIN_SECONDS)
        except PoolUnreachable as unreachable:
            _log.debug("The worker pool cannot be told of the job's end: %s", unreachable)
        finally:
            self._client.close()

    def leave(self) -> None:
        """Let the job go on, with its harnesses; the pool ends them with it."""
        self._left = True

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
