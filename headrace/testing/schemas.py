"""A schema from a dict of Python's own types."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias, Union

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.types import standard_artifacts

from headrace.errors import UsageError
from headrace.testing.rows import Row, column_kinds, is_list

SCHEMA_FILE = "schema.pbtxt"
Fields = Mapping[str, Any]
SchemaLike: TypeAlias = Fields | schema_pb2.Schema | standard_artifacts.Schema | str | Path
"""Types by feature, a schema's proto, an artifact, or a ``.pbtxt`` file."""

_TYPES = {
    float: schema_pb2.FLOAT,
    int: schema_pb2.INT,
    bool: schema_pb2.INT,
    str: schema_pb2.BYTES,
    bytes: schema_pb2.BYTES,
}
_OF_KIND = {"float": float, "int": int, "bytes": bytes, "": bytes}
_HINT = (
    "a type is float, int, bool, str or bytes; `float | None` where it may be missing, "
    '`list[float]` for several, and ["a", "b"] for one of these texts'
)


def as_schema(given: SchemaLike) -> schema_pb2.Schema:
    """The proto of what a test gives as a schema.

    Raises:
        UsageError: it is none; names the feature.
    """
    if isinstance(given, schema_pb2.Schema):
        return given
    if isinstance(given, standard_artifacts.Schema):
        given = Path(given.uri, SCHEMA_FILE)
    if isinstance(given, (str, Path)):
        try:
            return text_format.Parse(Path(given).read_text(encoding="utf-8"), schema_pb2.Schema())
        except (OSError, UnicodeDecodeError, text_format.ParseError) as error:
            raise UsageError(f"{given} is no schema: {error}") from None
    schema = schema_pb2.Schema()
    for name, kind in given.items():
        schema.feature.append(_feature(name, kind))
    return schema


def schema_of_rows(rows: Sequence[Row]) -> schema_pb2.Schema:
    """A schema that fits the rows: what is missing in one may be missing."""
    fields: dict[str, Any] = {}
    for name, kind in column_kinds(rows).items():
        found = [row.get(name) for row in rows]
        python: Any = _OF_KIND[kind]
        if any(is_list(value) for value in found):
            fields[name] = list[python]
        else:
            fields[name] = python | None if None in found else python
    return as_schema(fields)


def _feature(name: str, kind: Any) -> schema_pb2.Feature:
    if isinstance(kind, schema_pb2.Feature):
        made = schema_pb2.Feature()
        made.CopyFrom(kind)
        made.name = name
        return made
    feature = schema_pb2.Feature(name=name)
    if isinstance(kind, list) and all(isinstance(text, str) for text in kind):
        feature.string_domain.value.extend(kind)
        kind = str
    optional = typing.get_origin(kind) in (Union, types.UnionType)
    inner = [one for one in typing.get_args(kind) if one is not type(None)] if optional else [kind]
    several = typing.get_origin(inner[0]) is list
    if several:
        inner = list(typing.get_args(inner[0]))
    known = next((of for python, of in _TYPES.items() if inner == [python]), None)
    if known is None:
        raise UsageError(f"schema: feature {name!r} has no type that is known: {kind!r}", _HINT)
    feature.type = known
    if inner == [bool]:
        feature.bool_domain.SetInParent()
    if several:
        feature.value_count.min = 0 if optional else 1
    elif optional:
        feature.value_count.min = feature.value_count.max = 1
    else:
        # What SchemaGen says of a feature that every example has once: Transform makes it dense.
        feature.presence.min_fraction = 1.0
        feature.presence.min_count = 1
        feature.shape.dim.add(size=1)
    return feature
