"""Settings of Flink: keys that begin with ``flink_``, or a ``[flink]`` table without that."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PREFIX = "flink_"
_UNITS = {"": 0, "b": 0, "k": 1, "kb": 1, "m": 2, "mb": 2, "g": 3, "gb": 3, "t": 4, "tb": 4}
_SIZE = re.compile(r"([0-9]{1,18})\s*([a-z]*)")


@dataclass(frozen=True)
class FlinkSettings:
    """What the user has set of Flink; None where headrace decides.

    Attributes:
        master: REST URL of a cluster that runs already; None: the one of ``headrace flink up``.
        jobs_directory: a directory that this machine shares with that cluster's JobManager, and
            that is on the JobManager's class path beside the runner jar.
        worker_pool: ``host:port`` at which that cluster's TaskManagers reach their worker pool.
        web_url: where browsers reach that cluster's web UI, if not at ``master``.
        home: an unpacked Flink distribution to use instead of installing one.
        jar: a runner jar to use instead of building one.
        slots: task slots of each TaskManager.
        task_managers: TaskManagers to start.
        memory: bytes for JobManager and TaskManagers together, SDK harnesses apart.
        harness_memory: bytes that one SDK harness may take.
        options: options of Flink's own configuration, which win over the profile's.
    """

    master: str | None = None
    jobs_directory: Path | None = None
    worker_pool: str | None = None
    web_url: str | None = None
    home: Path | None = None
    jar: Path | None = None
    slots: int | None = None
    task_managers: int | None = None
    memory: int | None = None
    harness_memory: int | None = None
    options: tuple[tuple[str, str], ...] = ()


def flattened(table: Mapping[str, Any]) -> dict[str, Any]:
    """The table with its ``[flink]`` table's keys as ``flink_`` keys.

    Raises:
        ValueError: ``flink`` is no table, or a setting is given in both ways.
    """
    inner = table.get("flink", {})
    if not isinstance(inner, dict):
        raise ValueError(f"flink: expected a table, got {inner!r}")
    prefixed = {PREFIX + key: value for key, value in inner.items()}
    twice = sorted(set(prefixed) & set(table))
    if twice:
        raise ValueError(f"{twice[0]} is also given in the table [flink]")
    return {**{key: value for key, value in table.items() if key != "flink"}, **prefixed}


def master_url(value: Any) -> str:
    """Read a cluster's REST address: a URL, or ``host:port`` as Beam and Flink write it."""
    text = value.strip().rstrip("/") if isinstance(value, str) else ""
    url = text if "://" in text else f"http://{text}"
    if not re.fullmatch(r"https?://[^/\s]+(/\S*)?", url) or not _has_place(url):
        raise ValueError(f"expected the URL of a Flink cluster's REST API, got {value!r}")
    return url


def _has_place(url: str) -> bool:
    """Whether it names a host, and no port that cannot be one."""
    try:
        parts = urlsplit(url)
        return url.isprintable() and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def endpoint(value: Any) -> str:
    """Read ``host:port``."""
    match = re.fullmatch(r"[^\s:/]+:([0-9]{1,5})", value) if isinstance(value, str) else None
    if match is None or not 0 < int(match[1]) < 65536:
        raise ValueError(f"expected HOST:PORT, got {value!r}")
    return str(value)


def count(value: Any) -> int:
    """Read a whole number above zero."""
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        number = 0
    if number < 1 or isinstance(value, (bool, float)):
        raise ValueError(f"expected a whole number above zero, got {value!r}")
    return number


def size(value: Any) -> int:
    """Read bytes as Flink writes them: ``4g``, ``512 mb``, ``1073741824``."""
    match = _SIZE.fullmatch(str(value).strip().lower()) if isinstance(value, (str, int)) else None
    if match is None or match[2] not in _UNITS or int(match[1]) == 0 or isinstance(value, bool):
        raise ValueError(f"expected a size such as '4g' or '512m', got {value!r}")
    return int(match[1]) << 10 * _UNITS[match[2]]


def options(value: Any) -> tuple[tuple[str, str], ...]:
    """Read options of Flink: a table, or text of ``key=value`` parts.

    A key with dots may be quoted or not: TOML makes tables of the latter, which are joined again.
    """
    if isinstance(value, str):
        pairs = [part.partition("=") for part in shlex.split(value)]
        wrong = [key for key, equals, _ in pairs if not key or not equals]
        if wrong:
            raise ValueError(f"expected KEY=VALUE, got {wrong[0]!r}")
        return tuple((key, text) for key, _, text in pairs)
    if not isinstance(value, dict):
        raise ValueError(f"expected a table, got {value!r}")
    return tuple(_joined(value, ""))


def _joined(table: Mapping[str, Any], before: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in table.items():
        if isinstance(value, dict):
            found += _joined(value, f"{before}{key}.")
        else:
            found.append((before + key, _option_text(before + key, value)))
    return found


def _option_text(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (str, int, float)):
        return str(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ";".join(value)
    raise ValueError(f"{key}: expected text, a number, a truth value or a list of texts")


FLINK_READERS: Mapping[str, Callable[[Any], Any]] = {
    "flink_master": master_url,
    "flink_worker_pool": endpoint,
    "flink_web_url": master_url,
    "flink_slots": count,
    "flink_task_managers": count,
    "flink_memory": size,
    "flink_harness_memory": size,
    "flink_options": options,
}
"""How each setting is read, but for paths, which depend on the project."""
FLINK_PATHS = ("flink_jobs_directory", "flink_home", "flink_jar")
