"""The source for each format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from headrace.errors import HeadraceError

from .csv_rows import Dialect
from .csv_source import CsvSource
from .files import Format
from .json_source import JsonSource
from .options import TEXT_OPTIONS_KEY, dialect_from
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


def source_for(kind: Format, text_options: Mapping[str, Any]) -> Source:
    """A source that reads files of a format, as the options of text say.

    Raises:
        HeadraceError: the options have no meaning for the format.
    """
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
    return TableSource(kind.value)
