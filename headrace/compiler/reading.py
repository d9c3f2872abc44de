"""Finds out which files of the project a compilation read."""

from __future__ import annotations

import os
import re
import sys
import sysconfig
import traceback
from collections.abc import Iterable
from pathlib import Path

import headrace
from headrace.target import Target

_PACKAGE_DIRECTORIES = ("site-packages", "dist-packages")
_NOT_IN_PACKAGE = re.compile(r"cannot import name '(\w+)'")
_WRITING = os.O_WRONLY | os.O_RDWR


class ReadingTracker:
    """Records the project's files that are imported or opened, once ``watch`` was called.

    Files below the state directory, of installed packages, of the standard library and of headrace
    are no part of the project; the target's own file is, wherever it lies.
    """

    def __init__(self, target: Target, project: Path, home: Path) -> None:
        self._target = target
        self._roots = tuple(dict.fromkeys((str(project), *map(str, target.import_path))))
        names = ("stdlib", "platstdlib", "purelib", "platlib")
        foreign = [sysconfig.get_path(name) for name in names]
        foreign += [str(Path(headrace.__file__).resolve().parent), str(home.resolve())]
        self._foreign = tuple(f"{os.path.realpath(path)}{os.sep}" for path in foreign)
        self._opened: dict[str, None] = {}
        self._written: set[str] = set()
        self._watching = False

    def watch(self) -> None:
        """Start to record opened files. The hook cannot be removed; ``stop`` makes it idle."""
        self._watching = True
        sys.addaudithook(self._audit)

    def stop(self) -> None:
        self._watching = False

    def is_project_file(self, name: str) -> bool:
        """Whether a path is a file of the author's."""
        path = os.path.realpath(name)
        if path == str(self._target.file):
            return True
        if path.startswith(self._foreign) or not os.path.isfile(path):
            return False
        return not any(part in _PACKAGE_DIRECTORIES for part in Path(path).parts)

    def files(self) -> set[Path]:
        """Every project file imported or opened so far; those it wrote itself are left out."""
        found = {self._target.file}
        for module in list(sys.modules.values()):
            name = getattr(module, "__file__", None)
            if isinstance(name, str) and name.endswith(".py") and self.is_project_file(name):
                found.add(Path(os.path.realpath(name)))
        for name in self._opened:
            path = os.path.realpath(name)
            inside = any(path.startswith(f"{root}{os.sep}") for root in self._roots)
            if inside and path not in self._written and self.is_project_file(path):
                found.add(Path(path))
        return found

    def files_behind(self, raised: BaseException) -> set[Path]:
        """What decided that this was raised: project files in its traceback, files not found."""
        found: set[Path] = set()
        cause: BaseException | None = raised
        while cause is not None:
            for frame in traceback.extract_tb(cause.__traceback__):
                if self.is_project_file(frame.filename):
                    found.add(Path(os.path.realpath(frame.filename)))
            found.update(self._missing(cause))
            cause = cause.__cause__ or cause.__context__
        return found

    def _missing(self, raised: BaseException) -> Iterable[Path]:
        if isinstance(raised, SyntaxError) and raised.filename:
            return [Path(raised.filename)] if self.is_project_file(raised.filename) else []
        if isinstance(raised, OSError) and isinstance(raised.filename, str):
            return [] if os.path.exists(raised.filename) else [Path(raised.filename).absolute()]
        if isinstance(raised, ImportError) and raised.name:
            name = raised.name
            # "from package import module", where the package is there, says only "cannot import".
            wanted = _NOT_IN_PACKAGE.match(str(raised))
            if wanted and not isinstance(raised, ModuleNotFoundError):
                name = f"{name}.{wanted[1]}"
            module = Path(*name.split("."))
            places = [root / module for root in self._target.import_path]
            candidates = [*places, *(place.with_suffix(".py") for place in places)]
            return [path for path in candidates if not path.exists()]
        return []

    def _audit(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self._watching or event != "open":
            return
        name, _, flags = arguments
        if not isinstance(name, str) or name.endswith(".pyc"):
            return
        if isinstance(flags, int) and flags & _WRITING:
            self._written.add(os.path.realpath(name))
        else:
            # Made absolute here, because the author's code may change the directory later.
            self._opened[os.path.abspath(name)] = None
