"""JSON objects as dataclasses: every field of the type that the class says, or a clear refusal."""

from __future__ import annotations

import dataclasses
import reprlib
import types
import typing
from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin

_T = TypeVar("_T")
_NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
_NAMES |= {list: "a list", tuple: "a list", dict: "an object", type(None): "null"}


def read_fields(kind: type[_T], found: Any) -> _T:
    """The dataclass ``kind`` of an object's fields; those in it are read likewise.

    Lists become the tuples, and values the members of an ``Enum``, that the class declares.

    Raises:
        ValueError: it is no object, lacks a field, has one that the class does not have, or one of
            another type. The message is short, whatever was found.
    """
    if not isinstance(found, dict):
        raise ValueError(f"expected an object, got {reprlib.repr(found)}")
    declared: Any = kind
    hints = _hints(declared)
    unknown = [name for name in found if name not in hints]
    if unknown:
        raise ValueError(f"unknown field {reprlib.repr(unknown[0])}")
    read = {name: _read(hints[name], value, name) for name, value in found.items()}
    try:
        return kind(**read)
    except TypeError as error:  # a field without a default is missing
        raise ValueError(str(error)) from None


@cache
def _hints(kind: Any) -> Mapping[str, Any]:
    hints = typing.get_type_hints(kind)
    return {one.name: hints[one.name] for one in dataclasses.fields(kind) if one.init}


def _read(hint: Any, value: Any, where: str) -> Any:
    """The value as the declared type has it."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return value
    if origin in (Union, types.UnionType):
        return _one_of(arguments, value, where)
    if origin in (list, tuple) and isinstance(value, (list, tuple)):
        return origin(_read(arguments[0], one, where) for one in value)
    if origin in (dict, Mapping) and isinstance(value, dict):
        return {name: _read(arguments[1], one, f"{where}.{name}") for name, one in value.items()}
    if dataclasses.is_dataclass(hint):
        return _within(where, lambda: read_fields(typing.cast(type, hint), value))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _within(where, lambda: _member(hint, value))
    if hint is float and type(value) is int:
        return value
    # Exactly: true is no number, though Python has it as one.
    if type(value) is not hint:
        name = _NAMES.get(origin or hint, "something else")
        raise ValueError(f"{reprlib.repr(where)}: expected {name}, got {reprlib.repr(value)}")
    return value


def _one_of(hints: tuple[Any, ...], value: Any, where: str) -> Any:
    first: ValueError | None = None
    for hint in hints:
        try:
            return _read(hint, value, where)
        except ValueError as error:
            first = first or error
    raise first or ValueError(where)


def _member(kind: type[Enum], value: Any) -> Enum:
    for member in kind:
        if type(value) is type(member.value) and value == member.value:
            return member
    raise ValueError(f"{reprlib.repr(value)} is none of its values")


def _within(where: str, read: Any) -> Any:
    try:
        return read()
    except ValueError as error:
        raise ValueError(f"{reprlib.repr(where)}: {error}") from None
