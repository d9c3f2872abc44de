"""Reads an arrived file: its rows as values of features, and those that cannot be read."""

from __future__ import annotations

import base64
import csv
import datetime
import gzip
import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import google_crc32c
import pyarrow as pa

from headrace.components.columnar_example_gen.encoding import Column, encode_examples
from headrace.components.columnar_example_gen.kinds import Kind
from headrace.components.columnar_example_gen.tfrecord import masked

from .journal import StreamError

KINDS = {"int": Kind.INT, "float": Kind.FLOAT, "bytes": Kind.BYTES}
TIMES = ("seconds", "milliseconds", "iso")
_INT64 = 1 << 63
_LONGEST = 1 << 30
"""Bytes of a record. What a file pretends to hold is not asked of the memory."""
_LATEST = 253402300800.0
"""The year 10000: Beam's time ends later, dates of Python's here."""


def check_columns(columns: Mapping[str, str]) -> None:
    """Raise ``StreamError`` for columns of a kind that there is not."""
    wrong = [f"{name}: {kind}" for name, kind in columns.items() if kind not in KINDS]
    if wrong:
        raise StreamError(f"columns are int, float or bytes, not {', '.join(wrong)}")


class BadRow(Exception):
    """A row, or the rest of a file, cannot be read; the message says why."""


@dataclass(frozen=True)
class RowFormat:
    """How the rows of files are read.

    Attributes:
        columns: of each feature ``int``, ``float`` or ``bytes``; not for files of tf.Examples.
        time_column: that holds a row's event time; empty: rows have none.
        time_format: ``seconds`` or ``milliseconds`` since 1970, or ``iso`` (UTC unless it says).
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    time_column: str = ""
    time_format: str = "seconds"


@dataclass
class Rows:
    """What a file has.

    Attributes:
        lines: of each row that could be read, from 1 (of TFRecord files the record's number).
        times: of each of these, in seconds; 0 where rows have no time.
        texts: of each, the row as it was.
        bad: line, reason and text of rows that could not be read.
    """

    lines: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    bad: list[dict[str, Any]] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def examples(self, chosen: list[int], form: RowFormat) -> list[bytes]:
        """Serialized tf.Examples of some of the rows."""
        if not chosen:
            return []
        rows = [self.values[index] for index in chosen]
        if not form.columns:
            return rows
        columns = [
            Column(name, KINDS[kind], pa.array([row[place] for row in rows], KINDS[kind].arrow))
            for place, (name, kind) in enumerate(form.columns.items())
        ]
        return [example.as_py() for example in encode_examples(columns, len(rows))]


def read_rows(path: Path, form: RowFormat) -> Rows:
    """Read a file by what its name ends with: ``.csv``, ``.jsonl`` or ``.json``, else TFRecord.

    ``.gz`` after that is unpacked. A file that cannot be read to its end is one more bad row.
    """
    rows = Rows()
    kind = Path(path.name.removesuffix(".gz")).suffix
    read = {".csv": _csv, ".jsonl": _json, ".json": _json}.get(kind, _records)
    line = 0
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            for line, text, make in read(file, form):
                try:
                    values, time = make()
                except BadRow as error:
                    rows.bad.append({"line": line, "reason": str(error), "row": text()})
                    continue
                rows.lines.append(line)
                rows.times.append(time)
                rows.texts.append(text())
                rows.values.append(values)
    except (BadRow, EOFError, OSError, gzip.zlib.error) as error:  # type: ignore[attr-defined]
        reason = f"the file cannot be read from here on: {error}"
        rows.bad.append({"line": line + 1, "reason": reason, "row": ""})
    return rows


_Row = tuple[int, Callable[[], str], Callable[[], tuple[Any, float]]]


def _csv(file: Any, form: RowFormat) -> Iterator[_Row]:
    """Rows of CSV, one a line: a quoted line break would make a torn file swallow its rest."""
    header: list[str] | None = None
    for line, raw in enumerate(file, 1):
        if header is None:
            header = _fields(raw.removeprefix(b"\xef\xbb\xbf"))
            missing = [name for name in _wanted(form) if name not in header]
            if missing:
                raise BadRow(f"its header has no column {', '.join(missing)}")
            continue
        if not raw.strip():
            continue
        names = header

        def make(raw: bytes = raw, names: list[str] = names) -> tuple[Any, float]:
            fields = _fields(raw)
            if len(fields) != len(names):
                raise BadRow(f"it has {len(fields)} fields, the header {len(names)}")
            return _typed(dict(zip(names, fields, strict=True)), form)

        yield line, _text(raw), make


def _json(file: Any, form: RowFormat) -> Iterator[_Row]:
    for line, raw in enumerate(file, 1):
        if not raw.strip():
            continue

        def make(raw: bytes = raw) -> tuple[Any, float]:
            try:
                found = json.loads(raw)
            except (ValueError, RecursionError) as error:
                raise BadRow(f"it is not JSON: {error}") from None
            if not isinstance(found, dict):
                raise BadRow("it is no JSON object")
            return _typed(found, form)

        yield line, _text(raw), make


def _records(file: Any, form: RowFormat) -> Iterator[_Row]:
    from tensorflow.core.example.example_pb2 import Example

    number = 0
    while head := file.read(12):
        number += 1
        if len(head) < 12 or _checksum(head[:8]) != head[8:]:
            raise BadRow("a TFRecord's length is torn")
        length = int.from_bytes(head[:8], "little")
        if length > _LONGEST:
            raise BadRow(f"a TFRecord of {length} bytes")
        record, check = file.read(length), file.read(4)
        if len(record) < length or _checksum(record) != check:
            raise BadRow("a TFRecord is torn")

        def make(record: bytes = record) -> tuple[Any, float]:
            example = Example()
            try:
                example.ParseFromString(record)
            except Exception:
                raise BadRow("it is no tf.Example") from None
            if not form.time_column:
                return record, 0.0
            feature = example.features.feature.get(form.time_column)
            kind = feature.WhichOneof("kind") if feature else None
            values: list[Any] = list(getattr(feature, kind).value) if kind else []
            if len(values) != 1:
                raise BadRow(f"{form.time_column} does not have one value")
            value = values[0].decode("utf-8", "replace") if kind == "bytes_list" else values[0]
            return record, event_time(value, form)

        def text(record: bytes = record) -> str:
            return base64.b64encode(record).decode()

        yield number, text, make


def event_time(value: Any, form: RowFormat) -> float:
    """A row's event time in seconds.

    Raises:
        BadRow: it is none.
    """
    try:
        if form.time_format == "iso":
            time = datetime.datetime.fromisoformat(str(value).replace("Z", "+00:00"))
            if time.tzinfo is None:
                time = time.replace(tzinfo=datetime.timezone.utc)
            seconds = time.timestamp()
        else:
            seconds = float(value) / (1000 if form.time_format == "milliseconds" else 1)
    except (TypeError, ValueError, OverflowError):
        seconds = math.nan
    if not 0 <= seconds < _LATEST:
        raise BadRow(f"{form.time_column} is {value!r}, which is no time in {form.time_format}")
    return seconds


def _typed(row: Mapping[str, Any], form: RowFormat) -> tuple[Any, float]:
    values = [_value(name, kind, row.get(name)) for name, kind in form.columns.items()]
    return values, event_time(row.get(form.time_column), form) if form.time_column else 0.0


def _value(name: str, kind: str, value: Any) -> Any:
    if value is None or (value == "" and kind != "bytes"):
        return None
    try:
        if kind == "bytes":
            if not isinstance(value, str):
                value = json.dumps(value, ensure_ascii=False)
            return str(value).encode() or None
        if isinstance(value, (list, dict)):
            raise ValueError
        if kind == "float":
            return float(value)
        number = int(value)
        if (isinstance(value, float) and number != value) or not -_INT64 <= number < _INT64:
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise BadRow(f"{name} is {value!r}, which is no {kind}") from None
    return number


def _wanted(form: RowFormat) -> list[str]:
    return [*form.columns, *([form.time_column] if form.time_column else [])]


def _fields(raw: bytes) -> list[str]:
    try:
        [fields] = csv.reader([raw.decode().rstrip("\r\n")], strict=True)
    except UnicodeDecodeError:
        raise BadRow("it is not UTF-8") from None
    except (csv.Error, ValueError) as error:
        raise BadRow(f"it is not CSV of one line: {error}") from None
    return fields


def _text(raw: bytes) -> Callable[[], str]:
    return lambda: raw.decode("utf-8", "backslashreplace").rstrip("\r\n")


def _checksum(data: bytes) -> bytes:
    return bytes(masked([google_crc32c.value(data)]).astype("<u4").tobytes())
