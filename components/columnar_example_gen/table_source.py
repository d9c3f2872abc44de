"""Parquet and Arrow files, whose columns have types of their own."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from headrace.errors import HeadraceError

from .arrow_columns import flattened, kind_of, typed_columns
from .bad_rows import BadRow
from .decoding import Decoded, Features
from .files import InputFile, opened
from .kinds import Kind, widest
from .ranges import Range, range_count

_READERS = 16
_BATCH_ROWS = 65536
_BATCH_BYTES = 64 << 20
_SHOWN_BYTES = 80
_ARROW_MAGIC = b"ARROW1"
_FEATHER_1_MAGIC = b"FEA1"


@dataclass(frozen=True)
class RowBlock:
    """Some rows of a file: from row ``offset`` on, counted from where part ``part`` begins."""

    file: InputFile
    part: int
    offset: int
    batch: pa.RecordBatch


class TableFile(Protocol):
    """An open file that consists of parts, each of some rows: row groups or record batches."""

    @property
    def schema(self) -> pa.Schema:
        """Its columns."""
        ...

    @property
    def parts(self) -> int:
        """How many there are; 1 where only reading would tell."""
        ...

    def batches(self, first: int, last: int) -> Iterator[pa.RecordBatch]:
        """The rows of the parts from ``first`` up to ``last``."""
        ...

    def rows_before(self, part: int) -> int:
        """How many rows the parts before one have. Reads all of an Arrow file before it."""
        ...


@dataclass(frozen=True)
class ParquetParts:
    """A Parquet file by its row groups."""

    file: pq.ParquetFile

    @property
    def schema(self) -> pa.Schema:
        """Its columns."""
        return self.file.schema_arrow

    @property
    def parts(self) -> int:
        """Its row groups."""
        return int(self.file.metadata.num_row_groups)

    def batches(self, first: int, last: int) -> Iterator[pa.RecordBatch]:
        """Rows of row groups."""
        for group in range(first, min(last, self.parts)):
            described = self.file.metadata.row_group(group)
            rows = _rows_at_once(described.num_rows, described.total_byte_size)
            yield from self.file.iter_batches(rows, row_groups=[group], use_threads=False)

    def rows_before(self, part: int) -> int:
        """Rows of the row groups before one."""
        return sum(self.file.metadata.row_group(before).num_rows for before in range(part))


@dataclass(frozen=True)
class ArrowParts:
    """An Arrow file, or Feather of version 2, by its record batches."""

    file: pa.ipc.RecordBatchFileReader

    @property
    def schema(self) -> pa.Schema:
        """Its columns."""
        return self.file.schema

    @property
    def parts(self) -> int:
        """Its record batches."""
        return int(self.file.num_record_batches)

    def batches(self, first: int, last: int) -> Iterator[pa.RecordBatch]:
        """Rows of record batches."""
        return map(_validated, map(self.file.get_batch, range(first, min(last, self.parts))))

    def rows_before(self, part: int) -> int:
        """Rows of the record batches before one."""
        return sum(self.file.get_batch(before).num_rows for before in range(part))


@dataclass(frozen=True)
class ArrowStream:
    """An Arrow stream, which can only be read from its beginning."""

    file: pa.ipc.RecordBatchStreamReader
    parts: ClassVar[int] = 1

    @property
    def schema(self) -> pa.Schema:
        """Its columns."""
        return self.file.schema

    def batches(self, first: int, last: int) -> Iterator[pa.RecordBatch]:
        """All rows."""
        del first, last
        return map(_validated, self.file)

    def rows_before(self, part: int) -> int:
        """None: there is one part."""
        del part
        return 0


def _validated(batch: pa.RecordBatch) -> pa.RecordBatch:
    # Arrow takes offsets from the file as they are, and reads wherever they point.
    batch.validate(full=True)
    return batch


def open_parquet(stream: Any) -> TableFile:
    """A Parquet file."""
    return ParquetParts(pq.ParquetFile(stream))


def open_arrow(stream: Any) -> TableFile:
    """An Arrow file or stream, by how it begins."""
    magic = stream.read(len(_ARROW_MAGIC))
    stream.seek(0)
    if magic.startswith(_FEATHER_1_MAGIC):
        raise pa.ArrowInvalid("it is Feather of version 1; write it as version 2")
    if magic == _ARROW_MAGIC:
        return ArrowParts(pa.ipc.open_file(stream))
    return ArrowStream(pa.ipc.open_stream(stream))


_OPENERS = {"parquet": open_parquet, "arrow": open_arrow}


@dataclass(frozen=True)
class TableSource:
    """Reads files of tables; ``format`` is "parquet" or "arrow"."""

    format: str
    is_text: ClassVar[bool] = False
    quote: ClassVar[bytes] = b""
    nests: ClassVar[bool] = False

    def features(self, files: Sequence[InputFile], given: Mapping[str, Kind]) -> Features:
        """Columns of all files, of kinds that hold what each of the files has."""
        with ThreadPoolExecutor(_READERS) as pool:
            kinds = widest(pool.map(self._kinds, files))
        if not kinds:
            raise HeadraceError(f"{files[0].path} and the files beside it have no column")
        of_files = {name: given[name] for name in kinds if name in given}
        return Features({**kinds, **of_files}, of_files)

    def ranges(self, file: InputFile) -> list[Range]:
        """Runs of parts, each of about as many bytes as ranges of text have."""
        wanted = 1 if file.is_compressed else range_count(file)
        if wanted == 1:
            return [Range(file, 0, None)]
        with self._open(file) as table:
            parts = table.parts
        count = min(parts, wanted)
        edges = [parts * index // count for index in range(count + 1)]
        return [Range(file, edges[index], edges[index + 1]) for index in range(count)]

    def blocks(self, piece: Range) -> Iterator[RowBlock]:
        """The rows of a run of parts."""
        with self._open(piece.file) as table:
            last = table.parts if piece.end is None else piece.end
            offset = 0
            for batch in table.batches(piece.start, last):
                step = _rows_at_once(batch.num_rows, batch.get_total_buffer_size())
                for start in range(0, batch.num_rows, step):
                    rows = batch.slice(start, step)
                    yield RowBlock(piece.file, piece.start, offset + start, rows)
                offset += batch.num_rows

    def decode(self, block: RowBlock, features: Features) -> Decoded:
        """The rows; one with a value that is not of its column's given kind is bad."""
        rows = block.batch.num_rows
        path = block.file.path
        with _named(path):
            typed = typed_columns(flattened(block.batch, path), features, rows, path)
        if not typed.refused:
            return Decoded(rows, typed.columns, typed.kinds)
        kept, dropped = typed.without_refused(rows)
        with self._open(block.file) as table:
            before = table.rows_before(block.part) + block.offset
        bad = [
            BadRow(
                path,
                before + int(row) + 1,
                typed.reason(int(row)),
                _shown(block.batch.slice(int(row), 1)),
            )
            for row in np.flatnonzero(dropped)
        ]
        return Decoded(rows - len(bad), kept.columns, kept.kinds, bad)

    @contextlib.contextmanager
    def _open(self, file: InputFile) -> Iterator[TableFile]:
        with opened(file) as stream, _named(file.path):
            seekable: Any = io.BytesIO(stream.read()) if file.is_compressed else stream
            try:
                table = _OPENERS[self.format](seekable)
            except pa.ArrowInvalid as error:
                raise HeadraceError(
                    f"{file.path} is no {self.format} file: {error}",
                    "name the files' format with input_format",
                ) from error
            yield table

    def _kinds(self, file: InputFile) -> dict[str, Kind]:
        with self._open(file) as table:
            arrays = flattened(table.schema.empty_table(), file.path)
            return {name: kind_of(name, array.type, file.path) for name, array in arrays.items()}


def _shown(row: pa.RecordBatch) -> str:
    """One row, by the names of its columns."""
    return str({name: _shown_value(row.column(name)) for name in row.schema.names})


def _shown_value(cell: pa.Array) -> Any:
    try:
        return cell[0].as_py()
    except UnicodeDecodeError:  # what Parquet calls a text may be any bytes
        if pa.types.is_string(cell.type):
            return cell.cast(pa.binary())[0].as_py()
        return " ".join(str(cell).split())


def _rows_at_once(rows: int, size: int) -> int:
    """How many rows of so many, which have so many bytes, are a block."""
    return max(1, min(_BATCH_ROWS, rows * _BATCH_BYTES // max(size, 1)))


@contextlib.contextmanager
def _named(path: str) -> Iterator[None]:
    """Say of which file it is what goes wrong in it.

    Raises:
        HeadraceError: something did, and is not a failure of the disk or network, which may pass.
    """
    try:
        yield
    except MemoryError as error:  # pa.ArrowMemoryError is one
        text = "it says that it has more data than there is memory for"
        raise HeadraceError(f"{path} cannot be read: {text}", "copy the file again") from error
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        # Arrow says OSError to broken data, too, without the number that the system's have.
        if isinstance(error, OSError) and (type(error) is not OSError or error.errno is not None):
            raise
        text = " ".join(str(error).split())
        if isinstance(error, UnicodeDecodeError):
            text = f"it has {error.object[:_SHOWN_BYTES]!r}, which is not UTF-8, as a text"
        raise HeadraceError(f"{path} cannot be read: {text}", "copy the file again") from error
