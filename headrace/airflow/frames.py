"""A node's frames as log lines of Airflow's."""

from __future__ import annotations

import logging
from typing import Any

from headrace.launcher.protocol import EventFrame, Frame, LogFrame

FLINK_JOB = "flink_job"
"""The event that a node has submitted a job; its detail is the job's page in Flink's web UI."""


def log_frame(frame: Frame, log: Any) -> None:
    """Log what a frame says to a person: a node's lines under its loggers, events as ``log``."""
    if isinstance(frame, LogFrame):
        level = logging.getLevelName(frame.level)
        logger = logging.getLogger(f"headrace.node.{frame.logger or 'log'}")
        logger.log(level if isinstance(level, int) else logging.INFO, "%s", frame.message)
    elif isinstance(frame, EventFrame) and frame.event == FLINK_JOB:
        log.info("Flink job: %s", frame.detail)
    elif isinstance(frame, EventFrame) and frame.detail:
        log.info("%s", frame.detail)
