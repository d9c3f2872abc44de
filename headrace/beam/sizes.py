"""The size of a cached value, without a walk through all modules for each value.

A worker keeps side inputs in a cache and weighs each. Beam leaves out what modules own, and lists
the globals of every module for that. There are thousands once TFX is imported: it took a twelfth
of the time of a small Transform, and more with more side inputs.
"""

from __future__ import annotations

import sys
from typing import Any

import objsize
from apache_beam.runners.worker import statecache


def remember_globals() -> None:
    """Make Beam's worker, in this process, list the modules' globals when there are new modules."""
    if not isinstance(statecache.get_deep_size, DeepSize):
        statecache.get_deep_size = DeepSize()


class DeepSize:
    """What ``statecache.get_deep_size`` computes."""

    def __init__(self) -> None:
        self._settings = objsize.ObjSizeSettings(
            get_size_func=statecache._size_func,
            get_referents_func=statecache._get_referents_func,
            filter_func=statecache._filter_func,
            exclude_modules_globals=False,
        )
        self._modules = 0
        self._excluded: frozenset[int] = frozenset()

    def __call__(self, *objects: Any) -> int:
        context = self._settings.new_context()
        context.exclude_set = self._globals()  # objsize only reads it
        return int(context.get_deep_size(*objects))

    def _globals(self) -> frozenset[int]:
        if len(sys.modules) != self._modules:
            modules = list(sys.modules.values())
            owned = [module.__dict__ for module in modules if hasattr(module, "__dict__")]
            self._excluded = frozenset(map(id, (None, *owned)))
            self._modules = len(modules)
        return self._excluded
