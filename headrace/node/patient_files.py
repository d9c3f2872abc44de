"""File systems that fail for a moment, such as NFS and object stores, are asked again.

Through TFX's ``fileio`` go outputs' directories, publishing, pushing and removal; through Beam's
``FileSystems`` what Beam jobs of a node's own process open and look for. Opening is tried again,
reading and writing of what is open is not.
"""

from __future__ import annotations

import functools
import os
import stat
from collections.abc import Callable
from typing import Any

import tensorflow as tf
from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems
from tfx.dsl.io import filesystem, filesystem_registry

from headrace.retries import TRANSIENT_ERRORS, is_transient_os_error, patiently

_TENSORFLOW_ERRORS = (
    tf.errors.UnavailableError,
    tf.errors.DeadlineExceededError,
    tf.errors.AbortedError,
)
_TEXTS = tuple(os.strerror(number) for number in sorted(TRANSIENT_ERRORS))
_LOOKS = ("glob", "listdir", "stat", "makedirs")
_BEAM = ("match", "exists", "open", "create")


def retry_files() -> None:
    """Have ``fileio`` and ``FileSystems`` of this process try again what may pass."""
    registry = filesystem_registry.DEFAULT_FILESYSTEM_REGISTRY
    found = registry.get_filesystem_for_path
    if not isinstance(found, _Patiently):
        registry.get_filesystem_for_path = _Patiently(found)
    for name in _BEAM:
        method = getattr(FileSystems, name)
        if not hasattr(method, "__wrapped__"):
            setattr(FileSystems, name, staticmethod(_again(method, name)))


def may_pass(error: Exception) -> bool:
    """Whether an error of a file system is one that may be gone in a moment."""
    if is_transient_os_error(error) or isinstance(error, _TENSORFLOW_ERRORS):
        return True
    if isinstance(error, tf.errors.UnknownError):  # TensorFlow has no code of its own for EIO
        return any(text in str(error) for text in _TEXTS)
    if isinstance(error, BeamIOError):
        details = list((error.exception_details or {}).values())
        return bool(details) and all(may_pass(detail) for detail in details)
    return False


class _Patiently:
    """``FilesystemRegistry.get_filesystem_for_path``, whose answers try again."""

    def __init__(self, found: Callable[[Any], Any]) -> None:
        self._found = found

    def __call__(self, path: Any) -> Any:
        return _patient(self._found(path))


@functools.cache
def _patient(files: Any) -> Any:
    """A file system of TFX's as one that tries again; always the same class for the same one."""
    methods = {name: staticmethod(_again(getattr(files, name), name)) for name in _LOOKS}
    methods |= {
        "exists": staticmethod(_certain(files.exists, "exists", bool)),
        "isdir": staticmethod(_certain(files.isdir, "isdir", _is_directory)),
        "open": staticmethod(functools.partial(_open, files)),
        "copy": staticmethod(functools.partial(_copy, files)),
        "mkdir": staticmethod(functools.partial(_mkdir, files)),
        "remove": staticmethod(functools.partial(_remove, files.remove, "remove")),
        "rmtree": staticmethod(functools.partial(_remove, files.rmtree, "rmtree")),
        "rename": staticmethod(functools.partial(_rename, files)),
    }
    return type(f"Patient{files.__name__}", (files,), methods)


def _again(method: Callable[..., Any], name: str) -> Callable[..., Any]:
    @functools.wraps(method)
    def again(path: Any, *args: Any, **kwargs: Any) -> Any:
        what = _named(name, path)
        return patiently(lambda _: method(path, *args, **kwargs), what, may_pass)

    return again


def _certain(
    method: Callable[[Any], bool], name: str, ask: Callable[[os.stat_result], bool]
) -> Callable[[Any], bool]:
    """TensorFlow says of a local path that cannot be looked at that there is none."""

    def asked(path: Any) -> bool:
        if method(path):
            return True
        if "://" in os.fsdecode(path):
            return False
        try:
            return ask(os.stat(path))
        except OSError as error:
            if may_pass(error):
                raise
            return False

    return _again(asked, name)


def _open(files: Any, path: Any, mode: str = "r") -> Any:
    def opened(_: int) -> Any:
        file = files.open(path, mode=mode)
        # TensorFlow's files are opened when they are first used.
        check = "_preread_check" if mode.startswith("r") else "_prewrite_check"
        first_use = getattr(file, check, None)
        if first_use is not None:
            setattr(file, check, lambda: patiently(lambda _: first_use(), what, may_pass))
        return file

    what = _named("open", path)
    return patiently(opened, what, may_pass)


def _copy(files: Any, source: Any, target: Any, overwrite: bool = False) -> None:
    # What an earlier call has written in part is ours to write over.
    patiently(
        lambda calls: files.copy(source, target, overwrite=overwrite or calls > 0),
        _named("copy", source),
        may_pass,
    )


def _mkdir(files: Any, path: Any) -> None:
    def made(calls: int) -> None:
        if not (calls and files.isdir(path)):
            files.mkdir(path)

    patiently(made, _named("mkdir", path), may_pass)


def _remove(method: Callable[[Any], None], name: str, path: Any) -> None:
    def removed(calls: int) -> None:
        try:
            method(path)
        except filesystem.NotFoundError:
            if not calls:  # else an earlier call has done it before it failed
                raise

    patiently(removed, _named(name, path), may_pass)


def _rename(files: Any, source: Any, target: Any, overwrite: bool = False) -> None:
    def renamed(calls: int) -> None:
        try:
            files.rename(source, target, overwrite=overwrite)
        except filesystem.NotFoundError:
            if not (calls and files.exists(target)):
                raise

    patiently(renamed, _named("rename", source), may_pass)


def _is_directory(status: os.stat_result) -> bool:
    return stat.S_ISDIR(status.st_mode)


def _named(name: str, path: Any) -> str:
    paths = path if isinstance(path, list) else [path]
    return f"{name} {os.fsdecode(paths[0])}" if paths else name
