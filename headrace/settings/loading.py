"""Reads settings: environment variable before ``headrace.toml`` before default."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from headrace.errors import UsageError
from headrace.layout import STATE_DIRECTORY, Layout, find_project
from headrace.settings.flink import (
    FLINK_PATHS,
    FLINK_READERS,
    PREFIX,
    FlinkSettings,
    flattened,
)
from headrace.settings.keras import Keras, keras_of
from headrace.settings.metadata_url import parse_metadata_url
from headrace.settings.model import LauncherMode, Runner, Settings

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CONFIG_FILE = "headrace.toml"
_T = TypeVar("_T")
_SHOWN = 40

KEYS = (
    "home",
    "tfx_python",
    "metadata_url",
    "metadata_conn_id",
    "artifact_root",
    "parameter_roots",
    "runner",
    "launcher",
    "launcher_idle_seconds",
    "launcher_nodes",
    "launcher_hold_seconds",
    "launcher_handover_seconds",
    "defer_after_seconds",
    "beam_args",
    "beam_overrides",
    "keras",
    "allow_empty_examples",
    *FLINK_READERS,
    *FLINK_PATHS,
)


def load_settings(start: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of the project of ``start`` (default: the working directory).

    Raises:
        UsageError: a setting has an unknown name or a value that cannot be used; the message names
            the setting and the file or variable that it came from.
    """
    environ = os.environ if environ is None else environ
    project = find_project(start or Path.cwd())
    values = _Values(environ, project / CONFIG_FILE)
    home = values.get("home", _path_from(project), project / STATE_DIRECTORY)
    artifact_root = values.get("artifact_root", _root_from(project), None)
    return Settings(
        project=project,
        home=home,
        tfx_python=values.get("tfx_python", _path_from(project), _tfx_python(home)),
        metadata_url=values.get("metadata_url", _url_from(project), None),
        metadata_conn_id=values.get("metadata_conn_id", _text, None),
        artifact_root=artifact_root,
        parameter_roots=values.get("parameter_roots", _roots_from(project), ()),
        runner=values.get("runner", _choice(Runner), Runner.DIRECT),
        launcher=values.get("launcher", _choice(LauncherMode), LauncherMode.FORKSERVER),
        launcher_idle_seconds=values.get("launcher_idle_seconds", _seconds, 900.0),
        launcher_nodes=values.get("launcher_nodes", _count, 0),
        launcher_hold_seconds=values.get("launcher_hold_seconds", _no_seconds_or_more, 900.0),
        launcher_handover_seconds=values.get("launcher_handover_seconds", _seconds, 120.0),
        defer_after_seconds=values.get("defer_after_seconds", _seconds, 10.0),
        beam_args=values.get("beam_args", _arguments, ()),
        beam_overrides=values.get("beam_overrides", _arguments, ()),
        keras=values.get("keras", _keras, keras_of(environ)),
        allow_empty_examples=values.get("allow_empty_examples", _yes_or_no, False),
        flink=_flink(values, project),
    )


def _tfx_python(home: Path) -> Path:
    """The state directory's, or where it has none, the one that was set up with this interpreter.

    So a DAG file anywhere finds it when Airflow runs from the environment that headrace has made.
    """
    own = Layout(home).tfx_python
    beside = Layout(Path(sys.prefix).parent.parent)
    is_ours = Path(sys.prefix) == beside.airflow_python.parent.parent
    # Not Path.exists, which raises where a directory may not be looked into.
    has_own = os.path.exists(own)
    return beside.tfx_python if is_ours and not has_own and beside.tfx_python.exists() else own


def _flink(values: _Values, project: Path) -> FlinkSettings:
    readers = {**FLINK_READERS, **dict.fromkeys(FLINK_PATHS, _path_from(project))}
    found = {key.removeprefix(PREFIX): values.get(key, read, None) for key, read in readers.items()}
    return FlinkSettings(**{name: value for name, value in found.items() if value is not None})


class _Values:
    def __init__(self, environ: Mapping[str, str], config: Path) -> None:
        self._environ = environ
        self._config = config
        self._table = _read_table(config)

    def get(self, key: str, convert: Callable[[Any], _T], default: _T) -> _T:
        variable = f"HEADRACE_{key.upper()}"
        if self._environ.get(variable):
            return self._converted(convert, self._environ[variable], variable)
        if key in self._table:
            return self._converted(convert, self._table[key], f"{key} in {self._config}")
        return default

    @staticmethod
    def _converted(convert: Callable[[Any], _T], value: Any, where: str) -> _T:
        try:
            return convert(value)
        except ValueError as error:
            raise UsageError(f"{where}: {error}") from None


def _read_table(config: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(config.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError) as error:
        # Not TOMLDecodeError only: a number of too many digits is Python's own ValueError.
        raise UsageError(f"{config} is not valid TOML: {error}") from None
    except OSError as error:
        raise UsageError(f"{config} cannot be read: {error.strerror}") from None
    try:
        table = flattened(table)
    except ValueError as error:
        raise UsageError(f"{config}: {error}") from None
    unknown = sorted(set(table) - set(KEYS))
    if unknown:
        raise UsageError(
            f"{config}: unknown setting {unknown[0]!r}", f"known settings: {', '.join(KEYS)}"
        )
    return table


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected text, got {value!r}")
    return value


def _path_from(base: Path) -> Callable[[Any], Path]:
    def convert(value: Any) -> Path:
        text = _text(value)
        if not text:
            raise ValueError("a path cannot be empty")
        if "\0" in text:
            raise ValueError(f"a path cannot have a NUL character: {text!r}")
        try:
            path = Path(text).expanduser()
        except RuntimeError as error:  # ~NAME of a user that there is not
            raise ValueError(f"{text!r}: {error}") from None
        # Not resolved: an interpreter of a virtual environment is a link that must stay one.
        found = Path(os.path.abspath(base / path))
        if _is_too_long(found):
            raise ValueError(f"the path is too long: {text[:_SHOWN]}...")
        return found

    return convert


def _is_too_long(path: Path) -> bool:
    try:
        os.stat(path)
    except OSError as error:
        return error.errno == errno.ENAMETOOLONG
    return False


def _root_from(base: Path) -> Callable[[Any], str | None]:
    def convert(value: Any) -> str | None:
        text = _text(value)
        return text if "://" in text else str(_path_from(base)(text))

    return convert


def _roots_from(base: Path) -> Callable[[Any], tuple[str, ...]]:
    convert = _root_from(base)
    return lambda value: tuple(str(convert(item)) for item in _arguments(value))


def _url_from(base: Path) -> Callable[[Any], str | None]:
    def convert(value: Any) -> str | None:
        url = parse_metadata_url(_text(value), base)
        # A node runs in another directory, where a relative path would name another file.
        return f"sqlite:///{quote(str(url.path))}" if url.path else str(value)

    return convert


def _choice(kind: Callable[[Any], _T]) -> Callable[[Any], _T]:
    def convert(value: Any) -> _T:
        try:
            return kind(value)
        except ValueError:
            allowed = ", ".join(repr(item.value) for item in kind)  # type: ignore[attr-defined]
            raise ValueError(f"{value!r} is not one of {allowed}") from None

    return convert


def _keras(value: Any) -> Keras:
    # In the file, 2 is as good as "2".
    return _choice(Keras)(str(value) if isinstance(value, int) else value)


def _yes_or_no(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    found = {"true": True, "1": True, "false": False, "0": False}.get(str(value).lower())
    if found is None:
        raise ValueError(f"expected true or false, got {value!r}")
    return found


def _seconds(value: Any) -> float:
    seconds = _no_seconds_or_more(value)
    if seconds == 0:
        raise ValueError(f"expected a positive number of seconds, got {value!r}")
    return seconds


def _no_seconds_or_more(value: Any) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"expected a number of seconds, got {value!r}") from None
    if not 0 <= seconds < float("inf"):
        raise ValueError(f"expected a positive number of seconds, got {value!r}")
    return seconds


def _count(value: Any) -> int:
    text = str(value)
    if isinstance(value, bool) or not text.isdecimal():
        raise ValueError(f"expected a whole number, 0 or more, got {value!r}")
    return int(text)


def _arguments(value: Any) -> tuple[str, ...]:
    import shlex

    if isinstance(value, str):
        return tuple(shlex.split(value))
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise ValueError(f"expected a list of texts, got {value!r}")
