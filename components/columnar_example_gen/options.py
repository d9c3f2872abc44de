"""What a ColumnarExampleGen was asked for, read from its execution properties."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.components.example_gen import utils
from tfx.proto import example_gen_pb2
from tfx.types import standard_component_specs as specs
from tfx.utils import proto_utils

from headrace.errors import HeadraceError

from .bad_rows import BadRows, Policy
from .csv_rows import Dialect
from .files import AUTO, FORMAT_NAMES
from .kinds import Kind
from .splitting import SplitPlan

INPUT_FORMAT_KEY = "input_format"
TEXT_OPTIONS_KEY = "text_options"
BAD_ROWS_KEY = "bad_rows"
BAD_ROWS_LIMIT_KEY = "bad_rows_limit"
COMPRESSION_KEY = "compression"
GIVEN_SCHEMA_KEY = "given_schema"
SPAN_KEY = "span_to_read"
"""Not ``span``, under which TFX's driver notes the number of the span that it has found."""

GZIP = "gzip"
NO_COMPRESSION = "none"
COMPRESSIONS = (GZIP, NO_COMPRESSION)
NO_LIMIT = -1

_KNOWN = {
    INPUT_FORMAT_KEY: FORMAT_NAMES,
    BAD_ROWS_KEY: tuple(one.value for one in Policy),
    COMPRESSION_KEY: COMPRESSIONS,
}
_KINDS = {
    schema_pb2.INT: Kind.INT,
    schema_pb2.FLOAT: Kind.FLOAT,
    schema_pb2.BYTES: Kind.BYTES,
}


@dataclass(frozen=True)
class InputSplit:
    """One split of the input.

    Attributes:
        pattern: of its files, with their directory.
    """

    name: str
    pattern: str
    plan: SplitPlan


@dataclass(frozen=True)
class Options:
    """Everything asked for.

    Attributes:
        output_names: the output splits, in TFX's order.
        dialect: None for each format's own.
    """

    splits: tuple[InputSplit, ...]
    output_names: tuple[str, ...]
    payload: int
    gzip: bool
    format: str
    dialect: Mapping[str, Any]
    bad_rows: BadRows
    given: Mapping[str, Kind]


def read_options(properties: Mapping[str, Any]) -> Options:
    """The options of an execution.

    Raises:
        HeadraceError: one of them has no meaning.
    """
    input_config, output_config = example_gen_pb2.Input(), example_gen_pb2.Output()
    proto_utils.json_to_proto(properties[specs.INPUT_CONFIG_KEY], input_config)
    proto_utils.json_to_proto(properties[specs.OUTPUT_CONFIG_KEY], output_config)
    try:
        names = tuple(utils.generate_output_split_names(input_config, output_config))
        bad_rows = _bad_rows(properties)
    except (RuntimeError, ValueError) as error:
        raise HeadraceError(str(error)) from error
    return Options(
        _splits(properties[specs.INPUT_BASE_KEY], input_config, output_config, names),
        names,
        _payload(properties),
        _one_of(properties, COMPRESSION_KEY, COMPRESSIONS, GZIP) == GZIP,
        _one_of(properties, INPUT_FORMAT_KEY, FORMAT_NAMES, AUTO),
        json.loads(properties.get(TEXT_OPTIONS_KEY) or "{}"),
        bad_rows,
        _given(properties),
    )


def check(properties: Mapping[str, Any], text_options: Mapping[str, Any]) -> None:
    """Refuse what a pipeline's author wrote wrongly; what is known at run time only is passed over.

    Raises:
        HeadraceError: something has no meaning.
    """
    for key, known in _KNOWN.items():
        if isinstance(properties[key], str):
            _one_of(properties, key, known, known[0])
    if isinstance(properties[specs.OUTPUT_DATA_FORMAT_KEY], int):
        _payload(properties)
    policy, limit = properties[BAD_ROWS_KEY], properties[BAD_ROWS_LIMIT_KEY]
    if isinstance(policy, str) and isinstance(limit, int):
        try:
            _bad_rows(properties)
        except ValueError as error:
            raise HeadraceError(str(error)) from error
    dialect_from(text_options, Dialect())


def dialect_text(dialect: Dialect, default: Dialect) -> str:
    """The options of text that are not the default's, as JSON."""
    fields, others = asdict(dialect), asdict(default)
    return json.dumps({name: value for name, value in fields.items() if value != others[name]})


def dialect_from(fields: Mapping[str, Any], default: Dialect) -> Dialect:
    """The default with what is asked for.

    Raises:
        HeadraceError: it has no meaning.
    """
    given: dict[str, Any] = {
        name: tuple(item) if isinstance(item, list) else item for name, item in fields.items()
    }
    try:
        return replace(default, **given)
    except (TypeError, ValueError) as error:
        raise HeadraceError(f"{TEXT_OPTIONS_KEY}: {error}") from error


def kinds_of(schema: schema_pb2.Schema) -> dict[str, Kind]:
    """The kinds that a schema gives; of a feature without a type it gives none."""
    return {one.name: _KINDS[one.type] for one in schema.feature if one.type in _KINDS}


def _splits(
    base: str, inputs: example_gen_pb2.Input, output: example_gen_pb2.Output, names: tuple[str, ...]
) -> tuple[InputSplit, ...]:
    def pattern(split: example_gen_pb2.Input.Split) -> str:
        return f"{base.rstrip('/')}/{split.pattern}" if base else str(split.pattern)

    wanted = output.split_config
    if not wanted.splits:
        return tuple(
            InputSplit(split.name, pattern(split), SplitPlan((split.name,)))
            for split in inputs.splits
        )
    buckets = tuple(split.hash_buckets for split in wanted.splits)
    feature = wanted.partition_feature_name if wanted.HasField("partition_feature_name") else ""
    [split] = inputs.splits
    return (InputSplit(split.name, pattern(split), SplitPlan(names, buckets, feature)),)


def _payload(properties: Mapping[str, Any]) -> int:
    known = (
        example_gen_pb2.FORMAT_TF_EXAMPLE,
        example_gen_pb2.FORMAT_TF_SEQUENCE_EXAMPLE,
        example_gen_pb2.FORMAT_PROTO,
        example_gen_pb2.FORMAT_PARQUET,
    )
    payload = properties.get(specs.OUTPUT_DATA_FORMAT_KEY) or example_gen_pb2.FORMAT_TF_EXAMPLE
    if payload not in known:
        listed = ", ".join(example_gen_pb2.PayloadFormat.Name(one) for one in known)
        names = {number: name for name, number in example_gen_pb2.PayloadFormat.items()}
        name = names.get(payload, payload)
        raise HeadraceError(f"{specs.OUTPUT_DATA_FORMAT_KEY} {name} cannot be written: {listed}")
    return int(payload)


def _one_of(properties: Mapping[str, Any], key: str, known: tuple[str, ...], default: str) -> str:
    value = str(properties.get(key) or default)
    if value not in known:
        raise HeadraceError(f"{key} {value!r} is not known", f"one of {', '.join(known)}")
    return value


def _bad_rows(properties: Mapping[str, Any]) -> BadRows:
    limit = int(properties.get(BAD_ROWS_LIMIT_KEY, NO_LIMIT))
    name = _one_of(properties, BAD_ROWS_KEY, _KNOWN[BAD_ROWS_KEY], Policy.FAIL.value)
    return BadRows(Policy(name), None if limit == NO_LIMIT else limit)


def _given(properties: Mapping[str, Any]) -> dict[str, Kind]:
    text = properties.get(GIVEN_SCHEMA_KEY)
    if not text:
        return {}
    schema = schema_pb2.Schema()
    proto_utils.json_to_proto(text, schema)
    return kinds_of(schema)
