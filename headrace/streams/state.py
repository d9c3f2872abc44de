"""What is known of a named stream between its starts."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from headrace.errors import HeadraceError, UsageError
from headrace.fields import read_fields
from headrace.files import write_atomically
from headrace.settings import Settings
from headrace.target import is_file, parse_target

_FUNCTION = "create_stream"
_NOT_OF_NAMES = re.compile(r"[^\w-]+")


@dataclass(frozen=True)
class StreamName:
    """A stream that was named: its own name, and where its function is."""

    name: str
    target: str


@dataclass(frozen=True)
class StreamState:
    """One stream.

    Attributes:
        job_id: of the job that runs it, or ran it last.
        savepoint: that it was stopped with, from which the next start goes on.
        directory: of its spans and counts.
    """

    target: str = ""
    job_id: str = ""
    savepoint: str = ""
    directory: str = ""

    def stopped(self, savepoint: str) -> StreamState:
        """The state after a stop."""
        return replace(self, savepoint=savepoint)


def name_stream(text: str, settings: Settings) -> StreamName:
    """Find what is named: ``NAME`` is ``pipelines/NAME/stream.py:create_stream``.

    Raises:
        UsageError: there is no such file.
    """
    if ":" not in text:
        file = settings.project / "pipelines" / text / "stream.py"
        if not text.isidentifier() or not is_file(file):
            raise UsageError(
                f"there is no stream {text!r}: {file} does not exist",
                f"NAME is pipelines/NAME/stream.py with a function {_FUNCTION}, "
                "or give path/to/file.py:function",
            )
        return StreamName(text, str(parse_target(f"{file}:{_FUNCTION}", settings.project)))
    target = parse_target(text, settings.project)
    name = _NOT_OF_NAMES.sub("-", f"{target.module}-{target.function}")
    return StreamName(name, str(target))


def state_path(settings: Settings, name: str) -> Path:
    """The file of a stream's state."""
    return settings.layout.home / "streams" / f"{name}.json"


def read_state(settings: Settings, name: str) -> StreamState:
    """The state; an empty one of a stream that was never started.

    Raises:
        HeadraceError: the file is damaged.
    """
    path = state_path(settings, name)
    try:
        return read_fields(StreamState, json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return StreamState()
    except (ValueError, RecursionError):
        raise HeadraceError(
            f"{path} is damaged",
            "remove it; the stream then begins anew, and reads again in the order of its journal",
        ) from None


def write_state(settings: Settings, name: str, state: StreamState) -> None:
    """Keep the state."""
    write_atomically(state_path(settings, name), json.dumps(asdict(state)))
