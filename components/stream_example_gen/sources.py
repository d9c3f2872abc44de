"""An unbounded source that is named by where it is: a PTransform of the user's."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from typing import Any

import apache_beam as beam

from .journal import StreamError


def load_source(name: str, arguments: Mapping[str, Any]) -> beam.PTransform:
    """The PTransform that a dotted name is, or that what it names returns.

    Args:
        name: ``package.module.Name`` of a PTransform, of a class of such, or of a function.
        arguments: by name, of the class or the function.

    Raises:
        StreamError: there is none; the message says where it ends.
    """
    found = _named(name)
    if isinstance(found, beam.PTransform):
        if arguments:
            raise StreamError(f"source {name} is made already: it takes no source_arguments")
        return found
    if not callable(found):
        raise StreamError(f"source {name} is a {type(found).__name__}, and no PTransform")
    try:
        inspect.signature(found).bind(**arguments)
    except TypeError as error:
        raise StreamError(f"source {name} does not take these source_arguments: {error}") from None
    made = found(**arguments)
    if not isinstance(made, beam.PTransform):
        raise StreamError(
            f"source {name} gives a {type(made).__name__}, and no PTransform: name a PTransform, a "
            "class of such, or a function that returns one"
        )
    return made


def _named(name: str) -> Any:
    module, dot, own = name.rpartition(".")
    if not dot or not all(part.isidentifier() for part in name.split(".")):
        raise StreamError(f"source {name!r} is no dotted name, as package.module.Name")
    try:
        loaded = importlib.import_module(module)
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        raise StreamError(f"source {name}: module {module} does not import: {what}") from error
    try:
        return getattr(loaded, own)
    except AttributeError:
        raise StreamError(f"source {name}: module {module} has no {own}") from None
