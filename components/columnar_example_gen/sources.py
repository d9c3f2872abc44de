"""The source for each format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tfx.proto import example_gen_pb2

from headrace.errors import HeadraceError

from .csv_rows import Dialect
from .csv_source import CsvSource
from .files import Format
from .json_source import JsonSource
from .options import TEXT_OPTIONS_KEY, dialect_from
from .record_source import RecordSource
from .source import Source
from .table_source import TableSource
from .text import codec_name
from .text_source import TextSource

_DIALECTS = {Format.CSV: Dialect(), Format.TSV: Dialect(delimiter="\t")}
_LINES: dict[Format, Callable[[str], Source]] = {
    Format.JSON_LINES: JsonSource,
    Format.TEXT: TextSource,
}
_ENCODING = "encoding"
_MADE = (example_gen_pb2.FORMAT_TF_EXAMPLE, example_gen_pb2.FORMAT_PARQUET)


def source_for(kind: Format, text_options: Mapping[str, Any], payload: int) -> Source:
    """A source that reads files of a format, as the options of text say, for a payload format.

    Raises:
        HeadraceError: the options or the payload have no meaning for the format.
    """
    if kind is not Format.TFRECORD and payload not in _MADE:
        name = example_gen_pb2.PayloadFormat.Name(payload)
        raise HeadraceError(
            f"output_data_format {name} cannot be made of files of {kind.value}",
            "only TFRecords of it are passed on",
        )
    allowed: set[str] = {_ENCODING} if kind in _LINES else set()
    if kind in _DIALECTS:
        dialect = dialect_from(text_options, _DIALECTS[kind])
        codec_name(dialect.encoding)
        return CsvSource(dialect)
    foreign = sorted(set(text_options) - allowed)
    if foreign:
        raise HeadraceError(
            f"{TEXT_OPTIONS_KEY} has {foreign[0]!r}, which means nothing to files of {kind.value}"
        )
    if kind in _LINES:
        encoding = str(text_options.get(_ENCODING, "utf-8"))
        codec_name(encoding)
        return _LINES[kind](encoding)
    if kind is Format.TFRECORD:
        return RecordSource(payload)
    return TableSource(kind.value)
