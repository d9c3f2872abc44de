"""Objects of JSON lines one by one, for blocks in which Arrow finds no columns."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from .kinds import Kind

_TOO_LONG = "an integer of more than 64 bits"
_NO_OBJECT = "not one JSON object"

_INT64 = np.iinfo(np.int64)
_NUMBER, _LONG, _TEXT, _BOOLEAN = "a number", _TOO_LONG, "a text", "true or false"
_OBJECT, _OBJECTS, _LISTS = "an object", "a list of objects", "a list of lists"
_NUMERIC = {_NUMBER, _BOOLEAN}
_HOLDABLE = {_NUMBER, _LONG, _TEXT, _BOOLEAN}


@dataclass(frozen=True)
class _Long:
    """An integer of more than 64 bits, as it is written."""

    text: str


class _Twice(ValueError):
    """A name stands twice in an object."""


@dataclass(frozen=True)
class Conflict:
    """Two objects, by their numbers, with values under one name that are of no one kind."""

    name: str
    first: int
    first_type: str
    second: int
    second_type: str


@dataclass(frozen=True)
class _Form:
    """What is made of the values under a name so that they are of one type."""

    is_object: bool
    is_list: bool
    is_text: bool
    is_number: bool

    def of(self, value: Any) -> Any:
        if value is None or self.is_object:
            return None  # also of a list without values, where others are objects
        if isinstance(value, list):
            return [self._scalar(one) for one in value]
        return [self._scalar(value)] if self.is_list else self._scalar(value)

    def _scalar(self, value: Any) -> Any:
        if isinstance(value, bool) and self.is_number:
            value = int(value)
        if not self.is_text or value is None or isinstance(value, str):
            return value
        if isinstance(value, _Long):
            return value.text
        # As Arrow writes the numbers of a block that has nothing else.
        return pa.scalar(value).cast(pa.string()).as_py()


class Objects:
    """The objects of some lines, brought to one type for each name.

    Attributes:
        reasons: why lines are bad, by their numbers.
    """

    def __init__(self, given: Mapping[str, Kind]) -> None:
        self.reasons: dict[int, str] = {}
        self._given = given
        self._objects: dict[int, dict[str, Any]] = {}

    def add(self, number: int, line: bytes) -> None:
        """Take a line; one that is no object is bad."""
        try:
            # Not the bytes: Python would take them for UTF-16 where they look like that.
            text = line.decode("utf-8-sig")
            found = json.loads(text, parse_int=_integer, object_pairs_hook=_unique)
        except _Twice as error:
            self.reasons[number] = f"an object with the name {error} twice"
        except json.JSONDecodeError as error:
            self.reasons[number] = f"{_NO_OBJECT}: {error.msg}, character {error.pos + 1}"
        except (ValueError, RecursionError):
            self.reasons[number] = _NO_OBJECT
        else:
            if isinstance(found, dict):
                self._objects[number] = found
            else:
                self.reasons[number] = _NO_OBJECT

    def conflict(self) -> Conflict | None:
        """What no kind holds together, once values that are not of a given kind are bad."""
        self._drop_refused()
        for name, numbers in self._types().items():
            types = set(numbers)
            if len(types) > 1 and not types <= _NUMERIC and not self._is_settled(name, types):
                (first_type, first), (second_type, second), *_ = numbers.items()
                return Conflict(name, first, first_type, second, second_type)
        return None

    def texts(self) -> dict[int, bytes]:
        """The objects as JSON of one type for each name, by their numbers."""
        lists = {
            name
            for one in self._objects.values()
            for name, value in _features(one)
            if isinstance(value, list)
        }
        forms = {}
        for name, numbers in self._types().items():
            types = set(numbers)
            forms[name] = _Form(
                is_object=_OBJECT in types,
                is_list=name in lists,
                is_text=_LONG in types or (len(types) > 1 and not types <= _NUMERIC),
                is_number=len(types) > 1 and self._given.get(name) is not Kind.BYTES,
            )
        return {
            number: json.dumps(_formed(one, forms), default=_text_of_long).encode()
            for number, one in self._objects.items()
        }

    def _is_settled(self, name: str, types: set[str]) -> bool:
        return name in self._given and types <= _HOLDABLE

    def _types(self) -> dict[str, dict[str, int]]:
        """For each name the types of its values, with the first object that has it."""
        found: dict[str, dict[str, int]] = {}
        for number, one in self._objects.items():
            for name, value in _features(one):
                of_name = found.setdefault(name, {})
                for kind in _types_of(value):
                    of_name.setdefault(kind, number)
        return found

    def _drop_refused(self) -> None:
        """Make objects bad with what no feature can hold, or not one of a given kind."""
        mixed = {name for name, types in self._types().items() if len(types) > 1}
        for number, one in list(self._objects.items()):
            for name, value in _features(one):
                reason = self._refusal(name, _types_of(value), name in mixed)
                if isinstance(value, list) and None in value:
                    reason = f"{name} has a null inside of a list"
                if reason:
                    self.reasons[number] = reason
                    del self._objects[number]
                    break

    def _refusal(self, name: str, types: set[str], is_mixed: bool) -> str | None:
        kind = self._given.get(name)
        if _LONG in types and kind not in (Kind.FLOAT, Kind.BYTES):
            return f"{name} is {_TOO_LONG}"
        if kind is not None and is_mixed and not types <= _HOLDABLE:
            return f"{name} is {min(types - _HOLDABLE)}, not of kind {kind.name}"
        return None


def _integer(digits: str) -> int | _Long:
    if len(digits) < len(str(_INT64.max)):
        return int(digits)
    if len(digits) > len(str(_INT64.min)):
        return _Long(digits)
    number = int(digits)
    return number if _INT64.min <= number <= _INT64.max else _Long(digits)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _Twice(repr(name))
        found[name] = value
    return found


def _features(one: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The values by the names of their features; of objects in the object also themselves."""
    for name, value in one.items():
        yield prefix + name, value
        if isinstance(value, dict):
            yield from _features(value, f"{prefix}{name}.")


def _types_of(value: Any, is_inner: bool = False) -> set[str]:
    if value is None:
        return set()
    if isinstance(value, dict):
        if is_inner:
            return {_OBJECTS}
        return {_OBJECT} if value else set()
    if isinstance(value, list):
        if is_inner:
            return {_LISTS}
        return {kind for one in value for kind in _types_of(one, is_inner=True)}
    if isinstance(value, bool):
        return {_BOOLEAN}
    if isinstance(value, _Long):
        return {_LONG}
    return {_TEXT if isinstance(value, str) else _NUMBER}


def _text_of_long(value: _Long) -> str:
    """Of one inside of a list of lists, which is refused for that."""
    return value.text


def _formed(one: Mapping[str, Any], forms: Mapping[str, _Form], prefix: str = "") -> dict[str, Any]:
    return {
        name: _formed(value, forms, f"{prefix}{name}.")
        if isinstance(value, dict) and value
        else forms[prefix + name].of(value or None if isinstance(value, dict) else value)
        for name, value in one.items()
    }
