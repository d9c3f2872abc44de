"""A view of pipeline options, without a parser of arguments for each.

Beam asks the options for views whenever a transform is applied, and makes an argument parser for
each: a tenth of the time of a small Transform.
"""

from __future__ import annotations

import argparse
import functools
from collections.abc import Callable

from apache_beam.options.pipeline_options import PipelineOptions

View = Callable[[PipelineOptions, type[PipelineOptions]], PipelineOptions]


def remember_options() -> None:
    """Make Beam, in this process, parse the arguments of one kind of options once."""
    if not hasattr(PipelineOptions.view_as, "__wrapped__"):
        PipelineOptions.view_as = remembering(PipelineOptions.view_as)


def remembering(view_as: View) -> View:
    """``view_as`` with a memory of which options a class has.

    The views of one object share its values. The first of a class reads the arguments and adds the
    values of its options; where all of them are there, another one needs their names alone.
    """
    known: dict[tuple[type, tuple[str, ...]], argparse.Namespace] = {}

    @functools.wraps(view_as)
    def view(self: PipelineOptions, cls: type[PipelineOptions]) -> PipelineOptions:
        values = self._all_options
        if cls.__init__ is not PipelineOptions.__init__ or self._flags is None:
            return view_as(self, cls)
        key = (cls, tuple(self._flags))
        names = known.get(key)
        if names is None or any(name not in values for name in vars(names)):
            found = view_as(self, cls)
            known[key] = found._visible_options
            return found
        made = object.__new__(cls)
        made._flags = self._flags
        made._visible_options = names
        made._all_options = values
        return made

    return view
