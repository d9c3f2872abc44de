"""The source for each format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.errors import HeadraceError

from .csv_rows import Dialect
from .csv_source import CsvSource
from .files import Format
from .options import dialect_from
from .source import Source

_DIALECTS = {Format.CSV: Dialect(), Format.TSV: Dialect(delimiter="\t")}


def source_for(kind: Format, text_options: Mapping[str, Any]) -> Source:
    """A source that reads files of a format, as the options of text say.

    Raises:
        HeadraceError: the options have no meaning for the format.
    """
    if kind in _DIALECTS:
        return CsvSource(dialect_from(text_options, _DIALECTS[kind]))
    raise HeadraceError(f"format {kind.value} is not supported yet")
