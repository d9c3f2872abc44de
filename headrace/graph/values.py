"""Values of runtime parameters: checked as a type, or read from text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from headrace.errors import UsageError
from headrace.graph.entities import ParameterType, RuntimeParameter

ParameterValue = int | float | str | bool

_TRUE = ("true", "1", "yes")
_FALSE = ("false", "0", "no")
_TYPES: Mapping[ParameterType, type] = {
    ParameterType.INT: int,
    ParameterType.FLOAT: float,
    ParameterType.STR: str,
    ParameterType.BOOL: bool,
}


class NotHeld(ValueError):
    """TFX's intermediate representation cannot hold the value; the message says why."""


def checked(parameter: RuntimeParameter, value: Any) -> ParameterValue:
    """Return ``value`` as the parameter's type, if it is of it.

    A whole number is a float too, and 3.0 is the integer 3, as it is for JSON schema.

    Raises:
        UsageError: it is not.
    """
    kind = parameter.type
    try:
        if kind is ParameterType.FLOAT and type(value) is int:
            return float(value)
        if kind is ParameterType.INT and type(value) is float and value.is_integer():
            return held(int(value))
        is_of_type = type(value) is _TYPES[kind]
        held(value)
    except (NotHeld, OverflowError) as error:
        raise UsageError(f"parameter {parameter.name!r}: {error}") from None
    if not is_of_type:
        raise UsageError(
            f"parameter {parameter.name!r} must be of type {kind.value}, not {value!r}"
        )
    return cast(ParameterValue, value)


def read_text(kind: ParameterType, text: str) -> ParameterValue:
    """Return what a text says in this type.

    Raises:
        ValueError: the text cannot be read as one; ``NotHeld`` if it can, but is of no use.
    """
    if kind is ParameterType.BOOL:
        if text.strip().lower() not in _TRUE + _FALSE:
            raise ValueError(text)
        return text.strip().lower() in _TRUE
    return held(_TYPES[kind](text))


def held(value: Any) -> ParameterValue:
    """The value, if it reaches a node as what it is.

    Raises:
        NotHeld: it would fail the node, or reach it as another.
    """
    if type(value) is int and not -(2**63) <= value < 2**63:
        raise NotHeld("it is an integer of more than 64 bits")
    if type(value) is str:
        try:
            value.encode()
        except UnicodeEncodeError:
            raise NotHeld(f"{value!r} is not valid text") from None
    return cast(ParameterValue, value)
