"""What of a package is imported, without a walk through all modules for each pickled function.

A function is pickled with the submodules that it may reach through the packages among its globals.
cloudpickle looks through all names of ``sys.modules`` for each package of each function; with TFX
imported these are thousands.
"""

from __future__ import annotations

import sys
import types
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from apache_beam.internal.cloudpickle import cloudpickle


def remember_submodules() -> None:
    """Make Beam's cloudpickle, in this process, sort the modules by package when there are new."""
    if not isinstance(cloudpickle._find_imported_submodules, Submodules):
        cloudpickle._find_imported_submodules = Submodules()


class Submodules:
    """What ``cloudpickle._find_imported_submodules`` finds."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._below: dict[str, list[str]] = {}

    def __call__(self, code: types.CodeType, dependencies: Iterable[Any]) -> list[Any]:
        found: list[Any] = []
        reachable = set(code.co_names)
        below: dict[str, list[str]] | None = None
        for package in dependencies:
            if not isinstance(package, types.ModuleType):
                continue
            if not getattr(package, "__package__", None):
                continue
            if below is None:
                below = self._sorted()
            start = len(package.__name__) + 1
            for name in below.get(package.__name__, ()):
                if reachable.issuperset(name[start:].split(".")):
                    found.append(sys.modules[name])
        return found

    def _sorted(self) -> dict[str, list[str]]:
        """The names of modules, in their order, by each package that they are below."""
        names = list(sys.modules)
        if names != self._names:
            below = defaultdict(list)
            for name in filter(None, names):
                end = name.find(".")
                while end >= 0:
                    below[name[:end]].append(name)
                    end = name.find(".", end + 1)
            self._names, self._below = names, dict(below)
        return self._below
