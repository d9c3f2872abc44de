"""Rows, as a test writes them, to tf.Examples and back."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import tensorflow as tf

from headrace.errors import UsageError

Row = Mapping[str, Any]
Rows: TypeAlias = Sequence[Row] | pd.DataFrame | str | Path
"""Dicts, a DataFrame, or a file: CSV, Parquet, JSON lines, or TFRecords of tf.Examples."""

_SHARD = "data_tfrecord-00000-of-00001.gz"
_RECORDS = (".gz", ".tfrecord", ".tfrecords")
_BYTES, _INT, _FLOAT = "bytes", "int", "float"


def write_splits(folders: Mapping[Path, Rows]) -> None:
    """Write the rows of each split as one shard, as an ExampleGen does.

    Raises:
        UsageError: the rows are none; names the row and the column.
    """
    records = {folder: Path(str(rows)) for folder, rows in folders.items() if _is_records(rows)}
    given = {folder: as_rows(rows) for folder, rows in folders.items() if folder not in records}
    kinds = column_kinds([row for rows in given.values() for row in rows])
    for folder in folders:
        folder.mkdir(parents=True)
    for folder, source in records.items():
        name = _SHARD if source.suffix == ".gz" else _SHARD.removesuffix(".gz")
        shutil.copy(_existing(source), folder / name)
    for folder, rows in given.items():
        with tf.io.TFRecordWriter(str(folder / _SHARD), "GZIP") as writer:
            for example in to_examples(rows, kinds):
                writer.write(example.SerializeToString())


def as_rows(rows: Rows) -> list[dict[str, Any]]:
    """The rows as dicts; a gap of a DataFrame (NaN, None, NA) is None.

    Raises:
        UsageError: they are no rows, or of a file that cannot be read as such.
    """
    if isinstance(rows, (str, Path)):
        rows = _read_frame(_existing(Path(rows)))
    if isinstance(rows, pd.DataFrame):
        records = rows.to_dict("records")
        return [{str(key): _filled(value) for key, value in row.items()} for row in records]
    if isinstance(rows, Mapping) or not all(isinstance(row, Mapping) for row in rows):
        raise UsageError(
            f"rows are a list of dicts, a DataFrame or a file, not {rows!r:.80}",
            'for example [{"x": 1.0, "word": "a"}, {"x": 2.0, "word": None}]',
        )
    return [dict(row) for row in rows]


def to_examples(
    rows: Sequence[Row], kinds: Mapping[str, str] | None = None
) -> Iterable[tf.train.Example]:
    """Each row as a tf.Example; a column with a float in any row has floats in all.

    Args:
        kinds: of the columns, where there are more rows than these.

    Raises:
        UsageError: a value has no place in a tf.Example; names the row and the column.
    """
    kinds = column_kinds(rows) if kinds is None else kinds
    for row in rows:
        example = tf.train.Example()
        for name, value in row.items():
            feature = example.features.feature[name]
            values = _values(value)
            if not values:
                continue
            if kinds[name] == _BYTES:
                feature.bytes_list.value.extend(
                    item.encode() if isinstance(item, str) else item for item in values
                )
            elif kinds[name] == _INT:
                feature.int64_list.value.extend(values)
            else:
                feature.float_list.value.extend(values)
        yield example


def column_kinds(rows: Sequence[Row]) -> dict[str, str]:
    """What each column holds: ``bytes``, ``int`` or ``float``; empty where it has no value.

    Raises:
        UsageError: a value is of no kind, or of another kind than the rows before.
    """
    kinds: dict[str, str] = {}
    for number, row in enumerate(rows):
        for name, value in row.items():
            for item in _values(value):
                kind = _kind(item)
                known = kinds.get(name) or kind
                if not kind or (known != kind and _BYTES in (known, kind)):
                    what = f"{item!r:.60}" + (f" after {known} values" if kind else "")
                    raise UsageError(
                        f"row {number}, column {name!r}: {what} cannot be in a tf.Example",
                        "a column has numbers, texts or bytes, lists of one of them, and None",
                    )
                kinds[name] = _FLOAT if _FLOAT in (known, kind) else kind
            kinds.setdefault(name, "")
    return kinds


def is_list(value: Any) -> bool:
    """Whether a row has a list in a column."""
    return isinstance(value, (list, tuple, np.ndarray))


def read_examples(files: Iterable[Path]) -> Iterable[tf.train.Example]:
    """The tf.Examples of TFRecord files, in their order."""
    for file in files:
        compression = "GZIP" if file.suffix == ".gz" else ""
        for record in tf.data.TFRecordDataset(str(file), compression).as_numpy_iterator():
            yield tf.train.Example.FromString(record)


def to_frame(examples: Iterable[tf.train.Example]) -> pd.DataFrame:
    """A row for each: one value as itself, several as a list, none as None.

    Texts are ``str`` where all of a column are UTF-8.
    """
    columns: dict[str, list[Any]] = {}
    count = 0
    dtypes: dict[str, type] = {}
    for example in examples:
        for name, feature in example.features.feature.items():
            kind = feature.WhichOneof("kind")
            values = list(getattr(feature, kind).value) if kind else []
            if kind == "float_list":
                dtypes[name] = np.float32
            elif kind == "int64_list":
                dtypes.setdefault(name, np.int64)
            column = columns.setdefault(name, [])
            column += [None] * (count - len(column))
            column.append(values if len(values) > 1 else values[0] if values else None)
        count += 1
    made = {}
    for name in sorted(columns):
        column = columns[name] + [None] * (count - len(columns[name]))
        made[name] = _series(column, dtypes.get(name))
    return pd.DataFrame(made, index=range(count))


def _series(column: list[Any], dtype: type | None) -> pd.Series[Any]:
    whole = not any(item is None or isinstance(item, list) for item in column)
    if dtype is not None:
        return pd.Series(column, dtype=dtype if whole else object)
    return pd.Series(_decoded(column), dtype=object)


def _decoded(column: list[Any]) -> list[Any]:
    def text(item: Any) -> Any:
        if isinstance(item, list):
            return [one.decode() for one in item]
        return None if item is None else item.decode()

    try:
        return [text(item) for item in column]
    except UnicodeDecodeError:
        return column


def _is_records(rows: Rows) -> bool:
    return isinstance(rows, (str, Path)) and Path(rows).suffix in _RECORDS


def _kind(item: Any) -> str:
    if isinstance(item, (str, bytes)):
        return _BYTES
    if isinstance(item, (bool, int, np.integer, np.bool_)):
        return _INT
    return _FLOAT if isinstance(item, (float, np.floating)) else ""


def _values(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if is_list(value) else [value]


def _filled(value: Any) -> Any:
    return None if not is_list(value) and pd.isna(value) else value


def _existing(file: Path) -> Path:
    if not file.is_file():
        raise UsageError(
            f"there is no file {file} to read rows from",
            "build the path from __file__, because tests may be run from anywhere",
        )
    return file


def _read_frame(file: Path) -> pd.DataFrame:
    readers = {
        ".csv": pd.read_csv,
        ".parquet": pd.read_parquet,
        ".jsonl": lambda path: pd.read_json(path, lines=True),
    }
    if file.suffix not in readers:
        raise UsageError(
            f"{file} has no rows that can be read",
            f"the name ends with one of {', '.join([*readers, *_RECORDS])}",
        )
    return readers[file.suffix](file)
