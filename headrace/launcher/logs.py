"""Logging inside a node's process: every record becomes one frame, and is printed nowhere else."""

from __future__ import annotations

import logging
import re
import sys
import threading
import warnings
from collections.abc import Callable
from urllib.parse import quote

from headrace.launcher.lines import shortened
from headrace.launcher.protocol import EventFrame, Frame, LogFrame

EVENT = "headrace_event"
"""Attribute of a record that is an event, too: a pair of its name and detail (``EventFrame``)."""
_DUMP_LINES = 12
_NOISE = (
    "MetadataStore with ",
    "retry options is overwritten",
    "Fallback to non-ZetaSQL",
    "ArtifactQuery.property_predicate is not supported",
    "metadata_connection_config is not provided by IR",
    "Using yield and return in the process method",
    "BatchElements statistics: ",
    "Cleaning up state",
    "crcmod package not found",
    "TF_USE_LEGACY_KERAS is set to 0",
    "Using Any for unsupported type",
    "tensorflow_io is not available",
    "tensorflow_ranking is not available",
    "tensorflow_decision_forests is not available",
    "tensorflow_text is not available",
    "tensorflow_recommenders is not available",
    "struct2tensor is not available",
    "Nonempty beam arg sdk_container_image",
    "*** WriteImpl min_shards undef",
    "Value type <class",
)
_WITH_PASSWORD = ("ConnectionConfig: ",)
"""ML Metadata's own, at level DEBUG; the password in it is written as in a proto."""
_TOLD_AGAIN = re.compile(r"\[[^]]*\] Input resolution error: ")
"""TFX's, of which the node tells whether it is one: a Resolver that finds nothing is none."""
_SHORTEST_SECRET = 4
_INSTALLED = ("/site-packages/", "/dist-packages/")
_DUMPS = ("Running launcher for ", "Going to run a new execution: ", "Using deployment config")


_secrets: set[str] = set()


def keep_secret(password: str) -> None:
    """Have a password, as it is and as in a URL, not leave this process in a log or an error."""
    for text in (password, quote(password, safe=""), quote(password)):
        if len(text) >= _SHORTEST_SECRET:
            _secrets.add(text)


def without_secrets(text: str) -> str:
    """The text with what is to be kept secret blotted out."""
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


class FrameHandler(logging.Handler):
    """Sends records as frames.

    What says nothing to a user is DEBUG: TFX's dumps of whole protos, and warnings of its libraries
    about themselves.
    """

    def __init__(self, send: Callable[[Frame], None]) -> None:
        super().__init__()
        self._send = send
        self._inside = threading.local()

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record; a record that cannot be formatted is reported, never raised."""
        if getattr(self._inside, "busy", False):
            return
        self._inside.busy = True
        try:
            message = without_secrets(self.format(record))
            if message.startswith(_WITH_PASSWORD):
                return
            level = record.levelno
            is_noise = level <= logging.WARNING and _is_for_debugging(record.name, message)
            if is_noise or _TOLD_AGAIN.match(message):
                level = logging.DEBUG
            if level >= logging.getLogger().getEffectiveLevel():
                self._send(
                    LogFrame(
                        level=logging.getLevelName(level),
                        message=shortened(message),
                        logger=record.name,
                        time=record.created,
                    )
                )
            event = getattr(record, EVENT, None)
            if event is not None:
                self._send(EventFrame(event[0], detail=event[1]))
        except Exception:
            self.handleError(record)
        finally:
            self._inside.busy = False


def route_logging(send: Callable[[Frame], None], level: int) -> None:
    """Make ``send`` the only way out for log records and warnings of this process.

    Libraries that were imported before have handlers of their own that print to standard error;
    a line would arrive twice, so those are taken away.
    """
    root = logging.getLogger()
    handler = FrameHandler(send)
    for logger in (root, *_existing_loggers()):
        for old in list(logger.handlers):
            logger.removeHandler(old)
        logger.propagate = True
    root.addHandler(handler)
    root.setLevel(level)
    absl = sys.modules.get("absl.logging")
    if absl is not None:
        absl.get_absl_logger().setLevel(level)
        # absl prints its early records to standard error until it believes to be set up.
        setattr(absl, "_warn_preinit_stderr", False)  # noqa: B010 - private, so unknown to types
    tensorflow = logging.getLogger("tensorflow")
    tensorflow.setLevel(max(level, logging.WARNING))
    logging.captureWarnings(True)
    warnings.simplefilter("ignore", DeprecationWarning)


def _existing_loggers() -> list[logging.Logger]:
    named = logging.Logger.manager.loggerDict.values()
    return [logger for logger in named if isinstance(logger, logging.Logger)]


def _is_for_debugging(logger: str, message: str) -> bool:
    if logger == "py.warnings":
        # It begins with the file that the warning is for: a library's, or the user's own.
        return any(place in message.partition(":")[0] for place in _INSTALLED)
    return message.startswith((*_NOISE, *_DUMPS)) or message.count("\n") > _DUMP_LINES
