"""A node's frames as log lines of Airflow's."""

from __future__ import annotations

import logging
from typing import Any

from headrace.launcher.protocol import FLINK_JOB, EventFrame, Frame, LogFrame


def log_frame(frame: Frame, log: Any) -> None:
    """Log what a frame says to a person: a node's lines under its loggers, events as ``log``."""
    if isinstance(frame, LogFrame):
        level = logging.getLevelName(frame.level)
        logger = logging.getLogger(f"headrace.node.{frame.logger or 'log'}")
        logger.log(level if isinstance(level, int) else logging.INFO, "%s", frame.message)
    elif isinstance(frame, EventFrame) and frame.detail and frame.event != FLINK_JOB:
        log.info("%s", frame.detail)
